// The node's one log thread: appends the records of all its ring members and makes them durable together (group commit).
//
// While one sync runs, whatever arrives waits and shares the next one, so the price of a sync is divided by the load. The
// index from sequence to record lives here too: whoever lags is served from the log, not from memory. What waits is bounded by those who
// append: an engine holds a window of batches within its budget, and fetches more only when what it fetched is durable.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "protocols/agreement/step.hpp"
#include "storage/agreement_log.hpp"

namespace holdfast::actors {

class log_writer {
 public:
  explicit log_writer(storage::file_system& files);
  ~log_writer();

  /// A ring's log. Completions are called on the log thread; they only send messages.
  struct opened {
    agreement::recovered log;
    std::string note;  ///< what a person should know: torn tail, set aside, missing; empty if all was well
  };
  /// Opens the log in `directory`, or makes it. `ran_before`: this seat has voted in an earlier life, so a missing log is amnesia.
  void open(const std::string& directory, bool ran_before, std::function<void(result<opened>)> done);

  /// Appends in order; `done` gets the highest ticket once it is durable, if any of the records wanted that.
  void append(const std::string& directory, std::vector<agreement::persist> records, std::function<void(result<store_ticket>)> done);

  void load(const std::string& directory, agreement::load what, std::function<void(std::vector<agreement::batch_ptr>)> done);

  /// Finishes what was queued and ends the thread.
  void close();

 private:
  struct ring_log {
    std::unique_ptr<storage::agreement_log> log;
    agreement::log_index index;
    std::optional<error> failure;  ///< of an append or sync: a ticket stands for all before it, so none is given any more
  };
  struct append_job {
    std::string directory;
    std::vector<agreement::persist> records;
    std::function<void(result<store_ticket>)> done;
  };

  void post(std::function<void()> job);
  void run();
  void commit();
  result<opened> open_log(const std::string& directory, bool ran_before);
  outcome write(append_job& job);

  storage::file_system& files_;
  system_random random_;
  std::map<std::string, ring_log> logs_;   ///< the log thread's own
  std::vector<append_job> appends_;        ///< gathered for the next sync; the log thread's own
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<std::function<void()>> jobs_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace holdfast::actors
