#include "actors/client/extent_stream.hpp"

#include <caf/send.hpp>

namespace holdfast::actors {

namespace {

constexpr std::size_t blocks_handed_over_max = 2;      ///< a MiB each, beside what the disperser keeps
constexpr auto silence_max = std::chrono::minutes(3);  ///< far beyond what the engines wait: the desk itself has gone

}  // namespace

// -- the caller's end -----------------------------------------------------------------------------------------------

extent_stream_ptr begin_extent(const caf::actor& desk, archive::disperser_config config, directory_ptr directory) {
  auto stream = std::make_shared<extent_stream>(desk, std::move(config), std::move(directory));
  caf::anon_send(desk, extent_begin_atom::value, stream);
  return stream;
}

extent_stream::extent_stream(caf::actor desk, archive::disperser_config config, directory_ptr directory)
    : desk_(std::move(desk)), config_(std::move(config)), directory_(std::move(directory)) {}

/// False after a time without progress; however long it takes with it.
bool extent_stream::wait_until(const std::function<bool()>& condition) {
  std::unique_lock lock(mutex_);
  while (!condition()) {
    auto seen = progress_;
    if (!changed_.wait_for(lock, silence_max, [&] { return progress_ != seen || condition(); })) return false;
  }
  return true;
}

outcome extent_stream::add(archive::coded_block block) {
  bool room = wait_until([&] { return outcome_ || (wants_more_ && handed_over_ < blocks_handed_over_max); });
  if (!room) return fail(errc::unavailable, "the archive servers take nothing more");
  {
    std::lock_guard lock(mutex_);
    if (outcome_) return outcome_->has_value() ? fail(errc::unavailable, "the extent ended early") : fail(outcome_->error());
    ++handed_over_;
  }
  caf::anon_send(desk_, block_handed_over{shared_from_this(), std::make_shared<archive::coded_block>(std::move(block))});
  return {};
}

void extent_stream::close() { caf::anon_send(desk_, extent_close_atom::value, shared_from_this()); }

result<archive::extent_claim> extent_stream::claim() {
  if (!wait_until([&] { return outcome_.has_value(); })) return fail(errc::unavailable, "the archive servers sent no receipts");
  std::lock_guard lock(mutex_);
  return *outcome_;
}

void extent_stream::settle() { caf::anon_send(desk_, settle_atom::value, shared_from_this()); }
void extent_stream::give_up() { caf::anon_send(desk_, give_up_atom::value, shared_from_this()); }

// -- the desk's end -------------------------------------------------------------------------------------------------

void extent_uploads::begin(clock_reading at, const extent_stream_ptr& stream) {
  auto number = ++last_;
  auto config = stream->config_;
  config.request_base = number << id_shift;
  numbers_[stream.get()] = number;
  auto& upload = uploads_[number];
  upload = {stream, std::make_unique<archive::disperser>(std::move(config), *stream->directory_)};
  carry(upload, upload.engine->start(at));
}

void extent_uploads::take(clock_reading at, const block_handed_over& handed) {
  auto* upload = find(handed.stream);
  if (!upload) return;
  {
    std::lock_guard lock(handed.stream->mutex_);
    --handed.stream->handed_over_;
  }
  if (upload->engine->outcome()) return publish(*upload);
  if (!upload->engine->has_room_for(handed.block->entry.length)) return;  // the writer keeps to the extent's bounds
  carry(*upload, upload->engine->add(at, std::move(*handed.block)));
}

void extent_uploads::close(clock_reading at, const extent_stream_ptr& stream) {
  auto* upload = find(stream);
  if (upload && !upload->engine->outcome()) carry(*upload, upload->engine->close(at));
}

void extent_uploads::settle(const extent_stream_ptr& stream) {
  if (auto* upload = find(stream)) transmit_(upload->engine->settle_requests());
  forget(stream);
}

void extent_uploads::forget(const extent_stream_ptr& stream) {
  auto* upload = find(stream);
  if (!upload) return;
  if (!upload->engine->outcome()) transmit_(upload->engine->abandon_requests());
  auto number = numbers_.extract(stream.get());
  uploads_.erase(number.mapped());
}

void extent_uploads::on_reply(clock_reading at, const node_id& from, const archive::service_reply& reply) {
  auto upload = uploads_.find(reply.id >> id_shift);
  if (upload != uploads_.end()) carry(upload->second, upload->second.engine->on_reply(at, from, reply));
}

void extent_uploads::on_peer_lost(clock_reading at, const node_id& peer) {
  for (auto& [number, upload] : uploads_) carry(upload, upload.engine->on_peer_lost(at, peer));
}

void extent_uploads::on_timer(clock_reading at) {
  for (auto& [number, upload] : uploads_) {
    if (!upload.engine->outcome()) carry(upload, upload.engine->on_timer(at));
  }
}

extent_uploads::upload_state* extent_uploads::find(const extent_stream_ptr& stream) {
  auto number = numbers_.find(stream.get());
  return number == numbers_.end() ? nullptr : &uploads_.at(number->second);
}

void extent_uploads::carry(upload_state& upload, archive::disperser_step step) {
  transmit_(step.requests);
  for (const auto& event : step.events) memory_->failed(event.server);
  publish(upload);
}

void extent_uploads::publish(upload_state& upload) {
  auto& stream = *upload.stream;
  {
    std::lock_guard lock(stream.mutex_);
    stream.wants_more_ = upload.engine->wants_more();
    stream.progress_ = upload.engine->last_progress();
    if (!stream.outcome_ && upload.engine->outcome()) stream.outcome_ = *upload.engine->outcome();
  }
  stream.changed_.notify_all();
}

}  // namespace holdfast::actors
