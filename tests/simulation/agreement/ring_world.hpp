// What the members and clients of a simulated ring share: the world they live in, the ring they belong to, and their wire.
#pragma once

#include "protocols/agreement/replica.hpp"
#include "protocols/ring/object_operation.hpp"
#include "tests/simulation/core/event_queue.hpp"
#include "tests/simulation/core/network.hpp"
#include "tests/simulation/core/report.hpp"
#include "tests/simulation/core/scenario.hpp"
#include "tests/simulation/core/trace.hpp"

namespace holdfast::simulation {

/// A client's operation, to any member.
struct client_request {
  bytes operation;  ///< canonical `ring::object_operation`
};
template <class F>
bool inspect(F& f, client_request& x) {
  return f.fields("operation", x.operation);
}

/// What a member's state holds as the operation's result. A client believes b + 1 members that say the same.
struct client_reply {
  ring::operation_result result;
};
template <class F>
bool inspect(F& f, client_reply& x) {
  return f.fields("result", x.result);
}

using packet = std::variant<agreement::message, client_request, client_reply>;

/// The client's update in an operation; nothing for other operations.
std::optional<object::update> update_in(bytes_view operation);

inline frame to_frame(const packet& p) { return std::make_shared<const bytes>(codec::encode(p)); }

/// The ring: who sits where, with which keys. The keys are the same in every run; only what happens differs.
struct ring_fixture {
  cluster_id cluster;
  identity::configuration_entry configuration;
  std::vector<crypto::signing_key> keys;

  explicit ring_fixture(std::size_t size);
  const identity::ring_description& ring() const { return configuration.object; }
};

/// Timers and windows small enough that a run of a few dozen requests meets checkpoints, full windows and view changes.
agreement::limits small_limits();

struct ring_world {
  ring_world(const scenario& s, std::size_t size, bool tracing) : plan(s), log(tracing), fixture(size) {}

  const scenario& plan;
  event_queue events;
  trace log;
  run_report report;
  ring_fixture fixture;
  network* net = nullptr;  ///< set before anything moves
  std::map<node_id, node_index> clients;  ///< their addresses

  std::size_t size() const { return fixture.ring().size(); }
};

}  // namespace holdfast::simulation
