#include "actors/link/blocking.hpp"

#include <future>

#include <caf/event_based_actor.hpp>

namespace holdfast::actors {

using namespace std::chrono_literals;

result<peer_ptr> reach(caf::actor_system& system, const links& link, const std::vector<std::string>& addresses, duration patience) {
  struct race {
    std::promise<result<peer_ptr>> winner;
    std::size_t left;
    bool over = false;
  };
  if (addresses.empty()) return fail(errc::unavailable, "there is no address to dial");
  auto all = std::make_shared<race>();
  all->left = addresses.size();
  auto winner = all->winner.get_future();
  system.spawn([all, addresses, patience, manager = link.manager](caf::event_based_actor* self) {
    // With the first answer it is over: who would wait for the others would wait for a frozen one.
    auto finish = [all, self](result<peer_ptr> reached) {
      --all->left;
      if (all->over || (!reached && all->left > 0)) return;
      all->over = true;
      all->winner.set_value(std::move(reached));
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
