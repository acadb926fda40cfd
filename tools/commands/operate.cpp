// The operator's commands: `invite`, `revoke`, `status`, `dashboard`. Statements are signed here and ordered by the root ring.
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "actors/base/clock.hpp"
#include "actors/client/dialler.hpp"
#include "introspection/status/monitor_messages.hpp"
#include "protocols/codec/reader.hpp"
#include "protocols/identity/join.hpp"
#include "tools/command_line/times.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/status_text.hpp"
#include "tools/errors/tool_error.hpp"
#include "tools/profile/profile_file.hpp"

namespace holdfast::tools {

namespace {

/// What is done with a cluster by one command, until its --timeout is over.
struct session {
  identity::profile profile;
  std::unique_ptr<actors::dialler> dialler;
  instant until;

  duration left() const { return std::max<duration>(until - actors::steady_now(), std::chrono::milliseconds(1)); }
  duration left(duration at_most) const { return std::min(left(), at_most); }
  outcome enter() const { return dialler->enter(profile.members, left()); }
};

result<session> open_session(const identity_options& as) {
  auto profile = load_profile(profile_path(as.profile));
  if (!profile) return fail(profile.error());
  auto dialler = actors::dialler::open(*profile);
  if (!dialler) return fail(dialler.error());
  session s{std::move(*profile), std::move(*dialler), actors::steady_now() + std::chrono::seconds(as.timeout_s)};
  return s;
}

/// Statements speak for themselves: any member passes them on, also while the cluster is being founded. The same statement again
/// has the same outcome, so one whose answer was lost with the member that passed it on is sent again, by another.
result<membership::reply> order(const session& s, const ring::root_operation& operation) {
  constexpr int tries = 3;
  constexpr auto patience = std::chrono::seconds(40);  // with one member; the next may know better
  result<membership::reply> answer = fail(errc::unavailable, "not asked");
  for (int i = 0; i < tries && (i == 0 || actors::steady_now() < s.until); ++i) {
    if (auto entered = s.enter(); !entered) {
      answer = fail(entered.error());
    } else {
      answer = s.dialler->ask(membership::statement_request{codec::encode(operation)}, s.left(patience));
    }
    if (answer || !(answer.error().is(errc::outcome_unknown) || answer.error().is(errc::unavailable))) break;
  }
  return answer;
}

result<introspection::monitor_reply> ask_monitor(const identity_options& as, introspection::monitor_request what) {
  auto s = open_session(as);
  if (!s) return fail(s.error());
  if (auto entered = s->enter(); !entered) return fail(entered.error());
  auto answer = s->dialler->ask(link::message_kind::monitor, codec::encode(what), s->left(std::chrono::seconds(10)));
  if (!answer) return fail(answer.error());
  return codec::decode<introspection::monitor_reply>(answer->body(), "monitor's reply");
}

std::optional<identity::member_kind> kind_of(const std::string& name) {
  if (name == "node") return identity::member_kind::node;
  if (name == "client") return identity::member_kind::client;
  if (name == "operator") return identity::member_kind::operating;
  return std::nullopt;
}

/// The id of the node with this name, or whose id begins so, by the word of the node that was asked: good to show, not to act upon.
result<node_id> node_called(const identity_options& as, const std::string& who) {
  constexpr std::size_t digits_min = 4;
  auto answer = ask_monitor(as, introspection::view_request{});
  if (!answer) return fail(answer.error());
  auto* view = std::get_if<introspection::view_reply>(&*answer);
  auto status = nlohmann::json::parse(view ? view->json : "{}", nullptr, false);
  auto text = [](const nlohmann::json& of, const char* key) { return of.contains(key) && of[key].is_string() ? of[key].get<std::string>() : ""; };
  std::set<std::string> meant;
  if (status.is_object() && status.contains("nodes")) {
    for (const auto& node : status["nodes"]) {
      auto id = text(node, "id");
      if (text(node, "name") == who || (who.size() >= digits_min && id.starts_with(who))) meant.insert(id);
    }
  }
  if (meant.size() > 1) return fail(tool_errc::usage, "\"" + who + "\" may mean any of " + std::to_string(meant.size()) + " nodes; give more digits");
  auto id = meant.empty() ? std::nullopt : node_id::from_hex(*meant.begin());
  if (!id) return fail(tool_errc::usage, "no node is called \"" + who + "\"; `holdfast status` shows them, and a new profile is told its own id");
  return *id;
}

}  // namespace

int run(const invite_options& o) {
  auto s = open_session(o.as);
  if (!s) return report(s.error(), o.as.json, situation::operating);
  system_random random;
  identity::token token;
  token.cluster = s->profile.secrets.cluster;
  token.kind = *kind_of(o.kind);
  random.fill(token.seed.span());
  auto key = crypto::signing_key::from_seed(s->profile.secrets.identity_seed);
  auto expires = actors::wall_now() + *parse_duration(o.ttl);
  auto invitation = identity::invitation_for(token, o.label, expires);
  auto done = order(*s, ring::invite{key.pub(), crypto::signed_statement<identity::invitation>::make(invitation, key)});
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

int run(const revoke_options& o) {
  auto no = [&](std::string why) { return report(error(tool_errc::usage, std::move(why)), o.as.json); };
  auto node = node_id::from_hex(o.id);
  if (!node) {
    auto meant = node_called(o.as, o.id);
    if (!meant) return report(meant.error(), o.as.json, situation::operating);
    return no("\"" + o.id + "\" is, by the word of the node that was asked, " + meant->hex() + "; if that is meant: holdfast revoke " + meant->hex() +
              " --yes");
  }
  if (!o.yes) return no("revoking is for good: whoever it is needs a new token to return; say --yes if that is meant");
  auto s = open_session(o.as);
  if (!s) return report(s.error(), o.as.json, situation::operating);
  auto key = crypto::signing_key::from_seed(s->profile.secrets.identity_seed);
  ring::revocation revocation{s->profile.secrets.cluster, *node};
  auto done = order(*s, ring::revoke{key.pub(), crypto::signed_statement<ring::revocation>::make(revocation, key)});
  if (!done) return report(done.error(), o.as.json, situation::operating);
  if (o.as.json) std::cout << nlohmann::json{{"revoked", node->hex()}}.dump() << std::endl;
  std::cerr << "revoked " << node->brief() << "; every node that is connected knows within seconds\n";
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
