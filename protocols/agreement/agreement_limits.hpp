// Every bound of the agreement engine, with its unit and its reason.
#pragma once

#include <cstddef>

#include "protocols/base/time.hpp"

namespace holdfast::agreement {

using namespace std::chrono_literals;

struct limits {
  std::size_t batch_requests_max = 512;               ///< a batch's checks stay below 25 ms of one core
  std::size_t batch_bytes_max = 1u << 20;             ///< a batch is one log append of a few milliseconds
  std::size_t request_bytes_max = 1u << 20;           ///< a request of this size makes a batch of its own
  std::size_t pipeline_batches = 8;                   ///< proposed by a primary and not yet committed
  std::uint64_t checkpoint_interval = 128;            ///< sequences
  std::uint64_t window = 256;                         ///< sequences above the stable checkpoint in which votes are taken
  std::size_t pending_requests_max = 8192;            ///< waiting at one replica; when full the old are kept and new ones refused
  std::size_t pending_bytes_max = 32u << 20;
  std::size_t body_bytes_max = 48u << 20;             ///< bodies of batches in memory: uncommitted ones, and a cache of older ones
  std::size_t ahead_messages_max = 768;               ///< kept per seat for views not yet entered: three votes a sequence
  std::uint64_t ahead_views_max = 4;                  ///< further ahead nothing is kept; it is sent again when the view is entered
  std::size_t fetch_sequences_max = 64;               ///< asked for at once in catch-up
  std::size_t fetch_bytes_max = 2u << 20;             ///< in one answer, beyond its first batch
  std::size_t resend_slots_max = 64;                  ///< slots resent in answer to one status

  duration request_timeout = 1s;           ///< the oldest waiting request's patience before a view change
  duration request_age_max = 4s;           ///< no request waits longer in one view, however many others pass
  duration lost_primary_timeout = 200ms;   ///< patience once the link to the primary is down
  duration view_change_timeout_max = 64s;  ///< doubling stops here
  duration status_interval = 250ms;        ///< statuses and resends
  duration rescue_interval = 60s;          ///< between two rounds of null batches for one seat that waits to be safe: a liar costs no more
  duration catch_up_timeout = 400ms;       ///< then other donors are asked
  std::chrono::milliseconds clock_skew_max = 5s;  ///< between a proposed batch time and a voter's clock
};

}  // namespace holdfast::agreement
