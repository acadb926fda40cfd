#include "protocols/agreement/engine.hpp"

namespace holdfast::agreement {

replica::replica(config c, const request_checker& checker) : engine_(std::make_unique<engine>(std::move(c), checker)) {}
replica::~replica() = default;
replica::replica(replica&&) noexcept = default;

step replica::start(const clock_reading& now, recovered log, std::uint64_t executed, wall_time executed_time) {
  engine_->begin(now);
  engine_->start(std::move(log), executed, executed_time);
  return engine_->end();
}

step replica::on_message(const clock_reading& now, seat_index from, message m) {
  engine_->begin(now);
  engine_->on_message(from, std::move(m));
  return engine_->end();
}

step replica::on_timer(const clock_reading& now, timer_id id) {
  engine_->begin(now);
  engine_->on_timer(id);
  return engine_->end();
}

step replica::on_stored(const clock_reading& now, store_ticket ticket) {
  engine_->begin(now);
  engine_->on_stored(ticket);
  return engine_->end();
}

step replica::on_loaded(const clock_reading& now, std::uint64_t ticket, std::uint64_t first, std::vector<batch_ptr> bodies) {
  engine_->begin(now);
  engine_->on_loaded(ticket, first, std::move(bodies));
  return engine_->end();
}

step replica::on_executed(const clock_reading& now, std::uint64_t sequence, const digest& state) {
  engine_->begin(now);
  engine_->on_executed(sequence, state);
  return engine_->end();
}

step replica::on_peer_connected(const clock_reading& now, seat_index seat) {
  engine_->begin(now);
  engine_->on_peer_connected(seat);
  return engine_->end();
}

step replica::on_peer_lost(const clock_reading& now, seat_index seat) {
  engine_->begin(now);
  engine_->on_peer_lost(seat);
  return engine_->end();
}

result<step> replica::submit(const clock_reading& now, bytes request) {
  auto name = digest_of_request(request);
  return submit(now, std::move(request), name);
}

result<step> replica::submit(const clock_reading& now, bytes request, const digest& name) {
  engine_->begin(now);
  if (auto ok = engine_->submit(std::move(request), name); !ok) return fail(ok.error());
  return engine_->end();
}

step replica::request_null(const clock_reading& now) {
  engine_->begin(now);
  engine_->request_null();
  return engine_->end();
}

std::uint64_t replica::view() const { return engine_->view(); }
seat_index replica::primary() const { return engine_->primary(); }
bool replica::is_primary() const { return engine_->leads(); }
bool replica::changing_view() const { return engine_->changing_view(); }
silence replica::silent() const { return engine_->silent(); }
bool replica::forsaken() const { return engine_->forsaken(); }
std::uint64_t replica::committed() const { return engine_->committed(); }
std::uint64_t replica::executed() const { return engine_->executed(); }
std::uint64_t replica::stable() const { return engine_->stable(); }
std::uint64_t replica::prepared() const { return engine_->prepared(); }
std::size_t replica::pending_requests() const { return engine_->pending(); }

}  // namespace holdfast::agreement
