// What the dashboard answers to a request: pure routing and rules, without sockets, so that every refusal can be tested.
//
// Order of checks: a known Host, then method, then sign-in, then the path. Nothing that was sent is ever echoed.
#pragma once

#include "introspection/dashboard/assets.hpp"
#include "introspection/dashboard/dashboard_server.hpp"

namespace holdfast::introspection {

/// A request's line and the fields that matter.
struct page_request {
  std::string method, target, host, cookie, authorization, if_none_match;
};

struct page_response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< besides length, connection and the security headers
  std::string body;
  std::string_view fixed_body;  ///< instead of `body`, where it lives as long as the program
  bool stream = false;          ///< 200: an event stream follows

  std::string_view content() const { return fixed_body.empty() ? std::string_view(body) : fixed_body; }
};

class responder {
 public:
  /// `port` is the one bound; it is part of the cookie's name, as browsers share cookies between ports.
  responder(const dashboard_config& config, std::uint16_t port);

  page_response answer(const page_request& request) const;

  const std::string& cookie_name() const { return cookie_name_; }
  const std::string& cookie() const { return cookie_; }

 private:
  bool host_known(const std::string& host_field) const;
  bool signed_in(const page_request& request) const;
  page_response sign_in(const std::string& given) const;
  page_response health(std::string_view path) const;
  page_response api(std::string_view path) const;
  page_response file(const asset& a, const page_request& request) const;

  const dashboard_config& config_;
  std::vector<std::string> hosts_;
  std::string cookie_name_, cookie_;
  bool loopback_ = false;
};

/// Sent with every response.
const std::vector<std::pair<std::string, std::string>>& security_headers();

bool is_loopback(std::string_view address);

}  // namespace holdfast::introspection
