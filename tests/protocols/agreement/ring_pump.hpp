// A ring in one thread: replicas, virtual time, a lossy network, logs that lose what was not stored. For this folder's tests.
#pragma once

#include <functional>

#include "protocols/agreement/certificates.hpp"
#include "protocols/agreement/replica.hpp"
#include "protocols/codec/printer.hpp"
#include "protocols/codec/reader.hpp"

namespace holdfast::agreement::test {

using namespace std::chrono_literals;

inline identity::ring_description make_ring(std::size_t n, std::vector<crypto::signing_key>& keys) {
  seeded_random random(n);
  identity::ring_description ring;
  ring.epoch = 1;
  auto bounds = *identity::bounds_for(n);
  ring.byzantine_max = bounds.byzantine_max;
  ring.crash_max = bounds.crash_max;
  for (std::size_t i = 0; i < n; ++i) {
    keys.push_back(crypto::signing_key::generate(random));
    ring.seats.push_back({node_id{random.array<32>()}, keys.back().pub()});
  }
  return ring;
}

/// Requests that begin with "bad" do not hold.
struct plain_checker final : request_checker {
  outcome check(const named_request& request) const override {
    if (as_text(request.body).starts_with("bad")) return fail(errc::bad_signature, "a bad request");
    return {};
  }
};

inline bytes text(std::string_view s) { return to_bytes(as_bytes_view(s)); }

struct member {
  std::unique_ptr<replica> engine;
  std::vector<log_record> log;      ///< what is durable
  std::vector<log_record> written;  ///< log, and what would be lost in a crash
  std::vector<std::string> executed;
  std::vector<digest> order;        ///< batch digests by sequence
  digest state;
  wall_time time;
  std::vector<event> events;
  std::map<timer_id, std::uint64_t> timers;
  std::uint64_t life = 0;           ///< completions of an earlier life are dropped
};

class ring_pump {
 public:
  explicit ring_pump(std::size_t n, std::uint64_t seed = 1, limits bounds = {}) : random(seed), limits_(bounds) {
    ring = make_ring(n, keys);
    members.resize(n);
    for (seat_index i = 0; i < n; ++i) start(i);
  }

  void start(seat_index i, bool amnesiac = false) {
    auto& m = members[i];
    ++m.life;
    m.written = m.log;
    m.engine = std::make_unique<replica>(config{cluster, ring, i, keys[i], limits_}, checker);
    m.executed.clear();
    m.order.clear();
    m.state = {};
    auto log = recover(m.log);
    log.amnesiac |= amnesiac;
    run(i, m.engine->start(reading(), std::move(log)));
  }
  void kill(seat_index i) {
    members[i].engine.reset();
    ++members[i].life;
  }
  void restart(seat_index i) { kill(i), start(i); }

  bool submit(seat_index i, std::string_view request) {
    if (!members[i].engine) return false;
    auto done = members[i].engine->submit(reading(), text(request));
    if (!done) return false;
    run(i, std::move(*done));
    return true;
  }

  void request_null(seat_index i) { run(i, members[i].engine->request_null(reading())); }

  /// Runs events in virtual time until `until` holds; false if that takes longer than `patience`.
  bool run_until(std::function<bool()> until, duration patience = 60s) {
    auto end = now + patience;
    while (!until()) {
      if (queue.empty() || queue.begin()->first.first > end) return until();
      auto next = queue.extract(queue.begin());
      now = next.key().first;
      next.mapped()();
    }
    return true;
  }
  void run_for(duration d) {
    auto stop = now + d;
    at(d, [] {});
    run_until([&] { return now >= stop; }, d);
  }
  bool executed_everywhere(std::size_t count, duration patience = 60s) {
    return run_until([&] { return std::all_of(members.begin(), members.end(), [&](auto& m) { return !m.engine || m.executed.size() >= count; }); },
                     patience);
  }

  /// No two members differ in what they have executed at a sequence.
  bool agree() const {
    for (const auto& a : members) {
      for (const auto& b : members) {
        for (std::size_t i = 0; i < std::min(a.order.size(), b.order.size()); ++i) {
          if (a.order[i] != b.order[i]) return false;
        }
      }
    }
    return true;
  }
  bool saw(seat_index i, event_kind k) const {
    return std::any_of(members[i].events.begin(), members[i].events.end(), [&](auto& e) { return e.kind == k; });
  }

  clock_reading reading() const { return {now, {1'700'000'000'000 + now.time_since_epoch().count() / 1000}}; }

  void at(duration after, std::function<void()> what) { queue.emplace(std::pair{now + after, ++order_}, std::move(what)); }

  void send(seat_index from, seat_index to, const message& m) {
    if (filter && !filter(from, to, m)) return;
    std::uint64_t copies = random.below(100) < duplicate_percent ? 2 : 1;
    if (random.below(100) < loss_percent) copies = 0;
    for (std::uint64_t c = 0; c < copies; ++c) {
      at(duration(50 + random.below(jitter_us)), [this, from, to, data = codec::encode(m)] {
        if (!members[to].engine) return;
        auto decoded = codec::decode<message>(data);
        if (!decoded) throw std::runtime_error(decoded.error().message());
        run(to, members[to].engine->on_message(reading(), from, std::move(*decoded)));
      });
    }
  }

  std::vector<crypto::signing_key> keys;
  identity::ring_description ring;
  cluster_id cluster;
  plain_checker checker;
  std::vector<member> members;
  instant now{};
  seeded_random random;
  std::function<bool(seat_index, seat_index, const message&)> filter;
  std::function<void(seat_index)> after_step;
  std::uint64_t loss_percent = 0, duplicate_percent = 0, jitter_us = 200;
  duration store_time = 200us;
  bool stores = true;  ///< false: nothing becomes durable

 private:
  void run(seat_index i, step s) {
    auto& m = members[i];
    auto life = m.life;
    auto alive = [this, i, life] { return members[i].engine && members[i].life == life; };
    for (auto& p : s.persists) {
      auto encoded = codec::decode<log_record>(codec::encode(p.record));
      if (!encoded) throw std::runtime_error(encoded.error().message());
      m.written.push_back(std::move(*encoded));
      if (!p.sync) continue;
      at(store_time, [this, i, alive, ticket = p.ticket, length = m.written.size()] {
        if (!alive() || !stores) return;
        auto& me = members[i];
        for (auto k = me.log.size(); k < length; ++k) me.log.push_back(me.written[k]);
        run(i, me.engine->on_stored(reading(), ticket));
      });
    }
    for (auto& o : s.sends) {
      for (seat_index to = 0; to < members.size(); ++to) {
        if (to != i && (!o.to || *o.to == to)) send(i, to, o.what);
      }
    }
    for (auto& t : s.timers) {
      auto armed = ++m.timers[t.id];  // setting it again replaces it
      if (!t.after) continue;
      at(*t.after, [this, i, alive, id = t.id, armed] {
        if (alive() && members[i].timers[id] == armed) run(i, members[i].engine->on_timer(reading(), id));
      });
    }
    for (auto& l : s.loads) {
      at(100us, [this, i, alive, l] {
        if (alive()) run(i, members[i].engine->on_loaded(reading(), l.ticket, l.first, load_from(i, l)));
      });
    }
    for (auto& d : s.deliveries) {
      m.order.push_back(digest_of(*d.content));
      for (auto& r : d.content->requests) m.executed.emplace_back(as_text(r));
      m.state = crypto::hash("holdfast/test-state/v1", {m.state.raw, m.order.back().raw});
      if (m.order.size() != d.sequence || d.time < m.time) throw std::runtime_error("a delivery out of order");
      at(10us, [this, i, alive, sequence = d.sequence, state = m.state] {
        if (alive()) run(i, members[i].engine->on_executed(reading(), sequence, state));
      });
    }
    for (auto& e : s.events) m.events.push_back(std::move(e));
    if (after_step) after_step(i);
  }

  std::vector<batch_ptr> load_from(seat_index i, const load& l) {
    log_index index;
    for (std::size_t k = 0; k < members[i].written.size(); ++k) index.add(k, members[i].written[k]);
    std::vector<batch_ptr> bodies;
    for (auto sequence = l.first; sequence <= l.last; ++sequence) {
      auto position = index.find(sequence);
      if (!position) break;
      bodies.push_back(std::make_shared<const batch>(*body_in(members[i].written[*position])));
    }
    return bodies;
  }

  limits limits_;
  std::map<std::pair<instant, std::uint64_t>, std::function<void()>> queue;
  std::uint64_t order_ = 0;
};

}  // namespace holdfast::agreement::test
