// Byte credits of foreground and background: a sender spends them, the receiver grants them anew as it consumes. What a
// peer can make us hold is therefore bounded by the window, however slow the local receiver is.
#pragma once

#include <cstdint>

#include "protocols/base/error.hpp"
#include "protocols/link/link_limits.hpp"

namespace holdfast::link {

/// The payload of a frame of kind `credit`.
struct credit_grant {
  std::uint64_t bytes_count = 0;
};
template <class F>
bool inspect(F& f, credit_grant& x) {
  return f.fields("bytes_count", x.bytes_count);
}

class credit_sender {
 public:
  explicit credit_sender(std::uint64_t window_bytes = limits::credit_window_bytes) : window_(window_bytes), available_(window_bytes) {}

  bool can_send(std::uint64_t bytes_count) const { return bytes_count <= available_; }
  void spend(std::uint64_t bytes_count) { available_ -= bytes_count; }
  /// `over_limit` if the peer grants more than was spent: it does not keep to the protocol.
  outcome on_grant(std::uint64_t bytes_count);
  std::uint64_t available() const { return available_; }

 private:
  std::uint64_t window_, available_;
};

class credit_receiver {
 public:
  explicit credit_receiver(std::uint64_t window_bytes = limits::credit_window_bytes) : window_(window_bytes) {}

  /// `over_limit` if the peer sent what it had no credit for.
  outcome on_received(std::uint64_t bytes_count);
  /// The grant to send now; 0 until a quarter of the window has been consumed.
  std::uint64_t on_consumed(std::uint64_t bytes_count);
  std::uint64_t outstanding() const { return outstanding_; }

 private:
  std::uint64_t window_;
  std::uint64_t outstanding_ = 0;  ///< received and not granted again
  std::uint64_t consumed_ = 0;     ///< of these, consumed
};

}  // namespace holdfast::link
