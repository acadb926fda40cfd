// Directories are objects (SDSI): their content maps names to capabilities, and a path is a walk from a root capability.
// Names are content: sealed like everything else, seen by no server.
#pragma once

#include <map>

#include "protocols/object/capability.hpp"

namespace holdfast::object {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t directory_entries_max = 100'000;

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

struct directory_content {
  std::map<std::string, directory_link> links;

  bytes encode() const;
  /// Checks every name and every capability. `errc::malformed`, saying which.
  static result<directory_content> decode(bytes_view plaintext);
};

/// A name is 1 to 255 bytes of valid UTF-8 without '/' or control characters, and neither "." nor "..".
outcome check_name(std::string_view name);

/// "a/b/c" into its names. Leading, trailing and doubled slashes are forgiven; "." and ".." are not. Empty: the root.
result<std::vector<std::string>> split_path(std::string_view path);

}  // namespace holdfast::object
