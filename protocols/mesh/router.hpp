// A node's place in the mesh: root for the GUIDs that come to it, and the way in for those who publish and locate here.
//
// Every router knows all routers from the signed directory, so each root is one step away. Publications are renewed at half
// their life and whenever the directory moves roots; a locate asks all roots at once and ends with the first true pointer.
#pragma once

#include <map>
#include <memory>

#include "protocols/base/engine.hpp"
#include "protocols/mesh/surrogate.hpp"

namespace holdfast::mesh {

struct router_config {
  cluster_id cluster;
  node_id self;
};

struct router_step {
  struct send {
    std::uint64_t request = 0;
    node_id to;
    service_request what;
  };
  struct located {
    std::uint64_t ticket = 0;
    result<std::vector<signed_pointer>> pointers;  ///< true ones; `not_found`: all roots say so; `unavailable`: some did not answer
  };
  std::vector<send> sends;
  std::vector<located> answers;
};

class router {
 public:
  static constexpr duration tick = std::chrono::seconds(1);
  static constexpr std::size_t publications_max = 1u << 15;        ///< of this node
  static constexpr std::size_t kept_max = 1u << 16;                ///< pointers kept as a root, about 400 bytes each
  static constexpr std::size_t kept_by_server_max = 1u << 14;      ///< of them, of one server
  static constexpr std::size_t locating_max = 4096;                ///< under way
  static constexpr std::size_t renewed_at_once_max = 256;          ///< publications in one tick

  /// `key` is the node's identity key, with which its pointers are verified.
  router(router_config config, crypto::signing_key key) : config_(std::move(config)), key_(std::move(key)) {}

  void on_directory(std::shared_ptr<const identity::directory> directory);

  /// `over_limit` if too much is published here already. Takes effect with the next `on_timer`.
  outcome publish(const guid& what);
  router_step unpublish(clock_reading at, const guid& what);
  router_step locate(clock_reading at, std::uint64_t ticket, const guid& what);
  /// The node that the GUID comes to now.
  std::optional<node_id> route(const guid& what) const { return surrogate_root(routers_, what); }

  /// As a root.
  service_reply on_request(clock_reading at, const node_id& from, const service_request& request);

  /// The answer to a send, or why there is none: once for each.
  router_step on_reply(clock_reading at, std::uint64_t request, const result<service_reply>& reply);
  router_step on_timer(clock_reading at);

  std::size_t published() const { return publications_.size(); }
  std::size_t pointers_kept() const { return kept_total_; }

 private:
  struct publication {
    std::optional<instant> renewed;  ///< none: to be told to its roots at once
  };
  struct kept_pointer {
    signed_pointer what;
    std::uint64_t counter = 0;
    wall_time expires, forget_at;  ///< a withdrawal is remembered while the pointer it withdrew could come again
  };
  struct search {
    guid what;
    std::size_t waiting = 0;
    bool some_silent = false;
  };
  struct asked {
    std::optional<std::uint64_t> search;  ///< none: a publication
    guid what;
  };

  service_reply handle(clock_reading at, const node_id& from, const keep_pointer& request);
  service_reply handle(clock_reading at, const find_pointers& request);
  result<pointer> open(const signed_pointer& s) const;
  void tell_roots(clock_reading at, const guid& what, wall_time expires);
  void ask(clock_reading at, const node_id& to, asked why, service_request what);
  void take(clock_reading at, const asked& why, const result<service_reply>& reply);
  void found(clock_reading at, std::uint64_t ticket, const result<service_reply>& reply);
  void forget_expired(clock_reading at);

  router_config config_;
  crypto::signing_key key_;
  std::shared_ptr<const identity::directory> directory_;
  std::set<node_id> routers_;
  std::map<guid, publication> publications_;
  std::map<guid, std::map<node_id, kept_pointer>> kept_;
  std::map<node_id, std::size_t> kept_by_server_;
  std::size_t kept_total_ = 0;
  std::map<std::uint64_t, search> searches_;
  std::map<std::uint64_t, asked> asked_;
  std::uint64_t last_request_ = 0, last_counter_ = 0;
  instant swept_;
  router_step step_;
};

}  // namespace holdfast::mesh
