#include "actors/client/server_memory.hpp"

#include "actors/base/clock.hpp"

namespace holdfast::actors {

void server_memory::failed(const node_id& server) {
  std::lock_guard lock(mutex_);
  failed_[server] = steady_now();
}

void server_memory::well(const node_id& server) {
  std::lock_guard lock(mutex_);
  failed_.erase(server);
}

bool server_memory::suspect(const node_id& server) const {
  std::lock_guard lock(mutex_);
  auto at = failed_.find(server);
  return at != failed_.end() && steady_now() - at->second < rest;
}

}  // namespace holdfast::actors
