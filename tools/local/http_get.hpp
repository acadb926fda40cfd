// One HTTP GET to a node of this machine, with a deadline over all of it.
#pragma once

#include <chrono>

#include "tools/manifest/values.hpp"

namespace holdfast::tools {

struct http_answer {
  int status = 0;
  std::string body;  ///< at most 64 KiB
};

/// The answer, or nothing if there was none in time, or none that is HTTP. `host` of the address is a literal address.
std::optional<http_answer> http_get(const address& where, const std::string& path, std::chrono::milliseconds time);

}  // namespace holdfast::tools
