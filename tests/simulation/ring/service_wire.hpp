// What travels in a simulated ring with clients: members' messages, clients' requests and their answers, by the real codec.
#pragma once

#include "protocols/ring/ring_step.hpp"
#include "tests/simulation/core/network.hpp"

namespace holdfast::simulation {

struct service_call {
  std::uint64_t request = 0;  ///< the client's name for it
  ring::service_body body;
};
template <class F>
bool inspect(F& f, service_call& x) {
  return f.fields("request", x.request, "body", x.body);
}

struct service_answer {
  std::uint64_t request = 0;
  ring::service_reply body;
};
template <class F>
bool inspect(F& f, service_answer& x) {
  return f.fields("request", x.request, "body", x.body);
}

using service_packet = std::variant<ring::member_message, service_call, service_answer>;

inline frame to_frame(const service_packet& p) { return std::make_shared<const bytes>(codec::encode(p)); }

}  // namespace holdfast::simulation
