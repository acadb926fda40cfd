// Every bound of a link in one place, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "protocols/base/time.hpp"
#include "protocols/link/message_kind.hpp"

namespace holdfast::link::limits {

/// A frame's payload. Agreement frames are small so that a vote never waits long behind a batch.
constexpr std::size_t frame_bytes_max(traffic_class c) { return c == traffic_class::agreement ? 64u << 10 : 256u << 10; }

/// A message, reassembled from its frames. One connection reassembles at most one message at a time.
constexpr std::size_t message_bytes_max = 4u << 20;

/// The one message before the peer is known: a hello with its admission.
constexpr std::size_t hello_bytes_max = 8u << 10;

/// A message of a stranger, unless it is an expired member that was dialled: a join or a statement is a few KiB.
constexpr std::size_t stranger_message_bytes_max = 64u << 10;

/// What a stranger may have us hold, either way: received and not consumed, or waiting to be sent beyond one message. With
/// `strangers_max` of them a quarter of the budget.
constexpr std::uint64_t stranger_bytes_max = 256u << 10;

/// What a peer may send on foreground or background ahead of its consumption. A grant is sent when a quarter is consumed (what is
/// consumed is looked at with each beat at the latest), so window - window / 4 must hold one whole message, or the largest could
/// never finish.
constexpr std::uint64_t credit_window_bytes = 6u << 20;
static_assert(credit_window_bytes - credit_window_bytes / 4 >= message_bytes_max + (64u << 10));

/// Received on an agreement connection and not yet consumed: beyond it reading pauses. Watermarks keep an honest peer far below.
constexpr std::uint64_t agreement_inbound_bytes_max = 16u << 20;

/// Waiting to be sent to one peer in one class; a send beyond it is refused at once.
constexpr std::uint64_t lane_bytes_max = 16u << 20;
constexpr std::size_t lane_messages_max = 65'536;  ///< empty messages cost memory too

/// Encrypted and handed to the socket, not yet taken by it, per connection: enough for 1 Gbit/s at 4 ms.
constexpr std::size_t unwritten_bytes_max = 512u << 10;

/// What a socket is asked for at once, per connection: little while little comes, for that much memory is cleared for each read.
constexpr std::size_t read_bytes_min = 4u << 10;
constexpr std::size_t read_bytes_max(traffic_class c) { return c == traffic_class::agreement ? 64u << 10 : 128u << 10; }

/// All queues and all received, unconsumed messages of a process together (OPERATIONS: links 64 MiB).
constexpr std::uint64_t budget_bytes = 64u << 20;

constexpr std::size_t connections_max = 1'024;             ///< in total; three per peer. Strangers give way when it is reached
constexpr std::size_t strangers_max = 64;                  ///< up and not admitted: they join or renew within seconds; the longest there gives way
constexpr std::size_t processes_per_client_max = 32;       ///< with one profile at once: no client takes more than a tenth of the above
constexpr std::size_t connections_per_address_max = 256;   ///< a local cluster has all its peers on one address
constexpr std::size_t half_open_max = 128;                 ///< accepted, hello not yet done; the longest there gives way
constexpr std::size_t crowd_of_one_address = 32;           ///< half-open, or strangers: beyond it an address gives way to itself, not to others
constexpr std::size_t leaving_grace = 16;                  ///< taken beyond a bound while those told to go are still on their way out
constexpr std::size_t open_files_wanted = 2'048;           ///< by a node: all of these connections, and as much again for its stores
constexpr std::size_t resolvers_max = 8;                   ///< names looked up at once, a thread each
constexpr std::size_t resolvers_for_unknown_max = 4;       ///< of these for addresses of whoever answers there: newcomers choose them
constexpr std::size_t addresses_per_name_max = 8;          ///< each may take a whole handshake timeout to fail
constexpr std::size_t pending_requests_max = 65'536;       ///< requests of this process without their reply
constexpr std::size_t known_peers_max = 4'096;             ///< peers with an address or a lane

constexpr duration handshake_timeout = std::chrono::seconds(5);       ///< TCP, TLS and hello together
constexpr duration heartbeat_interval = std::chrono::milliseconds(250);  ///< on foreground
constexpr std::uint64_t beats_between_heartbeats = 8;                  ///< on agreement and background, which are busy or unimportant
constexpr duration silence_timeout = std::chrono::seconds(10);        ///< a connection without a byte is closed and dialled anew
constexpr duration recheck_interval = std::chrono::seconds(10);       ///< admissions of open sessions are verified again
constexpr duration goodbye_timeout = std::chrono::milliseconds(500);  ///< for the peer to read why it was refused
constexpr duration idle_timeout = std::chrono::seconds(60);           ///< on demand, or a stranger's: closes after this without a message
constexpr duration stall_timeout = std::chrono::seconds(30);          ///< messages wait and the peer takes none: it has hung, or fills our memory

constexpr duration backoff_min = std::chrono::milliseconds(50);
constexpr duration backoff_max = std::chrono::seconds(5);
constexpr duration revoked_backoff_max = std::chrono::minutes(1);     ///< revoked is for good; but a liar's word must not end the dialling

}  // namespace holdfast::link::limits
