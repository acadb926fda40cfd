#include "storage/error.hpp"

namespace holdfast::storage {

std::string_view to_string(errc code) {
  switch (code) {
    case errc::io_failed: return "io_failed";
    case errc::no_space: return "no_space";
    case errc::corrupt: return "corrupt";
    case errc::not_found: return "not_found";
    case errc::already_exists: return "already_exists";
    case errc::foreign_disk: return "foreign_disk";
    case errc::newer_format: return "newer_format";
    case errc::locked: return "locked";
    case errc::over_limit: return "over_limit";
  }
  return "unknown";
}

}  // namespace holdfast::storage
