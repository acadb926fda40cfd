// Every code of every room has a row with its own name, a known exit code, a sentence and a remedy.
#include <boost/test/unit_test.hpp>

#include "protocols/object/name_error.hpp"
#include "protocols/link/listen_error.hpp"
#include "storage/error.hpp"
#include "tools/errors/error_table.hpp"
#include "tools/errors/tool_error.hpp"

using namespace holdfast;

namespace {

template <class Enum>
void every_code_has_a_row() {
  for (std::uint16_t code = 1; to_string(Enum{code}) != "unknown"; ++code) {
    const auto* row = tools::error_table::instance().find(error(Enum{code}, ""));
    BOOST_REQUIRE_MESSAGE(row, error_room<Enum>::name << " " << code << " has no row in tools/errors.toml");
    BOOST_TEST(row->id == std::string(error_room<Enum>::name) + "." + std::string(to_string(Enum{code})));
    BOOST_TEST(tools::error_table::instance().exit_codes().contains(row->exit_code));
    BOOST_TEST(row->exit_code != 0);
    BOOST_TEST(!row->sentence.empty());
    BOOST_TEST(!row->remedy.empty());
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_error_of_every_room_is_in_the_table) {
  every_code_has_a_row<errc>();
  every_code_has_a_row<link::listen_errc>();
  every_code_has_a_row<storage::errc>();
  every_code_has_a_row<tools::tool_errc>();
  every_code_has_a_row<object::name_errc>();
}

BOOST_AUTO_TEST_CASE(a_description_says_what_happened_and_what_to_do) {
  error e(errc::not_found, "there is no notes.txt");
  BOOST_TEST(tools::exit_code(e) == 5);
  BOOST_TEST(tools::describe(e).starts_with("holdfast: there is no notes.txt\n  `holdfast ls`"));
  BOOST_TEST(tools::describe_json(e).starts_with(R"({"error":{"id":"protocols.not_found","exit":5,"message":"there is no notes.txt")"));
  BOOST_TEST(tools::describe(e, tools::situation::running_node).find("holdfast ls") == std::string::npos);  // where no file is meant
  BOOST_TEST(tools::describe(e, tools::situation::running_node).find("mounted") != std::string::npos);
  BOOST_TEST(tools::exit_code(error(storage::errc::io_failed, "")) == 74);
}
