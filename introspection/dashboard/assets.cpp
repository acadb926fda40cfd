#include "introspection/dashboard/assets.hpp"

namespace holdfast::introspection {

const asset* find_asset(std::string_view path) {
  for (const auto& a : assets()) {
    if (a.path == path) return &a;
  }
  return nullptr;
}

}  // namespace holdfast::introspection
