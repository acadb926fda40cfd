// The membership role's state: what others ask of it, and the parts that go on by themselves with each tick.
#pragma once

#include "actors/base/role_actor.hpp"
#include "actors/membership/directory_upkeep.hpp"
#include "actors/membership/founding_side.hpp"
#include "actors/membership/own_admission.hpp"

namespace holdfast::actors {

class membership_state {
 public:
  static inline const char* name = "membership";
  membership_state() = default;

  membership_actor::behavior_type start(membership_actor::pointer self, membership_config config, actor_probe& probe);

 private:
  // Life (membership.cpp)
  void on_tick();

  // Requests of others (membership_requests.cpp)
  void on_inbound(const inbound& m);
  void on_request(const inbound& m, const membership::chain_request& request);
  void on_request(const inbound& m, const membership::directory_request& request);
  void on_request(const inbound& m, const membership::admission_request& request);
  void on_request(const inbound& m, const membership::statement_request& request);
  void on_request(const inbound& m, const membership::join_request& request);
  void on_request(const inbound& m, const membership::seat_offer& offer);
  void on_request(const inbound& m, const membership::configuration_proposal& proposal);
  void on_request(const inbound& m, const membership::members_request& request);
  void take_while_founding(const inbound& m, const membership::statement_request& request);
  void call_back(const inbound& m, const membership::join_request& request);
  void admit(const inbound& m, const membership::join_request& request);
  template <class Reply = ring::entry_reply, class Question>
  void ask_root_for(const inbound& m, Question question, std::type_identity_t<std::function<void(Reply)>> done);
  void wait_for_rings(const inbound& m);
  void reply(const inbound& to, const membership::reply& what);
  void refuse(const inbound& to, const error& why);

  membership_actor::pointer self_ = nullptr;
  std::optional<membership_context> context_;
  std::optional<founding_side> founding_;
  std::optional<own_admission> admission_;
  std::optional<directory_upkeep> directory_;
  bool configured_ = false;
  std::size_t under_way_ = 0;                             ///< others' requests that the root ring has been asked
  std::map<digest, instant> calling_back_;                ///< newcomers' keys, while they are dialled, and since when
  std::set<std::pair<digest, std::string>> called_back_;  ///< newcomers' keys and addresses at which they answered
};

class membership_role final : public role_actor<membership_actor, membership_state> {
 public:
  membership_role(caf::actor_config& base, probe_ptr probe, membership_config config)
      : role_actor(base, std::move(probe)), config_(std::move(config)) {}

  behavior_type make_behavior() override { return state.start(this, std::move(config_), probe()); }

 private:
  membership_config config_;
};

}  // namespace holdfast::actors
