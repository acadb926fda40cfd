// What a ring's members are asked by clients and other nodes, and what they answer.
//
// Nothing here is believed for who sent it: results and entries come with their path to a certified state root, records and
// inline blocks are checked against their names, marks are counted by quorum, refusals by b + 1.
#pragma once

#include "protocols/object/object_types.hpp"
#include "protocols/ring/state_root.hpp"

namespace holdfast::ring {

constexpr std::uint32_t page_entries_max = 256;
constexpr std::size_t records_per_fetch_max = 64;

// -- requests -------------------------------------------------------------------------------------------------------

/// Order this operation. The answer comes once its result is certified.
struct submit_request {
  bytes operation;
};

/// The highest sequence this member has prepared: the first half of a linearizable read.
struct mark_request {};

/// An entry under a certified root of at least this sequence; waits (and has a null batch ordered) until there is one.
struct entry_request {
  place where;
  std::uint64_t at_least = 0;
};

/// A page of a submap in the order of its keys, unproven: for lists of work (extents to repair), never for content.
struct page_request {
  submap map = submap::repair;
  map_key from{};
  std::uint32_t limit = page_entries_max;
};

/// Version records by name. Who asks knows them from a root of sequence `at_least`: only a member that has executed that far can say that
/// there are none; another answers `errc::unavailable`.
struct records_request {
  std::vector<vguid> names;
  std::uint64_t at_least = 0;
};

/// Inline content by name; `at_least` as above.
struct inline_request {
  bguid block;
  std::uint64_t at_least = 0;
};

template <class F>
bool inspect(F& f, submit_request& x) {
  return f.fields("operation", x.operation);
}
template <class F>
bool inspect(F& f, mark_request&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, entry_request& x) {
  return f.fields("where", x.where, "at_least", x.at_least);
}
template <class F>
bool inspect(F& f, page_request& x) {
  return f.fields("map", x.map, "from", x.from, "limit", x.limit) && x.limit <= page_entries_max;
}
template <class F>
bool inspect(F& f, records_request& x) {
  return f.fields("names", x.names, "at_least", x.at_least) && x.names.size() <= records_per_fetch_max;
}
template <class F>
bool inspect(F& f, inline_request& x) {
  return f.fields("block", x.block, "at_least", x.at_least);
}

using service_body = std::variant<submit_request, mark_request, entry_request, page_request, records_request, inline_request>;

struct service_request {
  ring_id ring;
  service_body body;
};
template <class F>
bool inspect(F& f, service_request& x) {
  return f.fields("ring", x.ring, "body", x.body);
}

// -- replies --------------------------------------------------------------------------------------------------------

/// What lies at `where`, proven: the result of a submitted operation, or an entry asked for.
struct entry_reply {
  place where;
  proven_entry entry;
  std::uint64_t view = 0;  ///< so that the next request goes to the right primary
};

struct mark_reply {
  std::uint64_t prepared = 0;
  std::uint64_t executed = 0;
  std::uint64_t view = 0;
};

struct page_reply {
  std::vector<bytes> values;
  std::optional<map_key> next;  ///< where the next page starts; none: that was the last
  std::uint64_t sequence = 0;
};

/// A page that goes on is full and goes forward, or a list would never end.
inline bool answers(const page_request& asked, const page_reply& page) {
  return page.values.size() <= asked.limit && (!page.next || (*page.next > asked.from && page.values.size() == asked.limit));
}

/// All of them, in the order of the request.
struct records_reply {
  std::vector<bytes> records;
};

struct inline_reply {
  bytes ciphertext;
};

/// Refused or failed: a code of `holdfast::errc`, and a sentence for a person.
struct failure_reply {
  std::uint16_t code = 0;
  std::string sentence;
};

template <class F>
bool inspect(F& f, entry_reply& x) {
  return f.fields("where", x.where, "entry", x.entry, "view", x.view);
}
template <class F>
bool inspect(F& f, mark_reply& x) {
  return f.fields("prepared", x.prepared, "executed", x.executed, "view", x.view);
}
template <class F>
bool inspect(F& f, page_reply& x) {
  return f.fields("values", x.values, "next", x.next, "sequence", x.sequence);
}
template <class F>
bool inspect(F& f, records_reply& x) {
  return f.fields("records", x.records);
}
template <class F>
bool inspect(F& f, inline_reply& x) {
  return f.fields("ciphertext", x.ciphertext);
}
template <class F>
bool inspect(F& f, failure_reply& x) {
  return f.fields("code", x.code, "sentence", x.sentence);
}

using service_reply = std::variant<entry_reply, mark_reply, page_reply, records_reply, inline_reply, failure_reply>;

}  // namespace holdfast::ring
