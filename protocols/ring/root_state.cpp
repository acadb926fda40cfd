#include "protocols/ring/root_state.hpp"

#include <algorithm>

#include "protocols/identity/join.hpp"

namespace holdfast::ring {

namespace {

applied refuse(error why) { return {std::nullopt, std::move(why)}; }
applied answer(const place& where) { return {where, std::nullopt}; }

digest join_digest(const join& x) { return crypto::hash(identity::join_request::type_tag, {x.request.by_token.body}); }

template <class T>
result<T> of_cluster(result<T> statement, const cluster_id& cluster) {
  if (statement && statement->cluster != cluster) return fail(errc::denied, std::string(T::type_tag) + " is for another cluster");
  return statement;
}

// What a request says, if its bytes alone are right. Who an advertiser's or renewer's key belongs to, the state says.
struct opener {
  const cluster_id& cluster;
  const crypto::public_key& founder;

  result<founding> operator()(const adopt_founding& x) const {
    auto list = of_cluster(x.statement.open(founder), cluster);
    if (!list) return list;
    if (list->admissions.size() > founding_admissions_max) return fail(errc::over_limit, "the founder admits at most 64 members");
    for (const auto& a : list->admissions) {
      if (a.cluster != cluster || a.id != identity::id_for(a.identity, a.nonce)) {
        return fail(errc::malformed, "founding admission of " + a.id.brief() + " is of another cluster or key");
      }
    }
    return list;
  }
  result<identity::invitation> operator()(const invite& x) const {
    auto invitation = of_cluster(x.statement.open(x.by), cluster);
    if (!invitation) return invitation;
    if (auto ok = identity::check(*invitation); !ok) return fail(ok.error());
    return invitation;
  }
  result<identity::join_request> operator()(const join& x) const { return identity::verify(x.request, cluster); }
  result<revocation> operator()(const revoke& x) const { return of_cluster(x.statement.open(x.by), cluster); }
  result<identity::advertisement> operator()(const advertise& x) const {
    auto advertisement = of_cluster(x.statement.peek(), cluster);
    if (!advertisement) return advertisement;
    if (auto ok = identity::check(*advertisement); !ok) return fail(ok.error());
    return advertisement;
  }
  result<renewal> operator()(const renew& x) const { return of_cluster(x.statement.peek(), cluster); }
};

}  // namespace

root_state::root_state(const identity::verified_chain& chain) : cluster_(chain.cluster), founder_(chain.genesis.founder) {
  directory_.cluster = cluster_;
  directory_.version = 1;
  directory_.time = chain.genesis.created;
  directory_.object_rings = {chain.current->object};
  directory_.operators = chain.genesis.operators;
  directory_.rules = chain.genesis.rules;
  map_.store(directory_place(), directory_);
  map_.store(place_named(submap::configuration, "current"), *chain.current);
  map_.root();
}

outcome root_state::check(const agreement::named_request& request) const {
  auto operation = codec::decode<root_operation>(request.body, "request");
  if (!operation) return fail(operation.error());
  return std::visit(
      [this](const auto& x) -> outcome {
        auto opened = opener{cluster_, founder_}(x);
        if (!opened) return fail(opened.error());
        return {};
      },
      *operation);
}

std::optional<place> root_state::outcome_of(const agreement::named_request& request) const {
  auto operation = codec::decode<root_operation>(request.body, "request");
  if (!operation) return std::nullopt;
  auto* joining = std::get_if<join>(&*operation);
  if (joining == nullptr) return std::nullopt;
  auto claimed = joining->request.by_token.peek();
  auto invited = claimed ? map_.load<invitation_record>(invitation_place(claimed->token_key)) : std::nullopt;
  if (!invited || !invited->used_by || invited->request != join_digest(*joining)) return std::nullopt;
  return admission_place(*invited->used_by);
}

execution root_state::apply(std::uint64_t, wall_time time, const std::vector<agreement::named_request>& requests) {
  batch now{time, map_.root()};
  execution done;
  for (const auto& request : requests) {
    auto operation = codec::decode<root_operation>(request.body, "request");
    done.outcomes.push_back(operation ? std::visit([&](const auto& x) { return run(x, now); }, *operation) : refuse(operation.error()));
  }
  if (directory_changed_) {
    ++directory_.version;
    directory_.time = time;
    map_.store(directory_place(), directory_);
    directory_changed_ = false;
  }
  map_.root();
  return done;
}

outcome root_state::speaks_as_operator(const crypto::public_key& key) const {
  const auto& operators = directory_.operators;
  if (std::find(operators.begin(), operators.end(), key) != operators.end()) return {};
  return fail(errc::denied, "only an operator of the cluster may do this");
}

// -- who is a member ------------------------------------------------------------------------------------------------

outcome root_state::admit(const identity::admission& a) {
  if (map_.tree(submap::admissions).size() >= members_max) return fail(errc::over_limit, "the cluster has as many members as it can take");
  if (a.kind == identity::member_kind::operating && directory_.operators.size() >= operators_max) {
    return fail(errc::over_limit, "the cluster has 128 operators already");
  }
  map_.store(admission_place(a.id), a);
  if (a.kind == identity::member_kind::node) {
    identity::directory_entry entry;
    entry.node = a.id;
    entry.name = a.name;
    entry.operated_by = a.operated_by;
    entry.identity = a.identity;
    entry.tls_key = a.tls_key;
    directory_.nodes[a.id] = std::move(entry);
    directory_changed_ = true;
  } else if (a.kind == identity::member_kind::operating && !speaks_as_operator(a.identity)) {
    directory_.operators.push_back(a.identity);
    directory_changed_ = true;
  }
  return {};
}

applied root_state::run(const adopt_founding& x, const batch& now) {
  auto list = opener{cluster_, founder_}(x);
  if (!list) return refuse(list.error());
  if (map_.get(founding_place()) != nullptr) return refuse({errc::already_exists, "the founder's admissions have been taken over already"});
  for (auto& a : list->admissions) {
    a.issued = now.time;
    a.expires = now.time + std::chrono::hours(24) * directory_.rules.admission_days;
    if (auto ok = admit(a); !ok) return refuse(ok.error());
  }
  map_.put(founding_place(), to_bytes(founding_name(x).view()));
  return answer(founding_place());
}

applied root_state::run(const join& x, const batch& now) {
  auto request = opener{cluster_, founder_}(x);
  if (!request) return refuse(request.error());
  auto at = invitation_place(request->token_key);
  auto invited = map_.load<invitation_record>(at);
  if (!invited) return refuse({errc::denied, "the cluster does not know this token; it may have expired: ask an operator for a new one"});
  if (invited->used_by && invited->request == join_digest(x)) return answer(admission_place(*invited->used_by));
  if (invited->used_by) return refuse({errc::denied, "the token has been used; ask an operator for a new one"});
  if (invited->invitation.expires < now.time) return refuse({errc::expired, "the token has expired; ask an operator for a new one"});

  auto nonce = crypto::hash("holdfast/nonce/v1", {now.before.view(), join_digest(x).view()});
  auto admission = identity::admit(*request, invited->invitation, nonce.raw, now.time, directory_.rules);
  if (auto ok = admit(admission); !ok) return refuse(ok.error());
  invited->used_by = admission.id;
  invited->request = join_digest(x);
  map_.store(at, *invited);
  return answer(admission_place(admission.id));
}

applied root_state::run(const renew& x, const batch& now) {
  auto request = opener{cluster_, founder_}(x);
  if (!request) return refuse(request.error());
  auto at = admission_place(request->node);
  auto admission = map_.load<identity::admission>(at);
  if (!admission) return refuse({errc::not_found, "member " + request->node.brief() + " is not admitted, or was revoked"});
  if (auto ok = x.statement.open(admission->identity); !ok) return refuse(ok.error());
  if (request->expires != admission->expires) return answer(at);  // renewed before: the admission is the newer one
  admission->issued = now.time;
  admission->expires = std::max(admission->expires, now.time + std::chrono::hours(24) * directory_.rules.admission_days);
  map_.store(at, *admission);
  return answer(at);
}

applied root_state::run(const revoke& x, const batch& now) {
  auto request = opener{cluster_, founder_}(x);
  if (!request) return refuse(request.error());
  if (auto ok = speaks_as_operator(x.by); !ok) return refuse(ok.error());
  auto at = admission_place(request->node);
  auto admission = map_.load<identity::admission>(at);
  if (!admission && directory_.revoked.contains(request->node)) return answer(directory_place());
  if (!admission) return refuse({errc::not_found, "member " + request->node.brief() + " is not admitted"});
  if (admission->kind == identity::member_kind::operating) {
    if (directory_.operators.size() == 1) return refuse({errc::denied, "the last operator cannot be revoked"});
    std::erase(directory_.operators, admission->identity);
  }
  map_.erase(at);
  map_.erase(advertisement_place(request->node));
  directory_.nodes.erase(request->node);
  directory_.revoked[request->node] = now.time;
  directory_changed_ = true;
  return answer(directory_place());
}

// -- invitations ----------------------------------------------------------------------------------------------------

applied root_state::run(const invite& x, const batch& now) {
  auto invitation = opener{cluster_, founder_}(x);
  if (!invitation) return refuse(invitation.error());
  if (auto ok = speaks_as_operator(x.by); !ok) return refuse(ok.error());
  auto at = invitation_place(invitation->token_key);
  if (auto known = map_.load<invitation_record>(at)) {
    if (codec::encode(known->invitation) == codec::encode(*invitation)) return answer(at);
    return refuse({errc::already_exists, "the token's key is that of another invitation; make a new token"});
  }
  if (invitation->expires < now.time) return refuse({errc::expired, "the invitation has expired already; is this machine's clock right?"});
  if (map_.tree(submap::invitations).size() >= invitations_max) forget_expired_invitations(now.time);
  if (map_.tree(submap::invitations).size() >= invitations_max) return refuse({errc::over_limit, "4096 invitations are open already"});
  map_.store(at, invitation_record{*invitation, x.by, std::nullopt, {}});
  return answer(at);
}

void root_state::forget_expired_invitations(wall_time now) {
  const auto before = map_.tree(submap::invitations);
  for (const auto& entry : before.page(map_key{}, invitations_max)) {
    auto record = codec::decode<invitation_record>(*entry.value);
    if (record->invitation.expires < now) map_.erase({submap::invitations, entry.key});
  }
}

// -- where nodes are ------------------------------------------------------------------------------------------------

applied root_state::run(const advertise& x, const batch& now) {
  auto claimed = opener{cluster_, founder_}(x);
  if (!claimed) return refuse(claimed.error());
  auto node = directory_.nodes.find(claimed->node);
  if (node == directory_.nodes.end()) return refuse({errc::denied, "node " + claimed->node.brief() + " is not in the directory"});
  if (auto ok = x.statement.open(node->second.identity); !ok) return refuse(ok.error());
  auto at = advertisement_place(claimed->node);
  auto last = map_.load<advertisement_record>(at);
  if (last && claimed->counter <= last->counter) return refuse({errc::stale, "a newer advertisement of " + claimed->node.brief() + " is known"});

  auto record = last.value_or(advertisement_record{0, 0, now.time});
  record.counter = claimed->counter;
  if (!identity::lists(node->second, *claimed)) {
    if (now.time >= record.since + changes_span) record = {claimed->counter, 0, now.time};
    if (++record.changes > changes_max) {
      return refuse({errc::over_limit, "node " + claimed->node.brief() + " changes its address, roles or labels too often; again in 10 minutes"});
    }
    auto& entry = node->second;
    entry.address = std::move(claimed->address);
    entry.roles = std::move(claimed->roles);
    entry.labels = std::move(claimed->labels);
    entry.archive_capacity_bytes = claimed->archive_capacity_bytes;
    directory_changed_ = true;
  }
  map_.store(at, record);
  return answer(directory_place());
}

}  // namespace holdfast::ring
