// Time travel: finds the record of a version, or of the newest version not after a time, in O(log n) records by the skip
// pointers. Starts at the head's VGUID, which a certified root proves; each record proves the ones it points to.
#pragma once

#include "protocols/object/object_types.hpp"

namespace holdfast::object {

class version_walk {
 public:
  /// What is looked for: the newest version; a version's number; or the newest at or before a date.
  struct newest {};
  using target = std::variant<newest, std::uint64_t, wall_time>;

  version_walk(const head& from, target wanted)
      : object_(from.object), owner_(from.owner), wanted_(wanted), next_(from.newest), version_(from.version) {}

  /// The record to fetch next, unless the walk is over.
  std::optional<vguid> wants() const { return next_; }

  /// A fetched record's bytes. Fails with `errc::damaged` if they are not the ones named, bear another number, or the writer did not
  /// sign the content, and with `errc::not_found` if the target is older than the object or newer than its head.
  outcome on_record(bytes_view encoded);

  /// The record found.
  const std::optional<version_record>& found() const { return found_; }

 private:
  outcome step_by_date();
  outcome hop(std::uint64_t target, const version_record& from);

  aguid object_;
  crypto::public_key owner_;
  target wanted_;
  std::optional<vguid> next_;
  std::uint64_t version_;  ///< of the record to fetch next
  std::optional<version_record> found_;
  std::optional<version_record> newer_, best_;  ///< by date: the bounds of the search
};

/// The record a VGUID names, with its writer's signature on the content verified.
result<version_record> open_record(const vguid& name, bytes_view encoded);

}  // namespace holdfast::object
