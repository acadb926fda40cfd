#include "actors/ring/ring_wire.hpp"

#include "protocols/codec/reader.hpp"

namespace holdfast::actors {

bytes seal_member_message(const ring_id& ring, const ring::member_message& message) {
  codec::writer w(to_bytes(ring.view()));
  w.put_at_once(message);
  return w.take();
}

result<ring::member_message> open_member_message(bytes_view payload) {
  if (payload.size() < 32) return fail(errc::malformed, "a ring member's message is shorter than its ring's id");
  return codec::decode<ring::member_message>(payload.subspan(32), "ring member's message");
}

std::optional<ring_id> ring_of(bytes_view payload) {
  if (payload.size() < 32) return std::nullopt;
  return ring_id::from(payload.first(32));
}

}  // namespace holdfast::actors
