// A manifest is either refused with complaints, or its values hold what the table of keys promises.
#include <cstdlib>

#include "tools/manifest/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::tools;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto c = parse_manifest(text, "fuzz.toml");
  if (!c.readable && c.complaints.empty()) std::abort();
  if (c.settings.labels.size() > 16 || c.settings.listen.port == 0) std::abort();
  for (const auto& key : manifest_keys()) key.show(c.settings);
  if (auto a = parse_address(text); a && parse_address(to_string(*a)) != a) std::abort();
  if (auto bytes = parse_size(text); bytes && parse_size(print_size(*bytes)) != bytes) std::abort();
  return 0;
}
