// What a supervisor is told and what it asks for, after Erlang/OTP's `supervisor` behaviour.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "protocols/base/error.hpp"
#include "protocols/base/time.hpp"

namespace holdfast::supervision {

enum class restart : std::uint8_t {
  permanent,  ///< always started again
  transient,  ///< started again only if it died of an error
  temporary,  ///< never started again; forgotten when it dies
};
std::string_view to_string(restart r);

enum class strategy : std::uint8_t {
  one_for_one,   ///< the child that died
  rest_for_one,  ///< it and every child started after it
  one_for_all,   ///< every child
};
std::string_view to_string(strategy s);

constexpr std::size_t children_max = 1024;  ///< of one supervisor

struct child_spec {
  std::string id;  ///< unique among its siblings, at most 64 bytes
  restart policy = restart::permanent;
  duration stop_grace = std::chrono::seconds(5);  ///< how long it may take to stop before it is killed
};

/// How long to wait before the n-th start in a row: at once, then `first`, doubling up to `longest`. A child that has run for
/// `settled` starts over. Waiting is what keeps a broken disk from being hammered.
struct backoff {
  duration first = std::chrono::milliseconds(100);
  duration longest = std::chrono::seconds(10);
  duration settled = std::chrono::seconds(30);
};

struct supervisor_spec {
  std::string id;
  strategy how = strategy::one_for_one;
  std::uint32_t intensity = 5;                   ///< deaths that may happen ...
  duration window = std::chrono::seconds(30);    ///< ... within this time; one more is escalated
  backoff wait;
  std::vector<child_spec> children;              ///< started in this order, stopped in reverse
};

/// Whether the specification can be run; the sentence names what is wrong.
outcome check(const supervisor_spec& spec);

enum class context : std::uint8_t { start_error, child_terminated, shutdown_error };
std::string_view to_string(context c);

/// OTP's supervisor report: its four fields.
struct supervisor_report {
  std::string supervisor;
  context what = context::child_terminated;
  std::string reason;
  std::string offender;  ///< the child's id
  bool operator==(const supervisor_report&) const = default;
};

/// Effects, to be carried out in order.
struct start_child {
  std::string child;
  bool operator==(const start_child&) const = default;
};
/// Ask it to stop, and kill it after `grace`; `died` must follow either way.
struct stop_child {
  std::string child;
  duration grace{};
  bool operator==(const stop_child&) const = default;
};
/// Call `on_timer(timer)` after `delay`.
struct wait {
  std::uint64_t timer = 0;
  duration delay{};
  std::string child;  ///< the one that waits; the group's offender for the group strategies
  bool operator==(const wait&) const = default;
};
/// Every child has stopped because too many died; the supervisor itself is to die with this reason.
struct escalate {
  supervisor_report last;
  std::string reason;
  bool operator==(const escalate&) const = default;
};
/// Every child has stopped, as was asked by `stop`.
struct stopped {
  bool operator==(const stopped&) const = default;
};

using action = std::variant<start_child, stop_child, wait, supervisor_report, escalate, stopped>;
using actions = std::vector<action>;

/// How a child died.
struct death {
  bool normal = false;  ///< it finished its work, or was asked to stop
  std::string reason;   ///< for people: "store: No space left on device"
};

}  // namespace holdfast::supervision
