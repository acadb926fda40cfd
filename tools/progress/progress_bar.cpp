#include "tools/progress/progress_bar.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string_view>

namespace holdfast::tools {

namespace {

constexpr auto draw_every = std::chrono::milliseconds(100);

instant now() {
  return instant(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void write(std::string_view text) { [[maybe_unused]] auto n = ::write(STDERR_FILENO, text.data(), text.size()); }

}  // namespace

progress_bar::progress_bar(std::string label, std::optional<std::uint64_t> total_bytes)
    : meter_(std::move(label), total_bytes, now()), shown_(::isatty(STDERR_FILENO) == 1), next_draw_(now() + draw_every) {}

progress_bar::~progress_bar() { vanish(); }

void progress_bar::update(std::uint64_t done_bytes) {
  std::lock_guard lock(mutex_);
  auto at = now();
  meter_.update(done_bytes, at);
  if (!shown_ || at < next_draw_) return;
  next_draw_ = at + draw_every;
  drawn_ = true;
  write("\r" + meter_.line(columns() - 1) + "\x1b[K");
}

void progress_bar::finish() {
  std::lock_guard lock(mutex_);
  if (!shown_) return;
  clear();
  write(meter_.summary(now()) + "\n");
  shown_ = false;
}

/// A line without a bar on it belongs to somebody else, and is left alone.
void progress_bar::clear() {
  if (drawn_) write("\r\x1b[K");
  drawn_ = false;
}

void progress_bar::vanish() {
  std::lock_guard lock(mutex_);
  clear();
  shown_ = false;
}

}  // namespace holdfast::tools
