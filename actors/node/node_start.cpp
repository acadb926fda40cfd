#include "actors/node/node_start.hpp"

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"
#include "actors/membership/joining.hpp"
#include "storage/salvage.hpp"

namespace holdfast::actors {

namespace {

using introspection::severity;

identity::admission own_admission(const node_identity& identity, identity::member_kind kind, const crypto::public_key& key, const digest& tls_key,
                                  const std::string& name, random_source& random) {
  identity::admission a;
  a.cluster = identity.cluster;
  a.kind = kind;
  a.identity = key;
  random.fill(a.nonce);
  a.id = identity::id_for(key, a.nonce);
  a.tls_key = tls_key;
  a.name = name;
  a.operated_by = "founder";
  a.issued = wall_now();
  a.expires = a.issued + std::chrono::hours(24 * 365);
  return a;
}

/// Founding: the cluster is born here. The founder and the first operator get the founder's word; the root ring adopts it later.
result<start_plan> plan_founding(const node_config& config, const start_choice& choice) {
  if (!identity::bounds_for(choice.ring_size)) {
    return fail(errc::malformed, "a ring of " + std::to_string(choice.ring_size) + " cannot be founded; choose --ring 1, 3, 4 or 7");
  }
  system_random random;
  start_plan plan;
  auto& identity = plan.identity;
  identity = fresh_identity(random);
  auto founder = crypto::signing_key::from_seed(identity.identity_seed);
  auto operating = crypto::signing_key::generate(random);
  auto genesis = identity::make_genesis(founder, {operating.pub()}, identity::policy{}, wall_now(), random);
  identity.cluster = identity::id_of(genesis);
  identity.chain.genesis = genesis;

  auto tls_key = link::tls_key_of(identity.tls.certificate);
  if (!tls_key) return fail(tls_key.error());
  auto own = own_admission(identity, identity::member_kind::node, founder.pub(), *tls_key, config.name, random);
  identity.node = own.id;
  identity.admission = ring::provisional_admission{crypto::signed_statement<identity::admission>::make(own, founder)};

  auto operator_tls = link::make_tls_identity(random);
  auto operator_tls_key = link::tls_key_of(operator_tls.certificate);
  if (!operator_tls_key) return fail(operator_tls_key.error());
  auto its = own_admission(identity, identity::member_kind::operating, operating.pub(), *operator_tls_key, "operator", random);

  identity.founding.emplace();
  identity.founding->ring_size = choice.ring_size;
  identity.founding->founder = founder.pub();
  identity.founding->admitted = {own, its};

  plan.operating.emplace();
  plan.operating->members = {config.advertise};
  auto& secrets = plan.operating->secrets;
  secrets.kind = identity::member_kind::operating;
  secrets.cluster = identity.cluster;
  secrets.chain = identity.chain;
  secrets.admission =
      codec::encode(ring::admission_proof(ring::provisional_admission{crypto::signed_statement<identity::admission>::make(its, founder)}));
  secrets.identity_seed = operating.seed();
  secrets.tls_key = codec::encode(operator_tls);
  return plan;
}

}  // namespace

result<start_plan> plan_start(storage::data_directory& directory, const node_config& config, const start_choice& choice, status_board& board) {
  auto known = directory.has_identity();
  if (!known) return fail(known.error());
  bool asked = choice.found || !choice.join.empty();
  if (*known) {
    auto identity = load_identity(directory);
    if (!identity) return fail(identity.error());
    if (asked)
      board.note(severity::info, "start-flags-ignored", config.name, "this node has an identity already; --found, --join and --token are ignored");
    if (auto ok = directory.expect(identity->cluster, identity->node); !ok && directory.label()) return fail(ok.error());
    start_plan plan;
    plan.identity = std::move(*identity);
    return plan;
  }
  if (choice.found) return plan_founding(config, choice);
  if (choice.join.empty() || choice.token.empty()) {
    return fail(errc::not_found, "the data directory " + directory.path() +
                                     " holds no node yet: is the right disk mounted? To begin, start with --found (a new cluster) or with "
                                     "--join HOST:PORT --token TOKEN (a running one; an operator makes tokens with `holdfast invite node`)");
  }
  auto token = identity::parse_token(choice.token);
  if (!token) return fail(token.error());
  if (token->kind != identity::member_kind::node)
    return fail(errc::denied, "this token is for a client; ask for one made with `holdfast invite node`");
  system_random random;
  start_plan plan;
  plan.identity = fresh_identity(random);
  plan.identity.cluster = token->cluster;
  plan.token = std::move(*token);
  return plan;
}

namespace {

/// `unreferenced_to`: where segments go that nothing refers to; empty: they are deleted.
outcome open_extents(node_services& s, std::string unreferenced_to = {}) {
  if (!s.config.roles.contains(identity::role_kind::archive)) return {};
  storage::extent_store_options options;
  options.unreferenced_to = std::move(unreferenced_to);
  if (s.config.archive_capacity_bytes > 0) options.bytes_max = s.config.archive_capacity_bytes;
  auto extents = storage::extent_store::open(s.directory->files(), s.directory->at("archive"), *s.database, options);
  if (!extents) return fail(extents.error());
  s.extents = std::move(*extents);
  return {};
}

outcome open_database(node_services& s) {
  auto database = storage::database::open(s.directory->at("database"), s.memory);
  if (!database) return fail(database.error());
  s.database = std::move(*database);
  return {};
}

constexpr std::string_view being_saved = "database.damaged";  ///< there until what is good in it is in a new one: a crash begins again

std::string saved_from_it(const storage::salvaged& saved) {
  auto sentence = std::to_string(saved.extents) + " extents and " + std::to_string(saved.entries) + " small entries were saved from it";
  if (saved.extents_partial > 0) sentence += ", " + std::to_string(saved.extents_partial) + " extents were not whole any more";
  if (saved.unread > 0) sentence += ", and what " + std::to_string(saved.unread) + " unreadable places held is unknown";
  return sentence;
}

/// A damaged database is kept for a person to look at. What is good in it goes over into a new one; the rest comes back from the rings'
/// logs and from the other servers. Nobody can say for sure what was lost with it, so the fragments that nothing refers to now are kept, too.
outcome renew_database(node_services& s, const std::string& why) {
  s.extents.reset();
  s.database.reset();
  auto& files = s.directory->files();
  auto current = s.directory->at("database"), damaged = s.directory->at(being_saved);
  auto begun = files.exists(damaged);
  if (!begun) return fail(begun.error());
  auto ready = *begun ? storage::database::destroy(current) : files.rename(current, damaged);
  if (ready) ready = files.sync_directory(s.directory->path());
  if (ready) ready = open_database(s);
  if (!ready) return ready;
  auto saved = storage::salvage(damaged, *s.database);
  if (!saved && !saved.error().is(storage::errc::corrupt)) return fail(saved.error());
  auto aside = s.directory->at("damaged-" + std::to_string(s.boot));
  auto kept = open_extents(s, damaged + "/archive");
  if (kept) kept = files.rename(damaged, aside);
  if (kept) kept = files.sync_directory(s.directory->path());
  if (!kept) return kept;
  auto good = saved ? saved_from_it(*saved) : std::string("nothing could be saved from it");
  s.board->note(severity::error, "database-damaged", s.config.name,
                "the database was damaged (" + why + ") and is set aside as " + aside + "; " + good +
                    ", the rest is filled in from other servers; delete that folder once `holdfast verify` finds everything whole");
  return {};
}

}  // namespace

outcome open_stores(node_services& s, bool known_damaged) {
  s.memory = std::make_shared<storage::database_memory>(s.config.memory_bytes * 128 / 400);
  auto unfinished = s.directory->files().exists(s.directory->at(being_saved));
  if (!unfinished) return fail(unfinished.error());
  auto opened = known_damaged || *unfinished ? outcome(fail(storage::errc::corrupt, "an entry fails its checksum")) : open_database(s);
  if (opened) opened = open_extents(s);
  if (!opened && opened.error().is(storage::errc::corrupt)) opened = renew_database(s, opened.error().message());
  if (!opened) return opened;
  s.blocks = std::make_shared<storage::block_store>(*s.database);
  s.log = std::make_shared<log_writer>(s.directory->files());
  s.stores = std::make_shared<work_pool>("store", 2);
  s.compute = std::make_shared<work_pool>("compute", 2);
  return {};
}

outcome enter_cluster(caf::actor_system& system, node_services& s, start_plan plan, const start_choice& choice) {
  auto& identity = plan.identity;
  if (plan.token) {
    auto tls_key = link::tls_key_of(identity.tls.certificate);
    if (!tls_key) return fail(tls_key.error());
    newcomer who{*plan.token, crypto::signing_key::from_seed(identity.identity_seed), *tls_key, s.config.name, s.config.advertise};
    auto entered = join_cluster(system, s.link, *s.trust, choice.join, who);
    if (!entered) return fail(entered.error());
    identity.node = entered->admission.id;
    identity.admission = entered->proof;
    identity.chain = s.trust->chain();
    identity.members = entered->members;
    identity.members.erase(identity.node);
  }
  if (plan.operating && choice.save_operator) {
    if (auto saved = choice.save_operator(*plan.operating); !saved) return saved;
    auto profile = s.directory->at("operator.toml");
    log::info("a cluster is founded; its operator's profile is written, and lets its holder invite and revoke: keep it, and keep it secret",
              {{"profile", profile}, {"tokens", "holdfast invite node --profile " + profile}});
  }
  // The label comes last: a directory that bears it has an identity.
  if (!s.directory->label() || plan.token || plan.operating) {
    if (auto saved = save_identity(*s.directory, identity); !saved) return saved;
  }
  if (!s.directory->label()) {
    system_random random;
    if (auto bound = s.directory->bind(identity.cluster, identity.node, storage::disk_id{random.array<32>()}); !bound) return bound;
  }
  s.keeper = std::make_shared<identity_keeper>(*s.directory, std::move(identity));
  return {};
}

}  // namespace holdfast::actors
