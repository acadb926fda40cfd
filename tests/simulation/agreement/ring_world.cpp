#include "tests/simulation/agreement/ring_world.hpp"

#include <cassert>

namespace holdfast::simulation {

ring_fixture::ring_fixture(std::size_t size) {
  cluster.raw.fill(7);
  seeded_random random(size);
  auto bounds = identity::bounds_for(size);
  assert(bounds);
  std::vector<identity::ring_seat> seats;
  for (std::size_t i = 0; i < size; ++i) {
    keys.push_back(crypto::signing_key::generate(random));
    seats.push_back({node_id{random.array<32>()}, keys.back().pub()});
  }
  auto describe = [&](std::string_view label) {
    return identity::ring_description{identity::birth_id(cluster, label, seats), 1, bounds->byzantine_max, bounds->crash_max, seats};
  };
  configuration = {cluster, 0, {}, describe("root"), describe("object")};
}

std::optional<object::update> update_in(bytes_view operation) {
  auto decoded = codec::decode<ring::object_operation>(operation, "operation");
  auto update = decoded ? std::get_if<ring::update_object>(&*decoded) : nullptr;
  if (!update) return std::nullopt;
  auto statement = update->update.peek();
  return statement ? std::optional(std::move(*statement)) : std::nullopt;
}

agreement::limits small_limits() {
  agreement::limits small;
  small.batch_requests_max = 3;
  small.pipeline_batches = 4;
  small.checkpoint_interval = 4;
  small.window = 12;
  small.fetch_sequences_max = 4;
  small.resend_slots_max = 8;
  small.rescue_interval = 2s;
  return small;
}

}  // namespace holdfast::simulation
