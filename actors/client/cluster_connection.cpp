#include "actors/client/cluster_connection.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/base/clock.hpp"
#include "actors/client/directory_watch.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto retry_pause = 200ms;
constexpr std::size_t codings_max = 65'536;       ///< about 300 bytes each
constexpr std::size_t reads_at_once = 256;

/// A question to a ring, with the promise that a thread waits on.
struct ring_question {
  std::shared_ptr<std::promise<ring_outcome>> answer;
  std::variant<ring::submission, ring_reading, ring::service_body> what;
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
    if (auto* submission = std::get_if<ring::submission>(&question.what)) {
      ask(ring_submit_atom::value, *submission);
    } else if (auto* reading = std::get_if<ring_reading>(&question.what)) {
      ask(ring_read_atom::value, *reading);
    } else {
      ask(ring_fetch_atom::value, std::get<ring::service_body>(question.what));
    }
  }};
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

// -- entering -------------------------------------------------------------------------------------------------------

cluster_connection::cluster_connection(std::unique_ptr<dialler> net, const client_options& options, std::vector<std::string> members)
    : options_(options), members_(std::move(members)), net_(std::move(net)), trust_(net_->trust()) {}

cluster_connection::~cluster_connection() {
  replicas_.reset();
  if (directory_watch_) caf::anon_send_exit(directory_watch_, caf::exit_reason::user_shutdown);
  if (caller_) caf::anon_send_exit(caller_, caf::exit_reason::user_shutdown);
  if (asker_) caf::anon_send_exit(asker_, caf::exit_reason::user_shutdown);
  if (desk_) {
    net_->link().port->unwatch(desk_);
    caf::anon_send(desk_, desk_close_atom::value);
    caf::scoped_actor(net_->system())->wait_for(desk_);  // so that servers hear of uploads that were given up before the links close
  }
}

result<std::unique_ptr<cluster_connection>> cluster_connection::open(const identity::profile& profile, const client_options& options) {
  auto net = dialler::open(profile);
  if (!net) return fail(net.error());
  std::unique_ptr<cluster_connection> connection(new cluster_connection(std::move(*net), options, profile.members));
  if (auto entered = connection->enter(); !entered) return fail(entered.error());
  return connection;
}

outcome cluster_connection::enter() {
  if (auto ok = learn_from_anyone(); !ok) return ok;
  ring_ = trust_->configuration()->object;
  ring::client_limits limits;
  limits.deadline = options_.patience;
  asker_ = spawn_ring_asker(net_->system(),
                            {cluster(), ring_, "object", net_->link().port, std::nullopt, link::traffic_class::foreground, limits});
  caller_ = net_->system().spawn(ring_caller, asker_, duration(limits.deadline + 5s));
  desk_ = spawn_archive_desk(net_->system(), net_->link().port, memory_);
  directory_watch_ = spawn_directory_watch(net_->system(), net_->link(), trust_);
  if (options_.replicas) replicas_ = std::make_unique<replica_access>(net_->system(), net_->link().port, trust_, ring_, net_->member());
  return {};
}

outcome cluster_connection::learn_from_anyone() {
  error last(errc::unavailable, "not tried");
  auto deadline = steady_now() + options_.patience;
  do {
    auto entered = net_->enter(members_, std::max<duration>(deadline - steady_now(), 1ms));
    if (entered && trust_->directory()) return {};
    auto missing = trust_->configuration() ? "the cluster has no directory yet; try again in a moment"
                                           : "the cluster is still being founded; try again when its first nodes are all there";
    last = entered ? error(errc::unavailable, missing) : entered.error();
    if (last.is(errc::denied) || last.is(errc::expired) || last.is(errc::bad_signature) || members_.empty()) break;
    std::this_thread::sleep_for(retry_pause);
  } while (steady_now() < deadline);
  return fail(last.is(errc::denied) ? last : last.within("cannot reach the cluster"));
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
  if (answer.wait_for(options_.patience + 10s) != std::future_status::ready) return fail(errc::outcome_unknown, "the ring did not answer in time");
  return answer.get().what;
}

result<ring::operation_result> cluster_connection::submit(const object::signed_update& update) {
  auto asked = update.peek();
  if (!asked) return fail(asked.error());
  auto what = ring::submission_of(ring::object_operation(ring::update_object{update}));
  auto deadline = steady_now() + options_.patience;
  bool tried = false, unknown = false;
  for (;;) {
    auto reply = settle(ask_ring(what));
    if (reply) {
      auto* entry = std::get_if<ring::entry_reply>(&*reply);
      if (!entry) return fail(errc::malformed, "the ring answered something else than was asked");
      auto result = ring::result_of(update, *asked, entry->entry.value);
      if (result && result->status == ring::update_status::refused) return fail(sentence_of(*result));
      return result;
    }
    const auto& why = reply.error();
    // `too_old` after an earlier try: the ring has forgotten what became of that.
    unknown = unknown || why.is(errc::outcome_unknown) || (tried && why.is(errc::too_old));
    tried = true;
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
