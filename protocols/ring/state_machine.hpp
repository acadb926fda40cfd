// What a ring runs: a deterministic machine that turns ordered requests into state. The ring engine knows this interface alone.
//
// Everything a machine answers is a function of the requests' bytes, the state before, and the agreed time of the batch; two
// replicas that apply the same batches hold the same root. Machines keep their whole state in the authenticated map; what
// they hold beside it is derived from the map.
#pragma once

#include "protocols/agreement/agreement_types.hpp"
#include "protocols/base/error.hpp"
#include "protocols/base/time.hpp"
#include "protocols/ring/authenticated_map.hpp"

namespace holdfast::ring {

/// Kept outside the state, by name, in each replica's block store. Replay makes them again.
struct stored_block {
  bguid name;
  bytes data;
};
struct stored_record {
  vguid name;
  bytes data;  ///< canonical `object::version_record`
};

/// What became of one ordered request.
struct applied {
  /// Where the outcome lies in the state; its value there (a result, an admission, a coding record) is the reply, with proof.
  std::optional<place> where;
  /// Set if nothing was recorded: the request is invalid, too old or no longer allowed. Such a reply carries no proof.
  std::optional<error> refused;
};

struct execution {
  std::vector<applied> outcomes;  ///< one for each request, in order
  std::vector<stored_block> blocks;
  std::vector<stored_record> records;
};

class state_machine {
 public:
  virtual ~state_machine() = default;

  /// Whether `request` may be ordered: it decodes, is within bounds, is for this ring and its signatures are right. Nothing of
  /// this depends on state that changes, so replicas that are a few batches apart answer alike. What depends on it is
  /// decided by `apply`. The costly part is remembered for `apply`, by the request's hash.
  virtual outcome check(const agreement::named_request& request) const = 0;

  /// Where the outcome of a request lies that has run already, so that a retry is answered without being ordered again.
  virtual std::optional<place> outcome_of(const agreement::named_request& request) const = 0;

  /// Runs a batch. `time` never goes back. The root is computed before this returns, so a copy of `map()` is a snapshot to read from.
  virtual execution apply(std::uint64_t sequence, wall_time time, const std::vector<agreement::named_request>& requests) = 0;

  virtual const authenticated_map& map() const = 0;
};

}  // namespace holdfast::ring
