// What people write and may mangle: a manifest is either refused with complaints, or its values hold what the table of keys promises;
// a profile that is taken prints to one that reads the same.
#include "protocols/base/random.hpp"
#include "tests/fuzz/round_trip.hpp"
#include "tools/manifest/manifest.hpp"
#include "tools/profile/profile_file.hpp"

using namespace holdfast;
using namespace holdfast::tools;

namespace {

void read_manifest(std::string_view text) {
  auto c = parse_manifest(text, "fuzz.toml");
  fuzz::must(c.readable || !c.complaints.empty());
  fuzz::must(c.settings.labels.size() <= 16 && c.settings.listen.port != 0);
  for (const auto& key : manifest_keys()) key.show(c.settings);
  if (auto a = parse_address(text)) fuzz::must(parse_address(to_string(*a)) == a);
  if (auto bytes = parse_size(text)) fuzz::must(parse_size(print_size(*bytes)) == bytes);
}

void read_profile(std::string_view text) {
  auto profile = parse_profile(text, std::nullopt);
  if (!profile) return;
  system_random random;
  auto printed = print_profile(*profile, std::nullopt, identity::everyday_stretching, random);
  fuzz::must(printed.has_value());
  auto again = parse_profile(*printed, std::nullopt);
  fuzz::must(again && again->members == profile->members);
  fuzz::must(codec::encode(again->secrets) == codec::encode(profile->secrets));
}

bytes example(std::size_t) {
  identity::profile p;
  p.members = {"[::1]:7400", "node.example:7400"};
  system_random random;
  auto text = print_profile(p, std::nullopt, identity::everyday_stretching, random);
  return to_bytes(as_bytes_view(*text));
}

}  // namespace

HOLDFAST_FUZZ_EXAMPLES(example)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = as_text({data, size});
  read_manifest(text);
  read_profile(text);
  return 0;
}
