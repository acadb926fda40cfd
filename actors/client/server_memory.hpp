// Which archive servers failed this process a moment ago.
#pragma once

#include <map>
#include <mutex>

#include "protocols/base/time.hpp"
#include "protocols/names/names.hpp"

namespace holdfast::actors {

/// Servers that failed lately: others are chosen first. Safe from any thread.
class server_memory {
 public:
  void failed(const node_id& server);
  void well(const node_id& server);
  bool suspect(const node_id& server) const;

 private:
  static constexpr duration rest = std::chrono::seconds(10);
  mutable std::mutex mutex_;
  std::map<node_id, instant> failed_;
};

}  // namespace holdfast::actors
