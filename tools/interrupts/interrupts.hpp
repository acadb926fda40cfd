// Ctrl-C in a command that waits for a cluster: what is half done is undone, a person is told, and the process ends at once.
#pragma once

#include <functional>

namespace holdfast::tools {

/// From now on SIGINT and SIGTERM run what is to be undone, newest first, say that it was interrupted, and end the process with exit code
/// 130. Call it before other threads begin: they must not take the signals. A signal that the caller's shell had ignored stays ignored.
void heed_interrupts();

/// Something to be undone if an interrupt comes while this lives. It runs on a thread of its own.
class undo_on_interrupt {
 public:
  explicit undo_on_interrupt(std::function<void()> undo);
  ~undo_on_interrupt();
  undo_on_interrupt(const undo_on_interrupt&) = delete;
  undo_on_interrupt& operator=(const undo_on_interrupt&) = delete;

 private:
  std::function<void()> undo_;
};

}  // namespace holdfast::tools
