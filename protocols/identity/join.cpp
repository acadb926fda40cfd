#include "protocols/identity/join.hpp"

#include <algorithm>

namespace holdfast::identity {

namespace {

constexpr std::size_t address_bytes_max = 256;
constexpr std::size_t labels_max = 16;

// What people read in tables and logs: no control characters.
bool printable(const std::string& text, std::size_t size_max) {
  return text.size() <= size_max && std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

}  // namespace

signed_join make_join(const token& t, const crypto::signing_key& identity, const digest& tls_key, std::string name) {
  auto token_key = key_of(t);
  join_request request{t.cluster, token_key.pub(), identity.pub(), tls_key, std::move(name)};
  signed_join join;
  join.by_token = crypto::signed_statement<join_request>::make(request, token_key);
  join.by_identity = identity.sign(join_request::type_tag, join.by_token.body);
  return join;
}

result<join_request> verify(const signed_join& join, const cluster_id& cluster) {
  auto claimed = join.by_token.peek();
  if (!claimed) return fail(claimed.error());
  if (claimed->cluster != cluster) return fail(errc::denied, "the token is for cluster " + claimed->cluster.brief() + ", this is " + cluster.brief());
  if (!printable(claimed->name, name_bytes_max)) return fail(errc::malformed, "a name is at most 64 printable bytes");
  if (!crypto::verify(claimed->identity, join_request::type_tag, join.by_token.body, join.by_identity)) {
    return fail(errc::bad_signature, "the join request is not signed by the key it is for");
  }
  return join.by_token.open(claimed->token_key);
}

admission admit(const join_request& request, const invitation& invited, const std::array<std::uint8_t, 32>& nonce, wall_time now,
                const policy& rules) {
  admission a;
  a.cluster = request.cluster;
  a.kind = invited.kind;
  a.id = id_for(request.identity, nonce);
  a.identity = request.identity;
  a.nonce = nonce;
  a.tls_key = request.tls_key;
  a.name = request.name;
  a.operated_by = invited.operated_by;
  a.issued = now;
  a.expires = now + std::chrono::hours(24) * rules.admission_days;
  return a;
}

outcome check(const invitation& i) {
  if (!printable(i.operated_by, name_bytes_max)) return fail(errc::malformed, "an operator's label is at most 64 printable bytes");
  return {};
}

outcome check(const advertisement& a) {
  if (a.address.empty() || !printable(a.address, address_bytes_max))
    return fail(errc::malformed, "an advertised address is 1 to 256 printable bytes");
  if (a.labels.size() > labels_max) return fail(errc::malformed, "an advertisement has at most 16 labels");
  for (const auto& [key, value] : a.labels) {
    if (!printable(key, name_bytes_max) || !printable(value, name_bytes_max)) {
      return fail(errc::malformed, "labels and their values are at most 64 printable bytes");
    }
  }
  return {};
}

}  // namespace holdfast::identity
