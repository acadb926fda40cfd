// Placement is the same for everybody, spreads, prefers independence; claims hold only with the receipts they speak of.
#include "tests/protocols/archive/support.hpp"

using namespace holdfast;
using namespace holdfast::archive;
using namespace holdfast::archive::test;

BOOST_AUTO_TEST_CASE(placement_lists_every_live_archive_server_once) {
  cluster c(9);
  c.entry(3).roles = {identity::role_kind::router};
  c.directory.revoked.emplace(c.nodes[4], wall_time{});
  auto order = placement_order(c.directory, name<extent_id>(1));
  std::set<node_id> unique(order.begin(), order.end());
  BOOST_TEST(order.size() == 7u);
  BOOST_TEST(unique.size() == 7u);
  BOOST_TEST(!unique.contains(c.nodes[3]));
  BOOST_TEST(!unique.contains(c.nodes[4]));
  BOOST_TEST((placement_order(c.directory, name<extent_id>(1), 3) == std::vector(order.begin(), order.begin() + 3)));
}

BOOST_AUTO_TEST_CASE(labels_do_not_change_the_order_until_they_differ) {
  cluster c(6);
  auto before = placement_order(c.directory, name<extent_id>(1));
  for (std::size_t i = 0; i < 6; ++i) c.entry(i).labels["site"] = "here";
  BOOST_TEST((placement_order(c.directory, name<extent_id>(1)) == before));
}

BOOST_AUTO_TEST_CASE(independent_servers_come_first) {
  cluster c(12);
  for (std::size_t i = 0; i < 12; ++i) {
    c.entry(i).operated_by = i < 6 ? "alice" : "bob";
    c.entry(i).labels["site"] = "s" + std::to_string(i % 3);
  }
  for (std::uint64_t e = 0; e < 50; ++e) {
    auto order = placement_order(c.directory, name<extent_id>(e), 6);
    std::map<std::string, int> operators, sites;
    for (const auto& node : order) {
      ++operators[c.directory.nodes.at(node).operated_by];
      ++sites[c.directory.nodes.at(node).labels.at("site")];
    }
    for (const auto& [label, count] : operators) BOOST_REQUIRE_EQUAL(count, 3);
    for (const auto& [label, count] : sites) BOOST_REQUIRE_EQUAL(count, 2);
  }
}

BOOST_AUTO_TEST_CASE(load_spreads_and_a_leaving_server_moves_only_its_own) {
  cluster c(10);
  std::map<node_id, int> load;
  std::vector<std::vector<node_id>> before;
  for (std::uint64_t e = 0; e < 1000; ++e) {
    before.push_back(placement_order(c.directory, name<extent_id>(e), 4));
    for (const auto& node : before.back()) ++load[node];
  }
  for (const auto& [node, count] : load) BOOST_TEST((count > 300 && count < 500));
  auto gone = c.nodes[5];
  c.directory.revoked.emplace(gone, wall_time{});
  for (std::uint64_t e = 0; e < 1000; ++e) {
    auto expected = before[e];
    auto after = placement_order(c.directory, name<extent_id>(e), 4);
    auto kept = std::erase(expected, gone);
    BOOST_REQUIRE(std::equal(expected.begin(), expected.end(), after.begin()));
    if (kept == 0) BOOST_REQUIRE(after == before[e]);
  }
}

BOOST_AUTO_TEST_CASE(a_vacant_slot_is_filled_by_the_most_independent_reachable_server) {
  cluster c(8);
  for (std::size_t i = 0; i < 8; ++i) c.entry(i).labels["site"] = i < 4 ? "east" : "west";
  coding_record record;
  record.extent = name<extent_id>(3);
  record.code = {2, 4};
  record.slots = {c.nodes[0], c.nodes[1], std::nullopt, c.nodes[4]};
  std::set<node_id> reachable(c.nodes.begin(), c.nodes.end());
  auto filler = filler_for(record, c.directory, reachable);
  BOOST_REQUIRE(filler);
  BOOST_TEST(c.directory.nodes.at(*filler).labels.at("site") == "west");
  BOOST_TEST((filler_for(record, c.directory, reachable, {*filler}) != filler));
  BOOST_TEST((filler_for(record, c.directory, {c.nodes[2], c.nodes[0]}) == c.nodes[2]));
  BOOST_TEST(!filler_for(record, c.directory, {c.nodes[0], c.nodes[1]}));
}

namespace {

extent_claim claim_of(cluster& c, coding code, std::size_t receipts) {
  extent_claim claim;
  claim.directory_version = 1;
  claim.origin = origin();
  claim.code = code;
  claim.list = name<digest>(5);
  claim.blocks = 3;
  claim.bytes = 1000;
  for (std::size_t i = 0; i < receipts; ++i) {
    receipt r{c.id, c.ring, c.nodes[i], 1, id_of(claim.origin), claim.list, 3, 1000, static_cast<std::uint8_t>(i), code, wall_time{5000}};
    claim.receipts.push_back(signed_receipt::make(r, c.keys.at(c.nodes[i])));
  }
  return claim;
}

// The claim's first receipt, changed and signed anew by its server.
template <class Change>
extent_claim with(cluster& c, extent_claim claim, Change change) {
  auto r = *claim.receipts[0].peek();
  change(r);
  claim.receipts[0] = signed_receipt::make(r, c.keys.at(c.nodes[0]));
  return claim;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_claim_fills_the_slots_of_its_receipts) {
  cluster c(6);
  auto claim = claim_of(c, {4, 6}, 5);
  auto slots = verify_claim(claim, c.directory, c.ring, wall_time{5000});
  BOOST_REQUIRE(slots);
  auto record = record_of(claim, *slots);
  BOOST_TEST(record.missing() == 1u);
  BOOST_TEST((record.slots[2] == c.nodes[2]));
  BOOST_TEST((record.extent == id_of(claim.origin)));
}

BOOST_AUTO_TEST_CASE(a_claim_with_any_wrong_receipt_is_refused) {
  cluster c(6);
  auto good = claim_of(c, {4, 6}, 5);
  auto why = [&](const extent_claim& claim) {
    auto slots = verify_claim(claim, c.directory, c.ring, wall_time{5000});
    BOOST_REQUIRE(!slots);
    return slots.error();
  };
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.blocks = 4; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.bytes = 4; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.list = {}; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.extent = {}; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.ring = {}; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.index = 1; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.index = 6; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.code = {2, 4}; })).is(errc::malformed));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.expires = {4999}; })).is(errc::expired));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.role_epoch = 2; })).is(errc::stale));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.cluster = {}; })).is(errc::denied));
  BOOST_TEST(why(with(c, good, [&](receipt& r) { r.server = c.nodes[5]; })).is(errc::bad_signature));
  BOOST_TEST(why(with(c, good, [](receipt& r) { r.server = {}; })).is(errc::denied));
  auto twice = good;
  twice.receipts.push_back(twice.receipts[0]);
  BOOST_TEST(why(twice).is(errc::malformed));
  auto zero = good;
  zero.code = {0, 6};
  BOOST_TEST(why(zero).is(errc::malformed));
}
