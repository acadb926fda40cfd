#include "protocols/mesh/router.hpp"

namespace holdfast::mesh {

namespace {

constexpr duration retry_after = std::chrono::seconds(10);
constexpr duration sweep_interval = std::chrono::seconds(30);

refused refusal(errc code, std::string sentence) { return {static_cast<std::uint16_t>(code), std::move(sentence)}; }

}  // namespace

void router::on_directory(std::shared_ptr<const identity::directory> directory) {
  directory_ = std::move(directory);
  std::set<node_id> routers;
  for (const auto& [id, entry] : directory_->nodes) {
    if (entry.roles.contains(identity::role_kind::router) && !directory_->revoked.contains(id)) routers.insert(id);
  }
  if (routers == routers_) return;
  routers_ = std::move(routers);
  for (auto& [what, publication] : publications_) publication.renewed.reset();  // roots have moved
}

// -- publishing -------------------------------------------------------------------------------------------------------

outcome router::publish(const guid& what) {
  if (publications_.contains(what)) return {};
  if (publications_.size() >= publications_max) return fail(errc::over_limit, "this node publishes as much as it may; nothing more is announced");
  publications_.emplace(what, publication{});
  return {};
}

router_step router::unpublish(clock_reading at, const guid& what) {
  if (publications_.erase(what) > 0) tell_roots(at, what, {});
  return std::exchange(step_, {});
}

void router::tell_roots(clock_reading at, const guid& what, wall_time expires) {
  last_counter_ = std::max(last_counter_ + 1, static_cast<std::uint64_t>(at.wall.ms));
  auto statement = signed_pointer::make(pointer{config_.cluster, what, config_.self, last_counter_, expires}, key_);
  for (const auto& root : roots_of(routers_, what)) ask(at, root, {std::nullopt, what}, keep_pointer{statement});
}

router_step router::on_timer(clock_reading at) {
  constexpr auto half_life = std::chrono::duration_cast<duration>(pointer_life) / 2;
  std::vector<guid> due;
  for (const auto& [what, publication] : publications_) {
    if (due.size() == renewed_at_once_max || routers_.empty()) break;
    if (!publication.renewed || at.now - *publication.renewed >= half_life) due.push_back(what);
  }
  for (const auto& what : due) {
    publications_[what].renewed = at.now;
    tell_roots(at, what, at.wall + pointer_life);
  }
  if (at.now - swept_ >= sweep_interval) forget_expired(at);
  return std::exchange(step_, {});
}

// -- locating ---------------------------------------------------------------------------------------------------------

router_step router::locate(clock_reading at, std::uint64_t ticket, const guid& what) {
  auto roots = roots_of(routers_, what);
  if (roots.empty() || searches_.size() >= locating_max) {
    auto why = roots.empty() ? "no router is known yet" : "too many searches under way; try again";
    step_.answers.push_back({ticket, fail(errc::unavailable, why)});
    return std::exchange(step_, {});
  }
  searches_[ticket] = {what, roots.size(), false};
  for (const auto& root : roots) ask(at, root, {ticket, what}, find_pointers{what});
  return std::exchange(step_, {});
}

void router::found(clock_reading at, std::uint64_t ticket, const result<service_reply>& reply) {
  auto search = searches_.find(ticket);
  if (search == searches_.end()) return;
  auto* known = reply ? std::get_if<known_pointers>(&*reply) : nullptr;
  std::map<node_id, signed_pointer> servers;
  if (known) {
    for (const auto& s : known->pointers) {
      auto p = open(s);
      if (p && p->what == search->second.what && p->expires > at.wall - clock_skew) servers.insert_or_assign(p->server, s);
    }
  } else {
    search->second.some_silent = true;
  }
  if (!servers.empty()) {
    std::vector<signed_pointer> pointers;
    for (auto& [server, pointer] : servers) pointers.push_back(std::move(pointer));
    step_.answers.push_back({ticket, std::move(pointers)});
    searches_.erase(search);
  } else if (--search->second.waiting == 0) {
    step_.answers.push_back({ticket, search->second.some_silent ? fail(errc::unavailable, "some roots did not answer; try again")
                                                                : fail(errc::not_found, "no server announces this")});
    searches_.erase(search);
  }
}

// -- asking roots -----------------------------------------------------------------------------------------------------

void router::ask(clock_reading at, const node_id& to, asked why, service_request what) {
  if (to == config_.self) return take(at, why, on_request(at, to, what));
  auto request = ++last_request_;
  asked_.emplace(request, why);
  step_.sends.push_back({request, to, std::move(what)});
}

router_step router::on_reply(clock_reading at, std::uint64_t request, const result<service_reply>& reply) {
  auto why = asked_.extract(request);
  if (!why.empty()) take(at, why.mapped(), reply);
  return std::exchange(step_, {});
}

void router::take(clock_reading at, const asked& why, const result<service_reply>& reply) {
  if (why.search) return found(at, *why.search, reply);
  auto publication = publications_.find(why.what);
  if (publication == publications_.end() || !publication->second.renewed || (reply && std::holds_alternative<kept>(*reply))) return;
  // As if it had been renewed so long ago that it is due again soon.
  auto half_life = std::chrono::duration_cast<duration>(pointer_life) / 2;
  publication->second.renewed = at.now - half_life + retry_after;
}

// -- as a root --------------------------------------------------------------------------------------------------------

result<pointer> router::open(const signed_pointer& s) const {
  if (!directory_) return fail(errc::denied, "no directory is known yet");
  return open_pointer(s, config_.cluster, *directory_);
}

service_reply router::on_request(clock_reading at, const node_id& from, const service_request& request) {
  if (auto* keep = std::get_if<keep_pointer>(&request)) return handle(at, from, *keep);
  if (auto* find = std::get_if<find_pointers>(&request)) return handle(at, *find);
  return refusal(errc::unsupported, "roots are asked by routers, not for a search");
}

service_reply router::handle(clock_reading at, const node_id& from, const keep_pointer& request) {
  auto p = open(request.what);
  if (!p) return refusal(static_cast<errc>(p.error().code()), p.error().message());
  if (p->server != from) return refusal(errc::denied, "a server announces itself alone");
  if (p->expires > at.wall + pointer_life + clock_skew) return refusal(errc::malformed, "a pointer that lives too long");
  auto& servers = kept_[p->what];
  auto before = servers.find(p->server);
  if (before != servers.end() && before->second.counter >= p->counter) return kept{};
  if (before == servers.end()) {
    if (kept_total_ >= kept_max || kept_by_server_[p->server] >= kept_by_server_max || servers.size() >= pointers_per_guid_max) {
      if (servers.empty()) kept_.erase(p->what);
      return refusal(errc::over_limit, "this root keeps as many pointers as it may");
    }
    ++kept_total_;
    ++kept_by_server_[p->server];
  }
  servers[p->server] = {request.what, p->counter, p->expires, at.wall + pointer_life + 2 * clock_skew};
  return kept{};
}

service_reply router::handle(clock_reading at, const find_pointers& request) {
  known_pointers known;
  if (auto servers = kept_.find(request.what); servers != kept_.end()) {
    for (const auto& [server, k] : servers->second) {
      if (k.expires > at.wall) known.pointers.push_back(k.what);
    }
  }
  return known;
}

void router::forget_expired(clock_reading at) {
  swept_ = at.now;
  for (auto servers = kept_.begin(); servers != kept_.end();) {
    std::erase_if(servers->second, [&](const auto& k) {
      if (k.second.forget_at > at.wall) return false;
      --kept_total_;
      if (auto by = kept_by_server_.find(k.first); --by->second == 0) kept_by_server_.erase(by);
      return true;
    });
    servers = servers->second.empty() ? kept_.erase(servers) : std::next(servers);
  }
}

}  // namespace holdfast::mesh
