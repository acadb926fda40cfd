#include "tools/interrupts/interrupts.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "tools/errors/error_table.hpp"
#include "tools/errors/tool_error.hpp"

namespace holdfast::tools {

namespace {

/// Never destroyed: an interrupt may come while the process ends.
struct pending_undos {
  std::mutex mutex;
  std::vector<const std::function<void()>*> all;
};
pending_undos& pending() {
  static auto* undos = new pending_undos;
  return *undos;
}

bool is_ignored(int signal) {
  struct sigaction now {};
  return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

sigset_t heeded_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM}) {
    if (!is_ignored(signal)) sigaddset(&set, signal);
  }
  return set;
}

/// Keeps the lock to the end: nobody takes back what he was about to undo while the process goes.
[[noreturn]] void end_interrupted() {
  std::lock_guard lock(pending().mutex);
  auto& undos = pending().all;
  std::for_each(undos.rbegin(), undos.rend(), [](const auto* undo) { (*undo)(); });
  auto why = error(tool_errc::interrupted, "interrupted");
  auto text = describe(why);
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(exit_code(why));
}

}  // namespace

void heed_interrupts() {
  static std::once_flag once;
  std::call_once(once, [] {
    auto signals = heeded_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([signals] {
      int signal = 0;
      while (::sigwait(&signals, &signal) != 0) {
      }
      end_interrupted();
    }).detach();
  });
}

undo_on_interrupt::undo_on_interrupt(std::function<void()> undo) : undo_(std::move(undo)) {
  std::lock_guard lock(pending().mutex);
  pending().all.push_back(&undo_);
}

undo_on_interrupt::~undo_on_interrupt() {
  std::lock_guard lock(pending().mutex);
  std::erase(pending().all, &undo_);
}

}  // namespace holdfast::tools
