#include "actors/client/cluster_connection.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/base/clock.hpp"
#include "actors/client/directory_watch.hpp"
#include "actors/membership/joining.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto retry_pause = 200ms;
constexpr std::size_t codings_max = 65'536;       ///< about 300 bytes each
constexpr std::size_t reads_at_once = 256;

/// A question to a ring, with the promise that a thread waits on.
struct ring_question {
  std::shared_ptr<std::promise<ring_outcome>> answer;
  std::variant<ring_submission, ring_reading, ring::service_body> what;
};

}  // namespace

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_question)

namespace holdfast::actors {

namespace {

/// Asks the ring for threads that wait: one actor for all of them.
caf::behavior ring_caller(caf::event_based_actor* self, ring_asker_actor asker, duration patience) {
  return {[=](const ring_question& question) {
    auto answer = question.answer;
    auto ask = [&](auto kind, const auto& what) {
      self->request(asker, patience, kind, what)
          .then([answer](const ring_outcome& o) { answer->set_value(o); },
                [answer](const caf::error&) { answer->set_value(ring_outcome{fail(errc::outcome_unknown, "the ring did not answer in time")}); });
    };
    if (auto* submission = std::get_if<ring_submission>(&question.what)) {
      ask(ring_submit_atom::value, *submission);
    } else if (auto* reading = std::get_if<ring_reading>(&question.what)) {
      ask(ring_read_atom::value, *reading);
    } else {
      ask(ring_fetch_atom::value, std::get<ring::service_body>(question.what));
    }
  }};
}

/// Dials all addresses at once: the first who answers will do, and a dead or frozen one costs nothing.
result<peer_ptr> reach_anyone(caf::actor_system& system, const link_manager_actor& manager, const std::vector<std::string>& addresses) {
  struct race {
    std::promise<result<peer_ptr>> winner;
    std::size_t left;
    bool over = false;
  };
  if (addresses.empty()) return fail(errc::unavailable, "the profile names no member's address; add one to its `members`");
  auto all = std::make_shared<race>();
  all->left = addresses.size();
  auto winner = all->winner.get_future();
  system.spawn([=](caf::event_based_actor* self) {
    // With the first answer it is over: who would wait for the others would wait for a frozen one.
    auto finish = [all, self](result<peer_ptr> reached) {
      --all->left;
      if (all->over || (!reached && all->left > 0)) return;
      all->over = true;
      all->winner.set_value(std::move(reached));
      self->quit();
    };
    for (const auto& address : addresses) {
      self->request(manager, 6s, connect_atom::value, address, link::traffic_class::foreground)
          .then([=](const connected& c) { finish(c.peer); },
                [=](const caf::error&) { finish(fail(errc::unavailable, "nobody answers at " + address)); });
    }
  });
  return winner.get();
}

error sentence_of(const ring::operation_result& r) {
  auto code = static_cast<errc>(r.code);
  switch (code) {
    case errc::stale: return {code, "the ring does not know the directory yet by which the servers were chosen"};
    case errc::over_limit: return {code, "this client's quota in the cluster is used up; ask an operator to raise it"};
    case errc::unavailable: return {code, "too few archive servers signed for the data"};
    case errc::expired: return {code, "the servers' receipts expired before the update was ordered; put it again"};
    case errc::denied: return {code, "the ring refused the update: this profile may not write the object, or a server it went to may not keep it"};
    case errc::not_found: return {code, "the object, or the blocks its content refers to, are not in the cluster"};
    default: return {known(code) ? code : errc::malformed, "the ring refused the update (" + std::string(to_string(code)) + ")"};
  }
}

}  // namespace

// -- the net --------------------------------------------------------------------------------------------------------

dialling_system::dialling_system(const link::tls_identity& tls, link::local_identity self, std::shared_ptr<trust_store> trust) {
  configure_links(config_);
  config_.set("scheduler.max-threads", std::size_t{2});
  system_ = std::make_unique<caf::actor_system>(config_);
  link_config config;
  config.tls = tls;
  config.self = std::move(self);
  config.verify = [trust](bytes_view admission, const digest& tls_key, wall_time now) { return trust->verify_peer(admission, tls_key, now); };
  link_ = start_links(*system_, std::move(config));
}

dialling_system::~dialling_system() { caf::anon_send(link_.manager, close_atom::value); }  // the system then waits for every actor

// -- entering -------------------------------------------------------------------------------------------------------

cluster_connection::cluster_connection(const identity::profile& profile, const client_options& options)
    : options_(options), profile_(profile), trust_(std::make_shared<trust_store>(profile.secrets.cluster)) {}

cluster_connection::~cluster_connection() {
  replicas_.reset();
  if (directory_watch_) caf::anon_send_exit(directory_watch_, caf::exit_reason::user_shutdown);
  if (caller_) caf::anon_send_exit(caller_, caf::exit_reason::user_shutdown);
  if (asker_) caf::anon_send_exit(asker_, caf::exit_reason::user_shutdown);
  if (desk_) {
    net_->link().port->unwatch(desk_);
    caf::anon_send_exit(desk_, caf::exit_reason::user_shutdown);
  }
}

result<std::unique_ptr<cluster_connection>> cluster_connection::open(const identity::profile& profile, const client_options& options) {
  std::unique_ptr<cluster_connection> connection(new cluster_connection(profile, options));
  if (auto entered = connection->enter(); !entered) return fail(entered.error());
  return connection;
}

outcome cluster_connection::enter() {
  auto tls = codec::decode<link::tls_identity>(profile_.secrets.tls_key, "TLS key");
  if (!tls) return fail(tls.error().within("profile"));
  tls_ = std::move(*tls);
  if (auto ok = link::check(tls_); !ok) return fail(ok.error().within("profile"));
  if (auto ok = trust_->adopt(profile_.secrets.chain); !ok) return fail(ok.error().within("profile"));
  self_.cluster = profile_.secrets.cluster;
  self_.boot = system_random().next_u64();
  self_.admission = profile_.secrets.admission;
  if (auto ok = prove_admission(); !ok) return ok;

  net_ = std::make_unique<dialling_system>(tls_, self_, trust_);
  if (auto ok = learn_from_anyone(); !ok) return ok;
  auto configuration = trust_->configuration();
  if (!configuration) return fail(errc::unavailable, "the cluster is still being founded; try again when its first nodes are all there");
  ring_ = configuration->object;
  know_members();
  ring::client_limits limits;
  limits.deadline = std::min(limits.deadline, options_.patience);
  asker_ = spawn_ring_asker(net_->system(),
                            {cluster(), ring_, "object", net_->link().port, std::nullopt, link::traffic_class::foreground, limits});
  caller_ = net_->system().spawn(ring_caller, asker_, duration(limits.deadline + 5s));
  desk_ = spawn_archive_desk(net_->system(), net_->link().port, memory_);
  directory_watch_ = spawn_directory_watch(net_->system(), net_->link(), trust_);
  if (options_.replicas) replicas_ = std::make_unique<replica_access>(net_->system(), net_->link().port, trust_, ring_, entry_);
  return {};
}

/// A profile made while the cluster was being founded holds the founder's word only: the ring's is asked for as a stranger.
outcome cluster_connection::prove_admission() {
  auto proof = codec::decode<ring::admission_proof>(self_.admission, "admission");
  if (!proof) return fail(proof.error().within("profile"));
  auto* provisional = std::get_if<ring::provisional_admission>(&*proof);
  if (!provisional) {
    self_.member = member_ = std::get<ring::ring_admission>(*proof).node;
    return {};
  }
  auto claimed = provisional->statement.peek();
  if (!claimed) return fail(claimed.error().within("profile"));
  self_.member = member_ = claimed->id;
  auto blank = std::make_shared<trust_store>(profile_.secrets.cluster);
  link::local_identity stranger;
  stranger.cluster = self_.cluster;
  stranger.boot = self_.boot;
  dialling_system net(tls_, stranger, blank);
  error last(errc::unavailable, "the profile names no member's address; add one to its `members`");
  for (const auto& address : profile_.members) {
    auto told = ask_member(net.system(), net.link(), address, membership::chain_request{});
    auto* chain = told ? std::get_if<membership::chain_reply>(&*told) : nullptr;
    if (!chain) {
      last = told ? error(errc::malformed, address + " answered something else than was asked") : told.error();
      continue;
    }
    if (auto ok = trust_->adopt(chain->chain); !ok) return fail(ok.error().within(address));
    if (!trust_->configuration()) return {};  // still founding: the founder's word is good
    told = ask_member(net.system(), net.link(), address, membership::admission_request{member_});
    auto* admitted = told ? std::get_if<membership::admission_reply>(&*told) : nullptr;
    if (!admitted) {
      last = told ? error(errc::malformed, address + " answered something else than was asked") : told.error();
      continue;
    }
    auto opened = ring::open_admission(admitted->admission, *trust_->verified());
    if (!opened) return fail(opened.error());
    self_.admission = codec::encode(admitted->admission);
    return {};
  }
  return fail(last);
}

outcome cluster_connection::learn_from_anyone() {
  error last(errc::unavailable, "the profile names no member's address; add one to its `members`");
  auto deadline = steady_now() + options_.patience;
  do {
    auto reached = reach_anyone(net_->system(), net_->link().manager, profile_.members);
    auto learned = reached ? learn((*reached)->id) : outcome(fail(reached.error()));
    if (learned) {
      entry_ = (*reached)->id;
      return {};
    }
    last = learned.error();
    if (last.is(errc::denied) || last.is(errc::expired) || last.is(errc::bad_signature)) break;
    std::this_thread::sleep_for(retry_pause);
  } while (steady_now() < deadline);
  return fail(last.within("cannot reach the cluster"));
}

outcome cluster_connection::learn(const node_id& member) {
  auto told = ask_member_of(member, membership::chain_request{});
  if (!told) return fail(told.error());
  if (auto* chain = std::get_if<membership::chain_reply>(&*told)) {
    if (auto ok = trust_->adopt(chain->chain); !ok) return fail(ok.error());
    for (const auto& [node, address] : chain->addresses) net_->link().port->know(node, {address});
  }
  if (!trust_->configuration()) return fail(errc::unavailable, "the cluster is still being founded");
  told = ask_member_of(member, membership::directory_request{trust_->directory_version()});
  if (!told) return fail(told.error());
  auto* answer = std::get_if<membership::directory_reply>(&*told);
  if (answer && answer->directory) {
    if (auto ok = trust_->adopt(*answer->directory); !ok) return fail(ok.error());
  }
  if (!trust_->directory()) return fail(errc::unavailable, "the cluster has no directory yet; try again in a moment");
  return {};
}

void cluster_connection::know_members() {
  auto directory = trust_->directory();
  if (!directory) return;
  for (const auto& [id, entry] : directory->nodes) {
    if (!entry.address.empty()) net_->link().port->know(id, {entry.address});
  }
}

result<membership::reply> cluster_connection::ask_member_of(const node_id& member, membership::request what) {
  auto answer = std::make_shared<std::promise<result<inbound>>>();
  outgoing m;
  m.to = member;
  m.kind = link::message_kind::membership;
  m.payload = make_payload(codec::encode(what));
  net_->link().port->request(std::move(m), 12s, [answer](result<inbound> reply) { answer->set_value(std::move(reply)); });
  auto future = answer->get_future();
  if (future.wait_for(14s) != std::future_status::ready) return fail(errc::unavailable, "a member did not answer in time");
  auto reply = future.get();
  if (!reply) return fail(reply.error());
  auto decoded = codec::decode<membership::reply>(reply->body(), "membership reply");
  if (!decoded) return decoded;
  if (auto* refusal = std::get_if<membership::refusal>(&*decoded)) return fail(static_cast<errc>(refusal->code), refusal->sentence);
  return decoded;
}

// -- the directory --------------------------------------------------------------------------------------------------

result<directory_ptr> cluster_connection::directory() const {
  auto directory = trust_->directory();
  if (!directory) return fail(errc::unavailable, "no directory of the cluster is known yet");
  return directory;
}

std::shared_ptr<void> cluster_connection::upload_turn() {
  uploads_.acquire();
  return {nullptr, [this](void*) { uploads_.release(); }};
}

// -- the ring -------------------------------------------------------------------------------------------------------

template <class Question>
std::future<ring_outcome> cluster_connection::ask_ring(Question question) {
  auto promise = std::make_shared<std::promise<ring_outcome>>();
  auto future = promise->get_future();
  caf::anon_send(caller_, ring_question{promise, std::move(question)});
  return future;
}

result<ring::service_reply> cluster_connection::settle(std::future<ring_outcome> answer) {
  if (answer.wait_for(65s) != std::future_status::ready) return fail(errc::outcome_unknown, "the ring did not answer in time");
  return answer.get().what;
}

result<ring::operation_result> cluster_connection::submit(const object::signed_update& update) {
  auto asked = update.peek();
  if (!asked) return fail(asked.error());
  auto where = ring::result_place(asked->client, asked->writer, asked->session, asked->operation);
  auto encoded = codec::encode(ring::object_operation(ring::update_object{update}));
  auto deadline = steady_now() + options_.patience;
  bool unknown = false;
  for (;;) {
    auto reply = settle(ask_ring(ring_submission{encoded, where}));
    if (reply) {
      auto* entry = std::get_if<ring::entry_reply>(&*reply);
      if (!entry) return fail(errc::malformed, "the ring answered something else than was asked");
      auto result = ring::result_of(update, *asked, entry->entry.value);  // the asker has verified that it lies at `where`
      if (!result && !result.error().is(errc::not_found)) return result;
      if (result && result->status == ring::update_status::refused) return fail(sentence_of(*result));
      if (result) return result;
      reply = fail(errc::outcome_unknown, "the ring has not confirmed the update yet");
    }
    const auto& why = reply.error();
    unknown = unknown || why.is(errc::outcome_unknown);
    bool again = why.is(errc::outcome_unknown) || why.is(errc::unavailable) || why.is(errc::over_limit);
    if (again && steady_now() < deadline) {
      std::this_thread::sleep_for(retry_pause);
      continue;
    }
    // Once an answer was lost, a later refusal says nothing about the first try.
    if (unknown && !why.is(errc::outcome_unknown)) {
      return fail(errc::outcome_unknown, "the update was sent, and no proof of its outcome came: " + why.message());
    }
    return fail(why);
  }
}

result<ring::proven_entry> cluster_connection::read(const ring::place& where, ring::ring_client::freshness how) {
  return std::move(read_many({where}, how).front());
}

std::vector<result<ring::proven_entry>> cluster_connection::read_many(const std::vector<ring::place>& places, ring::ring_client::freshness how) {
  std::vector<result<ring::proven_entry>> entries;
  entries.reserve(places.size());
  for (std::size_t first = 0; first < places.size(); first += reads_at_once) {
    std::vector<std::future<ring_outcome>> answers;
    for (auto i = first; i < std::min(first + reads_at_once, places.size()); ++i) answers.push_back(ask_ring(ring_reading{places[i], how}));
    for (auto& answer : answers) {
      auto reply = settle(std::move(answer));
      auto* entry = reply ? std::get_if<ring::entry_reply>(&*reply) : nullptr;
      if (entry) {
        entries.push_back(std::move(entry->entry));
      } else if (!reply && reply.error().is(errc::outcome_unknown)) {
        entries.push_back(fail(errc::unavailable, reply.error().message()));
      } else {
        entries.push_back(reply ? fail(errc::malformed, "the ring answered something else than was asked") : fail(reply.error()));
      }
    }
  }
  return entries;
}

result<std::vector<bytes>> cluster_connection::records(const std::vector<vguid>& names) {
  auto reply = settle(ask_ring(ring::service_body(ring::records_request{names})));
  if (!reply) return fail(reply.error().within("version records"));
  auto* found = std::get_if<ring::records_reply>(&*reply);
  if (!found) return fail(errc::malformed, "the ring answered something else than was asked");
  return std::move(found->records);
}

result<bytes> cluster_connection::record(const aguid& object, const vguid& name) {
  if (replicas_) {
    if (auto cached = replicas_->ask(object, replica::get_record{object, name})) return std::get<bytes>(std::move(cached->what));
  }
  auto found = records({name});
  if (!found) return fail(found.error());
  return std::move(found->front());
}

result<bytes> cluster_connection::inline_block(const bguid& block) {
  auto reply = settle(ask_ring(ring::service_body(ring::inline_request{block})));
  if (!reply) return fail(reply.error().within("inline block " + block.brief()));
  auto* found = std::get_if<ring::inline_reply>(&*reply);
  if (!found) return fail(errc::malformed, "the ring answered something else than was asked");
  return std::move(found->ciphertext);
}

result<archive::coding_record> cluster_connection::coding(const extent_id& extent, bool anew) {
  {
    std::lock_guard lock(mutex_);
    if (auto known = codings_.find(extent); known != codings_.end() && !anew) return known->second;
  }
  using enum ring::ring_client::freshness;
  auto where = ring::place_of(ring::submap::extents, extent);
  auto entry = read(where, anew ? linearizable : certified);
  if (!entry) return fail(entry.error().within("extent " + extent.brief()));
  auto opened = ring::open<archive::coding_record>(*entry, where, cluster(), ring_);
  if (!opened) return fail(opened.error().within("extent " + extent.brief()));
  std::lock_guard lock(mutex_);
  if (codings_.size() >= codings_max) codings_.erase(codings_.begin());
  codings_[extent] = opened->value;
  return std::move(opened->value);
}

}  // namespace holdfast::actors
