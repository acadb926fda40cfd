// What nodes ask of each other besides agreement: fragments, pointers, membership, cached reads; and what an archive server keeps beside a
// fragment.
#include "protocols/archive/archive_messages.hpp"
#include "protocols/archive/archive_store_types.hpp"
#include "protocols/archive/claim.hpp"
#include "protocols/membership/membership_messages.hpp"
#include "protocols/mesh/mesh_types.hpp"
#include "protocols/replica/replica_messages.hpp"
#include "tests/fuzz/round_trip.hpp"

using namespace holdfast;

using all = fuzz::decoders<archive::service_request, archive::service_reply, archive::receipt, archive::extent_claim, archive::coding_record,
                           archive::stored_fragment, membership::request, membership::reply, mesh::service_request, mesh::service_reply,
                           mesh::pointer, replica::service_request, replica::service_reply>;
HOLDFAST_FUZZ_EXAMPLES(all::example)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bytes_view input(data, size);
  all::round_trip(input);
  if (auto receipt = codec::decode<archive::signed_receipt>(input.subspan(1))) {
    fuzz::must(!archive::open_receipt(*receipt, identity::directory{}));
  }
  if (auto claim = codec::decode<archive::extent_claim>(input.subspan(1))) {
    static_cast<void>(archive::verify_claim(*claim, identity::directory{}, ring_id{}, wall_time{}));
  }
  return 0;
}
