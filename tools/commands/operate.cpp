// The operator's commands about the cluster as a whole: `invite`, `status`, `dashboard`.
#include <iostream>
#include <nlohmann/json.hpp>

#include "actors/base/clock.hpp"
#include "introspection/status/monitor_messages.hpp"
#include "protocols/identity/join.hpp"
#include "tools/command_line/times.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/operator_session.hpp"
#include "tools/commands/status_text.hpp"
#include "tools/errors/tool_error.hpp"

namespace holdfast::tools {

namespace {

result<introspection::monitor_reply> ask_monitor(const identity_options& as, introspection::monitor_request what) {
  auto s = operator_session::open(as);
  if (!s) return fail(s.error());
  if (auto entered = s->enter(); !entered) return fail(entered.error());
  auto answer = s->dialler().ask(link::message_kind::monitor, codec::encode(what), s->left(std::chrono::seconds(10)));
  if (!answer) return fail(answer.error());
  return codec::decode<introspection::monitor_reply>(answer->body(), "monitor's reply");
}

std::optional<identity::member_kind> kind_of(const std::string& name) {
  if (name == "node") return identity::member_kind::node;
  if (name == "client") return identity::member_kind::client;
  if (name == "operator") return identity::member_kind::operating;
  return std::nullopt;
}

}  // namespace

int run(const invite_options& o) {
  auto s = operator_session::open(o.as);
  if (!s) return report(s.error(), o.as.json, situation::operating);
  system_random random;
  identity::token token;
  token.cluster = s->profile().secrets.cluster;
  token.kind = *kind_of(o.kind);
  random.fill(token.seed.span());
  auto key = s->key();
  auto expires = actors::wall_now() + *parse_duration(o.ttl);
  auto invitation = identity::invitation_for(token, o.label, expires);
  auto done = s->order(ring::invite{key.pub(), crypto::signed_statement<identity::invitation>::make(invitation, key)});
  if (!done) return report(done.error(), o.as.json, situation::operating);
  auto text = identity::print_token(token);
  if (o.as.json) {
    std::cout << nlohmann::ordered_json{{"token", text}, {"kind", o.kind}, {"expires_ms", expires.ms}}.dump() << std::endl;
  } else {
    std::cout << text << std::endl;
    std::cerr << "good once, for one " << o.kind << ", until " << print_time(expires) << "; whoever has it can join in your cluster\n";
  }
  return 0;
}

int run(const status_options& o) {
  auto answer = ask_monitor(o.as, introspection::view_request{});
  if (!answer) return report(answer.error(), o.as.json, situation::operating);
  auto* view = std::get_if<introspection::view_reply>(&*answer);
  if (!view) {
    return report(error(errc::unavailable, "the node has no view of its cluster yet; try again in a moment"), o.as.json, situation::operating);
  }
  std::cout << (o.as.json ? view->json + "\n" : status_text(view->json)) << std::flush;
  return 0;
}

int run(const dashboard_options& o) {
  auto answer = ask_monitor(o.as, introspection::sign_in_request{});
  if (!answer) return report(answer.error(), o.as.json, situation::operating);
  auto* link = std::get_if<introspection::sign_in_reply>(&*answer);
  if (!link) {
    auto none = error(errc::not_found, "the node that was asked has no dashboard; `dashboard` in its manifest gives it one");
    return report(none, o.as.json, situation::operating);
  }
  std::cout << link->url << std::endl;
  return 0;
}

}  // namespace holdfast::tools
