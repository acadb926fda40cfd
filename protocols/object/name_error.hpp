// What is wrong with a name that a client was asked for: whoever asked can mend it, and no server is to blame.
#pragma once

#include "protocols/base/error.hpp"

namespace holdfast::object {

enum class name_errc : std::uint16_t {
  bad_path = 1,  ///< a path that no file can have
  is_a_folder,   ///< where a file is meant
  is_a_file,     ///< where a folder is meant
  not_empty,     ///< a folder that was to be removed
};

constexpr std::string_view to_string(name_errc code) {
  switch (code) {
    case name_errc::bad_path: return "bad_path";
    case name_errc::is_a_folder: return "is_a_folder";
    case name_errc::is_a_file: return "is_a_file";
    case name_errc::not_empty: return "not_empty";
  }
  return "unknown";
}

}  // namespace holdfast::object

namespace holdfast {

template <>
struct error_room<object::name_errc> {
  static constexpr std::string_view name = "names";
};

}  // namespace holdfast
