// Statements of identity, tokens, key files and profiles' secrets.
#include "protocols/identity/key_file.hpp"
#include "protocols/identity/profile.hpp"
#include "tests/fuzz/round_trip.hpp"

using namespace holdfast;

using all = fuzz::decoders<identity::trust_chain, identity::signed_genesis, identity::genesis_statement, identity::configuration_entry,
                           identity::signed_configuration, identity::admission, identity::invitation, identity::join_request,
                           identity::signed_join, identity::advertisement, identity::directory, identity::profile_secrets>;
HOLDFAST_FUZZ_EXAMPLES(all::example)

namespace {

void open_key_file(bytes_view input) {
  constexpr std::size_t costs_at = 4, costs_end = 12;  // behind the format
  identity::stretching costs;
  if (input.size() >= costs_end) {
    if (auto read = codec::decode<identity::stretching>(input.subspan(costs_at, costs_end - costs_at))) costs = *read;
  }
  if (costs.memory_kib >= 64 && costs.memory_kib <= (1u << 20)) return;  // costs are within bounds, and would take all of the time
  fuzz::must(!identity::open_key_file("", input));
}

void walk_chain(bytes_view input) {
  auto chain = codec::decode<identity::trust_chain>(input);
  if (chain) fuzz::must(!identity::verify(*chain, cluster_id{}));
}

void read_token(bytes_view input) { static_cast<void>(identity::parse_token(as_text(input))); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bytes_view input(data, size);
  all::round_trip(input);
  open_key_file(input);
  read_token(input);
  if (size > 1) walk_chain(input.subspan(1));
  return 0;
}
