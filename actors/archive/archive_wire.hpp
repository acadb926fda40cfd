// Archive messages on the wire: one way, kind `archive`, the first byte 0 before a request and 1 before a reply.
//
// They do not use the links' own correlation: one request may be answered by several messages, and each carries the id that its
// asker chose. A reply goes back one way to where the request came from.
#pragma once

#include "protocols/archive/archive_messages.hpp"

namespace holdfast::actors {

using archive_message = std::variant<archive::service_request, archive::service_reply>;

bytes seal(const archive::service_request& request);
bytes seal(const archive::service_reply& reply);

/// `malformed` if it is neither.
result<archive_message> open_archive_message(bytes_view payload);

}  // namespace holdfast::actors
