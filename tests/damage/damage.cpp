#include "tests/damage/damage.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iostream>

#include "tests/chaos/calibration.hpp"

namespace holdfast::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

fs::path largest_file(const fs::path& folder, const std::string& text) {
  fs::path largest;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename().string().find(text) == std::string::npos) continue;
    if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
  }
  return largest;
}

void flip_bit(const fs::path& file, double part) {
  std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
  std::string all{std::istreambuf_iterator<char>(f), {}};
  const auto written = all.find_last_not_of('\0') + 1;
  BOOST_REQUIRE_GT(written, 10u);
  auto at = static_cast<std::size_t>(static_cast<double>(written) * part);
  // The padding between records holds nothing that could be damaged, and flipped again the same byte shall be found again.
  while (all[at] == '\0' || all[at] == '\1') ++at;
  f.clear();
  f.seekp(static_cast<std::streamoff>(at));
  f.put(static_cast<char>(all[at] ^ 1));
  std::cout << "flipped a bit of byte " << at << " of " << file.string() << std::endl;
}

void becomes_full(actors::client& c, const std::string& path) {
  std::string last;
  const bool full = eventually(within(90s), [&] {
    auto report = c.verify(path);
    last = !report ? report.error().message() : report->findings.empty() ? "" : report->findings.front();
    return report && report->state == actors::soundness::full;
  });
  BOOST_CHECK_MESSAGE(full, path << " was not made good: " << last);
}

void kept_files::keep(actors::client& c) const {
  require(put_bytes(c, "a/small", small));
  require(put_bytes(c, "a/large", large));
}

void kept_files::check(actors::client& c) const {
  BOOST_TEST((require(read_bytes(c, "a/small")) == small));
  BOOST_TEST((require(read_bytes(c, "a/large")) == large));
}

}  // namespace holdfast::test
