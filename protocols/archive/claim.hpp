// What an extent claim proves: its receipts, checked one by one against the directory.
#pragma once

#include "protocols/archive/archive_types.hpp"
#include "protocols/identity/identity_types.hpp"

namespace holdfast::archive {

/// The receipt, if its server is in the directory as an archive server of that role epoch, not revoked, and signed it.
result<receipt> open_receipt(const signed_receipt& signed_by_server, const identity::directory& directory);

/// The slots that a claim's receipts fill: entry i is the server that keeps fragment i, durable until `expires_after` at least.
///
/// Refuses the claim as a whole (`malformed`, `bad_signature`, `expired`, `stale`) if its coding is no coding, its origin or sizes
/// are out of range, a receipt speaks of something else, or two receipts share an index or a server. The order of the checks is
/// fixed and nothing else enters, so every replica answers the same. How many slots are enough is the caller's rule; so is
/// whether the servers are among `placement_order`'s first `placement_candidates`.
result<std::vector<std::optional<node_id>>> verify_claim(const extent_claim& claim, const identity::directory& directory, const ring_id& ring,
                                                         wall_time expires_after);

/// Version 1 of the coding record that a verified claim begins.
coding_record record_of(const extent_claim& claim, std::vector<std::optional<node_id>> slots);

}  // namespace holdfast::archive
