// What writers, readers and servers say to archive servers, and what they answer.
//
// Fragments travel in pieces, so that no frame grows beyond what a link takes: a fragment's pieces go in order, the first with
// the block's entry and the leaf's path, and the server answers once, when the fragment is verified and handed to its store.
// How many unanswered bytes a writer keeps under way is its window (`disperser.hpp`); a server holds one unfinished fragment
// an extent. Every request has an id of its sender's choice, which the replies carry; a failed request is answered by
// `refusal`. Where a request answers with several frames, they come in order and the last says so.
#pragma once

#include <variant>

#include "protocols/archive/archive_types.hpp"

namespace holdfast::archive {

constexpr std::uint32_t piece_bytes_max = 128u << 10;     ///< of a fragment, in one frame
constexpr std::uint32_t path_length_max = 16;             ///< digests in a Merkle path: 2^16 leaves
constexpr std::uint32_t list_page_entries_max = 2048;     ///< block entries in one frame: 136 KiB
constexpr std::uint32_t inventory_page_max = 512;         ///< extents in one frame
constexpr std::uint32_t settle_extents_max = 1024;        ///< extents in one notice

/// Binds a fragment to its block: the fragment's leaf, with this path, is under the entry's fragment root.
struct block_header {
  block_entry entry;
  std::vector<digest> path;
};
template <class F>
bool inspect(F& f, block_header& x) {
  return f.fields("entry", x.entry, "path", x.path) && x.path.size() <= path_length_max;
}

// -- requests ---------------------------------------------------------------------------------------------------------

/// "I am going to send fragment `index` of an extent's blocks." Answered by `extent_progress`; repeating it is harmless.
struct open_extent {
  ring_id ring;  ///< the object ring whose commit makes the extent permanent
  extent_origin origin;
  coding code;
  std::uint8_t index = 0;
  std::uint64_t directory_version = 0;
  std::uint64_t bytes_expected = 0;  ///< sum of ciphertext lengths at most; checked against the client's bound
};
template <class F>
bool inspect(F& f, open_extent& x) {
  return f.fields("ring", x.ring, "origin", x.origin, "code", x.code, "index", x.index, "directory_version", x.directory_version,
                  "bytes_expected", x.bytes_expected);
}

/// Part of the fragment of block `ordinal`. Blocks go in order of their ordinals, a block's pieces in order of their offsets;
/// offset 0 brings the header. The last piece is answered by `fragment_kept`. Sending again what is kept is answered alike.
struct put_piece {
  extent_id extent;
  std::uint32_t ordinal = 0;
  std::uint32_t offset = 0;
  std::optional<block_header> header;
  bytes data;
};
template <class F>
bool inspect(F& f, put_piece& x) {
  return f.fields("extent", x.extent, "ordinal", x.ordinal, "offset", x.offset, "header", x.header, "data", x.data) &&
         x.data.size() <= piece_bytes_max;
}

/// "That was all." Answered by `extent_sealed` once everything is durable, if the list is the one that the server computes itself.
struct seal_extent {
  extent_id extent;
  digest list;
  std::uint32_t blocks = 0;
  std::uint64_t bytes = 0;
};
template <class F>
bool inspect(F& f, seal_extent& x) {
  return f.fields("extent", x.extent, "list", x.list, "blocks", x.blocks, "bytes", x.bytes);
}

/// The server's fragment of a block. Answered by `fragment_piece`s.
struct get_fragment {
  extent_id extent;
  std::uint32_t ordinal = 0;
};
template <class F>
bool inspect(F& f, get_fragment& x) {
  return f.fields("extent", x.extent, "ordinal", x.ordinal);
}

/// One 16 KiB chunk of the server's fragment, with its proof: an audit. Answered by `chunk_proof`.
struct get_chunk {
  extent_id extent;
  std::uint32_t ordinal = 0;
  std::uint32_t chunk = 0;
};
template <class F>
bool inspect(F& f, get_chunk& x) {
  return f.fields("extent", x.extent, "ordinal", x.ordinal, "chunk", x.chunk);
}

/// The block entries of an extent, from ordinal `first` on. Answered by one `list_part`.
struct get_list {
  extent_id extent;
  std::uint32_t first = 0;
};
template <class F>
bool inspect(F& f, get_list& x) {
  return f.fields("extent", x.extent, "first", x.first);
}

/// Which extents the server keeps, in the order of their ids, those after `after`. Answered by one `inventory_part`.
struct get_inventory {
  extent_id after;  ///< zero: from the beginning
};
template <class F>
bool inspect(F& f, get_inventory& x) {
  return f.fields("after", x.after);
}

struct get_stat {};
template <class F>
bool inspect(F& f, get_stat&) {
  return f.fields();
}

/// "An update with these extents has committed": a hint upon which the server asks the ring. Answered by `done`.
struct settle {
  std::vector<extent_id> extents;
};
template <class F>
bool inspect(F& f, settle& x) {
  return f.fields("extents", x.extents) && x.extents.size() <= settle_extents_max;
}

/// "I shall not finish this extent." Unsealed, it is dropped at once; sealed, it waits for its expiry and proof. Answered by `done`.
struct abandon {
  extent_id extent;
};
template <class F>
bool inspect(F& f, abandon& x) {
  return f.fields("extent", x.extent);
}

using request_body =
    std::variant<open_extent, put_piece, seal_extent, get_fragment, get_chunk, get_list, get_inventory, get_stat, settle, abandon>;

struct service_request {
  std::uint64_t id = 0;
  request_body body;
};
template <class F>
bool inspect(F& f, service_request& x) {
  return f.fields("id", x.id, "body", x.body);
}

// -- replies ----------------------------------------------------------------------------------------------------------

/// Why a request failed: a code to act on and a sentence for a person.
struct refusal {
  errc code = errc::malformed;
  std::string sentence;
};
template <class F>
bool inspect(F& f, refusal& x) {
  auto code = static_cast<std::uint16_t>(x.code);
  bool ok = f.fields("code", code, "sentence", x.sentence) && code <= static_cast<std::uint16_t>(errc::unsupported);
  x.code = static_cast<errc>(code);
  return ok && x.sentence.size() <= 512;
}

/// How far an extent is: blocks kept so far, and the receipt if it is sealed.
struct extent_progress {
  extent_id extent;
  std::uint32_t blocks = 0;
  std::optional<signed_receipt> sealed;
};
template <class F>
bool inspect(F& f, extent_progress& x) {
  return f.fields("extent", x.extent, "blocks", x.blocks, "sealed", x.sealed);
}

struct fragment_kept {
  extent_id extent;
  std::uint32_t ordinal = 0;
};
template <class F>
bool inspect(F& f, fragment_kept& x) {
  return f.fields("extent", x.extent, "ordinal", x.ordinal);
}

struct extent_sealed {
  signed_receipt receipt;
};
template <class F>
bool inspect(F& f, extent_sealed& x) {
  return f.fields("receipt", x.receipt);
}

/// Part of a fragment; the piece at offset 0 brings the header.
struct fragment_piece {
  std::uint8_t index = 0;
  std::uint32_t offset = 0;
  bool last = false;
  std::optional<block_header> header;
  bytes data;
};
template <class F>
bool inspect(F& f, fragment_piece& x) {
  return f.fields("index", x.index, "offset", x.offset, "last", x.last, "header", x.header, "data", x.data) && x.data.size() <= piece_bytes_max;
}

/// A chunk that proves itself: its path to the fragment's leaf, and the leaf's path to the fragment root.
struct chunk_proof {
  std::uint8_t index = 0;
  block_header header;
  std::uint32_t chunk = 0;
  std::vector<digest> path;
  bytes data;
};
template <class F>
bool inspect(F& f, chunk_proof& x) {
  return f.fields("index", x.index, "header", x.header, "chunk", x.chunk, "path", x.path, "data", x.data) &&
         x.path.size() <= path_length_max && x.data.size() <= chunk_bytes;
}

struct list_part {
  std::uint32_t blocks = 0;  ///< of the whole extent
  std::uint32_t first = 0;
  std::vector<block_entry> entries;
};
template <class F>
bool inspect(F& f, list_part& x) {
  return f.fields("blocks", x.blocks, "first", x.first, "entries", x.entries) && x.entries.size() <= list_page_entries_max;
}

struct inventory_entry {
  extent_id extent;
  std::uint8_t index = 0;
  bool committed = false;
  digest list;
};
template <class F>
bool inspect(F& f, inventory_entry& x) {
  return f.fields("extent", x.extent, "index", x.index, "committed", x.committed, "list", x.list);
}

struct inventory_part {
  std::vector<inventory_entry> entries;
  bool more = false;
};
template <class F>
bool inspect(F& f, inventory_part& x) {
  return f.fields("entries", x.entries, "more", x.more) && x.entries.size() <= inventory_page_max;
}

/// What a server holds, in fragments' bytes.
struct archive_stat {
  std::uint64_t uncommitted_extents = 0, uncommitted_bytes = 0;
  std::uint64_t stored_bytes = 0, capacity_bytes = 0;
  std::uint64_t damaged_fragments = 0;  ///< found since the start
};
template <class F>
bool inspect(F& f, archive_stat& x) {
  return f.fields("uncommitted_extents", x.uncommitted_extents, "uncommitted_bytes", x.uncommitted_bytes, "stored_bytes", x.stored_bytes,
                  "capacity_bytes", x.capacity_bytes, "damaged_fragments", x.damaged_fragments);
}

struct done {};
template <class F>
bool inspect(F& f, done&) {
  return f.fields();
}

using reply_body = std::variant<refusal, extent_progress, fragment_kept, extent_sealed, fragment_piece, chunk_proof, list_part, inventory_part,
                                archive_stat, done>;

struct service_reply {
  std::uint64_t id = 0;
  reply_body body;
};
template <class F>
bool inspect(F& f, service_reply& x) {
  return f.fields("id", x.id, "body", x.body);
}

/// A request on its way out; the answer comes back with `request.id`.
struct outgoing_request {
  node_id to;
  service_request request;
};

}  // namespace holdfast::archive
