#include "actors/archive/archive_wire.hpp"

#include "protocols/codec/reader.hpp"

namespace holdfast::actors {

namespace {

// The index of a variant is the byte in front: the canonical form of `archive_message`, without a copy of the message to make one.
template <class Message>
bytes sealed(std::uint8_t index, const Message& message) {
  codec::writer w;
  w.put(index);
  w.put(message);
  return w.take();
}

}  // namespace

bytes seal(const archive::service_request& request) { return sealed(0, request); }
bytes seal(const archive::service_reply& reply) { return sealed(1, reply); }

std::optional<archive_envelope> envelope_of(bytes_view payload) {
  // The variant's index, then the id, little-endian, as the codec writes them.
  if (payload.size() < 1 + sizeof(std::uint64_t) || payload[0] > 1) return std::nullopt;
  return archive_envelope{payload[0] == 1, payload[sizeof(std::uint64_t)]};
}

result<archive_message> open_archive_message(bytes_view payload) { return codec::decode<archive_message>(payload, "archive message"); }

}  // namespace holdfast::actors
