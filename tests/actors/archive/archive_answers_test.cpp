// Answers that find no room: no fragment leaves with a hole in it, and its asker is told.
#include <boost/test/unit_test.hpp>

#include "actors/archive/archive_answers.hpp"
#include "actors/archive/archive_wire.hpp"

using namespace holdfast;
using namespace holdfast::actors;

BOOST_AUTO_TEST_CASE(a_fragment_whose_piece_finds_no_room_is_cut_off_and_its_asker_told) {
  const link::endpoint reader(crypto::hash<node_id>("holdfast/test/v1", {bytes{1}}), 3);
  std::vector<archive::service_reply> sent;
  std::size_t attempts = 0;
  auto send = [&](outgoing m) -> outcome {
    BOOST_TEST((m.to == reader));
    BOOST_TEST((m.lane == link::traffic_class::background));
    if (++attempts == 2) return fail(errc::over_limit, "the queue is full");
    sent.push_back(std::get<archive::service_reply>(*open_archive_message(*m.payload)));
    return {};
  };
  archive_answers answers(node_id{}, send, [](const auto&) { BOOST_TEST(false); });
  answers.asked(reader, link::traffic_class::background);
  std::vector<archive::outgoing_reply> replies;
  for (std::uint64_t id : {7, 8}) {
    for (std::uint32_t i = 0; i < 3; ++i) replies.push_back({reader, {id, archive::fragment_piece{0, i * 10, i == 2, std::nullopt, bytes(10)}}});
  }
  answers.send(replies);
  BOOST_REQUIRE(sent.size() == 5u);  // a piece, the refusal, and the other fragment
  auto* refused = std::get_if<archive::refusal>(&sent[1].body);
  BOOST_REQUIRE(refused);
  BOOST_TEST((refused->code == errc::unavailable));
  BOOST_TEST(sent[1].id == 7u);
  for (std::size_t i : {2, 3, 4}) BOOST_TEST(sent[i].id == 8u);
  BOOST_TEST(!answers.lost(reader, link::traffic_class::foreground));
  BOOST_TEST(answers.lost(reader, link::traffic_class::background));
}
