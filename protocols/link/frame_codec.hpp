// Frames: `length u32 ‖ kind u8 ‖ flags u8 ‖ correlation u64 ‖ payload`, little-endian; length counts the payload alone.
//
// A message longer than a frame travels as consecutive frames with the `more` flag on all but the last; only frames of the
// link's own kinds come between them, so one message at most is being put together. Lengths are refused before anything is
// allocated.
#pragma once

#include <functional>
#include <optional>

#include "protocols/base/bytes.hpp"
#include "protocols/base/error.hpp"
#include "protocols/link/link_limits.hpp"
#include "protocols/link/message_kind.hpp"

namespace holdfast::link {

inline constexpr std::size_t frame_header_bytes = 14;

namespace frame_flags {
inline constexpr std::uint8_t more = 1;   ///< the message goes on in the next frame
inline constexpr std::uint8_t reply = 2;  ///< answers the request of the same correlation
inline constexpr std::uint8_t all = more | reply;
}  // namespace frame_flags

struct frame_header {
  std::uint32_t length = 0;
  message_kind kind = message_kind::hello;
  std::uint8_t flags = 0;
  std::uint64_t correlation = 0;
  bool operator==(const frame_header&) const = default;
};

void append_header(bytes& to, const frame_header& header);

/// A whole message. `charged` is what its frames cost in credit: payload and headers.
struct message {
  message_kind kind = message_kind::hello;
  bool reply = false;
  std::uint64_t correlation = 0;
  bytes payload;
  std::uint64_t charged = 0;
};

/// Credit that a message of so many bytes costs in this class.
std::uint64_t charge_of(std::size_t payload_bytes, traffic_class lane);

/// Cuts one message into frames, in order, appending to a buffer.
class frame_writer {
 public:
  frame_writer(traffic_class lane, message_kind kind, bool reply, std::uint64_t correlation, bytes_view payload);

  bool done() const { return done_; }
  /// The next frame's size with its header; what it costs in credit.
  std::size_t next_bytes() const;
  void append_next(bytes& to);

 private:
  traffic_class lane_;
  frame_header header_;
  bytes_view rest_;
  bool done_ = false;
};

/// What a peer may send once it is known.
struct intake {
  std::size_t message_bytes_max = limits::message_bytes_max;
  bool membership_alone = false;  ///< a stranger's
};

/// Puts messages together from bytes as they come in. After an error the connection is to be closed.
class frame_reader {
 public:
  using sink = std::function<outcome(message)>;

  /// Until `open_up` only frames of kind hello, at most `hello_bytes_max` long, are taken.
  explicit frame_reader(traffic_class lane) : lane_(lane) {}
  /// Again when the peer is known better: a message under way goes on within the new bound.
  void open_up(traffic_class lane, intake allowed = {});

  /// Hands each message to `on_message` as it is complete; stops at its first error. Errors: malformed, over_limit, denied (a kind
  /// that this peer may not send).
  outcome feed(bytes_view data, const sink& on_message);

  /// Bytes held for an unfinished message.
  std::size_t held_bytes() const { return partial_.payload.size() + control_.payload.size() + header_.size(); }

 private:
  outcome begin_frame();
  outcome begin_payload(const frame_header& h);

  traffic_class lane_;
  intake allowed_;
  bool open_ = false;
  bytes header_;                        ///< of an incomplete header
  std::optional<frame_header> frame_;   ///< the frame being read
  std::size_t frame_left_ = 0;
  message control_;                     ///< a frame of the link's own kinds
  message partial_;
  bool continuing_ = false;             ///< the last frame had `more`
};

}  // namespace holdfast::link
