#include "protocols/base/error.hpp"

namespace holdfast {

std::string_view to_string(errc code) {
  switch (code) {
    case errc::malformed: return "malformed";
    case errc::bad_signature: return "bad_signature";
    case errc::not_found: return "not_found";
    case errc::already_exists: return "already_exists";
    case errc::conflict: return "conflict";
    case errc::denied: return "denied";
    case errc::expired: return "expired";
    case errc::too_old: return "too_old";
    case errc::stale: return "stale";
    case errc::unavailable: return "unavailable";
    case errc::outcome_unknown: return "outcome_unknown";
    case errc::over_limit: return "over_limit";
    case errc::damaged: return "damaged";
    case errc::unsupported: return "unsupported";
  }
  return "unknown";
}

}  // namespace holdfast
