// The bar on a terminal: drawn on standard error at most ten times a second, and not at all where that is no terminal.
#pragma once

#include <mutex>

#include "tools/interrupts/interrupts.hpp"
#include "tools/progress/progress_meter.hpp"

namespace holdfast::tools {

class progress_bar {
 public:
  progress_bar(std::string label, std::optional<std::uint64_t> total_bytes);
  ~progress_bar();

  /// Bytes done so far. From any thread.
  void update(std::uint64_t done_bytes);

  /// Takes the bar away and leaves a line that sums up. Without it (a failure) the bar just goes away.
  void finish();

 private:
  void clear();
  void vanish();

  std::mutex mutex_;
  progress_meter meter_;
  bool shown_;
  bool drawn_ = false;  ///< and not cleared since: the line is the bar's
  instant next_draw_;
  undo_on_interrupt undo_{[this] { vanish(); }};
};

}  // namespace holdfast::tools
