// Every refusal, and what is answered to those who may see.
#include "introspection/dashboard/responder.hpp"

#include <boost/test/unit_test.hpp>

#include "introspection/dashboard/http_rules.hpp"
#include "introspection/status/status_json.hpp"

namespace holdfast::introspection {
namespace {

struct fixture {
  dashboard_config config;
  std::unique_ptr<responder> pages;

  explicit fixture(const std::string& address = "127.0.0.1") {
    config.address = address;
    config.key = fresh_dashboard_key();
    config.hosts = {"Console.Example"};
    auto view = std::make_shared<cluster_view>(build_view({}));
    config.snapshot = [view] { return view; };
    config.state = [] { return life::starting; };
    config.metrics = [] { return std::string("holdfast_x_y_total 1\n"); };
    pages = std::make_unique<responder>(config, 8080);
  }

  page_request get(const std::string& target, bool signed_in = true) const {
    return {.method = "GET", .target = target, .host = "localhost:8080", .cookie = signed_in ? "a=b; holdfast_8080=" + pages->cookie() : ""};
  }
};

BOOST_AUTO_TEST_CASE(only_known_hosts_are_served) {
  fixture f;
  for (auto* good : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "console.example", "192.0.2.7:9", "[2001:db8::7]"}) {
    auto r = f.get("/api/v1/overview");
    r.host = good;
    BOOST_TEST(f.pages->answer(r).status == 200u);
  }
  for (auto* bad : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil", "1.2.3", "1.2.3.4.5", "0x7f.0.0.1", "localhost:80a",
                    "local host", "[::1", "[::x]", "localhost:123456"}) {
    for (auto* target : {"/api/v1/overview", "/health", "/metrics", "/app.css", "/"}) {
      auto r = f.get(target);
      r.host = bad;
      BOOST_TEST(f.pages->answer(r).status == 421u);
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_shown_before_sign_in) {
  fixture f;
  for (auto* target : {"/", "/actors", "/api/v1/overview", "/api/v1/actors", "/api/v1/events", "/api/v1/full", "/api/v1/stream", "/api/x"}) {
    auto answer = f.pages->answer(f.get(target, false));
    BOOST_TEST(answer.status == 401u);
    BOOST_TEST(!answer.stream);
  }
  auto wrong = f.get("/api/v1/overview", false);
  wrong.cookie = "holdfast_8080=" + std::string(52, 'a');
  BOOST_TEST(f.pages->answer(wrong).status == 401u);
  wrong.cookie = "holdfast_8081=" + f.pages->cookie();
  BOOST_TEST(f.pages->answer(wrong).status == 401u);
  wrong.cookie = "";
  wrong.authorization = "Bearer " + f.config.key;
  BOOST_TEST(f.pages->answer(wrong).status == 200u);
}

BOOST_AUTO_TEST_CASE(the_link_signs_in) {
  fixture f;
  auto answer = f.pages->answer(f.get("/?key=" + f.config.key, false));
  BOOST_TEST(answer.status == 303u);
  std::string cookie;
  for (const auto& [name, value] : answer.headers) {
    if (name == "Set-Cookie") cookie = value;
    if (name == "Location") BOOST_TEST(value == "/");
  }
  BOOST_TEST(cookie.starts_with("holdfast_8080=" + f.pages->cookie()));
  BOOST_TEST(cookie.find("HttpOnly") != cookie.npos);
  BOOST_TEST(cookie.find("SameSite=Strict") != cookie.npos);
  BOOST_TEST(cookie.find(f.config.key) == cookie.npos);
  BOOST_TEST(f.pages->answer(f.get("/?key=" + std::string(52, 'x'), false)).status == 403u);
  BOOST_TEST(f.pages->answer(f.get("/?key=%00", false)).status == 401u);
}

BOOST_AUTO_TEST_CASE(it_only_reads) {
  fixture f;
  for (auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"}) {
    auto r = f.get("/api/v1/overview");
    r.method = method;
    BOOST_TEST(f.pages->answer(r).status == 405u);
  }
}

BOOST_AUTO_TEST_CASE(health_and_metrics) {
  fixture f;
  BOOST_TEST(f.pages->answer(f.get("/health/live", false)).status == 200u);
  BOOST_TEST(f.pages->answer(f.get("/health/ready", false)).status == 503u);
  BOOST_TEST(!json::parse(f.pages->answer(f.get("/health/ready", false)).body).contains("trouble"));
  f.config.trouble = [] { return std::string("it was revoked"); };
  BOOST_TEST(json::parse(f.pages->answer(f.get("/health/ready", false)).body)["trouble"] == "it was revoked");
  auto health = json::parse(f.pages->answer(f.get("/health", false)).body);
  BOOST_TEST(health["ready"] == false);
  BOOST_TEST(!health.contains("sentence"));
  BOOST_TEST(f.pages->answer(f.get("/metrics", false)).body == "holdfast_x_y_total 1\n");
  fixture open("192.0.2.1");
  BOOST_TEST(open.pages->answer(open.get("/metrics", false)).status == 401u);
  BOOST_TEST(open.pages->answer(open.get("/metrics")).status == 200u);
  BOOST_TEST(open.pages->answer(open.get("/health", false)).status == 200u);
}

BOOST_AUTO_TEST_CASE(api_answers_json_that_is_never_cached) {
  fixture f;
  auto answer = f.pages->answer(f.get("/api/v1/overview"));
  BOOST_TEST(json::parse(answer.body)["sentence"] == "No node is known yet.");
  BOOST_TEST((std::find(answer.headers.begin(), answer.headers.end(), std::pair<std::string, std::string>("Cache-Control", "no-store")) !=
              answer.headers.end()));
  BOOST_TEST(json::parse(f.pages->answer(f.get("/api/v1/actors?x=1")).body)["actors"].empty());
  BOOST_TEST(f.pages->answer(f.get("/api/v1/nothing")).status == 404u);
  BOOST_TEST(f.pages->answer(f.get("/api/v1/stream")).stream);
  f.config.snapshot = [] { return nullptr; };
  BOOST_TEST(f.pages->answer(f.get("/api/v1/overview")).status == 503u);
  BOOST_TEST(f.pages->answer(f.get("/health")).status == 200u);
}

BOOST_AUTO_TEST_CASE(files_have_tags) {
  fixture f;
  const auto& first = assets()[0];
  auto r = f.get(std::string(first.path));
  BOOST_TEST(f.pages->answer(r).content() == first.body);
  r.if_none_match = "W/\"x\", " + std::string(first.etag);
  BOOST_TEST(f.pages->answer(r).status == 304u);
  for (auto* odd : {"/../etc/passwd", "//", "/app.js/", "/%2e%2e", "*", ""}) BOOST_TEST(f.pages->answer(f.get(odd)).status == 404u);
}

BOOST_AUTO_TEST_CASE(fields_are_read_strictly) {
  BOOST_TEST(*host_name(" A.b:80 ") == "a.b");
  BOOST_TEST(!host_name("a/b"));
  BOOST_TEST(!host_name("user@localhost"));
  BOOST_TEST(!host_name("[]"));
  BOOST_TEST(*query_value("/?a=1&key=b-_", "key") == "b-_");
  BOOST_TEST(!query_value("/?key=b%20", "key"));
  BOOST_TEST(!query_value("/?keys=b", "key"));
  BOOST_TEST(!query_value("/", "key"));
  BOOST_TEST(*cookie_value("x=1;  key=2", "key") == "2");
  BOOST_TEST(!cookie_value("xkey=2", "key"));
  BOOST_TEST(matches_etag("*", "\"a\""));
  BOOST_TEST(!matches_etag("\"ab\"", "\"a\""));
}

}  // namespace
}  // namespace holdfast::introspection
