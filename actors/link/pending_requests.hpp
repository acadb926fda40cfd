// Requests that wait for their reply. A request whose session went down after it was sent ends as `outcome_unknown`, one
// that never left as `unavailable`: a lost reply is not a failure. Thread-safe; completions are called without the lock.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "actors/link/link_types.hpp"

namespace holdfast::actors {

class pending_requests {
 public:
  using completion = std::function<void(result<inbound>)>;

  /// Registers a request and answers its correlation (never 0), or `over_limit`, or `unavailable` once all were ended; then `done` was
  /// not taken.
  result<std::uint64_t> add(const link::endpoint& peer, instant deadline, completion& done);

  /// The request is being handed to this session. False if it has ended meanwhile: then it must not be sent any more.
  bool sent(std::uint64_t correlation, std::uint64_t session_serial);

  /// Ends the request that this reply answers; false if there is none, or it was asked of another peer.
  bool complete(const inbound& reply);

  void refuse(std::uint64_t correlation, const error& why);
  void session_down(std::uint64_t session_serial);
  void expire(instant now);
  /// Ends all, and whatever would come: the links are closing, and nobody looks at deadlines any more.
  void fail_all();

 private:
  struct entry {
    link::endpoint peer;
    instant deadline;
    completion done;
    std::uint64_t session_serial = 0;  ///< 0: not sent yet
  };

  /// Takes the entry out; the caller completes it without the lock.
  std::optional<entry> take(std::uint64_t correlation);
  static error lost(const entry& e, const char* what);

  std::mutex mutex_;
  bool closed_ = false;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, entry> entries_;
  std::set<std::pair<instant, std::uint64_t>> deadlines_;
};

}  // namespace holdfast::actors
