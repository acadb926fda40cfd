// The pages' files, embedded in the program. The build generates the table from build/web (deploy/build-web makes that).
#pragma once

#include <span>
#include <string_view>

namespace holdfast::introspection {

struct asset {
  std::string_view path;  ///< "/app.js"
  std::string_view content_type;
  std::string_view etag;  ///< with its quotes
  std::string_view body;
};

/// Every embedded file; without web pages, an index.html of one line that says so.
std::span<const asset> assets();

const asset* find_asset(std::string_view path);

}  // namespace holdfast::introspection
