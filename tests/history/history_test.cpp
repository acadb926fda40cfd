// The checkers find every kind of violation that they promise to find, and accept what a correct store may answer.
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"
#include "tests/history/history_checker.hpp"

using namespace holdfast;
using namespace holdfast::history;

namespace {

operation put(std::uint64_t version, std::string hash, std::int64_t call, std::int64_t end, operation_outcome outcome = operation_outcome::ok) {
  return {1, operation_kind::put, "a", std::nullopt, version, std::move(hash), call, end, outcome};
}

operation get(std::uint64_t version, std::string hash, std::int64_t call, std::int64_t end, operation_outcome outcome = operation_outcome::ok) {
  return {2, operation_kind::get, "a", std::nullopt, version, std::move(hash), call, end, outcome};
}

operation put_if(std::uint64_t if_version, operation op) {
  op.if_version = if_version;
  return op;
}

bool finds(const std::vector<operation>& operations, std::string_view sentence) {
  auto found = check_version_order(operations);
  return std::any_of(found.begin(), found.end(), [&](const std::string& v) { return v.starts_with(sentence); });
}

/// A history of a correct store: each operation takes effect somewhere between call and return.
std::vector<operation> correct_history(std::uint64_t seed, std::size_t count, std::uint64_t clients) {
  seeded_random random(seed);
  struct effect {
    std::int64_t at_us;
    operation op;
  };
  std::vector<effect> effects;
  std::vector<std::int64_t> free_at(clients, 0);
  for (std::size_t i = 0; i < count; ++i) {
    auto client = random.below(clients);
    auto call = free_at[client] + static_cast<std::int64_t>(random.below(50));
    auto takes = 10 + static_cast<std::int64_t>(random.below(200));
    operation op{static_cast<std::uint32_t>(client), random.below(2) ? operation_kind::put : operation_kind::get, "a"};
    if (op.kind == operation_kind::put && random.below(3) == 0) op.if_version = i / 4;
    op.hash = "content " + std::to_string(i);
    op.call_us = call;
    op.return_us = call + takes;
    free_at[client] = op.return_us + 1;
    effects.push_back({call + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(takes))), op});
  }
  std::stable_sort(effects.begin(), effects.end(), [](const auto& a, const auto& b) { return a.at_us < b.at_us; });
  std::uint64_t version = 0;
  std::string content;
  std::vector<operation> operations;
  for (auto& [at, op] : effects) {
    op.outcome = operation_outcome::ok;
    if (op.kind == operation_kind::get) {
      op.hash = content;
      if (version == 0) op.outcome = operation_outcome::not_found;
    } else if (op.if_version && *op.if_version != version) {
      op.outcome = operation_outcome::conflict;
    } else {
      ++version;
      content = op.hash;
    }
    if (op.outcome == operation_outcome::ok) op.version = version;
    if (op.kind == operation_kind::put && random.below(20) == 0) {
      op.outcome = operation_outcome::unknown;
      op.version = 0;
    }
    operations.push_back(op);
  }
  return operations;
}

}  // namespace

BOOST_AUTO_TEST_CASE(lines_are_read_as_written) {
  std::stringstream text;
  auto written = correct_history(1, 50, 4);
  for (const auto& op : written) text << to_line(op) << "\n\n";
  auto found = read(text);
  BOOST_REQUIRE(found);
  BOOST_REQUIRE_EQUAL(found->size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) BOOST_TEST(to_line((*found)[i]) == to_line(written[i]));
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_operation_is_named) {
  std::stringstream text(to_line(put(1, "x", 0, 1)) + "\n{\"client\": 1, \"op\": \"erase\"}\n");
  auto found = read(text);
  BOOST_REQUIRE(!found);
  BOOST_TEST(found.error().message().starts_with("line 2 "));
}

BOOST_AUTO_TEST_CASE(what_a_correct_store_answers_is_accepted) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) BOOST_TEST(check_version_order(correct_history(seed, 200, 5)).empty());
}

BOOST_AUTO_TEST_CASE(a_million_operations_are_swept) { BOOST_TEST(check_version_order(correct_history(7, 1'000'000, 16)).empty()); }

BOOST_AUTO_TEST_CASE(a_stale_read_is_found) {
  BOOST_TEST(finds({put(1, "x", 0, 10), put(2, "y", 20, 30), get(1, "x", 31, 40)}, "a get saw less"));
  BOOST_TEST(!finds({put(1, "x", 0, 10), put(2, "y", 20, 30), get(1, "x", 29, 40)}, "a get saw less"));
  BOOST_TEST(finds({put(1, "x", 0, 10), get(0, "", 11, 40, operation_outcome::not_found)}, "a get saw less"));
}

BOOST_AUTO_TEST_CASE(a_read_that_goes_back_is_found_if_asked) {
  std::vector<operation> history{put(1, "x", 0, 10), put(2, "y", 20, 100), get(2, "y", 30, 40), get(1, "x", 50, 60)};
  BOOST_TEST(finds(history, "a get saw less"));
  BOOST_TEST(check_version_order(history, {.reads_monotone = false}).empty());
}

BOOST_AUTO_TEST_CASE(an_acknowledged_version_that_is_lost_is_found) {
  // The second put was acknowledged as version 2 and forgotten; the third made another version 2.
  BOOST_TEST(finds({put(1, "x", 0, 10), put(2, "y", 20, 30), put(2, "z", 40, 50)}, "two acknowledged puts share a version"));
  BOOST_TEST(finds({put(1, "x", 0, 10), put(2, "y", 20, 30), put(2, "z", 40, 50)}, "a put made a version that is not newer"));
}

BOOST_AUTO_TEST_CASE(changed_content_is_found) {
  BOOST_TEST(finds({put(1, "x", 0, 10), get(1, "w", 20, 30)}, "a get saw content that was not written as that version"));
  BOOST_TEST(finds({put(0, "x", 0, 10, operation_outcome::unknown), get(1, "w", 20, 30)}, "a get saw content that nobody wrote"));
  BOOST_TEST(finds({put(0, "x", 0, 10, operation_outcome::failed), get(1, "x", 20, 30)}, "a get saw content that nobody wrote"));
  BOOST_TEST(finds({put(0, "x", 0, 1, operation_outcome::unknown), put(0, "y", 0, 1, operation_outcome::unknown), get(1, "x", 2, 3),
                    get(1, "y", 2, 3)},
                   "two gets saw different content"));
}

BOOST_AUTO_TEST_CASE(a_put_of_unknown_outcome_may_show_late_or_never) {
  auto lost = put(0, "x", 0, 10, operation_outcome::unknown);
  BOOST_TEST(check_version_order({lost, get(0, "", 20, 30, operation_outcome::not_found), get(1, "x", 40, 50)}).empty());
  BOOST_TEST(check_version_order({lost, put(1, "y", 20, 30), get(1, "y", 40, 50)}).empty());
}

BOOST_AUTO_TEST_CASE(an_operation_executed_twice_is_found) {
  BOOST_TEST(finds({put(1, "x", 0, 10), get(2, "x", 20, 30)}, "there are more versions than puts"));
}

BOOST_AUTO_TEST_CASE(a_conditional_put_on_another_version_is_found) {
  BOOST_TEST(finds({put(1, "x", 0, 10), put(2, "y", 11, 12), put_if(1, put(3, "z", 20, 30))}, "a conditional put made a version"));
}

BOOST_AUTO_TEST_CASE(a_failed_get_is_found_unless_allowed) {
  std::vector<operation> history{put(1, "x", 0, 10), get(0, "", 20, 30, operation_outcome::failed)};
  BOOST_TEST(finds(history, "a get failed"));
  BOOST_TEST(check_version_order(history, {.gets_never_fail = false}).empty());
}

BOOST_AUTO_TEST_CASE(the_search_accepts_what_is_linearizable) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    BOOST_TEST((check_linearizable(correct_history(seed, 60, 4)) == linearizability::linearizable));
  }
}

BOOST_AUTO_TEST_CASE(the_search_refuses_what_is_not) {
  auto violated = [](const std::vector<operation>& history) { return check_linearizable(history) == linearizability::violated; };
  BOOST_TEST(violated({put(1, "x", 0, 10), put(2, "y", 20, 30), get(1, "x", 31, 40)}));
  BOOST_TEST(violated({put_if(0, put(1, "x", 0, 10)), put_if(0, put(1, "y", 5, 12))}));
  BOOST_TEST(violated({put(1, "x", 0, 10), put_if(1, put(0, "y", 20, 30, operation_outcome::conflict))}));
  // Reads that see two concurrent puts in opposite orders.
  BOOST_TEST(violated({put(1, "x", 0, 100), put(2, "y", 0, 100), get(2, "y", 10, 20), get(1, "x", 30, 40)}));
}

BOOST_AUTO_TEST_CASE(a_search_too_long_is_undecided) {
  BOOST_TEST((check_linearizable(correct_history(1, 1000, 4)) == linearizability::undecided));
}
