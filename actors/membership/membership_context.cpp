#include "actors/membership/membership_context.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto ring_patience = 35s;  ///< beyond the ring client's own deadline

}  // namespace

void membership_context::note(introspection::severity weight, std::string kind, std::string sentence) const {
  config.board->note(weight, std::move(kind), config.name, std::move(sentence));
}

void membership_context::ask_root(ring::submission what, entry_handler done) {
  ask_ring(rings->root, ring_submit_atom::value, std::move(what), std::move(done));
}

void membership_context::ask_root(ring_reading what, entry_handler done) {
  ask_ring(rings->root, ring_read_atom::value, std::move(what), std::move(done));
}

void membership_context::ask_root(ring::page_request what, page_handler done) {
  ask_ring(rings->root, ring_fetch_atom::value, ring::service_body(what), std::move(done));
}

void membership_context::ask_object(ring::submission what, entry_handler done) {
  ask_ring(rings->object, ring_submit_atom::value, std::move(what), std::move(done));
}

template <class Reply, class Ask, class Question>
void membership_context::ask_ring(const ring_asker_actor& ring, Ask how, Question what, std::function<void(result<Reply>)> done) {
  self_->request(ring, ring_patience, how, std::move(what))
      .then(
          [done](const ring_outcome& answer) {
            if (!answer.what) return done(fail(answer.what.error()));
            auto* found = std::get_if<Reply>(&*answer.what);
            done(found ? result<Reply>(*found) : fail(errc::malformed, "a ring member answered something else than was asked"));
          },
          [done](const caf::error&) { done(fail(errc::unavailable, "the ring cannot be asked now")); });
}

void membership_context::ask_peer(const node_id& peer, const membership::request& question, reply_handler done, duration patience) {
  outgoing m;
  m.to = peer;
  m.kind = link::message_kind::membership;
  m.payload = make_payload(codec::encode(question));
  self_->request(config.link.manager, patience + 1s, ask_atom::value, std::move(m), patience)
      .then(
          [done](const response& answer) {
            if (!answer.value) return done(fail(answer.value.error()));
            done(codec::decode<membership::reply>(answer.value->body(), "membership reply"));
          },
          [done](const caf::error&) { done(fail(errc::unavailable, "the peer cannot be asked now")); });
}

}  // namespace holdfast::actors
