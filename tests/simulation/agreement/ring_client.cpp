#include "tests/simulation/agreement/ring_client.hpp"

#include "protocols/ring/object_operation.hpp"
#include "tests/simulation/agreement/ring_watch.hpp"

namespace holdfast::simulation {

namespace {

crypto::signing_key key_of_pair(std::uint32_t pair) {
  seeded_random random(0xc11e47 + pair);
  return crypto::signing_key::generate(random);
}

std::array<std::uint8_t, 32> salt_of_pair(std::uint32_t pair) {
  std::array<std::uint8_t, 32> salt{};
  salt[0] = static_cast<std::uint8_t>(pair);
  return salt;
}

}  // namespace

ring_client::ring_client(ring_world& world, ring_watch& watch, std::uint32_t number, std::uint64_t seed)
    : world_(world),
      watch_(watch),
      address_(static_cast<node_index>(world.size()) + number),
      random_(seed),
      key_(key_of_pair(number / 2)),
      salt_(salt_of_pair(number / 2)),
      identity_(crypto::signing_key::generate(random_)),
      id_(identity::id_for(identity_.pub(), {})),
      session_(ring::new_session({1'700'000'000'000}, random_)),
      object_(object::id_for(key_.pub(), salt_)) {}

void ring_client::start(std::uint32_t requests) {
  left_ += requests;
  world_.events.after(between(random_, 0us, world_.plan.work.think), [this] { ask(); });
}

void ring_client::ask() {
  current_ = make_operation();
  said_.clear();
  waiting_ = true;
  watch_.asked(current_);
  history::operation entry{address_, history::operation_kind::put, object_.brief(), if_version_};
  entry.hash = content_of(current_);
  entry.call_us = world_.events.now().time_since_epoch().count();
  history_.push_back(std::move(entry));
  send(static_cast<node_index>(random_.below(world_.size())));
  for (std::uint32_t i = 0; i < world_.plan.work.duplicates; ++i) {
    world_.events.after(between(random_, 0us, 2s), [this, copy = to_frame(client_request{current_})] {
      world_.net->send(address_, static_cast<node_index>(random_.below(world_.size())), copy);
    });
  }
  resend_later();
}

bytes ring_client::make_operation() {
  bytes data(40);
  random_.fill(data);
  object::content_root content{object_, 0, seen_version_, data.size(), {}};
  content.content = object::inline_content{archive::block_name(data), static_cast<std::uint32_t>(data.size())};
  if_version_ = random_.below(3) == 0 ? std::optional(seen_version_) : std::nullopt;

  object::update update;
  update.cluster = world_.fixture.cluster;
  update.ring = world_.fixture.ring().id;
  update.client = id_;
  update.session = session_;
  update.operation = ++operation_;
  update.writer = key_.pub();
  update.object = object_;
  update.creation = object::birth{salt_};
  object::guard guard;
  if (if_version_ && *if_version_ == 0) guard.conditions = {object::absent{}};
  if (if_version_ && *if_version_ > 0) guard.conditions = {object::compare_version{*if_version_}};
  if (!if_version_) guard.conditions = {object::always{}};
  guard.actions = {object::set_content{codec::encode(content)}};
  update.guards = {guard};
  update.grant = object::session_grant::make(update, identity_, {});
  return codec::encode(ring::object_operation(ring::update_object{object::signed_update::make(update, key_, data)}));
}

void ring_client::send(node_index to) { world_.net->send(address_, to, to_frame(client_request{current_})); }

void ring_client::send_to_all() {
  for (node_index to = 0; to < world_.size(); ++to) send(to);
}

void ring_client::resend_later() {
  world_.events.after(world_.plan.work.resend, [this, operation = operation_] {
    if (!waiting_ || operation != operation_) return;
    send_to_all();
    resend_later();
  });
}

void ring_client::receive(node_index from, const client_reply& reply) {
  const auto& result = reply.result;
  if (!waiting_ || result.session != session_ || result.operation != operation_) return;
  auto& voices = said_[codec::encode(result)];
  voices.insert(from);
  if (voices.size() == world_.fixture.ring().weak_quorum()) finish(result);
}

void ring_client::finish(const ring::operation_result& result) {
  waiting_ = false;
  seen_version_ = std::max(seen_version_, result.version);
  auto& entry = history_.back();
  entry.return_us = world_.events.now().time_since_epoch().count();
  entry.version = result.status == ring::update_status::committed ? result.version : 0;
  entry.outcome = result.status == ring::update_status::committed ? history::operation_outcome::ok
                  : result.status == ring::update_status::aborted ? history::operation_outcome::conflict
                                                                  : history::operation_outcome::failed;
  if (result.status == ring::update_status::refused) {
    watch_.violation(0, "refused a correct update with code " + std::to_string(result.code));
  }
  ++world_.report.counts[std::string(ring::to_string(result.status))];
  done_.push_back({current_, result});
  if (--left_ > 0) {
    world_.events.after(between(random_, 0us, world_.plan.work.think), [this] { ask(); });
  }
}

}  // namespace holdfast::simulation
