// Archive messages on the wire: one way, kind `archive`, the first byte 0 before a request and 1 before a reply.
//
// They do not use the links' own correlation: one request may be answered by several messages, and each carries the id that its
// asker chose. A reply goes back one way to where the request came from. Where several of a process read from archive servers, the
// upper byte of a request's id says whose it is.
#pragma once

#include "protocols/archive/archive_messages.hpp"

namespace holdfast::actors {

using archive_message = std::variant<archive::service_request, archive::service_reply>;

bytes seal(const archive::service_request& request);
bytes seal(const archive::service_reply& reply);

/// Who in a node asks archive servers for fragments.
enum class archive_asker : std::uint8_t {
  repair,     ///< the archive server itself, which rebuilds what it lacks
  secondary,  ///< the secondary replica
};
constexpr std::size_t archive_askers = 2;

/// An asker's request ids count up from here, and stay below the next one's.
constexpr unsigned asker_shift = 56;
constexpr std::uint64_t request_base_of(archive_asker a) { return std::uint64_t{static_cast<std::uint8_t>(a)} << asker_shift; }

/// What a message is and whose, from its first bytes alone.
struct archive_envelope {
  bool reply = false;
  std::uint8_t asker = 0;  ///< of a reply
};
std::optional<archive_envelope> envelope_of(bytes_view payload);

/// `malformed` if it is neither.
result<archive_message> open_archive_message(bytes_view payload);

}  // namespace holdfast::actors
