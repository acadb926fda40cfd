#include "tools/command_line/standard_output.hpp"

#include <unistd.h>

#include <iostream>

#include "tools/files/file_error.hpp"

namespace holdfast::tools {

standard_output::standard_output() : before_(std::cout.rdbuf(this)) { setp(held_.data(), held_.data() + held_.size()); }

standard_output::~standard_output() {
  sync();
  std::cout.rdbuf(before_);
}

outcome standard_output::finish() {
  sync();
  if (failed_ == 0 || failed_ == EPIPE) return {};
  return fail(file_error("write to", "standard output", failed_));
}

standard_output::int_type standard_output::overflow(int_type c) {
  if (sync() != 0) return traits_type::eof();
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  return sputc(traits_type::to_char_type(c));
}

int standard_output::sync() {
  for (const char* at = pbase(); at != pptr() && failed_ == 0;) {
    auto n = ::write(STDOUT_FILENO, at, static_cast<std::size_t>(pptr() - at));
    if (n >= 0) {
      at += n;
    } else if (errno != EINTR) {
      failed_ = errno;
    }
  }
  setp(held_.data(), held_.data() + held_.size());
  return failed_ == 0 ? 0 : -1;
}

}  // namespace holdfast::tools
