// What a ring's members are sent, by each other, by clients and by their own logs; and the proofs that others are shown.
#include "protocols/agreement/log_records.hpp"
#include "protocols/ring/admission_proof.hpp"
#include "protocols/ring/object_request.hpp"
#include "protocols/ring/ring_step.hpp"
#include "protocols/ring/service_messages.hpp"
#include "tests/fuzz/round_trip.hpp"

using namespace holdfast;

using all = fuzz::decoders<agreement::message, agreement::view_change_statement, agreement::new_view_statement, agreement::log_record,
                           agreement::batch, ring::member_message, ring::state_root, ring::service_request, ring::service_reply,
                           ring::object_operation, ring::root_operation, ring::admission_proof, ring::proven_entry, ring::map_proof,
                           ring::operation_result, object::update>;
HOLDFAST_FUZZ_EXAMPLES(all::example)

namespace {

/// No proof that nobody made leads to a root that nobody signed.
void believe_nothing(bytes_view input) {
  if (auto proof = codec::decode<ring::admission_proof>(input)) {
    fuzz::must(!ring::verify_admission(*proof, identity::verified_chain{}, wall_time{}));
  }
  if (auto entry = codec::decode<ring::proven_entry>(input)) {
    identity::ring_description ring;
    ring.seats.resize(4);
    fuzz::must(!ring::verify(*entry, ring::place{}, cluster_id{}, ring));
  }
  if (auto proof = codec::decode<ring::map_proof>(input)) {
    digest root;
    root.raw.fill(1);
    fuzz::must(!ring::verify(*proof, root, ring::place{}, bytes{1}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bytes_view input(data, size);
  all::round_trip(input);
  static_cast<void>(ring::check_request(input.subspan(1), identity::configuration_entry{}));
  believe_nothing(input.subspan(1));
  return 0;
}
