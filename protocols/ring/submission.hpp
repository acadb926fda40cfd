// An operation as it is handed to a ring, and by what its submitter knows that it was done.
//
// Whoever answers chooses which entry of the certified state it shows, and every entry verifies. So a submitter names beforehand what the
// entry must say: that the node is revoked, that the slot is filled, that this very update has an outcome. Without that, one liar
// could answer any operation with an entry that has nothing to do with it.
#pragma once

#include <functional>

#include "protocols/ring/object_operation.hpp"

namespace holdfast::ring {

struct submission {
  /// Whether the value found at a place shows that the operation was ordered. The caller has verified that it lies there.
  using evidence = std::function<bool(const place& where, bytes_view value)>;

  bytes operation;
  evidence shows;
};

/// One that is malformed is shown by nothing: the ring refuses it.
submission submission_of(const root_operation& operation);
submission submission_of(const object_operation& operation);

}  // namespace holdfast::ring
