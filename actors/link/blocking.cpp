#include "actors/link/blocking.hpp"

#include <algorithm>
#include <future>

#include <caf/event_based_actor.hpp>

namespace holdfast::actors {

using namespace std::chrono_literals;

namespace {

/// What several addresses answered, as one error.
error summary(std::vector<error> failures, std::size_t convincing) {
  constexpr std::size_t named = 3;
  auto turned_away = std::stable_partition(failures.begin(), failures.end(), [](const error& e) { return e.is(errc::denied); });
  auto refusals = static_cast<std::size_t>(turned_away - failures.begin());
  if (refusals == failures.size() || refusals >= convincing) {
    auto agree = refusals == 1 ? "" : ", and " + std::to_string(refusals - 1) + (refusals == 2 ? " more agrees" : " more agree");
    return {errc::denied, failures.front().message() + agree};
  }
  std::string all;
  for (std::size_t i = 0; i < std::min(named, failures.size()); ++i) all += (i ? "; " : "") + failures[i].message();
  if (failures.size() > named) all += "; nor any of " + std::to_string(failures.size() - named) + " more";
  return {errc::unavailable, std::move(all)};
}

}  // namespace

result<peer_ptr> reach(caf::actor_system& system, const links& link, const std::vector<std::string>& addresses, std::size_t convincing,
                       duration patience) {
  struct race {
    std::promise<result<peer_ptr>> winner;
    std::vector<error> failures;
    bool over = false;
  };
  if (addresses.empty()) return fail(errc::unavailable, "there is no address to dial");
  auto all = std::make_shared<race>();
  auto winner = all->winner.get_future();
  system.spawn([all, addresses, convincing, patience, manager = link.manager](caf::event_based_actor* self) {
    // With the first answer it is over: who would wait for the others would wait for a frozen one.
    auto finish = [all, self, convincing, count = addresses.size()](const result<peer_ptr>& reached) {
      if (!reached) all->failures.push_back(reached.error());
      if (all->over || (!reached && all->failures.size() < count)) return;
      all->over = true;
      all->winner.set_value(reached ? reached : fail(summary(std::move(all->failures), convincing)));
      self->quit();
    };
    for (const auto& address : addresses) {
      self->request(manager, patience, connect_atom::value, address, link::traffic_class::foreground)
          .then([=](const connected& c) { finish(c.peer); },
                [=](const caf::error&) { finish(fail(errc::unavailable, "nobody answers at " + address)); });
    }
  });
  return winner.get();
}

result<inbound> ask(const links& link, outgoing question, duration patience) {
  auto answer = std::make_shared<std::promise<result<inbound>>>();
  auto future = answer->get_future();
  link.port->request(std::move(question), patience, [answer](result<inbound> reply) { answer->set_value(std::move(reply)); });
  if (future.wait_for(patience + 1s) != std::future_status::ready) return fail(errc::outcome_unknown, "no answer came in time");
  return future.get();
}

}  // namespace holdfast::actors
