// What readers ask of a secondary replica, and what it answers: one question, one answer, kind `replica`.
//
// Nothing in an answer is believed for who sent it. A block and a version record must hash to the name that was asked for; a head
// comes with its path to a certified root, whose sequence and time say how old it may be. So a replica can withhold, and it can
// show a head that was true once and says so; it cannot forge, and a reader that is refused or lied to asks the ring and the
// archive servers themselves.
#pragma once

#include <variant>

#include "protocols/ring/state_root.hpp"

namespace holdfast::replica {

/// The largest block that replicas hold: the default block of an object, 1 MiB, with its seal. Larger ones are bulk, which is read
/// from many archive servers at once.
constexpr std::uint32_t block_bytes_max = (1u << 20) + 4096;
constexpr std::size_t sentence_bytes_max = 512;

/// The object's newest version. A head that is held will do if it is of this version at least and certified after that date; else the
/// ring is asked. The answer may still fall short: the reader judges.
struct get_head {
  aguid object;
  std::uint64_t version = 0;
  wall_time after;
};
template <class F>
bool inspect(F& f, get_head& x) {
  return f.fields("object", x.object, "version", x.version, "after", x.after);
}

/// A version record, by name.
struct get_record {
  aguid object;  ///< it is announced under this name
  vguid record;
};
template <class F>
bool inspect(F& f, get_record& x) {
  return f.fields("object", x.object, "record", x.record);
}

/// Where the archive keeps a block.
struct block_place {
  extent_id extent;
  std::uint32_t ordinal = 0;
};
template <class F>
bool inspect(F& f, block_place& x) {
  return f.fields("extent", x.extent, "ordinal", x.ordinal);
}

/// A sealed block, by name.
struct get_block {
  aguid object;  ///< it is announced under this name
  bguid block;
  std::uint32_t length = 0;          ///< of the ciphertext
  std::optional<block_place> place;  ///< none: content that the ring keeps inline
};
template <class F>
bool inspect(F& f, get_block& x) {
  return f.fields("object", x.object, "block", x.block, "length", x.length, "place", x.place);
}

using service_request = std::variant<get_head, get_record, get_block>;

/// The object's head at some time, or its absence then.
struct head_reply {
  ring::proven_entry entry;
};
template <class F>
bool inspect(F& f, head_reply& x) {
  return f.fields("entry", x.entry);
}

/// The block or record asked for.
struct content_reply {
  bytes data;
};
template <class F>
bool inspect(F& f, content_reply& x) {
  return f.fields("data", x.data) && x.data.size() <= block_bytes_max;
}

/// A code to act on and a sentence for a person.
struct refusal {
  errc code = errc::unavailable;
  std::string sentence;
};
template <class F>
bool inspect(F& f, refusal& x) {
  auto code = static_cast<std::uint16_t>(x.code);
  bool ok = f.fields("code", code, "sentence", x.sentence) && code <= static_cast<std::uint16_t>(errc::unsupported);
  x.code = static_cast<errc>(code);
  return ok && x.sentence.size() <= sentence_bytes_max;
}

using service_reply = std::variant<head_reply, content_reply, refusal>;

}  // namespace holdfast::replica
