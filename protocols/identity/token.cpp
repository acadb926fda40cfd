// Tokens as text: "hft1-" and base32 of {kind, cluster, seed, check}. The check is the head of a hash, so that a slip in
// copying is told from a token that is no good.
#include "protocols/identity/join.hpp"

namespace holdfast::identity {

namespace {

constexpr std::string_view prefix = "hft1-";
constexpr std::size_t content_bytes = 1 + 32 + 32;
constexpr std::size_t check_bytes = 4;

digest check_of(bytes_view content) { return crypto::hash("holdfast/token-check/v1", {content}); }

}  // namespace

std::string print_token(const token& t) {
  bytes content{static_cast<std::uint8_t>(t.kind)};
  append(content, t.cluster.view());
  append(content, t.seed.view());
  append(content, check_of(content).view().first(check_bytes));
  auto text = std::string(prefix) + to_base32(content);
  crypto::wipe(content);
  return text;
}

result<token> parse_token(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  if (!text.starts_with(prefix)) return fail(errc::malformed, "this is not a token: tokens begin with \"hft1-\"");
  auto content = from_base32(text.substr(prefix.size()));
  if (!content || content->size() != content_bytes + check_bytes) {
    return fail(errc::malformed, "the token is cut short or has a character too many; copy it again, whole");
  }
  auto data = bytes_view(*content).first(content_bytes);
  auto kind = static_cast<member_kind>(data[0]);
  if (!crypto::equal_constant_time(check_of(data).view().first(check_bytes), bytes_view(*content).last(check_bytes))) {
    return fail(errc::malformed, "the token has a mistake in it; copy it again");
  }
  if (!known(kind)) return fail(errc::unsupported, "the token is of a kind that this version of the program does not know");
  token t{cluster_id::from(data.subspan(1, 32)), kind, crypto::secret<32>::from(data.subspan(33, 32))};
  crypto::wipe(*content);
  return t;
}

crypto::signing_key key_of(const token& t) { return crypto::signing_key::from_seed(t.seed); }

invitation invitation_for(const token& t, std::string operated_by, wall_time expires) {
  return {t.cluster, t.kind, key_of(t).pub(), std::move(operated_by), expires};
}

}  // namespace holdfast::identity
