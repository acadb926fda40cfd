// That a process cannot wait for connections: whoever runs it mends that in its manifest, no retry does.
#pragma once

#include "protocols/base/error.hpp"

namespace holdfast::link {

enum class listen_errc : std::uint16_t {
  cannot_listen = 1,  ///< the address is taken, unknown, or not this machine's
};

constexpr std::string_view to_string(listen_errc code) { return code == listen_errc::cannot_listen ? "cannot_listen" : "unknown"; }

}  // namespace holdfast::link

namespace holdfast {

template <>
struct error_room<link::listen_errc> {
  static constexpr std::string_view name = "link";
};

}  // namespace holdfast
