#include "storage/fragment_format.hpp"

#include "storage/crc32c.hpp"
#include "storage/numbers.hpp"

namespace holdfast::storage {
namespace {

constexpr std::uint32_t magic = 0x31464648;  // "HFF1"
constexpr std::size_t fixed_bytes = 4 + 32 + 4 + 4 + 4;
constexpr std::size_t crc_bytes = 4;

}  // namespace

std::uint64_t fragment_head_space(std::uint32_t meta_length, std::uint32_t length) {
  return fixed_bytes + crc_bytes * std::uint64_t{chunks_of(length)} + meta_length + crc_bytes;
}

bytes encode_fragment_head(const extent_id& extent, std::uint32_t block, bytes_view meta, bytes_view fragment) {
  auto length = static_cast<std::uint32_t>(fragment.size());
  bytes raw(fragment_head_space(static_cast<std::uint32_t>(meta.size()), length));
  put_little(raw.data(), magic);
  std::copy(extent.raw.begin(), extent.raw.end(), raw.begin() + 4);
  put_little(raw.data() + 36, block);
  put_little(raw.data() + 40, static_cast<std::uint32_t>(meta.size()));
  put_little(raw.data() + 44, length);
  auto* at = raw.data() + fixed_bytes;
  for (auto rest = fragment; !rest.empty(); at += crc_bytes) {
    auto chunk = rest.first(std::min<std::size_t>(rest.size(), archive::chunk_bytes));
    put_little(at, crc32c(chunk));
    rest = rest.subspan(chunk.size());
  }
  at = std::copy(meta.begin(), meta.end(), at);
  put_little(at, crc32c(bytes_view(raw).first(raw.size() - crc_bytes)));
  return raw;
}

bool fragment_head::chunk_is(std::uint32_t index, bytes_view data) const {
  return get_little<std::uint32_t>(chunk_crcs.data() + crc_bytes * std::size_t{index}) == crc32c(data);
}

result<fragment_head> decode_fragment_head(bytes_view raw, const extent_id& extent, std::uint32_t block, const fragment_place& place) {
  auto space = fragment_head_space(place.meta_length, place.length);
  auto right = raw.size() >= space && get_little<std::uint32_t>(raw.data() + space - crc_bytes) == crc32c(raw.first(space - crc_bytes)) &&
               get_little<std::uint32_t>(raw.data()) == magic && std::equal(extent.raw.begin(), extent.raw.end(), raw.begin() + 4) &&
               get_little<std::uint32_t>(raw.data() + 36) == block && get_little<std::uint32_t>(raw.data() + 40) == place.meta_length &&
               get_little<std::uint32_t>(raw.data() + 44) == place.length;
  if (!right) return fail(errc::corrupt, "the head of fragment " + std::to_string(block) + " of extent " + extent.brief() + " is damaged");
  auto crcs = crc_bytes * std::size_t{chunks_of(place.length)};
  return fragment_head{raw.subspan(fixed_bytes, crcs), raw.subspan(fixed_bytes + crcs, place.meta_length)};
}

}  // namespace holdfast::storage
