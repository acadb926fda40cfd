// What the links count; read by metrics at any time, from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "protocols/link/hello.hpp"

namespace holdfast::actors {

struct link_counters {
  using counter = std::atomic<std::uint64_t>;

  std::array<counter, link::refusal_reasons> closed{};  ///< connections refused or closed, by reason
  counter accepted{0}, dialled{0}, sessions_up{0};
  counter sent_messages{0}, sent_bytes{0};              ///< handed to TLS
  counter received_messages{0}, received_bytes{0};
  counter refused_sends{0};                             ///< peer down or queue full
  counter dropped_messages{0};                          ///< queued or received, and nobody to take them
  counter reading_paused{0};                            ///< times a connection was paused
  std::atomic<std::int64_t> queued_bytes{0};            ///< waiting to be sent, now
  std::atomic<std::int64_t> held_bytes{0};              ///< received and not consumed, now
  std::atomic<std::int64_t> unfinished_bytes{0};        ///< of messages half received, now

  std::uint64_t closed_for(link::refusal_reason r) const { return closed[static_cast<std::size_t>(r)]; }
  void count(link::refusal_reason r) { ++closed[static_cast<std::size_t>(r)]; }
  /// Memory of all queues together; the budget of `limits::budget_bytes` is for it.
  std::int64_t memory_bytes() const { return queued_bytes + held_bytes; }
};

}  // namespace holdfast::actors
