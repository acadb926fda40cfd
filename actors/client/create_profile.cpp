#include "actors/client/client.hpp"
#include "actors/client/dialler.hpp"
#include "actors/membership/joining.hpp"

namespace holdfast::actors {

namespace {

/// Where members are, so that the profile does not hang on the one it was made by.
std::vector<std::string> known_addresses(dialler& net, const std::string& seed, const joined& told) {
  std::set<std::string> addresses;
  for (const auto& [node, address] : told.members) addresses.insert(address);
  if (net.enter({seed}) && net.trust()->directory()) {
    for (const auto& [node, entry] : net.trust()->directory()->nodes) addresses.insert(entry.address);
  }
  addresses.erase("");
  addresses.erase(seed);
  std::vector<std::string> all{seed};
  all.insert(all.end(), addresses.begin(), addresses.end());
  return all;
}

}  // namespace

result<identity::profile> create_profile(const std::string& seed_address, const identity::token& token, const std::string& name) {
  if (token.kind == identity::member_kind::node) {
    return fail(errc::denied, "this token is for a node; ask an operator for one made with `holdfast invite client`");
  }
  system_random random;
  auto identity = crypto::signing_key::generate(random);
  auto tls = link::make_tls_identity(random);
  auto tls_key = link::tls_key_of(tls.certificate);
  if (!tls_key) return fail(tls_key.error());

  auto net = dialler::open_stranger(token.cluster, tls);
  auto joined = join_cluster(net->system(), net->link(), *net->trust(), seed_address, newcomer{token, identity, *tls_key, name, {}});
  if (!joined) return fail(joined.error());

  identity::profile profile;
  profile.members = known_addresses(*net, seed_address, *joined);
  auto& secrets = profile.secrets;
  secrets.kind = token.kind;
  secrets.cluster = token.cluster;
  secrets.chain = net->trust()->chain();
  secrets.admission = codec::encode(joined->proof);
  secrets.identity_seed = identity.seed();
  secrets.tls_key = codec::encode(tls);
  if (token.kind == identity::member_kind::client) secrets.root_directory = codec::encode(object::mint(random));
  return profile;
}

}  // namespace holdfast::actors
