#include "actors/ring/log_writer.hpp"

#include <pthread.h>

namespace holdfast::actors {

using storage::agreement_log;

log_writer::log_writer(storage::file_system& files) : files_(files), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "agreement-log");
}

log_writer::~log_writer() { close(); }

void log_writer::close() {
  {
    std::lock_guard guard(mutex_);
    closing_ = true;
    ready_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void log_writer::post(std::function<void()> job) {
  std::lock_guard guard(mutex_);
  jobs_.push_back(std::move(job));
  ready_.notify_one();
}

void log_writer::run() {
  for (;;) {
    std::vector<std::function<void()>> jobs;
    {
      std::unique_lock guard(mutex_);
      ready_.wait(guard, [&] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      jobs.swap(jobs_);
    }
    for (auto& job : jobs) job();
    commit();
  }
}

void log_writer::open(const std::string& directory, bool ran_before, std::function<void(result<opened>)> done) {
  post([this, directory, ran_before, done = std::move(done)] { done(open_log(directory, ran_before)); });
}

result<log_writer::opened> log_writer::open_log(const std::string& directory, bool ran_before) {
  logs_.erase(directory);
  opened found;
  agreement::log_replay replay;
  auto& entry = logs_[directory];
  bool decodes = true;
  auto visit = [&](std::uint64_t position, bytes_view raw) {
    auto record = codec::decode<agreement::log_record>(raw, "log record");
    decodes = decodes && record.has_value();
    if (!record) return;
    entry.index.add(position, *record);
    replay.add(*record);
  };
  auto log = agreement_log::open(files_, directory, random_, visit);
  bool missing = !log && log.error().is(storage::errc::not_found);
  bool corrupt = (!log && log.error().is(storage::errc::corrupt)) || (log && !decodes);
  if (!log && !missing && !corrupt) return fail(log.error());
  if (corrupt) {
    found.note = log ? "the agreement log in " + directory + " holds records this program cannot read" : log.error().message();
    log = fail(storage::errc::corrupt, found.note);
    entry.index = {};
    if (auto aside = agreement_log::set_aside(files_, directory); !aside) return fail(aside.error());
  }
  if (!log) {
    log = agreement_log::create(files_, directory, random_);
    if (!log) return fail(log.error());
    replay = {};
  } else if (log->recovery().torn) {
    found.note = "the agreement log in " + directory + " ended in a record that was never acknowledged; it was cut off";
  }
  found.log = replay.take();
  // A log without a start in it is one that was made after the seat's own was lost, and the process ended before it could say so.
  found.log.amnesiac = found.log.amnesiac || corrupt || (ran_before && (missing || found.log.boot == 0));
  if (missing && ran_before) found.note = "the agreement log in " + directory + " is gone";
  entry.log = std::make_unique<agreement_log>(std::move(*log));
  return found;
}

void log_writer::append(const std::string& directory, std::vector<agreement::persist> records, std::function<void(result<store_ticket>)> done) {
  auto job = std::make_shared<append_job>(append_job{directory, std::move(records), std::move(done)});
  post([this, job] { appends_.push_back(std::move(*job)); });
}

outcome log_writer::write(append_job& job) {
  auto& entry = logs_[job.directory];
  if (!entry.log) return fail(storage::errc::io_failed, "the agreement log in " + job.directory + " is not open");
  std::vector<bytes> encoded;
  std::vector<bytes_view> views;
  for (const auto& persist : job.records) encoded.push_back(codec::encode(persist.record));
  for (const auto& one : encoded) views.push_back(one);
  auto positions = entry.log->append(views);
  if (!positions) return fail(positions.error());
  for (std::size_t i = 0; i < job.records.size(); ++i) entry.index.add((*positions)[i], job.records[i].record);
  return {};
}

void log_writer::commit() {
  if (appends_.empty()) return;
  auto jobs = std::move(appends_);
  appends_.clear();
  std::map<std::string, std::optional<error>> touched;
  std::map<std::string, bool> wants_sync;
  for (auto& job : jobs) {
    auto& failure = touched.try_emplace(job.directory, logs_[job.directory].failure).first->second;
    if (failure) continue;
    if (auto written = write(job); !written) failure = written.error();
    for (const auto& persist : job.records) wants_sync[job.directory] = wants_sync[job.directory] || persist.sync;
  }
  for (auto& [directory, failure] : touched) {
    if (!failure && wants_sync[directory]) {
      if (auto synced = logs_[directory].log->sync(); !synced) failure = synced.error();
    }
    logs_[directory].failure = failure;
  }
  for (auto& job : jobs) {
    if (auto& failure = touched[job.directory]) {
      job.done(fail(*failure));
    } else if (wants_sync[job.directory] && !job.records.empty()) {
      job.done(job.records.back().ticket);
    }
  }
}

void log_writer::load(const std::string& directory, agreement::load what, std::function<void(std::vector<agreement::batch_ptr>)> done) {
  post([this, directory, what, done = std::move(done)] {
    commit();  // what is asked for may be among what waits
    std::vector<agreement::batch_ptr> bodies;
    auto& entry = logs_[directory];
    std::size_t size = 0;
    for (auto sequence = what.first; entry.log && sequence <= what.last; ++sequence) {
      auto position = entry.index.find(sequence);
      if (!position) break;
      auto raw = entry.log->read(*position);
      if (!raw) break;
      auto record = codec::decode<agreement::log_record>(*raw, "log record");
      if (!record) break;
      auto* body = agreement::body_in(*record);
      if (!body) break;
      size += raw->size();
      if (size > what.bytes_max && !bodies.empty()) break;
      bodies.push_back(std::make_shared<const agreement::batch>(*body));
    }
    done(std::move(bodies));
  });
}

}  // namespace holdfast::actors
