#include "actors/ring/ring_asker.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/base/clock.hpp"
#include "actors/base/send_later.hpp"

namespace holdfast::actors {

namespace {

constexpr auto tick_interval = std::chrono::milliseconds(40);

struct ring_asker_state {
  explicit ring_asker_state() = default;
  static inline const char* name = "ring_asker";

  std::unique_ptr<ring::ring_client> engine;
  std::map<std::uint64_t, caf::typed_response_promise<ring_outcome>> calls;
  bool ticking = false;
};

using asker_pointer = ring_asker_actor::stateful_pointer<ring_asker_state>;

/// What makes a fetched reply one to believe: everything carries the name that was asked for, or claims nothing.
ring::ring_client::validator validator_for(const ring::service_body& asked) {
  if (auto* records = std::get_if<ring::records_request>(&asked)) {
    return [names = records->names](const ring::service_reply& reply) {
      auto* found = std::get_if<ring::records_reply>(&reply);
      if (!found || found->records.size() != names.size()) return false;
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (crypto::hash<vguid>(object::version_record::type_tag, {found->records[i]}) != names[i]) return false;
      }
      return true;
    };
  }
  if (auto* content = std::get_if<ring::inline_request>(&asked)) {
    return [block = content->block](const ring::service_reply& reply) {
      auto* found = std::get_if<ring::inline_reply>(&reply);
      return found && archive::block_name(found->ciphertext) == block;
    };
  }
  if (auto* page = std::get_if<ring::page_request>(&asked)) {
    return [asked = *page](const ring::service_reply& reply) {
      auto* found = std::get_if<ring::page_reply>(&reply);
      return found && ring::answers(asked, *found);
    };
  }
  return [](const ring::service_reply& reply) { return !std::holds_alternative<ring::failure_reply>(reply); };
}

void transmit(asker_pointer self, const ring_asker_config& config, const ring::ring_client::send& send) {
  auto me = caf::actor_cast<caf::actor>(self);
  auto request = send.request;
  if (config.local && config.local->first == send.to) {
    self->request(config.local->second, std::chrono::seconds(30), ring_ask_atom::value, config.ring.id, send.what)
        .then([self, request](const ring_answer& a) { self->send(self, ring_reply_in{request, a.what}); },
              [self, request](const caf::error&) { self->send(self, ring_reply_in{request, std::nullopt}); });
    return;
  }
  outgoing m;
  m.to = config.ring.seats[send.to].node;
  m.lane = config.lane;
  m.kind = link::message_kind::ring;
  m.payload = make_payload(codec::encode(ring::service_request{config.ring.id, send.what}));
  config.links->request(std::move(m), std::chrono::seconds(30), [me, request](result<inbound> reply) {
    ring_reply_in in{request, std::nullopt};
    if (reply) {
      if (auto decoded = codec::decode<ring::service_reply>(reply->body(), "ring reply")) in.reply = std::move(*decoded);
    }
    caf::anon_send(me, std::move(in));
  });
}

void carry(asker_pointer self, const ring_asker_config& config, ring::ring_client::step step) {
  for (const auto& send : step.sends) transmit(self, config, send);
  for (auto& done : step.completions) {
    auto call = self->state.calls.find(done.call);
    if (call == self->state.calls.end()) continue;
    call->second.deliver(ring_outcome{std::move(done.what)});
    self->state.calls.erase(call);
  }
  if (!self->state.ticking && self->state.engine->busy()) {
    self->state.ticking = true;
    send_later(self, tick_interval, ring_tick_atom::value);
  }
}

caf::result<ring_outcome> begin(asker_pointer self, const ring_asker_config& config, std::pair<std::uint64_t, ring::ring_client::step> call) {
  auto promise = self->make_response_promise<ring_outcome>();
  self->state.calls.emplace(call.first, promise);
  carry(self, config, std::move(call.second));
  return promise;
}

ring_asker_actor::behavior_type ring_asker(asker_pointer self, ring_asker_config config) {
  self->state.engine = std::make_unique<ring::ring_client>(config.cluster, config.ring, config.limits);
  auto shared = std::make_shared<const ring_asker_config>(std::move(config));
  return {
      [self, shared](ring_submit_atom, const ring::submission& s) {
        return begin(self, *shared, self->state.engine->submit(steady_now(), s));
      },
      [self, shared](ring_read_atom, const ring_reading& r) {
        return begin(self, *shared, self->state.engine->read(steady_now(), r.where, r.how));
      },
      [self, shared](ring_fetch_atom, const ring::service_body& body) {
        return begin(self, *shared, self->state.engine->ask(steady_now(), body, validator_for(body)));
      },
      [self, shared](const ring_reply_in& in) {
        auto now = steady_now();
        carry(self, *shared,
              in.reply ? self->state.engine->on_reply(now, in.request, *in.reply) : self->state.engine->on_unreachable(now, in.request));
      },
      [self, shared](ring_tick_atom) {
        self->state.ticking = false;
        carry(self, *shared, self->state.engine->on_tick(steady_now()));
      },
  };
}

}  // namespace

ring_asker_actor spawn_ring_asker(caf::actor_system& system, ring_asker_config config) { return system.spawn(ring_asker, std::move(config)); }

}  // namespace holdfast::actors
