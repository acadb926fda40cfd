// How fast each archive server has answered lately: whom to ask first, and when an answer is late.
#pragma once

#include <algorithm>
#include <map>

#include "protocols/base/engine.hpp"
#include "protocols/names/names.hpp"

namespace holdfast::archive {

class server_latency {
 public:
  static constexpr std::size_t servers_max = 4096;  ///< beyond, one is forgotten for each newcomer

  void asked(const node_id& server) { ++at(server).outstanding; }

  void answered(const node_id& server, duration took) {
    auto& s = at(server);
    s.outstanding -= s.outstanding > 0;
    s.usual = s.usual.count() == 0 ? took : (7 * s.usual + took) / 8;
    s.suspect_until = {};
  }

  void failed(const node_id& server, instant now) {
    auto& s = at(server);
    s.outstanding -= s.outstanding > 0;
    s.suspect_until = now + rest;
  }

  /// No answer yet, later than usual: others first for a while.
  void late(const node_id& server, instant now) { at(server).suspect_until = now + rest; }

  /// An answer that nobody waits for any more, or that says nothing about speed.
  void forgotten(const node_id& server) {
    auto& s = at(server);
    s.outstanding -= s.outstanding > 0;
  }

  /// Smaller is better: suspects last, then by the time an answer should take with what is under way already. Servers not yet
  /// asked count as middling: tried when the known ones are slow or busy.
  std::pair<bool, std::int64_t> rank(const node_id& server, instant now) const {
    auto found = servers_.find(server);
    auto s = found == servers_.end() ? state{} : found->second;
    auto usual = s.usual.count() == 0 ? middling : s.usual;
    return {s.suspect_until > now, usual.count() * (1 + s.outstanding)};
  }

  /// Three times the usual latency for what is under way, and never below 100 ms: noise is not an outage.
  duration hedge_after(const node_id& server) const {
    constexpr duration floor = std::chrono::milliseconds(100), ceiling = std::chrono::seconds(1);
    auto found = servers_.find(server);
    return found == servers_.end() ? floor : std::clamp(3 * found->second.usual, floor, ceiling);
  }

 private:
  struct state {
    duration usual{};
    std::uint32_t outstanding = 0;
    instant suspect_until{};
  };
  static constexpr duration rest = std::chrono::seconds(3);
  static constexpr duration middling = std::chrono::milliseconds(10);

  state& at(const node_id& server) {
    if (servers_.size() >= servers_max && !servers_.contains(server)) servers_.erase(servers_.begin());
    return servers_[server];
  }

  std::map<node_id, state> servers_;
};

}  // namespace holdfast::archive
