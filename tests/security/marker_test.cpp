// What a client keeps is readable nowhere but at the client: markers in content and names, and its keys, are in no file that nodes write
// and nowhere in their memory, which is what a core dump would hold. Looked for as they are, in hexadecimal, and in base64.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <thread>
#include <unistd.h>

#include "protocols/base/random.hpp"
#include "protocols/codec/reader.hpp"
#include "protocols/object/capability.hpp"
#include "tests/chaos/calibration.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string marker() {
  bytes random(12);
  system_random().fill(random);
  return "mark" + to_hex(random);
}

bytes with(const std::string& text, std::size_t size) {
  auto content = bytes(size, ' ');
  std::ranges::copy(text, content.begin() + 100);
  return content;
}

std::string upper(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// Whole groups of base64, of a text that begins at any place within a group: what would be found whatever lies around it.
std::string base64(std::string_view text, std::size_t skipped) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = skipped; i + 3 <= text.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | static_cast<std::uint8_t>(text[i + k]);
    for (int shift = 18; shift >= 0; shift -= 6) out += letters[group >> shift & 63];
  }
  return out;
}

/// A secret in every form in which it might be written down.
std::vector<std::string> forms_of(std::string_view secret) {
  const auto hex = to_hex(as_bytes_view(secret));
  return {std::string(secret), hex, upper(hex), base64(secret, 0), base64(secret, 1), base64(secret, 2)};
}

using secrets = std::map<std::string, std::vector<std::string>>;  ///< what it is, and its forms

void check_clean(std::string_view text, const secrets& wanted, const std::string& where) {
  for (const auto& [what, forms] : wanted) {
    for (const auto& form : forms) BOOST_CHECK_MESSAGE(text.find(form) == std::string_view::npos, what << " is readable in " << where);
  }
}

bool holds(std::string_view text, bytes_view what) { return text.find(as_text(what)) != std::string_view::npos; }

/// The client's keys, as they would lie in a process's memory.
secrets keys_of(const identity::profile& profile) {
  const auto root = require(codec::decode<object::capability>(profile.secrets.root_directory, "root capability"));
  auto text = [](const auto& secret) { return std::string(as_text(secret.view())); };
  return {{"the client's identity key", forms_of(text(profile.secrets.identity_seed))},
          {"the root folder's write key", forms_of(text(*root.write_seed))},
          {"the root folder's read key", forms_of(text(root.read->key))}};
}

/// Calls `look` with everything that the process can read in its memory, a piece at a time, overlapping so that nothing is cut in two.
bool read_memory(pid_t pid, const std::function<void(std::string_view)>& look) {
  constexpr std::size_t piece = 16u << 20, overlap = 4096;
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  std::ifstream memory("/proc/" + std::to_string(pid) + "/mem", std::ios::binary);
  std::string held, line;
  std::uint64_t total = 0;
  while (std::getline(maps, line)) {
    std::uint64_t begin = 0, end = 0;
    char readable = '-', writable = '-';
    if (std::sscanf(line.c_str(), "%lx-%lx %c%c", &begin, &end, &readable, &writable) != 4 || readable != 'r' || writable != 'w') continue;
    for (auto at = begin; at < end; at += piece) {
      held.resize(std::min<std::uint64_t>(piece + overlap, end - at));
      memory.clear();
      memory.seekg(static_cast<std::streamoff>(at));
      memory.read(held.data(), static_cast<std::streamsize>(held.size()));
      held.resize(static_cast<std::size_t>(memory.gcount()));
      total += held.size();
      look(held);
    }
  }
  return total > 0;
}

/// Nodes are no children of this program: root may look at them, or any process of the same user where the kernel allows that.
boost::test_tools::assertion_result can_read_memory(boost::unit_test::test_unit_id) {
  int scope = 0;
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  boost::test_tools::assertion_result possible(geteuid() == 0 || scope == 0);
  possible.message() << "the memory of nodes cannot be read here: run this as root, or with kernel.yama.ptrace_scope = 0";
  return possible;
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_readable_is_in_the_files_of_nodes) {
  test_cluster cluster("marker", 4, 4);
  const auto in_small = marker(), in_large = marker(), file_name = marker(), folder_name = marker();
  auto wanted = keys_of(cluster.profile());
  for (const auto& mark : {in_small, in_large, file_name, folder_name}) wanted.emplace(mark, forms_of(mark));
  {
    auto c = cluster.open_client();
    require(put_bytes(c, folder_name + "/" + file_name, with(in_small, 4'000)));
    require(put_bytes(c, folder_name + "/large", with(in_large, 300'000)));
    require(read_bytes(c, folder_name + "/" + file_name));
    require(c.ls(folder_name));
    BOOST_TEST(!c.get("no/" + file_name, object::version_walk::newest{}, [](bytes_view) { return outcome(); }).has_value());
  }
  cluster.restart_all();
  std::size_t files = 0;
  for (const auto& name : cluster.names()) {
    for (const auto& entry : fs::recursive_directory_iterator(cluster.directory() / name)) {
      check_clean(entry.path().string(), wanted, "the name of " + entry.path().string());
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      check_clean(std::string(std::istreambuf_iterator<char>(in), {}), wanted, entry.path().string());
      ++files;
    }
  }
  BOOST_TEST(files > 40u);  // there was something to look at
}

BOOST_AUTO_TEST_CASE(nothing_readable_is_in_the_memory_of_nodes, *boost::unit_test::precondition(can_read_memory)) {
  test_cluster cluster("memory", 4, 4);
  const auto profile = cluster.profile();
  auto wanted = keys_of(profile);
  const auto in_small = marker(), in_large = marker(), file_name = marker(), folder_name = marker();
  for (const auto& mark : {in_small, in_large, file_name, folder_name}) wanted.emplace(mark, forms_of(mark));

  auto c = cluster.open_client();
  std::atomic<bool> ending = false;
  std::atomic<int> rounds = 0;
  std::thread busy([&] {
    while (!ending) {
      const bool small = put_bytes(c, folder_name + "/" + file_name, with(in_small, 4'000)).has_value();
      const bool large = put_bytes(c, folder_name + "/large", with(in_large, 3'000'000)).has_value();
      if (small && large && read_bytes(c, folder_name + "/large")) ++rounds;
    }
  });
  for (const auto& node : cluster.names()) {
    const int before = rounds;
    BOOST_TEST(eventually(within(30s), [&] { return rounds > before + 1; }), "the load does not go on");
    cluster.freeze(node);
    bool knows_cluster = false;
    const bool could = read_memory(cluster.pid_of(node), [&](std::string_view memory) {
      check_clean(memory, wanted, "the memory of " + node);
      knows_cluster = knows_cluster || holds(memory, profile.secrets.cluster.view());
    });
    cluster.start(node);
    BOOST_CHECK_MESSAGE(could, "nothing of the memory of " << node << " could be read");
    BOOST_TEST(knows_cluster, "what was looked at is not a node's memory");  // what is there is found
  }
  ending = true;
  busy.join();
}
