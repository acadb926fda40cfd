// Who is admitted, for operators: `members` lists them, `revoke` takes an admission back.
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "tools/command_line/times.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/operator_session.hpp"
#include "tools/errors/tool_error.hpp"

namespace holdfast::tools {

namespace {

using nlohmann::ordered_json;

/// By the word of the member that was asked: good to show, not to act upon.
result<std::vector<identity::admission>> list_members(const operator_session& s) {
  if (auto entered = s.enter(); !entered) return fail(entered.error());
  std::vector<identity::admission> all;
  for (std::optional<ring::map_key> from = ring::map_key{}; from && all.size() < ring::members_max;) {
    auto answer = s.dialler().ask(membership::members_request{*from}, s.left());
    if (!answer) return fail(answer.error());
    auto* page = std::get_if<membership::members_reply>(&*answer);
    if (!page || (page->next && *page->next <= *from)) return fail(errc::malformed, "the member that was asked answered with no list of members");
    from = page->next;
    std::move(page->members.begin(), page->members.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return std::tie(a.kind, a.name, a.id) < std::tie(b.kind, b.name, b.id); });
  return all;
}

ordered_json json_of(const identity::admission& a) {
  return {{"id", a.id.hex()},           {"kind", std::string(to_string(a.kind))}, {"name", a.name}, {"operated_by", a.operated_by},
          {"issued_ms", a.issued.ms}, {"expires_ms", a.expires.ms}};
}

void print(const std::vector<identity::admission>& members) {
  constexpr int id_width = 66, kind_width = 10, name_width = 24, time_width = 22;
  std::cout << std::left << std::setw(id_width) << "ID" << std::setw(kind_width) << "KIND" << std::setw(name_width) << "NAME"
            << std::setw(time_width) << "ADMITTED" << "LABEL\n";
  for (const auto& a : members) {
    std::cout << std::setw(id_width) << a.id.hex() << std::setw(kind_width) << to_string(a.kind) << std::setw(name_width) << a.name
              << std::setw(time_width) << print_time(a.issued) << a.operated_by << "\n";
  }
}

/// The member with this name, or whose id begins so.
result<identity::admission> member_called(const operator_session& s, const std::string& who) {
  constexpr std::size_t digits_min = 4;
  auto all = list_members(s);
  if (!all) return fail(all.error());
  std::erase_if(*all, [&](const auto& a) { return a.name != who && (who.size() < digits_min || !a.id.hex().starts_with(who)); });
  if (all->empty()) return fail(tool_errc::usage, "no member is called \"" + who + "\"; `holdfast members` lists them");
  if (all->size() == 1) return all->front();
  std::string ids;
  for (const auto& a : *all) ids += "\n  " + a.id.hex() + " " + std::string(to_string(a.kind)) + " " + a.name;
  return fail(tool_errc::usage, "\"" + who + "\" may mean any of " + std::to_string(all->size()) + " members; give an id:" + ids);
}

}  // namespace

int run(const members_options& o) {
  auto s = operator_session::open(o.as);
  if (!s) return report(s.error(), o.as.json, situation::operating);
  auto members = list_members(*s);
  if (!members) return report(members.error(), o.as.json, situation::operating);
  if (!o.as.json) {
    print(*members);
    return 0;
  }
  auto all = ordered_json::array();
  for (const auto& a : *members) all.push_back(json_of(a));
  std::cout << ordered_json{{"members", std::move(all)}}.dump() << std::endl;
  return 0;
}

int run(const revoke_options& o) {
  auto no = [&](std::string why) { return report(error(tool_errc::usage, std::move(why)), o.as.json); };
  auto id = node_id::from_hex(o.id);
  if (id && !o.yes) return no("revoking is for good: whoever it is needs a new token to return; say --yes if that is meant");
  auto s = operator_session::open(o.as);
  if (!s) return report(s.error(), o.as.json, situation::operating);
  if (!id) {
    auto meant = member_called(*s, o.id);
    if (!meant) return report(meant.error(), o.as.json, situation::operating);
    return no("\"" + o.id + "\" is, by the word of the node that was asked, the " + std::string(to_string(meant->kind)) + " " + meant->name +
              "; if that is meant: holdfast revoke " + meant->id.hex() + " --yes");
  }
  ring::revocation revocation{s->profile().secrets.cluster, *id};
  auto key = s->key();
  auto done = s->order(ring::revoke{key.pub(), crypto::signed_statement<ring::revocation>::make(revocation, key)});
  if (!done) return report(done.error(), o.as.json, situation::operating);
  if (o.as.json) std::cout << nlohmann::json{{"revoked", id->hex()}}.dump() << std::endl;
  std::cerr << "revoked " << id->brief() << "; every node that is connected knows within seconds\n";
  return 0;
}

}  // namespace holdfast::tools
