#include "introspection/dashboard/responder.hpp"

#include <algorithm>

#include "introspection/dashboard/http_rules.hpp"
#include "introspection/status/status_json.hpp"
#include "protocols/crypto/hash.hpp"
#include "protocols/crypto/secret.hpp"

namespace holdfast::introspection {

namespace {

constexpr std::string_view html = "text/html; charset=utf-8";
constexpr std::string_view plain = "text/plain; charset=utf-8";

constexpr std::string_view sign_in_page =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Holdfast: sign in</title><link rel=\"stylesheet\" href=\"/app.css\"><link rel=\"icon\" href=\"/favicon.svg\">"
    "<main class=\"sign-in\"><h1>Holdfast</h1><p>This page opens with a sign-in link.</p>"
    "<p>Run <code>holdfast dashboard</code> on the node's machine and open the address that it prints.</p></main></html>";

page_response text(unsigned status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", std::string(plain)}, {"Cache-Control", "no-store"}}, .body = std::move(body)};
}

page_response data(const json& value, unsigned status = 200) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, .body = dump(value) + "\n"};
}

page_response ask_to_sign_in(unsigned status) {
  return {.status = status, .headers = {{"Content-Type", std::string(html)}, {"Cache-Control", "no-store"}}, .fixed_body = sign_in_page};
}

bool same(std::string_view a, std::string_view b) { return crypto::equal_constant_time(as_bytes_view(a), as_bytes_view(b)); }

bool is_page(std::string_view path) { return path == "/" || path == "/actors" || path == "/index.html"; }

}  // namespace

const std::vector<std::pair<std::string, std::string>>& security_headers() {
  static const std::vector<std::pair<std::string, std::string>> all = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; "
       "form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  };
  return all;
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

responder::responder(const dashboard_config& config, std::uint16_t port)
    : config_(config),
      hosts_{"localhost"},
      cookie_name_("holdfast_" + std::to_string(port)),
      cookie_(to_base32(crypto::hash_raw("holdfast/dashboard-cookie/v1", {as_bytes_view(config.key)}))),
      loopback_(is_loopback(config.address)) {
  for (const auto& name : config.hosts) {
    if (auto plain_name = host_name(name)) hosts_.push_back(*plain_name);
  }
}

page_response responder::answer(const page_request& r) const {
  if (!host_known(r.host)) return text(421, "This server does not go by that name.\n");
  if (r.method != "GET" && r.method != "HEAD") {
    auto refused = text(405, "The dashboard only answers to GET and HEAD.\n");
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  auto path = path_of(r.target);
  if (path == "/health" || path.starts_with("/health/")) return health(path);
  if (path == "/metrics") {
    if (!loopback_ && !signed_in(r)) return text(401, "Metrics need the dashboard's key as a bearer token.\n");
    return {.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}},
            .body = config_.metrics ? config_.metrics() : ""};
  }
  if (is_page(path)) {
    if (auto key = query_value(r.target, "key")) return sign_in(*key);
    if (!signed_in(r)) return ask_to_sign_in(401);
    return file(*find_asset("/index.html"), r);
  }
  if (path.starts_with("/api/")) return signed_in(r) ? api(path) : data({{"error", "sign in first: holdfast dashboard prints the link"}}, 401);
  if (const auto* found = find_asset(path)) return file(*found, r);
  return text(404, "There is nothing here.\n");
}

/// Nobody can point an address elsewhere, as they can a name of their own: a page that was asked for by address is not another's.
bool responder::host_known(const std::string& field) const {
  auto name = host_name(field);
  return name && (is_address(*name) || std::find(hosts_.begin(), hosts_.end(), *name) != hosts_.end());
}

bool responder::signed_in(const page_request& r) const {
  constexpr std::string_view bearer = "Bearer ";
  if (r.authorization.starts_with(bearer)) return same(std::string_view(r.authorization).substr(bearer.size()), config_.key);
  auto given = cookie_value(r.cookie, cookie_name_);
  return given && same(*given, cookie_);
}

page_response responder::sign_in(const std::string& given) const {
  if (!same(given, config_.key)) return ask_to_sign_in(403);
  auto cookie = cookie_name_ + "=" + cookie_ + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000";
  return {.status = 303, .headers = {{"Location", "/"}, {"Set-Cookie", cookie}, {"Cache-Control", "no-store"}}};
}

page_response responder::health(std::string_view path) const {
  auto state = config_.state ? config_.state() : life::serving;
  bool ready = state == life::serving;
  if (path == "/health/live") return data({{"live", true}});
  if (path == "/health/ready") {
    json answer{{"ready", ready}, {"state", to_string(state)}};
    if (auto trouble = config_.trouble ? config_.trouble() : std::string(); !trouble.empty()) answer["trouble"] = trouble;
    return data(answer, ready ? 200 : 503);
  }
  if (path != "/health") return text(404, "There is nothing here.\n");
  auto view = config_.snapshot();
  return data({{"live", true}, {"ready", ready}, {"state", to_string(state)}, {"health", view ? to_string(view->health) : "unknown"}});
}

page_response responder::api(std::string_view path) const {
  if (path == "/api/v1/stream") return {.stream = true};
  bool known_path = path == "/api/v1/overview" || path == "/api/v1/actors" || path == "/api/v1/events" || path == "/api/v1/full";
  if (!known_path) return data({{"error", "there is nothing here"}}, 404);
  auto view = config_.snapshot();
  if (!view) return data({{"error", "the node has no view of its cluster yet"}}, 503);
  if (path.ends_with("/overview")) return data(overview_json(*view));
  if (path.ends_with("/full")) return data(full_json(*view));
  return path.ends_with("/actors") ? data({{"time_ms", view->time.ms}, {"actors", actors_json(*view)}})
                                   : data({{"time_ms", view->time.ms}, {"events", events_json(*view)}});
}

page_response responder::file(const asset& a, const page_request& r) const {
  page_response out{.headers = {{"ETag", std::string(a.etag)}, {"Cache-Control", "no-cache"}}};
  if (!r.if_none_match.empty() && matches_etag(r.if_none_match, a.etag)) {
    out.status = 304;
    return out;
  }
  out.headers.emplace_back("Content-Type", std::string(a.content_type));
  out.fixed_body = a.body;
  return out;
}

}  // namespace holdfast::introspection
