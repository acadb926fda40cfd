// Members' messages on the wire: the ring's id first, so that a node that serves several rings can tell them apart unread.
#pragma once

#include "protocols/ring/ring_step.hpp"

namespace holdfast::actors {

bytes seal_member_message(const ring_id& ring, const ring::member_message& message);
result<ring::member_message> open_member_message(bytes_view payload);

/// The ring a member's message or a service request is for: their first 32 bytes. Nothing if it is shorter.
std::optional<ring_id> ring_of(bytes_view payload);

}  // namespace holdfast::actors
