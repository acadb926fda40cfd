// Directories are objects (SDSI): their content maps names to capabilities, and a path is a walk from a root capability.
// Names are content: sealed like everything else, seen by no server. A directory remembers what its removed names led to, so that
// their versions stay within reach and a name that is used again goes on where it was.
#pragma once

#include <map>

#include "protocols/base/time.hpp"
#include "protocols/object/capability.hpp"

namespace holdfast::object {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t directory_entries_max = 100'000;
constexpr std::size_t removed_names_max = 4096;  ///< remembered, the most recently removed; each costs as much as a link

enum class entry_kind : std::uint8_t { file, directory };
constexpr bool known(entry_kind k) { return k <= entry_kind::directory; }

struct directory_link {
  entry_kind kind = entry_kind::file;
  capability target;
};
template <class F>
bool inspect(F& f, directory_link& x) {
  return f.fields("kind", x.kind, "target", x.target);
}

/// What a name led to before it was removed.
struct removed_link {
  directory_link link;
  wall_time at;  ///< by the clock of who removed it
};
template <class F>
bool inspect(F& f, removed_link& x) {
  return f.fields("link", x.link, "at", x.at);
}

struct directory_content {
  std::map<std::string, directory_link> links;
  std::map<std::string, removed_link> removed = {};  ///< never a name that `links` has

  /// False if the name is taken. What was remembered of it is forgotten: it leads to this now.
  bool add(const std::string& name, const directory_link& link);

  /// Takes a name away and remembers it, in place of the one removed the longest ago if there are too many.
  void remove(const std::string& name, wall_time at);

  /// What a removed name led to, if that is remembered.
  const directory_link* remembered(const std::string& name) const;

  bytes encode() const;
  /// Checks every name and every capability. `errc::malformed`, saying which.
  static result<directory_content> decode(bytes_view plaintext);
};

/// A name is 1 to 255 bytes of valid UTF-8 without '/' or control characters, and neither "." nor "..".
outcome check_name(std::string_view name);

/// "a/b/c" into its names. Leading, trailing and doubled slashes are forgiven; "." and ".." are not. Empty: the root.
result<std::vector<std::string>> split_path(std::string_view path);

}  // namespace holdfast::object
