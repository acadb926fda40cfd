#include "actors/base/work_pool.hpp"

#include <pthread.h>

namespace holdfast::actors {

work_pool::work_pool(std::string name, std::size_t threads) : name_(std::move(name)) {
  for (std::size_t i = 0; i < threads; ++i) {
    auto& l = *lanes_.emplace_back(std::make_unique<lane>());
    l.thread = std::thread([this, &l] { run(l); });
    pthread_setname_np(l.thread.native_handle(), name_.substr(0, 15).c_str());
  }
}

work_pool::~work_pool() { close(); }

bool work_pool::post(std::uint64_t key, work w, std::size_t waiting_max) {
  auto& l = *lanes_[key % lanes_.size()];
  std::lock_guard guard(l.mutex);
  if (l.closing) return true;
  if (l.queue.size() >= waiting_max) return false;
  l.queue.push_back(std::move(w));
  l.ready.notify_one();
  return true;
}

void work_pool::close() {
  for (auto& l : lanes_) {
    std::lock_guard guard(l->mutex);
    l->closing = true;
    l->ready.notify_one();
  }
  for (auto& l : lanes_) {
    if (l->thread.joinable()) l->thread.join();
  }
}

std::size_t work_pool::queued() const {
  std::size_t total = 0;
  for (const auto& l : lanes_) {
    std::lock_guard guard(l->mutex);
    total += l->queue.size();
  }
  return total;
}

void work_pool::run(lane& l) {
  for (;;) {
    work next;
    {
      std::unique_lock guard(l.mutex);
      l.ready.wait(guard, [&] { return l.closing || !l.queue.empty(); });
      if (l.queue.empty()) return;
      next = std::move(l.queue.front());
      l.queue.pop_front();
    }
    next();
  }
}

}  // namespace holdfast::actors
