// What peers and strangers ask: each request is answered once, from what this node knows or by what the root ring says.
#include "actors/base/clock.hpp"
#include "actors/base/send_later.hpp"
#include "actors/membership/membership_role.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto retry_interval = 250ms;          ///< when a request that cannot be answered yet is looked at again
constexpr std::size_t called_back_max = 1024;
constexpr std::size_t calls_at_once = 16;       ///< a socket or a resolver's thread each, for as long as an address takes to fail
constexpr auto call_timeout = 2min;             ///< as long as names may wait for a resolver: what is counted as under way is
constexpr auto call_patience = 30s;             ///< then the newcomer, who waits little longer, is told that it cannot be reached
constexpr std::size_t statements_at_once = 64;  ///< strangers' and operators' requests under way at the root ring

}  // namespace

void membership_state::reply(const inbound& to, const membership::reply& what) {
  static_cast<void>(context_->config.link.port->reply(to, make_payload(codec::encode(what))));  // the asker asks again
}

void membership_state::refuse(const inbound& to, const error& why) { reply(to, membership::refusal{why.code(), why.message()}); }

void membership_state::on_inbound(const inbound& m) {
  if (!m.wants_reply()) return;
  auto request = codec::decode<membership::request>(m.body(), "membership request");
  if (!request) return refuse(m, request.error());
  std::visit([&](const auto& what) { on_request(m, what); }, *request);
}

// -- from what this node knows --------------------------------------------------------------------------------------

void membership_state::on_request(const inbound& m, const membership::chain_request&) {
  const auto& trust = context_->trust();
  reply(m, membership::chain_reply{trust.verified() ? trust.chain() : context_->identity().chain, context_->addresses});
}

void membership_state::on_request(const inbound& m, const membership::directory_request& request) {
  membership::directory_reply answer;
  if (context_->trust().directory_version() > request.known_version) answer.directory = context_->trust().directory_proof();
  reply(m, answer);
}

void membership_state::on_request(const inbound& m, const membership::seat_offer& offer) {
  if (auto taken = founding_->take_offer(*m.from, offer); !taken) return refuse(m, taken.error());
  reply(m, membership::accepted{});
}

void membership_state::on_request(const inbound& m, const membership::configuration_proposal& proposal) {
  auto consent = founding_->consent_to(*m.from, proposal.body);
  if (!consent) return refuse(m, consent.error());
  reply(m, membership::consent_reply{std::move(*consent)});
}

// -- by what the root ring says -------------------------------------------------------------------------------------

/// A node that has just started, or whose founding is just complete, has its rings in a moment: the request is looked at then.
void membership_state::wait_for_rings(const inbound& m) {
  if (!context_->trust().configuration()) return refuse(m, error(errc::unavailable, "the cluster is still being founded; try again later"));
  send_later(self_, retry_interval, m);
}

template <class Reply, class Question>
void membership_state::ask_root_for(const inbound& m, Question question, std::type_identity_t<std::function<void(Reply)>> done) {
  if (!context_->rings) return wait_for_rings(m);
  if (under_way_ >= statements_at_once) return refuse(m, error(errc::over_limit, "too many requests for the root ring at once; try again"));
  ++under_way_;
  context_->ask_root(std::move(question), [this, m, done](result<Reply> answer) {
    --under_way_;
    if (!answer) return refuse(m, answer.error());
    done(std::move(*answer));
  });
}

void membership_state::on_request(const inbound& m, const membership::admission_request& request) {
  auto where = ring::admission_place(request.member);
  ask_root_for(m, ring_reading{where, ring::ring_client::freshness::certified}, [this, m, member = request.member](ring::entry_reply found) {
    if (!found.entry.value) return refuse(m, error(errc::not_found, "the root ring knows no such member"));
    reply(m, membership::admission_reply{ring::ring_admission{member, std::move(found.entry)}});
  });
}

void membership_state::on_request(const inbound& m, const membership::members_request& request) {
  if (!m.from->admitted || m.from->kind != identity::member_kind::operating) {
    return refuse(m, error(errc::denied, "only operators are told who is admitted; use an operator's profile"));
  }
  ring::page_request page{.map = ring::submap::admissions, .from = request.from};
  ask_root_for<ring::page_reply>(m, page, [this, m](ring::page_reply found) {
    membership::members_reply answer{.next = found.next};
    for (const auto& value : found.values) {
      auto admission = codec::decode<identity::admission>(value, "admission");
      if (!admission) return refuse(m, admission.error());
      answer.members.push_back(std::move(*admission));
    }
    reply(m, answer);
  });
}

void membership_state::on_request(const inbound& m, const membership::statement_request& request) {
  if (founding_->founds() && !context_->rings) return take_while_founding(m, request);
  auto operation = codec::decode<ring::root_operation>(request.operation, "statement");
  if (!operation) return refuse(m, operation.error());
  ask_root_for(m, ring::submission_of(*operation),
               [this, m](ring::entry_reply done) { reply(m, membership::statement_reply{done.where, std::move(done.entry)}); });
}

void membership_state::take_while_founding(const inbound& m, const membership::statement_request& request) {
  auto operation = codec::decode<ring::root_operation>(request.operation, "statement");
  if (!operation) return refuse(m, operation.error());
  auto* invite = std::get_if<ring::invite>(&*operation);
  if (!invite) return refuse(m, error(errc::unavailable, "the cluster is still being founded; only invitations are taken until then"));
  if (auto invited = founding_->invite(*invite); !invited) return refuse(m, invited.error());
  reply(m, membership::accepted{});
}

// -- newcomers ------------------------------------------------------------------------------------------------------

void membership_state::on_request(const inbound& m, const membership::join_request& request) {
  if (request.dial_back.empty() || called_back_.contains({m.from->tls_key, request.dial_back})) return admit(m, request);
  call_back(m, request);
}

/// A node that cannot be called back would be a member in name alone: better said now, with the port. Only who has signed for the keys
/// at this very link is called, one call for each and few at once: or strangers could have this node dial whomever, without end.
void membership_state::call_back(const inbound& m, const membership::join_request& request) {
  auto join = identity::verify(request.join, context_->trust().cluster());
  if (!join) return refuse(m, join.error());
  if (join->tls_key != m.from->tls_key) {
    return refuse(m, error(errc::denied, "the request is for another TLS key than it came over; start the new node itself with the token"));
  }
  std::erase_if(calling_back_, [now = steady_now()](const auto& call) { return now - call.second > call_timeout; });
  if (calling_back_.contains(join->tls_key)) {
    return refuse(m, error(errc::over_limit, "the node is still being called at " + request.dial_back + "; start it again in two minutes"));
  }
  if (calling_back_.size() >= calls_at_once) {
    return refuse(m, error(errc::over_limit, "too many newcomers are being called back; start the node again in a minute"));
  }
  calling_back_[join->tls_key] = steady_now();
  auto unreachable = [this, m, request] {
    refuse(m, error(errc::denied, "this cluster cannot reach the new node at " + request.dial_back +
                                      "; open that port, or set `advertise` in its manifest to an address others can dial"));
  };
  self_->request(context_->config.link.manager, call_patience, connect_atom::value, request.dial_back, link::traffic_class::foreground)
      .then(
          [this, m, request, unreachable, tls_key = join->tls_key](const connected& answer) {
            calling_back_.erase(tls_key);
            if (!answer.peer) return unreachable();
            if ((*answer.peer)->tls_key != tls_key) {
              return refuse(m, error(errc::denied,
                                     "another program answers at " + request.dial_back + "; set `advertise` to where this node can be reached"));
            }
            // Calling again would replace the very link over which an earlier try is answered.
            if (called_back_.size() >= called_back_max) called_back_.clear();
            called_back_.insert({tls_key, request.dial_back});
            admit(m, request);
          },
          [unreachable](const caf::error&) { unreachable(); });  // the call goes on, and counts
}

void membership_state::admit(const inbound& m, const membership::join_request& request) {
  // The founder's invitations are on their way to the root ring: a token is good again when they are there.
  if (founding_->founds() && context_->rings) return send_later(self_, retry_interval, m);
  if (founding_->founds()) {
    auto admission = founding_->admit(request.join);
    if (!admission) return refuse(m, admission.error());
    return reply(m, membership::join_reply{context_->trust().chain(), std::move(*admission)});
  }
  ask_root_for(m, ring::submission_of(ring::root_operation(ring::join{request.join})), [this, m](ring::entry_reply done) {
    auto admission = codec::decode<identity::admission>(*done.entry.value, "admission");
    if (!admission) return refuse(m, admission.error());
    context_->config.board->note(introspection::severity::info, "joined", admission->name, admission->name + " has joined the cluster");
    reply(m, membership::join_reply{context_->trust().chain(), ring::ring_admission{admission->id, std::move(done.entry)}});
  });
}

}  // namespace holdfast::actors
