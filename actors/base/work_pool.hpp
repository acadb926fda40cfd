// Threads that may block or compute for long, so that actors need not: stores and coding. Work of one key runs in order.
//
// A pool has a bound; when it is full `post` refuses and the caller says so to whoever asked. Completions are sent as actor
// messages by the work itself.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::actors {

class work_pool {
 public:
  using work = std::function<void()>;
  static constexpr std::size_t queued_max = 16'384;  ///< a thread: what waits holds its data in memory

  /// `name` is what the threads are called in a debugger: at most 15 characters.
  work_pool(std::string name, std::size_t threads);
  ~work_pool();

  /// Runs after everything posted before with the same key. False: the queue is full. Work that can be refused leaves room for what
  /// must not be: it is taken only while fewer than `waiting_max` wait. While the pool closes nothing more is run, and nothing refused.
  [[nodiscard]] bool post(std::uint64_t key, work w, std::size_t waiting_max = queued_max);

  /// Finishes what was posted, then ends the threads. Idempotent.
  void close();

  std::size_t queued() const;

 private:
  struct lane {
    std::mutex mutex;
    std::condition_variable ready;
    std::deque<work> queue;
    bool closing = false;
    std::thread thread;
  };

  void run(lane& l);

  std::string name_;
  std::vector<std::unique_ptr<lane>> lanes_;
};

}  // namespace holdfast::actors
