#include "protocols/object/object_types.hpp"

namespace holdfast::object {

aguid id_for(const crypto::public_key& owner, const std::array<std::uint8_t, 32>& salt) {
  return crypto::hash<aguid>("holdfast/object/v1", {owner.raw, salt});
}

result<content_root> signed_content::open(const crypto::public_key& writer) const {
  const auto& roots = statement.contents;
  if (std::find(roots.begin(), roots.end(), digest_of_content(body)) == roots.end() || !holds(statement, writer, sig)) {
    return fail(errc::bad_signature, "a content root is not signed by the key it should be");
  }
  return codec::decode<content_root>(body, "content root");
}

signed_update signed_update::make(const update& u, const crypto::signing_key& key, bytes inline_data) {
  auto body = codec::encode(u);
  auto sig = key.sign(update_statement::type_tag, codec::encode(statement_of(u, digest_of_update(body))));
  return {std::move(body), sig, std::move(inline_data)};
}

result<update> signed_update::peek() const { return codec::decode<update>(body, "update"); }

update_statement statement_of(const update& u, const digest& name) {
  update_statement statement{name, {}};
  for (const auto& guard : u.guards) {
    for (const auto& action : guard.actions) statement.contents.push_back(digest_of_content(std::get<set_content>(action).content));
  }
  return statement;
}

bool holds(const update_statement& statement, const crypto::public_key& writer, const crypto::signature& sig) {
  return crypto::verify(writer, update_statement::type_tag, codec::encode(statement), sig);
}

std::optional<hop> hop_towards(std::uint64_t target, std::uint64_t version, const vguid& previous, const std::vector<vguid>& skips) {
  if (target == 0 || target >= version) return std::nullopt;
  // The highest power of two with a multiple in [target, version): its greatest multiple below `version` is the longest step
  // that does not pass the target, and every further step is by a lower power.
  for (auto k = std::min(skips.size(), skips_max); k > 0; --k) {
    auto below = (version - 1) >> k << k;
    if (below >= target) return hop{below, skips[k - 1]};
  }
  return hop{version - 1, previous};
}

void extend_skips(std::vector<vguid>& skips, std::uint64_t made, const vguid& record) {
  for (std::size_t k = 0; k < skips_max && made % (std::uint64_t{2} << k) == 0; ++k) {
    if (k == skips.size()) skips.emplace_back();
    skips[k] = record;
  }
}

}  // namespace holdfast::object
