// What an archive server wants its machine to keep: the effects its engine emits and the answers it expects.
//
// An extent is opened, gets fragments appended in order, is sealed, later committed or dropped. Appends are answered as soon
// as the store has taken the bytes (that is the writer's backpressure); sealing is answered only once every fragment and the
// header are durable: `on_stored` for a seal is what a receipt rests on. The store survives a crash at any point: an unsealed
// extent may come back with fewer fragments or not at all, a sealed one comes back whole. Errors come in this room's codes:
// `not_found`, `damaged` for a failed checksum, `over_limit` for a full disk, `unavailable` for a disk that fails.
#pragma once

#include <variant>

#include "protocols/archive/archive_messages.hpp"
#include "protocols/base/engine.hpp"

namespace holdfast::archive {

enum class extent_state : std::uint8_t { open, sealed, committed };
constexpr bool known(extent_state s) { return s <= extent_state::committed; }

/// What the store keeps beside an extent's fragments.
struct extent_header {
  extent_id extent;
  ring_id ring;
  node_id client;  ///< who dispersed it; the server itself, if it filled it in
  coding code;
  std::uint8_t index = 0;
  std::uint64_t directory_version = 0;
  extent_state state = extent_state::open;
  wall_time opened;
  std::uint64_t bytes_expected = 0;
  // known once sealed:
  digest list;
  std::uint32_t blocks = 0;
  std::uint64_t bytes = 0;         ///< sum of ciphertext lengths
  std::uint64_t role_epoch = 0;    ///< that the receipt was given in
  wall_time expires;               ///< of the receipt
};
template <class F>
bool inspect(F& f, extent_header& x) {
  return f.fields("extent", x.extent, "ring", x.ring, "client", x.client, "code", x.code, "index", x.index, "directory_version",
                  x.directory_version, "state", x.state, "opened", x.opened, "bytes_expected", x.bytes_expected, "list", x.list, "blocks",
                  x.blocks, "bytes", x.bytes, "role_epoch", x.role_epoch, "expires", x.expires);
}

/// A fragment as it is stored and read back: with all that verifies it.
struct stored_fragment {
  coding code;
  std::uint8_t index = 0;
  block_header header;
  bytes data;
};
template <class F>
bool inspect(F& f, stored_fragment& x) {
  return f.fields("code", x.code, "index", x.index, "header", x.header, "data", x.data);
}

/// What a store keeps beside a fragment's data: the fragment without it.
inline bytes metadata_of(const stored_fragment& f) { return codec::encode(stored_fragment{f.code, f.index, f.header, {}}); }

/// A fragment put together again from what the store kept.
inline result<stored_fragment> fragment_from(bytes_view metadata, bytes data) {
  auto f = codec::decode<stored_fragment>(metadata, "fragment metadata");
  if (f) f->data = std::move(data);
  return f;
}

/// An extent as the store finds it: its header and the entries of the fragments that are there, from ordinal 0 without a gap.
struct stored_extent {
  extent_header header;
  std::vector<block_entry> entries;
};
template <class F>
bool inspect(F& f, stored_extent& x) {
  return f.fields("header", x.header, "entries", x.entries) && x.entries.size() <= extent_blocks_max;
}

// -- effects: writing -------------------------------------------------------------------------------------------------

/// Begin an extent, or begin it anew: whatever is there under that id and not committed is replaced.
struct create_extent {
  extent_header header;
};

/// Answered by `on_stored(ticket)` when taken, which need not be durable.
struct append_fragment {
  store_ticket ticket;
  extent_id extent;
  std::uint32_t ordinal = 0;
  stored_fragment fragment;
};

/// Make all fragments, the header and the entries durable; answered by `on_stored(ticket)` then, and not before. `conflict` if a
/// fragment of the entries is not there: somebody began the extent anew meanwhile.
struct seal_stored {
  store_ticket ticket;
  stored_extent extent;
};

/// The ring committed the extent. Need not be durable at once: asking the ring again finds it out again.
struct mark_committed {
  extent_id extent;
};

/// Forget an extent that was never sealed: what was appended to it goes.
struct discard_extent {
  extent_id extent;
};

/// Forget an extent, sealed or not.
struct drop_extent {
  extent_id extent;
};

/// Write a damaged fragment of a sealed or committed extent anew; answered by `on_stored(ticket)` once durable.
struct replace_fragment {
  store_ticket ticket;
  extent_id extent;
  std::uint32_t ordinal = 0;
  stored_fragment fragment;
};

// -- effects: reading; each is answered with its ticket ---------------------------------------------------------------

/// Answered by `on_fragment(ticket, result<stored_fragment>)`: `not_found` if there is none, `damaged` if its checksum fails.
struct read_fragment {
  store_ticket ticket;
  extent_id extent;
  std::uint32_t ordinal = 0;
};

/// Answered by `on_extent(ticket, result<stored_extent>)`.
struct read_extent {
  store_ticket ticket;
  extent_id extent;
};

/// Answered by `on_inventory(ticket, vector<extent_header>)`: sealed and committed extents after `after`, in order, at most `count`.
struct read_inventory {
  store_ticket ticket;
  extent_id after;
  std::uint32_t count = 0;
};

using store_effect = std::variant<create_extent, append_fragment, seal_stored, mark_committed, discard_extent, drop_extent, replace_fragment,
                                  read_fragment, read_extent, read_inventory>;

}  // namespace holdfast::archive
