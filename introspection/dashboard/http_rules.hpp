// Small pure readings of HTTP fields. Anything that is not clearly well-formed is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::introspection {

/// The name in a Host field without its port, lower-case, IPv6 in brackets; nothing if it is malformed.
std::optional<std::string> host_name(std::string_view host_field);

/// Whether the name of a host, as `host_name` gives it, is a numeric address.
bool is_address(const std::string& host_name);

/// The path of a request target, undecoded: our paths need no escapes.
std::string_view path_of(std::string_view target);

/// The value of a query parameter that needs no decoding (letters, digits, `-`, `_`); nothing otherwise.
std::optional<std::string> query_value(std::string_view target, std::string_view name);

std::optional<std::string> cookie_value(std::string_view cookie_field, std::string_view name);

/// Whether an If-None-Match field names the (strong or weak) entity tag, given with its quotes.
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace holdfast::introspection
