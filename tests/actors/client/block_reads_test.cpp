// Blocks from replicas and archive servers at once: each arrives once, and what comes late does no harm.
#include <boost/test/unit_test.hpp>

#include "actors/client/block_fetches.hpp"

using namespace holdfast;
using namespace holdfast::actors;

namespace {

const bytes content(100, 7);

archive::fetched_block from_servers(std::uint64_t tag, result<bytes> what) {
  archive::fetched_block block;
  block.fetch = tag;
  block.ciphertext = std::move(what);
  return block;
}

replica_answer from_a_replica() {
  replica_answer answer;
  answer.what = content;
  return answer;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_block_that_came_while_it_was_called_late_is_not_asked_for_again) {
  block_inbox inbox;
  inbox.expect(1, block_inbox::source::replica);
  inbox.overdue(1);
  BOOST_TEST(inbox.next().value().overdue);
  inbox.from_replica(1, from_a_replica());  // while the reader looks up where its fragments are
  BOOST_TEST(!inbox.expect_archive_too(1));
  auto block = inbox.next();
  BOOST_TEST((block->ciphertext.value() == content));
  inbox.from_archive(from_servers(1, fail(errc::unavailable, "too late")));
  inbox.expect(2, block_inbox::source::archive);
  inbox.from_archive(from_servers(2, content));
  BOOST_TEST(inbox.next()->fetch == 2u);  // and nothing before it
}

BOOST_AUTO_TEST_CASE(of_two_sources_the_first_that_is_right_counts) {
  block_inbox inbox;
  inbox.expect(1, block_inbox::source::replica);
  inbox.overdue(1);
  BOOST_TEST(inbox.next().value().overdue);
  BOOST_TEST(inbox.expect_archive_too(1));
  inbox.from_archive(from_servers(1, fail(errc::unavailable, "not enough")));
  inbox.from_replica(1, from_a_replica());
  BOOST_TEST((inbox.next()->ciphertext.value() == content));
}

BOOST_AUTO_TEST_CASE(a_block_that_failed_may_be_asked_for_again) {
  block_inbox inbox;
  inbox.expect(1, block_inbox::source::archive);
  inbox.from_archive(from_servers(1, fail(errc::damaged, "moved")));
  BOOST_TEST(!inbox.next()->ciphertext);
  inbox.expect(1, block_inbox::source::archive);
  inbox.from_archive(from_servers(1, content));
  BOOST_TEST((inbox.next()->ciphertext.value() == content));
}

BOOST_AUTO_TEST_CASE(requests_go_out_for_who_waits_and_not_for_who_has_gone) {
  std::vector<archive::outgoing_request> sent;
  block_reads reads([&](const auto& requests) { sent.insert(sent.end(), requests.begin(), requests.end()); }, std::make_shared<server_memory>());
  archive::block_want want;
  want.code = {1, 2};
  want.length = 100;
  want.slots = {crypto::hash<node_id>("holdfast/test/v1", {content}), std::nullopt};
  auto gone = std::make_shared<block_inbox>(), there = std::make_shared<block_inbox>();
  gone->cancel();
  reads.fetch({}, {gone, 5, want});
  BOOST_TEST(sent.empty());
  there->expect(6, block_inbox::source::archive);
  reads.fetch({}, {there, 6, want});
  BOOST_REQUIRE(sent.size() == 1u);
  reads.on_reply({}, sent[0].to, {sent[0].request.id, archive::refusal{errc::not_found, "no such fragment"}});
  auto block = there->next();
  BOOST_TEST(block->fetch == 6u);
  BOOST_TEST(block->ciphertext.error().is(errc::damaged));
  BOOST_TEST(!reads.busy());
}
