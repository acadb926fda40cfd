#include "actors/client/replica_access.hpp"

#include <future>

#include <caf/event_based_actor.hpp>

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"
#include "actors/base/send_later.hpp"
#include "protocols/mesh/mesh_types.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;
using replica_tick_atom = caf::atom_constant<caf::atom("repltick")>;

constexpr auto search_patience = 3s;          ///< for the mesh's answer, which nobody waits for that long
constexpr auto search_wait = 20ms;            ///< what a reader waits for it: less than what it may save
constexpr auto search_age_max = 30s;
constexpr std::size_t searches_max = 256;
constexpr std::size_t near_max = 3;
constexpr auto answer_patience = replica::replica_reader::give_up_after + 1s;

struct replica_question {
  replica::service_request what;
  std::vector<node_id> holders, others;
  std::shared_ptr<replica_listener> listener;
};
struct replica_reply_in {
  std::uint64_t request = 0;
  result<replica::service_reply> reply = fail(errc::unavailable, "not answered");
};

}  // namespace

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::replica_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::replica_reply_in)

namespace holdfast::actors {

namespace {

/// The shell of `replica::replica_reader`.
class replica_desk {
 public:
  replica_desk(caf::event_based_actor* self, link_port_ptr links, trust_ptr trust, identity::ring_description ring)
      : self_(self), links_(std::move(links)), trust_(std::move(trust)), engine_(trust_->cluster(), std::move(ring)) {}

  void ask(const replica_question& q) {
    auto number = ++last_question_;
    listeners_.emplace(number, q.listener);
    carry(engine_.ask(read_clock(), number, q.what, q.holders, q.others));
  }
  void on_reply(const replica_reply_in& in) { carry(engine_.on_reply(read_clock(), in.request, in.reply)); }
  void on_tick() {
    ticking_ = false;
    carry(engine_.on_timer(read_clock()));
  }

 private:
  void carry(replica::reader_step step) {
    for (auto& s : step.sends) transmit(std::move(s));
    for (const auto& liar : step.liars) {
      log::warning("a secondary replica sent what is not what was asked for; it is not asked again", {{"node", trust_->name_of(liar)}});
    }
    for (auto question : step.late) listeners_.at(question)->late();
    for (auto& answer : step.answers) {
      auto listener = std::move(listeners_.extract(answer.question).mapped());
      listener->done(std::move(answer));
    }
    for (auto question : step.ended) listeners_.extract(question).mapped()->done(std::nullopt);
    if (!engine_.busy() || std::exchange(ticking_, true)) return;
    send_later(self_, replica::replica_reader::tick, replica_tick_atom::value);
  }

  void transmit(replica::reader_step::send s) {
    outgoing m{s.to, link::traffic_class::foreground, link::message_kind::replica, make_payload(codec::encode(s.what))};
    auto me = caf::actor_cast<caf::actor>(self_);
    links_->request(std::move(m), answer_patience, [me, request = s.request](result<inbound> reply) {
      replica_reply_in in{request, fail(errc::unavailable, "the replica did not answer")};
      if (reply) {
        auto decoded = codec::decode<replica::service_reply>(reply->body(), "replica's reply");
        // What does not decode is no answer to anything: the engine counts it as a lie.
        in.reply = decoded ? std::move(*decoded) : replica::service_reply(replica::content_reply{});
      }
      caf::anon_send(me, std::move(in));
    });
  }

  caf::event_based_actor* self_;
  link_port_ptr links_;
  trust_ptr trust_;
  replica::replica_reader engine_;
  std::map<std::uint64_t, std::shared_ptr<replica_listener>> listeners_;
  std::uint64_t last_question_ = 0;
  bool ticking_ = false;
};

caf::behavior desk_behavior(caf::event_based_actor* self, link_port_ptr links, trust_ptr trust, identity::ring_description ring) {
  auto desk = std::make_shared<replica_desk>(self, std::move(links), std::move(trust), std::move(ring));
  return {
      [desk](const replica_question& q) { desk->ask(q); },
      [desk](const replica_reply_in& in) { desk->on_reply(in); },
      [desk](replica_tick_atom) { desk->on_tick(); },
  };
}

bool has_role(const identity::directory& directory, const node_id& node, identity::role_kind role) {
  auto entry = directory.nodes.find(node);
  return entry != directory.nodes.end() && entry->second.roles.contains(role) && !directory.revoked.contains(node);
}

}  // namespace

replica_access::replica_access(caf::actor_system& system, link_port_ptr links, trust_ptr trust, identity::ring_description ring,
                               const node_id& entry)
    : links_(std::move(links)), trust_(std::move(trust)), entry_(entry), desk_(system.spawn(desk_behavior, links_, trust_, std::move(ring))) {}

replica_access::~replica_access() { caf::anon_send_exit(desk_, caf::exit_reason::user_shutdown); }

// -- who has it -----------------------------------------------------------------------------------------------------

void replica_access::look_for(const aguid& object) {
  auto asked = router();
  if (!asked) return;
  {
    std::lock_guard lock(searches_->mutex);
    auto& all = searches_->by_object;
    auto known = all.find(object);
    if (known != all.end() && steady_now() - known->second.begun < search_age_max) return;
    if (known == all.end() && all.size() >= searches_max) all.erase(all.begin());
    all[object] = {steady_now(), std::nullopt, false};
  }
  const auto what = mesh::guid_of("object", object);
  outgoing m{*asked, link::traffic_class::foreground, link::message_kind::mesh,
             make_payload(codec::encode(mesh::service_request(mesh::locate_pointers{what})))};
  links_->request(std::move(m), search_patience, [shared = searches_, trust = trust_, object, what](const result<inbound>& reply) {
    std::vector<node_id> holders;
    auto decoded = reply ? codec::decode<mesh::service_reply>(reply->body(), "mesh reply") : fail(reply.error());
    auto* found = decoded ? std::get_if<mesh::known_pointers>(&*decoded) : nullptr;
    auto directory = trust->directory();
    if (found && directory) {
      for (const auto& word : found->pointers) {
        auto pointer = mesh::open_pointer(word, trust->cluster(), *directory);
        bool good = pointer && pointer->what == what && pointer->expires > wall_now() - mesh::clock_skew;
        if (good && has_role(*directory, pointer->server, identity::role_kind::secondary)) holders.push_back(pointer->server);
      }
    }
    {
      std::lock_guard lock(shared->mutex);
      auto search = shared->by_object.find(object);
      if (search != shared->by_object.end()) search->second.holders = std::move(holders);
    }
    shared->answered.notify_all();
  });
}

std::vector<node_id> replica_access::holders_of(const aguid& object) {
  std::unique_lock lock(searches_->mutex);
  auto& all = searches_->by_object;
  auto known = [&] {
    auto search = all.find(object);
    return search == all.end() || search->second.holders || search->second.waited;
  };
  searches_->answered.wait_for(lock, search_wait, known);
  auto search = all.find(object);
  if (search == all.end()) return {};
  search->second.waited = true;
  auto holders = search->second.holders.value_or(std::vector<node_id>());
  // A connection that stands is worth more than one that must be made.
  std::stable_partition(holders.begin(), holders.end(), [&](const node_id& n) { return links_->is_up(n, link::traffic_class::foreground); });
  return holders;
}

/// The node that was entered by, and some more for when it is gone.
std::vector<node_id> replica_access::near_ones() const {
  std::vector<node_id> near;
  auto directory = trust_->directory();
  if (!directory) return near;
  if (has_role(*directory, entry_, identity::role_kind::secondary)) near.push_back(entry_);
  for (const auto& [node, entry] : directory->nodes) {
    if (near.size() == near_max) break;
    if (node != entry_ && has_role(*directory, node, identity::role_kind::secondary)) near.push_back(node);
  }
  return near;
}

std::optional<node_id> replica_access::router() const {
  auto directory = trust_->directory();
  if (!directory) return std::nullopt;
  auto up = [&](const node_id& node) {
    return has_role(*directory, node, identity::role_kind::router) && links_->is_up(node, link::traffic_class::foreground);
  };
  if (up(entry_)) return entry_;
  for (const auto& [node, entry] : directory->nodes) {
    if (up(node)) return node;
  }
  return std::nullopt;
}

// -- asking ---------------------------------------------------------------------------------------------------------

void replica_access::ask(const aguid& object, replica::service_request what, replica_listener listener) {
  caf::anon_send(desk_, replica_question{std::move(what), holders_of(object), near_ones(), std::make_shared<replica_listener>(std::move(listener))});
}

std::optional<replica_answer> replica_access::ask(const aguid& object, replica::service_request what) {
  struct waiting {
    std::promise<std::optional<replica_answer>> answer;
    bool told = false;  ///< the desk's own
  };
  auto shared = std::make_shared<waiting>();
  auto tell = [shared](std::optional<replica_answer> answer) {
    if (!std::exchange(shared->told, true)) shared->answer.set_value(std::move(answer));
  };
  auto answer = shared->answer.get_future();
  ask(object, std::move(what), {[tell] { tell(std::nullopt); }, tell});
  return answer.wait_for(answer_patience) == std::future_status::ready ? answer.get() : std::nullopt;
}

}  // namespace holdfast::actors
