// Shares become certificates, whatever one member sends beside them.
#include "protocols/ring/certifier.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::ring;

namespace {

struct seats : test_cluster {
  state_root reached(std::uint64_t sequence) const {
    return {cluster, entry.object.id, entry.object.epoch, sequence, born, digest{}, {}};
  }
  certifier member(std::uint32_t seat) const { return {cluster, entry.object, seat, members[seat].object_key}; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(shares_of_sequences_to_come_do_not_push_out_what_is_executed) {
  seats s;
  auto honest = s.member(0), other = s.member(1), third = s.member(2), liar = s.member(3);
  std::uint64_t executed = 1;
  honest.on_executed(s.reached(executed));
  for (std::uint64_t ahead = 1; ahead <= certifier::pending_max; ++ahead) {
    auto lie = s.reached(executed + ahead);
    lie.time = after_birth(std::chrono::hours(1));
    BOOST_REQUIRE(honest.on_share(3, liar.on_executed(lie)));
  }
  // Two more are executed before the others' shares come.
  honest.on_executed(s.reached(2));
  honest.on_executed(s.reached(3));
  auto share = other.on_executed(s.reached(1));
  BOOST_TEST(honest.on_share(1, share));
  BOOST_TEST(honest.on_share(2, third.on_executed(s.reached(1))));
  BOOST_TEST(honest.advance());
  BOOST_TEST(honest.certified_sequence() >= 1u);
  BOOST_TEST(!honest.on_share(1, root_share{codec::encode(s.reached(5)), share.sig}), "a share that is not signed is none");
}
