// What servers keep for a client: statements, version records, interior blocks, directories; and paths as people type them.
#include "protocols/object/content_reader.hpp"
#include "protocols/object/directory_content.hpp"
#include "protocols/object/version_walk.hpp"
#include "tests/fuzz/round_trip.hpp"

using namespace holdfast;

using all = fuzz::decoders<object::signed_update, object::update, object::content_root, object::version_record, object::head,
                           object::tree_node, object::capability>;
HOLDFAST_FUZZ_EXAMPLES(all::example)

namespace {

void read_content(bytes_view input) {
  auto root = codec::decode<object::content_root>(input);
  if (!root) return;
  auto reader = object::content_reader::open(*root, object::read_key{}, 4);
  if (!reader) return;
  for (const auto& wanted : reader->wants()) fuzz::must(!reader->on_block(wanted, input));
  fuzz::must(reader->take().empty());
}

void hop(bytes_view input) {
  auto record = codec::decode<object::version_record>(input);
  if (!record || record->version == 0) return;
  for (std::uint64_t target : {std::uint64_t{0}, std::uint64_t{1}, record->version / 2, record->version - 1}) {
    auto next = object::hop_towards(target, record->version, record->previous, record->skips);
    if (next) fuzz::must(next->version < record->version && next->version >= target);
  }
}

void read_directory(bytes_view input) {
  auto folder = object::directory_content::decode(input);
  if (!folder) return;
  fuzz::must(std::ranges::equal(folder->encode(), input));
  for (const auto& [name, link] : folder->links) fuzz::must(object::check_name(name).has_value() && link.target.consistent());
  for (const auto& [name, was] : folder->removed) {
    fuzz::must(object::check_name(name).has_value() && was.link.target.consistent() && !folder->links.contains(name));
  }
}

void split(bytes_view input) {
  auto names = object::split_path(as_text(input));
  if (!names) return;
  for (const auto& name : *names) fuzz::must(object::check_name(name).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bytes_view input(data, size);
  all::round_trip(input);
  input = input.subspan(1);
  read_content(input);
  hop(input);
  read_directory(input);
  split(input);
  fuzz::must(!object::open_record(vguid{}, input));
  return 0;
}
