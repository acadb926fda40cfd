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

result<archive_message> open_archive_message(bytes_view payload) { return codec::decode<archive_message>(payload, "archive message"); }

}  // namespace holdfast::actors
