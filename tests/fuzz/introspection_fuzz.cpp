// What other nodes report of themselves, all the way to the pages; and what a browser, or something that is none, asks the dashboard.
#include "introspection/dashboard/http_rules.hpp"
#include "introspection/dashboard/responder.hpp"
#include "introspection/status/monitor_messages.hpp"
#include "introspection/status/status_json.hpp"
#include "tests/fuzz/round_trip.hpp"

using namespace holdfast;
using namespace holdfast::introspection;

using all = fuzz::decoders<report, monitor_request, monitor_reply, node_status>;
HOLDFAST_FUZZ_EXAMPLES(all::example)

namespace {

/// A report that keeps to the bounds becomes text that is JSON.
void show(bytes_view input) {
  auto given = codec::decode<report>(input);
  if (!given || !check(*given, given->node)) return;
  status_mirror mirror;
  mirror.apply(*given);
  node_observation seen{.id = given->node, .name = "node-1"};
  seen.mirror = &mirror;
  auto view = build_view({.nodes = {seen}});
  fuzz::must(json::accept(dump(full_json(view))) && json::accept(dump(delta_json(build_view({}), view))));
}

const dashboard_config& config() {
  static const dashboard_config made = [] {
    dashboard_config c;
    c.key = std::string(52, 'k');
    auto view = std::make_shared<const cluster_view>(build_view({}));
    c.snapshot = [view] { return view; };
    return c;
  }();
  return made;
}

/// Lines: method, target, host, cookie, authorization, etag. Nobody gets in who does not hold the key, and nothing sent is echoed.
void ask(std::string_view text) {
  static const responder pages(config(), 8080);
  page_request request;
  for (auto* field : {&request.method, &request.target, &request.host, &request.cookie, &request.authorization, &request.if_none_match}) {
    auto end = text.find('\n');
    *field = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
  auto answer = pages.answer(request);
  fuzz::must(answer.status >= 200 && answer.status < 600);
  bool knows_key = request.target.find(config().key) != std::string::npos || request.authorization.find(config().key) != std::string::npos ||
                   request.cookie.find(pages.cookie()) != std::string::npos;
  bool inside = answer.stream || answer.status == 303 || (path_of(request.target).starts_with("/api/") && answer.status == 200);
  fuzz::must(knows_key || !inside);
  for (const auto& [name, value] : answer.headers) fuzz::must(value.find_first_of("\r\n") == std::string::npos);
  if (auto name = host_name(request.host)) fuzz::must(host_name(*name) == name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bytes_view input(data, size);
  all::round_trip(input);
  show(input.subspan(1));
  ask(as_text(input));
  return 0;
}
