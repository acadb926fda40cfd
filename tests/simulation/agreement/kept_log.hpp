// A simulated member's log as its engine knows it: the records in order, and where each batch's body lies. What is durable of it
// is the simulated disk's affair.
#pragma once

#include <memory>
#include <vector>

#include "protocols/agreement/step.hpp"

namespace holdfast::simulation {

struct kept_log {
  std::vector<agreement::log_record> records;  ///< a record's position is its index
  agreement::log_index index;

  void add(agreement::log_record record) {
    index.add(records.size(), record);
    records.push_back(std::move(record));
  }

  /// The bodies that a load asks for, as far as they are here and within its bytes; at least one if the first is here.
  std::vector<agreement::batch_ptr> bodies(const agreement::load& wanted) const {
    std::vector<agreement::batch_ptr> found;
    std::size_t bytes_read = 0;
    for (auto sequence = wanted.first; sequence <= wanted.last; ++sequence) {
      auto position = index.find(sequence);
      if (!position) break;
      auto content = agreement::body_in(records[*position]);
      bytes_read += agreement::size_of(*content);
      if (!found.empty() && bytes_read > wanted.bytes_max) break;
      found.push_back(std::make_shared<agreement::batch>(*content));
    }
    return found;
  }
};

}  // namespace holdfast::simulation
