// Who still answers: a detector that learns each peer's own rhythm.
//
// After Chen, Toueg, Aguilera (2002) and Bertier et al. (2002): the next sign of life is expected after the smoothed mean of
// past intervals, and the safety margin grows with their smoothed deviation (RFC 6298's estimators, integers alone). A peer
// that comes back from mere suspicion has its silence learnt, so the same jitter does not raise suspicion twice; a silence
// that ended in `unreachable` was an outage, and is not. Time in which this process itself did not run (frozen, starved) is
// held against nobody: `poll` notices its own gaps and excuses every peer for them.
//
// Deterministic: the same calls give the same verdicts. Verdicts are hints for liveness; safety never rests upon them.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "protocols/base/error.hpp"
#include "protocols/base/time.hpp"
#include "protocols/names/names.hpp"

namespace holdfast::membership {

enum class verdict : std::uint8_t {
  alive,
  suspect,      ///< later than its rhythm allows, or its connection just broke: hedge, prefer others
  unreachable,  ///< silent for so long that its work should be done elsewhere
};
constexpr bool known(verdict v) { return v <= verdict::unreachable; }
std::string_view to_string(verdict v);

struct detector_config {
  duration heartbeat = std::chrono::milliseconds(200);        ///< how often a healthy, idle peer is heard
  duration suspect_min = std::chrono::milliseconds(600);      ///< never suspect before
  duration suspect_max = std::chrono::seconds(5);             ///< always suspect after
  duration unreachable_min = std::chrono::seconds(2);
  duration unreachable_max = std::chrono::seconds(15);
  duration reconnect_grace = std::chrono::milliseconds(500);  ///< between a broken connection and `unreachable`
  duration poll_interval = std::chrono::milliseconds(100);    ///< how often `poll` is called
  std::size_t peers_max = 4096;
};
outcome check(const detector_config& config);

class failure_detector {
 public:
  /// `config` must have passed `check`.
  explicit failure_detector(detector_config config) : config_(config) {}

  struct change {
    node_id peer;
    verdict before = verdict::alive, now = verdict::alive;
    duration silent{};  ///< how long nothing had been heard
    bool operator==(const change&) const = default;
  };

  struct judgement {
    verdict what = verdict::alive;
    instant since;            ///< when it became so
    duration silent{};        ///< since the last sign of life, without this process's own gaps
    duration suspect_after{}, unreachable_after{};  ///< of silence, as learnt for this peer
  };

  /// Starts watching; the peer counts as heard at `now`. Watching twice changes nothing. False beyond `peers_max`.
  bool watch(const node_id& peer, instant now);
  void forget(const node_id& peer) { peers_.erase(peer); }

  /// Any message of the peer is a sign of life. Unwatched peers are ignored.
  std::optional<change> heard(const node_id& peer, instant now);

  /// The last connection to the peer broke: suspicion at once, `unreachable` after the grace unless it is heard again.
  std::optional<change> disconnected(const node_id& peer, instant now);

  /// To be called every `poll_interval`: what changed since, in the order of the peers' names.
  std::vector<change> poll(instant now);

  /// As of the last call; nothing for an unwatched peer.
  std::optional<judgement> judge(const node_id& peer, instant now) const;

  std::size_t watched() const { return peers_.size(); }

 private:
  struct peer_record {
    instant heard;             ///< moved forward by this process's own gaps
    instant since;             ///< of the present verdict
    std::optional<instant> broken;
    verdict what = verdict::alive;
    std::int64_t mean_us = 0, deviation_us = 0;  ///< of the intervals, each scaled by 8 to keep fractions
    bool measured = false;
  };

  duration suspect_after(const peer_record& p) const;
  duration unreachable_after(const peer_record& p) const;
  verdict verdict_at(const peer_record& p, instant now) const;
  void learn(peer_record& p, duration interval) const;
  std::optional<change> turn(const node_id& peer, peer_record& p, verdict to, instant now);

  detector_config config_;
  std::map<node_id, peer_record> peers_;
  std::optional<instant> polled_;
};

}  // namespace holdfast::membership
