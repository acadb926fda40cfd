#include "protocols/ring/object_operation.hpp"

namespace holdfast::ring {

std::string_view to_string(update_status s) {
  constexpr std::string_view names[] = {"committed", "aborted", "refused"};
  return names[static_cast<std::size_t>(s)];
}

session_id new_session(wall_time born, random_source& random) {
  session_id session{random.array<32>()};
  for (std::size_t i = 0; i < 8; ++i) session.raw[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(born.ms) >> (56 - 8 * i));
  return session;
}

place session_place(const node_id& client, const crypto::public_key& writer, const session_id& session) {
  return {submap::sessions, crypto::hash("holdfast/session/v1", {client.view(), writer.raw, session.view()}).raw};
}

// The writer is part of the key, so that no client can use up another's operation numbers.
place result_place(const node_id& client, const crypto::public_key& writer, const session_id& session, std::uint64_t operation) {
  auto slot = static_cast<std::uint8_t>(operation % session_window);
  return {submap::dedup, crypto::hash("holdfast/dedup/v1", {client.view(), writer.raw, session.view(), {&slot, 1}}).raw};
}

result<operation_result> result_of(const object::signed_update& update, const object::update& asked, const std::optional<bytes>& found) {
  if (!found) return fail(errc::not_found, "the ring has no result for operation " + std::to_string(asked.operation) + " yet");
  auto opened = codec::decode<operation_result>(*found, "operation's result");
  if (!opened) return opened;
  if (opened->operation > asked.operation) {
    return fail(errc::too_old, "operation " + std::to_string(asked.operation) + " is behind the window of its session");
  }
  if (opened->operation < asked.operation) {
    return fail(errc::not_found, "the ring has no result for operation " + std::to_string(asked.operation) + " yet");
  }
  if (opened->request != request_digest(update)) {
    return fail(errc::conflict, "operation " + std::to_string(asked.operation) + " of this session was another update");
  }
  return opened;
}

result<operation_result> result_of(const object::signed_update& update, const proven_entry& entry, const cluster_id& cluster,
                                   const identity::ring_description& ring) {
  auto asked = update.peek();
  if (!asked) return fail(asked.error());
  auto root = verify(entry, result_place(asked->client, asked->writer, asked->session, asked->operation), cluster, ring);
  if (!root) return fail(root.error());
  return result_of(update, *asked, entry.value);
}

place directory_version_place(std::uint64_t version) { return place_named(submap::directory, "version " + std::to_string(version)); }

}  // namespace holdfast::ring
