// A client of the simulated ring with the real `ring::ring_client`: writes an object that it shares with another client and reads it
// linearizably, down to the bytes. An update whose fate is unknown is submitted again under its number, as the client library does.
#pragma once

#include "protocols/ring/object_operation.hpp"
#include "protocols/ring/ring_client.hpp"
#include "tests/history/history.hpp"
#include "tests/simulation/agreement/ring_world.hpp"
#include "tests/simulation/ring/service_wire.hpp"

namespace holdfast::simulation {

/// The certified roots that clients have believed: one for each sequence.
using believed_roots = std::map<std::uint64_t, bytes>;

class ring_user {
 public:
  ring_user(ring_world& world, believed_roots& roots, std::uint32_t number, std::uint64_t seed);
  ring_user(const ring_user&) = delete;

  /// Begins to work: `requests` more updates and reads, and then rests.
  void start(std::uint32_t requests);
  void receive(const service_answer& answer);
  /// What was sent to this member, and not answered, is lost.
  void unreachable(node_index member);
  bool resting() const { return left_ == 0; }

  const aguid& object() const { return object_; }
  const std::vector<history::operation>& history() const { return history_; }

 private:
  using client_step = ring::ring_client::step;
  using continuation = std::function<void(result<ring::service_reply>)>;

  void next();
  void later(duration delay, std::function<void()> action) { world_.events.after(delay, std::move(action)); }
  void begin(std::pair<std::uint64_t, client_step> call, continuation then);
  void carry_out(client_step step);
  void tick();
  void over();

  void write();
  void submit();
  void submitted(const ring::entry_reply& reply);
  void read();
  void read_record(const object::head& head);
  void read_content(const object::version_record& record);
  void believe(const ring::entry_reply& reply);
  history::operation begun(history::operation_kind kind) const;
  std::int64_t now_us() const { return world_.events.now().time_since_epoch().count(); }
  void violation(const std::string& sentence);

  ring_world& world_;
  believed_roots& roots_;
  node_index address_;
  seeded_random random_;
  crypto::signing_key key_;  ///< the pair's
  std::array<std::uint8_t, 32> salt_{};
  crypto::signing_key identity_;
  node_id id_;  ///< of that identity with a nonce of zeros
  session_id session_;
  aguid object_;
  ring::ring_client client_;
  std::map<std::uint64_t, continuation> calls_;
  std::map<std::uint64_t, node_index> sent_;  ///< requests under way, and to whom
  bool ticking_ = false;

  std::uint32_t left_ = 0;
  std::uint64_t operation_ = 0, seen_version_ = 0;
  object::update asked_;
  object::signed_update update_;
  history::operation current_;
  std::vector<history::operation> history_;
};

}  // namespace holdfast::simulation
