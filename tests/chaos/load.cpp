#include "tests/chaos/load.hpp"

#include <boost/test/unit_test.hpp>

namespace holdfast::test {

using history::operation_kind;

const std::vector<std::string>& load::paths() {
  static const std::vector<std::string> all{"chaos/small-1", "chaos/large-1", "chaos/small-2", "chaos/large-2"};
  return all;
}

void load::write_next(std::uint64_t turn) {
  constexpr std::size_t small_bytes = 4'000, large_bytes = 120'000;
  const auto& path = paths()[turn % paths().size()];
  writer_->put(path, content_of(turn, path.find("small") != std::string::npos ? small_bytes : large_bytes));
}

load::load(const test_cluster& cluster)
    : record_(cluster.directory() / "history.jsonl"),
      writer_(std::in_place, writer, cluster.open_client(), record_),
      reader_(std::in_place, reader, cluster.open_client(), record_) {
  std::uint64_t turn = 0;
  for (; turn < paths().size(); ++turn) write_next(turn);
  BOOST_REQUIRE_EQUAL(record_.acknowledged_since(operation_kind::put, 0), paths().size());
  writing_ = std::thread([this, turn]() mutable {
    for (; !ending_; ++turn) write_next(turn);
  });
  reading_ = std::thread([this] {
    for (std::size_t i = 0; !ending_; ++i) reader_->get(paths()[i % paths().size()]);
  });
}

void load::end() {
  ending_ = true;
  if (writing_.joinable()) writing_.join();
  if (reading_.joinable()) reading_.join();
}

bool load::goes_on(std::int64_t since_us, std::size_t count) const {
  return record_.acknowledged_since(operation_kind::put, since_us) >= count && record_.acknowledged_since(operation_kind::get, since_us) >= count;
}

}  // namespace holdfast::test
