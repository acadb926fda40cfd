#include "tests/simulation/ring/ring_user.hpp"

#include "protocols/object/version_walk.hpp"

namespace holdfast::simulation {

namespace {

constexpr duration tick_interval = 40ms;

crypto::signing_key key_of_pair(std::uint32_t pair) {
  seeded_random random(0x0b1ec7 + pair);
  return crypto::signing_key::generate(random);
}

bool denies(const result<ring::service_reply>& reply) { return !reply && reply.error().is(errc::not_found); }

}  // namespace

ring_user::ring_user(ring_world& world, believed_roots& roots, std::uint32_t number, std::uint64_t seed)
    : world_(world),
      roots_(roots),
      address_(static_cast<node_index>(world.size()) + number),
      random_(seed),
      key_(key_of_pair(number / 2)),
      identity_(crypto::signing_key::generate(random_)),
      id_(identity::id_for(identity_.pub(), {})),
      session_(ring::new_session({1'700'000'000'000}, random_)),
      object_(object::id_for(key_.pub(), salt_)),
      client_(world.fixture.cluster, world.fixture.ring()) {}

void ring_user::start(std::uint32_t requests) {
  left_ += requests;
  later(between(random_, 0us, world_.plan.work.think), [this] { next(); });
}

void ring_user::next() { random_.below(2) == 0 ? write() : read(); }

void ring_user::over() {
  current_.return_us = now_us();
  seen_version_ = std::max(seen_version_, current_.version);
  ++world_.report.counts[std::string(to_string(current_.kind)) + "_" + std::string(to_string(current_.outcome))];
  history_.push_back(current_);
  if (--left_ > 0) later(between(random_, 0us, world_.plan.work.think), [this] { next(); });
}

history::operation ring_user::begun(history::operation_kind kind) const {
  history::operation op{address_, kind, object_.brief()};
  op.call_us = now_us();
  return op;
}

// -- calls ----------------------------------------------------------------------------------------------------------

void ring_user::begin(std::pair<std::uint64_t, client_step> call, continuation then) {
  calls_[call.first] = std::move(then);
  carry_out(std::move(call.second));
}

void ring_user::carry_out(client_step step) {
  for (const auto& s : step.sends) {
    sent_[s.request] = s.to;
    world_.net->send(address_, s.to, to_frame(service_call{s.request, s.what}));
  }
  for (auto& done : step.completions) {
    auto then = calls_.extract(done.call);
    if (then) then.mapped()(std::move(done.what));
  }
  if (!client_.busy() || std::exchange(ticking_, true)) return;
  later(tick_interval, [this] { tick(); });
}

void ring_user::tick() {
  ticking_ = false;
  carry_out(client_.on_tick(world_.events.now()));
}

void ring_user::receive(const service_answer& answer) {
  sent_.erase(answer.request);
  carry_out(client_.on_reply(world_.events.now(), answer.request, answer.body));
}

void ring_user::unreachable(node_index member) {
  std::vector<std::uint64_t> lost;
  for (const auto& [request, to] : sent_) {
    if (to == member) lost.push_back(request);
  }
  for (auto request : lost) {
    sent_.erase(request);
    carry_out(client_.on_unreachable(world_.events.now(), request));
  }
}

/// Two certified roots of one sequence would be two truths.
void ring_user::believe(const ring::entry_reply& reply) {
  auto root = codec::decode<ring::state_root>(reply.entry.root.body, "state root");
  auto [known, first] = roots_.emplace(root->sequence, reply.entry.root.body);
  if (!first && known->second != reply.entry.root.body) violation("was shown another certified root of sequence " + std::to_string(root->sequence));
}

// -- writing --------------------------------------------------------------------------------------------------------

void ring_user::write() {
  bytes data(40);
  random_.fill(data);
  object::content_root content{object_, 0, seen_version_, data.size(), {}};
  content.content = object::inline_content{archive::block_name(data), static_cast<std::uint32_t>(data.size())};
  current_ = begun(history::operation_kind::put);
  current_.hash = archive::block_name(data).brief();
  if (random_.below(3) == 0) current_.if_version = seen_version_;

  object::guard guard;
  guard.conditions = {object::always{}};
  if (current_.if_version && *current_.if_version == 0) guard.conditions = {object::absent{}};
  if (current_.if_version && *current_.if_version > 0) guard.conditions = {object::compare_version{*current_.if_version}};
  guard.actions = {object::set_content{codec::encode(content)}};
  asked_ = {world_.fixture.cluster, world_.fixture.ring().id, id_, session_, ++operation_, key_.pub(), object_, object::birth{salt_},
            {guard}, {}, {}};
  if (operation_ == 1 || random_.below(2) == 0) asked_.grant = object::session_grant::make(asked_, identity_, {});
  update_ = object::signed_update::make(asked_, key_, data);
  submit();
}

void ring_user::submit() {
  auto what = ring::submission_of(ring::object_operation(ring::update_object{update_}));
  begin(client_.submit(world_.events.now(), std::move(what)), [this](result<ring::service_reply> reply) {
    if (reply) return submitted(std::get<ring::entry_reply>(*reply));
    ++world_.report.counts["submitted_again"];
    later(200ms, [this] { submit(); });
  });
}

void ring_user::submitted(const ring::entry_reply& reply) {
  believe(reply);
  auto done = ring::result_of(update_, asked_, reply.entry.value);
  if (!done) return violation("was refused its own operation: " + done.error().message());
  if (done->status == ring::update_status::refused) violation("was refused a correct update with code " + std::to_string(done->code));
  bool committed = done->status == ring::update_status::committed;
  current_.version = committed ? done->version : 0;
  current_.outcome = committed ? history::operation_outcome::ok : history::operation_outcome::conflict;
  over();
}

// -- reading --------------------------------------------------------------------------------------------------------

void ring_user::read() {
  current_ = begun(history::operation_kind::get);
  auto where = ring::place_of(ring::submap::heads, object_);
  begin(client_.read(world_.events.now(), where, ring::ring_client::freshness::linearizable), [this](result<ring::service_reply> reply) {
    if (!reply) return later(200ms, [this] { read(); });  // a read without an answer has no effect: it is asked anew
    auto& entry = std::get<ring::entry_reply>(*reply);
    believe(entry);
    if (entry.entry.value) return read_record(*codec::decode<object::head>(*entry.entry.value, "head"));
    current_.outcome = history::operation_outcome::not_found;
    over();
  });
}

void ring_user::read_record(const object::head& head) {
  auto valid = [name = head.newest](const ring::service_reply& reply) {
    auto* found = std::get_if<ring::records_reply>(&reply);
    return found && found->records.size() == 1 && object::open_record(name, found->records.front()).has_value();
  };
  begin(client_.ask(world_.events.now(), ring::records_request{{head.newest}}, valid), [this, head](result<ring::service_reply> reply) {
    if (denies(reply)) return violation("was told that the record which a head names does not exist");
    if (!reply) return later(200ms, [this, head] { read_record(head); });
    auto record = object::open_record(head.newest, std::get<ring::records_reply>(*reply).records.front());
    if (record->version != head.version) return violation("was shown a head whose record is of another version");
    read_content(*record);
  });
}

void ring_user::read_content(const object::version_record& record) {
  auto root = record.content.open(key_.pub());
  if (!root) return violation("was shown a record that its writer did not sign");
  auto block = std::get<object::inline_content>(root->content).block;
  auto valid = [block](const ring::service_reply& reply) {
    auto* found = std::get_if<ring::inline_reply>(&reply);
    return found && archive::block_name(found->ciphertext) == block;
  };
  begin(client_.ask(world_.events.now(), ring::inline_request{block}, valid), [this, record, block](result<ring::service_reply> reply) {
    if (denies(reply)) return violation("was told that the block which a record names does not exist");
    if (!reply) return later(200ms, [this, record] { read_content(record); });
    current_.version = record.version;
    current_.hash = block.brief();
    current_.outcome = history::operation_outcome::ok;
    over();
  });
}

void ring_user::violation(const std::string& sentence) {
  world_.report.violation(std::to_string(now_us() / 1000) + " ms: client " + id_.brief() + ' ' + sentence);
}

}  // namespace holdfast::simulation
