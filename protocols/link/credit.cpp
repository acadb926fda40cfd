#include "protocols/link/credit.hpp"

#include <utility>

namespace holdfast::link {

outcome credit_sender::on_grant(std::uint64_t bytes_count) {
  if (bytes_count > window_ - available_) return fail(errc::over_limit, "the peer grants more credit than was spent");
  available_ += bytes_count;
  return {};
}

outcome credit_receiver::on_received(std::uint64_t bytes_count) {
  if (bytes_count > window_ - outstanding_) return fail(errc::over_limit, "the peer sent more than it had credit for");
  outstanding_ += bytes_count;
  return {};
}

std::uint64_t credit_receiver::on_consumed(std::uint64_t bytes_count) {
  consumed_ += bytes_count;
  if (consumed_ < window_ / 4) return 0;
  outstanding_ -= consumed_;
  return std::exchange(consumed_, 0);
}

}  // namespace holdfast::link
