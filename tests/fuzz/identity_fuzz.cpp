// Whatever decodes as a statement of identity encodes to the very bytes it came from.
#include <cstdlib>

#include "protocols/codec/reader.hpp"
#include "protocols/identity/identity_types.hpp"

namespace {

using namespace holdfast;

template <class T>
void round_trip(bytes_view input) {
  auto value = codec::decode<T>(input, "fuzz input");
  if (!value) return;
  auto again = codec::encode(*value);
  if (!std::ranges::equal(again, input)) std::abort();
}

}  // namespace

/// The first byte chooses the type.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bytes_view input(data + 1, size - 1);
  switch (data[0] % 7) {
    case 0: round_trip<identity::trust_chain>(input); break;
    case 1: round_trip<identity::admission>(input); break;
    case 2: round_trip<identity::invitation>(input); break;
    case 3: round_trip<identity::signed_join>(input); break;
    case 4: round_trip<identity::advertisement>(input); break;
    case 5: round_trip<identity::directory>(input); break;
    default: round_trip<identity::signed_configuration>(input); break;
  }
  return 0;
}
