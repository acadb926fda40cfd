// Updates: exactly once, with every outcome recorded, and nothing committed that was not signed, named and receipted.
#include <boost/test/unit_test.hpp>

#include "protocols/archive/placement.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::ring;
using namespace std::chrono_literals;

namespace {

struct object_ring : test_cluster {
  object_state state{entry, {}};
  crypto::signing_key writer = crypto::signing_key::generate(random);
  crypto::signing_key identity = crypto::signing_key::generate(random);
  std::array<std::uint8_t, 32> nonce = random.array<32>();
  node_id client = identity::id_for(identity.pub(), nonce);
  session_id session = new_session(born, random);
  std::array<std::uint8_t, 32> salt = random.array<32>();
  aguid object = object::id_for(writer.pub(), salt);
  std::uint64_t operation = 0, sequence = 0;
  std::map<node_id, crypto::signing_key> servers;
  identity::directory listed;
  execution last;
  std::vector<bytes> history;
  std::map<bytes, bytes> inlined;  ///< what rides beside an update, by the guards that name it

  object_ring() {
    listed.cluster = cluster;
    for (int i = 0; i < 8; ++i) {
      auto m = make_member();
      servers.emplace(m.id, m.identity);
      identity::directory_entry e;
      e.node = m.id;
      e.identity = m.identity.pub();
      e.roles = {identity::role_kind::archive};
      listed.nodes[m.id] = e;
    }
  }

  applied run(const bytes& request, wall_time time = born) {
    history.push_back(request);
    last = state.apply(++sequence, time, {request});
    return last.outcomes.at(0);
  }

  applied adopt() {
    ++listed.version;
    authenticated_map root_map;
    root_map.store(directory_place(), listed);
    return run(request_of<object_operation>(adopt_directory{prove(root_map, directory_place(), entry.root)}));
  }

  object::update update_with(std::vector<object::guard> guards, std::vector<archive::extent_claim> extents = {}) {
    object::update u{cluster, entry.object.id, client, session, ++operation, writer.pub(), object, object::birth{salt}, std::move(guards),
                     std::move(extents), {}};
    u.grant = granted(u);
    return u;
  }
  object::session_grant granted(const object::update& u) const { return object::session_grant::make(u, identity, nonce); }
  object::guard setting(std::vector<object::predicate> conditions, std::variant<object::inline_content, object::tree_content> content,
                        std::uint64_t size = 4) {
    object::content_root root{object, 0, 0, size, content};
    return {std::move(conditions), {object::set_content{codec::encode(root)}}};
  }
  bytes& inline_data_of(const object::update& u) { return inlined[codec::encode(u.guards)]; }
  object::update inline_update(std::vector<object::predicate> conditions, bytes data) {
    object::inline_content content{archive::block_name(data), static_cast<std::uint32_t>(data.size())};
    auto u = update_with({setting(std::move(conditions), content, data.size())});
    inline_data_of(u) = std::move(data);
    return u;
  }
  bytes request(const object::update& u, const crypto::signing_key& key) {
    return request_of<object_operation>(update_object{object::signed_update::make(u, key, inline_data_of(u))});
  }
  bytes request(const object::update& u) { return request(u, writer); }

  operation_result result(const applied& a) {
    BOOST_REQUIRE(a.where.has_value());
    return state.map().load<operation_result>(*a.where).value();
  }
  operation_result done(const object::update& u, wall_time time = born) { return result(run(request(u), time)); }
  std::optional<object::head> head() { return state.map().load<object::head>(place_of(submap::heads, object)); }

  archive::extent_origin origin() { return {client, session, operation + 1, 0}; }
  archive::signed_receipt receipt(const node_id& server, const archive::extent_claim& c, std::uint8_t index, wall_time expires) {
    archive::receipt r{cluster, entry.object.id, server, 1, archive::id_of(c.origin), c.list, c.blocks, c.bytes, index, c.code, expires};
    return archive::signed_receipt::make(r, servers.at(server));
  }
  archive::extent_claim claim(std::size_t receipts, wall_time expires = after_birth(1h)) {
    archive::extent_claim c{listed.version, origin(), {4, 6}, digest{random.array<32>()}, 3, 3000, {}};
    auto order = archive::placement_order(listed, archive::id_of(c.origin));
    for (std::size_t i = 0; i < receipts; ++i) c.receipts.push_back(receipt(order[i], c, static_cast<std::uint8_t>(i), expires));
    return c;
  }
  object::update tree_update(const archive::extent_claim& c) {
    object::block_ref root{bguid{random.array<32>()}, archive::id_of(c.origin), 0, 1000};
    return update_with({setting({object::always{}}, object::tree_content{root, 0, 1 << 20}, 3000)}, {c});
  }
};

bool refused(const operation_result& r, errc code) { return r.status == update_status::refused && r.code == static_cast<std::uint16_t>(code); }
bool refused(const applied& a, errc code) { return !a.where && a.refused && a.refused->is(code); }

}  // namespace

BOOST_AUTO_TEST_CASE(an_update_makes_a_version_that_names_itself) {
  object_ring r;
  auto u = r.inline_update({object::absent{}}, {1, 2, 3, 4});
  auto first = r.done(u, after_birth(5ms));
  BOOST_TEST((first.status == update_status::committed));
  BOOST_TEST(first.version == 1u);
  BOOST_REQUIRE(r.last.blocks.size() == 1u);
  BOOST_TEST((r.last.blocks[0].name == archive::block_name(r.last.blocks[0].data)));
  BOOST_REQUIRE(r.last.records.size() == 1u);
  auto record = codec::decode<object::version_record>(r.last.records[0].data).value();
  BOOST_TEST((object::id_of(record) == first.newest && r.last.records[0].name == first.newest));
  BOOST_TEST((record.time == after_birth(5ms)));
  BOOST_TEST((r.head()->owner == r.writer.pub()));

  auto entry = r.prove(r.state.map(), result_place(r.client, r.writer.pub(), r.session, 1), r.entry.object);
  auto signed_update = object::signed_update::make(u, r.writer);
  BOOST_TEST((result_of(signed_update, entry, r.cluster, r.entry.object).value() == first));
}

BOOST_AUTO_TEST_CASE(the_chain_links_back_by_previous_and_by_powers_of_two) {
  object_ring r;
  std::vector<vguid> names{vguid{}};
  for (std::uint64_t v = 1; v <= 40; ++v) {
    BOOST_REQUIRE(r.done(r.inline_update({object::compare_version{v - 1}}, {static_cast<std::uint8_t>(v)})).version == v);
    auto record = codec::decode<object::version_record>(r.last.records[0].data).value();
    BOOST_TEST((record.previous == names[v - 1]));
    for (std::size_t k = 0; k < record.skips.size(); ++k) BOOST_TEST((record.skips[k] == names[(v - 1) >> (k + 1) << (k + 1)]));
    BOOST_TEST((v <= 2 || std::uint64_t{2} << record.skips.size() > v - 1));
    names.push_back(r.head()->newest);
  }
}

BOOST_AUTO_TEST_CASE(the_first_guard_that_holds_is_applied_and_an_abort_is_recorded) {
  object_ring r;
  r.done(r.inline_update({}, {1}));
  auto conflict = r.inline_update({object::compare_version{7}}, {2});
  auto aborted = r.done(conflict);
  BOOST_TEST((aborted.status == update_status::aborted && aborted.version == 1u));
  BOOST_TEST((r.state.outcome_of(r.request(conflict)) == result_place(r.client, r.writer.pub(), r.session, aborted.operation)));
  BOOST_TEST((r.done(r.inline_update({object::absent{}}, {2})).status == update_status::aborted));

  bytes data{9, 9};
  object::inline_content content{archive::block_name(data), 2};
  auto u = r.update_with({r.setting({object::compare_size{5}}, content, 2), r.setting({object::exists{}, object::compare_size{1}}, content, 2),
                          r.setting({}, content, 77)});
  r.inline_data_of(u) = data;
  BOOST_TEST(r.done(u).version == 2u);
  BOOST_TEST(r.head()->size == 2u);
}

BOOST_AUTO_TEST_CASE(an_operation_runs_at_most_once) {
  object_ring r;
  auto u = r.inline_update({}, {1});
  auto request = r.request(u);
  auto first = r.result(r.run(request));
  auto root = r.state.map().root();
  BOOST_TEST((r.result(r.run(request)) == first));
  BOOST_TEST(r.last.records.empty());
  BOOST_TEST((r.state.map().root() == root));

  // Another update under the same number does not run, and its sender can tell.
  auto other = r.inline_update({}, {2});
  other.operation = u.operation;
  auto where = r.run(r.request(other)).where;
  BOOST_REQUIRE(where);
  auto entry = r.prove(r.state.map(), *where, r.entry.object);
  BOOST_TEST(result_of(object::signed_update::make(other, r.writer), entry, r.cluster, r.entry.object).error().is(errc::conflict));
  BOOST_TEST(r.head()->version == 1u);

  r.operation = u.operation + session_window - 1;
  BOOST_TEST(r.done(r.inline_update({}, {3})).version == 2u);
  BOOST_TEST(refused(r.run(request), errc::too_old));
  BOOST_TEST(r.head()->version == 2u);
}

BOOST_AUTO_TEST_CASE(a_forgotten_session_never_runs_again) {
  object_ring r;
  auto oldest = r.inline_update({}, {1});
  BOOST_TEST(r.done(oldest).version == 1u);
  for (std::size_t i = 1; i <= client_sessions_max; ++i) {
    r.session = new_session(after_birth(std::chrono::milliseconds(i)), r.random);
    r.operation = 0;
    BOOST_REQUIRE(r.run(r.request(r.update_with({{{object::absent{}}, {}}}))).where);
  }
  BOOST_TEST(refused(r.run(r.request(oldest)), errc::too_old));
  BOOST_TEST(r.state.map().tree(submap::sessions).size() == client_sessions_max);
  BOOST_TEST(r.state.map().tree(submap::dedup).size() == client_sessions_max);
  BOOST_TEST(r.head()->version == 1u);
}

BOOST_AUTO_TEST_CASE(nobody_opens_sessions_in_anothers_name) {
  object_ring r;
  auto without = r.inline_update({}, {1});
  without.grant.reset();
  BOOST_TEST(refused(r.run(r.request(without)), errc::denied));
  BOOST_TEST(r.state.map().tree(submap::sessions).size() == 0u);
  BOOST_TEST(r.done(r.inline_update({}, {1})).version == 1u);
  ++without.operation;
  ++without.operation;
  BOOST_TEST(r.done(without).version == 2u, "what is open needs no further word");

  // A thief who has seen the client's word has it for another writer, another session and another client.
  auto thief = crypto::signing_key::generate(r.random);
  auto refuses = [&](auto change) {
    auto u = r.inline_update({}, {1});
    change(u);
    return r.state.check(r.request(u, u.writer == thief.pub() ? thief : r.writer)).error().is(errc::bad_signature);
  };
  BOOST_TEST(refuses([&](object::update& u) {
    u.writer = thief.pub();
    u.creation.reset();
  }));
  BOOST_TEST(refuses([&](object::update& u) { u.session = new_session(born, r.random); }));
  BOOST_TEST(refuses([&](object::update& u) { u.client.raw[0] ^= 1; }));
  BOOST_TEST(refuses([&](object::update& u) { u.grant = object::session_grant::make(u, thief, r.nonce); }));
}

BOOST_AUTO_TEST_CASE(only_the_owner_creates_and_writes) {
  object_ring r;
  auto stranger = crypto::signing_key::generate(r.random);
  auto u = r.inline_update({}, {1});
  BOOST_TEST(r.state.check(r.request(u, stranger)).error().is(errc::bad_signature));
  auto orphan = u;
  orphan.creation.reset();
  BOOST_TEST(refused(r.done(orphan), errc::not_found));
  ++u.operation;
  BOOST_TEST((r.done(u).status == update_status::committed));

  // A stranger with a signature of its own may not create under this name, nor write what exists.
  auto owner = r.writer;
  r.writer = stranger;
  auto foreign = r.inline_update({}, {2});
  BOOST_TEST(refused(r.run(r.request(foreign)), errc::denied));
  foreign.creation.reset();
  BOOST_TEST(refused(r.done(foreign), errc::denied));
  BOOST_TEST((r.head()->owner == owner.pub()));
  BOOST_TEST(r.head()->version == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_with_any_bit_flipped_is_refused) {
  object_ring r;
  auto good = r.request(r.inline_update({}, {1, 2, 3}));
  BOOST_TEST(r.state.check(good).has_value());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    if (r.state.check(bad)) BOOST_ERROR("accepted with bit " << bit << " flipped");
  }
}

BOOST_AUTO_TEST_CASE(inline_data_must_be_the_block_it_is_named) {
  object_ring r;
  auto u = r.inline_update({}, {1, 2, 3});
  r.inline_data_of(u)[0] ^= 1;
  BOOST_TEST(refused(r.run(r.request(u)), errc::malformed));
  r.inline_data_of(u).clear();
  BOOST_TEST(refused(r.run(r.request(u)), errc::malformed));
  BOOST_TEST(!r.head().has_value());
}

BOOST_AUTO_TEST_CASE(extents_commit_with_enough_receipts_and_short_ones_are_on_the_repair_list) {
  object_ring r;
  BOOST_TEST(refused(r.done(r.tree_update(r.claim(6))), errc::stale));  // no directory yet
  BOOST_REQUIRE(r.adopt().where);
  BOOST_TEST(refused(r.done(r.tree_update(r.claim(4))), errc::unavailable));
  auto full = r.claim(6);
  BOOST_TEST(r.done(r.tree_update(full)).version == 1u);
  BOOST_TEST(r.state.map().tree(submap::repair).size() == 0u);

  auto shorter = r.claim(5);
  BOOST_TEST(r.done(r.tree_update(shorter)).version == 2u);
  auto extent = archive::id_of(shorter.origin);
  BOOST_TEST(r.state.map().load<repair_entry>(place_of(submap::repair, extent))->missing == 1u);
  BOOST_TEST(r.state.map().load<client_account>(place_of(submap::clients, r.client))->committed_bytes == 6000u);

  // The vacant slot is filled by a server that has none yet, once.
  auto order = archive::placement_order(r.listed, extent);
  auto fill = [&](const node_id& server, std::uint8_t index, wall_time expires) {
    return r.run(request_of<object_operation>(fill_slot{r.receipt(server, shorter, index, expires)}));
  };
  BOOST_TEST(refused(fill(order[0], 5, after_birth(1h)), errc::conflict));
  BOOST_TEST(refused(fill(order[6], 4, after_birth(1h)), errc::already_exists));
  BOOST_TEST(refused(fill(order[6], 5, after_birth(1min)), errc::expired));
  BOOST_TEST((fill(order[6], 5, after_birth(1h)).where == place_of(submap::extents, extent)));
  BOOST_TEST((fill(order[6], 5, after_birth(1h)).where == place_of(submap::extents, extent)));
  auto record = r.state.map().load<archive::coding_record>(place_of(submap::extents, extent)).value();
  BOOST_TEST((record.version == 2u && record.slots[5] == order[6]));
  BOOST_TEST(r.state.map().tree(submap::repair).size() == 0u);
}

BOOST_AUTO_TEST_CASE(forged_expired_foreign_and_misplaced_receipts_are_refused) {
  object_ring r;
  r.adopt();
  BOOST_TEST(refused(r.done(r.tree_update(r.claim(6, after_birth(9min)))), errc::expired));
  auto forged = r.claim(6);
  forged.receipts[2].sig.raw[5] ^= 1;
  BOOST_TEST(refused(r.done(r.tree_update(forged)), errc::bad_signature));
  auto other_list = r.claim(6);
  other_list.list.raw[0] ^= 1;
  BOOST_TEST(refused(r.done(r.tree_update(other_list)), errc::malformed));
  auto twice = r.claim(6);
  twice.receipts[1] = twice.receipts[0];
  BOOST_TEST(refused(r.done(r.tree_update(twice)), errc::malformed));
  auto stolen = r.claim(6);
  stolen.origin.client.raw[0] ^= 1;
  BOOST_TEST(refused(r.done(r.tree_update(stolen)), errc::denied));
  auto unknown = r.claim(6);
  unknown.directory_version = 99;
  BOOST_TEST(refused(r.done(r.tree_update(unknown)), errc::stale));
  auto elsewhere = r.tree_update(r.claim(6));
  elsewhere.extents.clear();
  BOOST_TEST(refused(r.done(elsewhere), errc::not_found));
  BOOST_TEST(!r.head().has_value());
  BOOST_TEST(r.state.map().tree(submap::extents).size() == 0u);

  // A mirrored extent belongs on the first four of its order; the eighth server has no business with it.
  archive::extent_claim misplaced{r.listed.version, r.origin(), {1, 2}, digest{}, 1, 10, {}};
  auto order = archive::placement_order(r.listed, archive::id_of(misplaced.origin));
  misplaced.receipts = {r.receipt(order[0], misplaced, 0, after_birth(1h)), r.receipt(order[7], misplaced, 1, after_birth(1h))};
  BOOST_TEST(refused(r.done(r.tree_update(misplaced)), errc::denied));
}

BOOST_AUTO_TEST_CASE(a_revoked_server_loses_its_slots) {
  object_ring r;
  r.adopt();
  auto c = r.claim(6);
  r.done(r.tree_update(c));
  auto where = place_of(submap::extents, archive::id_of(c.origin));
  auto gone = *r.state.map().load<archive::coding_record>(where)->slots[3];
  r.listed.revoked[gone] = born;
  BOOST_REQUIRE(r.adopt().where);
  auto record = r.state.map().load<archive::coding_record>(where).value();
  BOOST_TEST((record.missing() == 1u && !record.slots[3] && record.version == 2u));
  BOOST_TEST(r.state.map().load<repair_entry>(place_of(submap::repair, record.extent))->missing == 1u);
}

BOOST_AUTO_TEST_CASE(directories_only_go_forward_and_the_last_eight_are_valid) {
  object_ring r;
  for (int i = 0; i < 9; ++i) {
    r.listed.time = after_birth(i * 11min);
    BOOST_REQUIRE(r.adopt().where);
  }
  BOOST_TEST(r.state.map().get(directory_version_place(1)) == nullptr);
  BOOST_TEST(r.state.map().get(directory_version_place(2)) != nullptr);
  r.listed.version = 4;
  BOOST_TEST(refused(r.adopt(), errc::stale));
  BOOST_TEST(r.state.directory()->version == 9u);
  r.listed.version = 20;
  authenticated_map forged;
  forged.store(directory_place(), r.listed);
  auto proof = r.prove(forged, directory_place(), r.entry.object);  // signed by the wrong ring's keys
  BOOST_TEST(refused(r.run(request_of<object_operation>(adopt_directory{proof})), errc::bad_signature));
}

BOOST_AUTO_TEST_CASE(many_directories_in_a_short_time_make_no_upload_stale) {
  object_ring r;
  auto adopted = [&](std::uint64_t version) { return r.state.map().get(directory_version_place(version)) != nullptr; };
  for (std::size_t i = 0; i < directory_versions_max; ++i) {
    r.listed.time = after_birth(i * 1s);
    BOOST_REQUIRE(r.adopt().where);
  }
  BOOST_TEST(adopted(1));
  r.adopt();
  BOOST_TEST(!adopted(1), "memory is bounded all the same");
  r.listed.time = after_birth(1h);
  r.adopt();
  BOOST_TEST(!adopted(directory_versions_max - 8));
  BOOST_TEST(adopted(directory_versions_max));
  // One that stood for days, and then was followed by many at once.
  auto stood = r.listed.version;
  for (int i = 1; i <= 20; ++i) {
    r.listed.time = after_birth(72h + i * 1s);
    r.adopt();
  }
  BOOST_TEST(adopted(stood));
}

BOOST_AUTO_TEST_CASE(a_client_keeps_to_its_quota) {
  object_ring r;
  r.listed.rules.client_quota_bytes = 3;
  r.adopt();
  BOOST_TEST(r.done(r.inline_update({}, {1, 2})).version == 1u);
  BOOST_TEST(refused(r.done(r.inline_update({}, {1, 2})), errc::over_limit));
  BOOST_TEST(r.done(r.inline_update({}, {1})).version == 2u);
}

BOOST_AUTO_TEST_CASE(object_replicas_that_apply_the_same_hold_the_same) {
  object_ring r;
  r.adopt();
  for (int i = 0; i < 20; ++i) r.run(r.request(r.inline_update({object::compare_version{static_cast<std::uint64_t>(i / 2 * 2)}}, {1})));
  r.run(r.request(r.tree_update(r.claim(5))));
  r.run({1, 2, 3});
  object_state replica(r.entry, {});
  std::uint64_t sequence = 0;
  for (const auto& request : r.history) replica.apply(++sequence, born, {request});
  BOOST_TEST((replica.map().root() == r.state.map().root()));
  // So does one that was handed everything as a single batch, but for the sequence in its results.
  object_state at_once(r.entry, {});
  at_once.apply(1, born, {r.history.begin(), r.history.end()});
  BOOST_TEST((at_once.map().tree(submap::heads).root() == r.state.map().tree(submap::heads).root()));
}
