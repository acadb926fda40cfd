// Reading: any m honest servers suffice, whoever else is dead, frozen, damaged or lying; wrong bytes never come out.
#include "protocols/archive/collector.hpp"
#include "protocols/base/plant.hpp"
#include "tests/protocols/archive/stored_extent.hpp"

using namespace holdfast;
using namespace holdfast::archive;
using namespace holdfast::archive::test;

namespace {

struct reader {
  explicit reader(world& w) : w(w) {
    w.receivers[self] = [this](const node_id& from, const service_reply& reply) { act(c.on_reply(this->w.clock(), from, reply)); };
    w.on_lost[self] = [this](const node_id& peer) { act(c.on_peer_lost(this->w.clock(), peer)); };
    w.every(collector::tick, [this] {
      act(c.on_timer(this->w.clock()));
      return true;
    });
  }

  void act(collector_step step) {
    w.send(self, step.requests);
    for (auto& f : step.fetched) fetched.insert_or_assign(f.fetch, std::move(f));
  }

  fetched_block get(const stored& extent, std::uint32_t ordinal, bool every_fragment = false, bool known_root = false) {
    auto id = ++fetches;
    auto want = extent.want(ordinal);
    want.every_fragment = every_fragment;
    if (known_root) want.fragment_root = extent.blocks[ordinal].entry.fragment_root;
    act(c.fetch(w.clock(), id, want));
    BOOST_REQUIRE(w.run([&] { return fetched.contains(id); }, 60s));
    auto f = std::move(fetched.at(id));
    if (f.ciphertext) BOOST_REQUIRE(*f.ciphertext == extent.content(ordinal));
    return f;
  }

  world& w;
  node_id self = name<node_id>(70);
  collector c;
  std::map<std::uint64_t, fetched_block> fetched;
  std::uint64_t fetches = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_coding_reads_back) {
  for (coding code : {coding{1, 1}, coding{1, 3}, coding{2, 4}, coding{4, 6}}) {
    world w(code.n);
    stored extent(w, code, 3);
    reader r(w);
    for (std::uint32_t i = 0; i < 3; ++i) {
      auto f = r.get(extent, i);
      BOOST_REQUIRE(f.ciphertext);
      BOOST_TEST(f.count(fragment_fate::used) == code.m);
      BOOST_TEST(f.describe() == "decoded from " + std::to_string(code.m) + " of " + std::to_string(code.n));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_pair_of_servers_may_die_or_freeze) {
  for (bool freeze : {false, true}) {
    for (std::size_t a = 0; a < 6; ++a) {
      for (std::size_t b = a + 1; b < 6; ++b) {
        world w(6);
        stored extent(w, {4, 6}, 2);
        reader r(w);
        freeze ? w.freeze(a) : w.kill(a);
        freeze ? w.freeze(b) : w.kill(b);
        auto began = w.now;
        BOOST_REQUIRE(r.get(extent, 0).ciphertext);
        BOOST_TEST((w.now - began < 500ms));
        began = w.now;
        BOOST_REQUIRE(r.get(extent, 1).ciphertext);
        BOOST_TEST((w.now - began < 50ms));  // suspects are not asked first again
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(liars_of_every_kind_are_found_and_read_around) {
  auto flip_data = [](service_reply& reply) {
    if (auto* piece = std::get_if<fragment_piece>(&reply.body)) piece->data[piece->data.size() / 2] ^= 1;
  };
  auto wrong_index = [](service_reply& reply) {
    if (auto* piece = std::get_if<fragment_piece>(&reply.body)) piece->index ^= 1;
  };
  auto wrong_offset = [](service_reply& reply) {
    if (auto* piece = std::get_if<fragment_piece>(&reply.body)) piece->offset += 64;
  };
  auto no_header = [](service_reply& reply) {
    if (auto* piece = std::get_if<fragment_piece>(&reply.body)) piece->header.reset();
  };
  auto ends_early = [](service_reply& reply) {
    if (auto* piece = std::get_if<fragment_piece>(&reply.body)) piece->last = true;
  };
  auto nonsense = [](service_reply& reply) { reply.body = done{}; };
  // A tree of its own over garbage, under the right block's name.
  auto own_tree = [](service_reply& reply) {
    auto* piece = std::get_if<fragment_piece>(&reply.body);
    if (!piece) return;
    static bytes garbage;  // a reply's pieces come one after the other
    if (piece->header) {
      auto entry = piece->header->entry;
      auto coded = code_block(reed_solomon({4, 6}), content(entry.length, 99));
      entry.fragment_root = coded.entry.fragment_root;
      piece->header = block_header{entry, coded.fragments[piece->index].path};
      garbage = coded.fragments[piece->index].data;
    }
    piece->data = to_bytes(bytes_view(garbage).subspan(piece->offset, piece->data.size()));
  };
  for (std::function<void(service_reply&)> lie : {std::function<void(service_reply&)>(flip_data), {wrong_index}, {wrong_offset}, {no_header},
                                                  {ends_early}, {nonsense}, {own_tree}}) {
    for (bool known_root : {false, true}) {
      world w(6);
      stored extent(w, {4, 6}, 1);
      reader r(w);
      w.at(extent.server(0)).lie = lie;
      w.at(extent.server(1)).lie = lie;
      auto f = r.get(extent, 0, false, known_root);
      BOOST_REQUIRE(f.ciphertext);
      BOOST_TEST((f.fates[0] != fragment_fate::used && f.fates[1] != fragment_fate::used));
      w.at(extent.server(2)).lie = lie;
      auto g = r.get(extent, 0, false, known_root);
      BOOST_TEST(!g.ciphertext);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_piece_dropped_on_the_way_is_no_lie_and_the_fragment_is_asked_for_again) {
  for (std::uint32_t dropped : {0u, piece_bytes_max}) {
    world w(6);
    stored extent(w, {4, 6}, 1);
    reader r(w);
    auto deliver = w.receivers[r.self];
    std::set<node_id> first;
    w.receivers[r.self] = [&](const node_id& from, const service_reply& reply) {
      auto* piece = std::get_if<fragment_piece>(&reply.body);
      if (!piece || piece->offset != dropped || !first.insert(from).second) deliver(from, reply);
    };
    auto f = r.get(extent, 0);
    BOOST_REQUIRE(f.ciphertext);
    BOOST_TEST(first.size() == 6u);  // each was asked, and lost a piece once
    BOOST_TEST(f.count(fragment_fate::false_proof) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_skipped_hash_check_would_be_seen) {
#ifdef HOLDFAST_PLANTED_BUGS
  world w(6);
  stored extent(w, {4, 6}, 1);
  reader r(w);
  w.at(extent.server(0)).lie = [](service_reply& reply) {
    if (auto* piece = std::get_if<fragment_piece>(&reply.body)) piece->data[0] ^= 1;
  };
  planted_now() = planted_bug::skipped_hash_check;
  r.act(r.c.fetch(w.clock(), 1, extent.want(0)));
  w.run([&] { return r.fetched.contains(1); });
  planted_now() = planted_bug::none;
  BOOST_TEST((*r.fetched.at(1).ciphertext != extent.content(0)));
#endif
}

BOOST_AUTO_TEST_CASE(damage_costs_one_extra_fragment) {
  world w(6);
  stored extent(w, {4, 6}, 2);
  reader r(w);
  w.at(extent.server(2)).store.sealed.begin()->second.fragments.at(0).data[5] ^= 8;
  auto f = r.get(extent, 0);
  BOOST_REQUIRE(f.ciphertext);
  BOOST_TEST((f.fates[2] == fragment_fate::damaged));
  BOOST_TEST(f.describe() == "decoded from 4 of 6 (1 damaged)");
}

BOOST_AUTO_TEST_CASE(beyond_n_minus_m_losses_it_fails_and_says_which_kind) {
  world w(6);
  stored extent(w, {4, 6}, 1);
  reader r(w);
  for (std::size_t slot : {0, 1, 2}) w.at(extent.server(slot)).store.sealed.clear();
  auto f = r.get(extent, 0);
  BOOST_TEST(f.ciphertext.error().is(errc::damaged));
  BOOST_TEST(f.count(fragment_fate::missing) == 3u);

  world v(6);
  stored other(v, {4, 6}, 1);
  reader s(v);
  for (std::size_t slot : {0, 1, 2}) v.kill(other.server(slot));
  auto began = v.now;
  auto g = s.get(other, 0);
  BOOST_TEST(g.ciphertext.error().is(errc::unavailable));
  BOOST_TEST((v.now - began >= 15s));
}

BOOST_AUTO_TEST_CASE(servers_that_come_back_in_time_are_asked_again) {
  world w(6);
  stored extent(w, {4, 6}, 1);
  reader r(w);
  for (std::size_t slot : {0, 1, 2}) w.kill(extent.server(slot));
  w.after(5s, [&] { w.restart(extent.server(1)), w.at(extent.server(1)).dead = false; });
  BOOST_TEST(r.get(extent, 0).ciphertext.has_value());
}

BOOST_AUTO_TEST_CASE(examining_asks_every_slot_and_reports_each) {
  world w(6);
  stored extent(w, {4, 6}, 1);
  reader r(w);
  auto f = r.get(extent, 0, true);
  BOOST_TEST(f.count(fragment_fate::used) == 4u);
  BOOST_TEST(f.count(fragment_fate::intact) == 2u);
  BOOST_TEST(!f.root_mismatch);
  w.at(extent.server(5)).store.sealed.begin()->second.fragments.at(0).data[5] ^= 8;
  w.freeze(extent.server(4));
  auto g = r.get(extent, 0, true);
  BOOST_REQUIRE(g.ciphertext);
  BOOST_TEST((g.fates[5] == fragment_fate::damaged));
  BOOST_TEST((g.fates[4] == fragment_fate::unreachable));
  BOOST_TEST(g.describe() == "decoded from 4 of 6 (1 unreachable, 1 damaged)");
}

BOOST_AUTO_TEST_CASE(a_false_dispersal_is_decoded_around_and_noticed) {
  // The writer put garbage into data fragment 0 and built its tree over it: every fragment proves itself.
  world w(6);
  stored extent(w, {4, 6}, 1, [](coded_block& block) {
    std::vector<bytes> data;
    for (auto& f : block.fragments) data.push_back(f.data);
    data[0][7] ^= 1;
    std::vector<digest> leaves;
    for (auto& d : data) leaves.push_back(leaf_of(static_cast<std::uint8_t>(leaves.size()), d));
    auto paths = merkle_paths(leaves);
    block.entry.fragment_root = merkle_root(leaves);
    for (std::size_t i = 0; i < 6; ++i) block.fragments[i] = {static_cast<std::uint8_t>(i), paths[i], data[i]};
  });
  reader r(w);
  BOOST_REQUIRE(r.get(extent, 0).ciphertext);
  auto f = r.get(extent, 0, true);
  BOOST_REQUIRE(f.ciphertext);
  BOOST_TEST(f.root_mismatch);
  BOOST_TEST((f.fates[0] != fragment_fate::used));
}

BOOST_AUTO_TEST_CASE(many_blocks_at_once_with_one_frozen_server) {
  world w(6);
  stored extent(w, {4, 6}, 60);
  reader r(w);
  r.get(extent, 0);
  w.freeze(extent.server(0));
  auto began = w.now;
  for (std::uint32_t i = 0; i < 60; ++i) r.act(r.c.fetch(w.clock(), 100 + i, extent.want(i)));
  BOOST_REQUIRE(w.run([&] { return r.fetched.size() == 61u; }, 30s));
  BOOST_TEST((w.now - began < 1s));
  for (auto& [id, f] : r.fetched) BOOST_TEST(f.ciphertext.has_value());
  BOOST_TEST(r.c.idle());
}
