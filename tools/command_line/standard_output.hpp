// Standard output that is held to what it was given: what could not be written is known at the end, with the system's reason.
#pragma once

#include <array>
#include <streambuf>
#include <string_view>

#include "protocols/base/error.hpp"

namespace holdfast::tools {

/// Stands in for `std::cout`'s own buffer for as long as it lives.
class standard_output final : public std::streambuf {
 public:
  standard_output();
  ~standard_output() override;

  /// Writes what is left. Fails if anything could not be written; a reader who has had enough and closed the pipe is no failure.
  outcome finish();

 private:
  int_type overflow(int_type c) override;
  int sync() override;

  std::array<char, 8192> held_;
  std::streambuf* before_;
  int failed_ = 0;  ///< errno of the first write that failed
};

}  // namespace holdfast::tools
