// Archive servers with stores in memory, in virtual time: what is sent arrives after each server's latency, encoded and decoded
// as on a link; servers can die, freeze, lie, and lose what was not durable.
#pragma once

#include <functional>

#include "protocols/archive/archive_server.hpp"
#include "tests/protocols/archive/support.hpp"

namespace holdfast::archive::test {

using namespace std::chrono_literals;

constexpr std::size_t frame_bytes_max = 256u << 10;

/// What a machine keeps of extents. A crash leaves what was sealed.
class memory_store {
 public:
  struct kept {
    stored_extent durable;
    std::map<std::uint32_t, stored_fragment> fragments;
  };
  std::map<extent_id, kept> sealed;
  std::map<extent_id, kept> open;
  std::optional<error> failing;  ///< writes fail with this

  outcome write(const store_effect& effect) {
    if (auto* create = std::get_if<create_extent>(&effect)) open[create->header.extent] = {{create->header, {}}, {}};
    if (auto* discard = std::get_if<discard_extent>(&effect)) open.erase(discard->extent);
    if (auto* drop = std::get_if<drop_extent>(&effect)) open.erase(drop->extent), sealed.erase(drop->extent);
    if (auto* mark = std::get_if<mark_committed>(&effect)) sealed.at(mark->extent).durable.header.state = extent_state::committed;
    if (failing) return fail(*failing);
    if (auto* append = std::get_if<append_fragment>(&effect)) {
      auto& extent = open.at(append->extent);
      BOOST_REQUIRE_EQUAL(append->ordinal, extent.fragments.size());
      extent.fragments.emplace(append->ordinal, append->fragment);
    }
    if (auto* replace = std::get_if<replace_fragment>(&effect)) sealed.at(replace->extent).fragments[replace->ordinal] = replace->fragment;
    if (auto* seal = std::get_if<seal_stored>(&effect)) {
      auto id = seal->extent.header.extent;
      auto whole = open.extract(id);
      whole.mapped().durable = seal->extent;
      BOOST_REQUIRE_EQUAL(whole.mapped().fragments.size(), seal->extent.entries.size());
      sealed.insert_or_assign(id, std::move(whole.mapped()));
    }
    return {};
  }

  result<stored_fragment> fragment(const extent_id& extent, std::uint32_t ordinal) const {
    auto found = sealed.find(extent);
    if (found == sealed.end() || !found->second.fragments.contains(ordinal)) return fail(errc::not_found, "no such fragment");
    return found->second.fragments.at(ordinal);
  }

  result<stored_extent> extent(const extent_id& id) const {
    auto found = sealed.find(id);
    if (found == sealed.end()) return fail(errc::not_found, "no such extent");
    return found->second.durable;
  }
};

class world {
 public:
  struct host {
    std::optional<archive_server> engine;
    memory_store store;
    bool dead = false, frozen = false;
    duration latency = 1ms;
    duration disk = 2ms;
    std::function<void(service_reply&)> lie;
    std::vector<std::function<void()>> held;  ///< what arrived while frozen
    std::vector<server_event> events;
    std::vector<extent_id> queries;
    std::vector<fill_offer> offers;
  };

  explicit world(std::size_t servers, server_limits limits = {}) : c(servers), limits_(limits) {
    for (const auto& node : c.nodes) {
      hosts[node];
      boot(node);
    }
  }

  cluster c;
  std::map<node_id, host> hosts;
  instant now{};
  std::map<node_id, std::function<void(const node_id&, const service_reply&)>> receivers;
  std::map<node_id, std::function<void(const node_id&)>> on_lost;  ///< told of links to dead servers
  std::uint64_t sent_bytes = 0;

  clock_reading clock() const {
    auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    return {now, wall_time{1'000'000} + passed};
  }
  host& at(std::size_t i) { return hosts.at(c.nodes[i]); }

  /// Starts the server's engine from what its store has.
  void boot(const node_id& node) {
    auto& h = hosts.at(node);
    h.store.open.clear();
    std::vector<stored_extent> uncommitted;
    for (auto& [id, kept] : h.store.sealed) {
      if (kept.durable.header.state != extent_state::committed) uncommitted.push_back(kept.durable);
    }
    ++boots_[node];
    h.engine.emplace(server_config{c.id, node, 1, limits_}, c.keys.at(node), std::move(uncommitted), clock());
  }

  void after(duration delay, std::function<void()> what) { queue_.emplace(std::pair(now + delay, ++order_), std::move(what)); }

  void send(const node_id& from, const outgoing_request& out) {
    auto frame = codec::encode(out.request);
    BOOST_REQUIRE_LE(frame.size(), frame_bytes_max);
    sent_bytes += frame.size();
    auto& h = hosts.at(out.to);
    after(h.latency, [this, from, to = out.to, frame = std::move(frame)] { arrive(from, to, frame); });
  }

  void send(const node_id& from, const std::vector<outgoing_request>& all) {
    for (const auto& out : all) send(from, out);
  }

  /// Carries out what a server's engine (or its filler) wants.
  void carry_out(const node_id& node, server_step step) {
    auto& h = hosts.at(node);
    for (auto& effect : step.effects) perform(node, std::move(effect), [](auto&&...) {});
    for (auto& reply : step.replies) {
      if (h.lie) h.lie(reply.reply);
      auto frame = codec::encode(reply.reply);
      BOOST_REQUIRE_LE(frame.size(), frame_bytes_max);
      after(h.latency, [this, node, to = reply.to.member, frame = std::move(frame)] {
        auto decoded = codec::decode<service_reply>(frame);
        BOOST_REQUIRE(decoded);
        if (receivers.contains(to)) receivers.at(to)(node, *decoded);
      });
    }
    h.events.insert(h.events.end(), step.events.begin(), step.events.end());
    h.queries.insert(h.queries.end(), step.commitment_queries.begin(), step.commitment_queries.end());
    h.offers.insert(h.offers.end(), step.offers.begin(), step.offers.end());
  }

  /// The store does it; `stored` hears of tickets that are not the engine's.
  void perform(const node_id& node, store_effect effect, std::function<void(store_ticket, const outcome&)> stored) {
    auto& h = hosts.at(node);
    after(h.disk, [this, node, boot = boots_[node], effect = std::move(effect), stored = std::move(stored)] {
      if (boot != boots_[node] || hosts.at(node).dead) return;
      auto& h = hosts.at(node);
      std::visit([&](const auto& e) { answer(node, h, e, effect, stored); }, effect);
    });
  }

  template <class Done>
  bool run(Done done, duration limit = 120s) {
    auto end = now + limit;
    while (!done()) {
      if (queue_.empty() || queue_.begin()->first.first > end) return false;
      auto next = queue_.extract(queue_.begin());
      now = next.key().first;
      next.mapped()();
    }
    return true;
  }

  /// Lets things come to rest for a time.
  void settle(duration time) {
    bool over = false;
    after(time, [&] { over = true; });
    run([&] { return over; }, time + 1s);
  }

  /// Calls `f` every `period` until the world ends or it answers false.
  void every(duration period, std::function<bool()> f) {
    after(period, [this, period, f] {
      if (f()) every(period, f);
    });
  }

  void kill(std::size_t i) {
    at(i).dead = true;
    for (auto& [client, tell] : on_lost) after(1ms, [this, tell = tell, node = c.nodes[i]] { tell(node); });
  }
  void freeze(std::size_t i) { at(i).frozen = true; }
  void thaw(std::size_t i) {
    at(i).frozen = false;
    for (auto& f : std::exchange(at(i).held, {})) f();
  }
  void restart(std::size_t i) {
    kill(i);
    at(i).dead = false;
    boot(c.nodes[i]);
  }

 private:
  void arrive(const node_id& from, const node_id& to, const bytes& frame) {
    auto& h = hosts.at(to);
    if (h.dead) {
      if (on_lost.contains(from)) on_lost.at(from)(to);
      return;
    }
    if (h.frozen) {
      h.held.push_back([this, from, to, frame] { arrive(from, to, frame); });
      return;
    }
    auto decoded = codec::decode<service_request>(frame);
    BOOST_REQUIRE(decoded);
    carry_out(to, h.engine->on_request(clock(), from, std::move(*decoded)));
  }

  template <class Effect, class Stored>
  void answer(const node_id& node, host& h, const Effect& e, const store_effect& effect, const Stored& stored) {
    if constexpr (std::same_as<Effect, read_fragment>) {
      carry_out(node, h.engine->on_fragment(clock(), e.ticket, h.store.fragment(e.extent, e.ordinal)));
    } else if constexpr (std::same_as<Effect, read_extent>) {
      carry_out(node, h.engine->on_extent(clock(), e.ticket, h.store.extent(e.extent)));
    } else if constexpr (std::same_as<Effect, read_inventory>) {
      std::vector<extent_header> found;
      for (auto it = h.store.sealed.upper_bound(e.after); it != h.store.sealed.end() && found.size() < e.count; ++it) {
        found.push_back(it->second.durable.header);
      }
      carry_out(node, h.engine->on_inventory(clock(), e.ticket, found));
    } else {
      auto written = h.store.write(effect);
      if constexpr (requires { e.ticket; }) {
        carry_out(node, h.engine->on_stored(clock(), e.ticket, written));
        stored(e.ticket, written);
      }
    }
  }

  server_limits limits_;
  std::map<node_id, int> boots_;
  std::map<std::pair<instant, std::uint64_t>, std::function<void()>> queue_;
  std::uint64_t order_ = 0;
};

}  // namespace holdfast::archive::test
