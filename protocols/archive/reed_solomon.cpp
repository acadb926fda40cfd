#include "protocols/archive/reed_solomon.hpp"

#include <cassert>

#include <isa-l/erasure_code.h>

namespace holdfast::archive {

namespace {

constexpr std::uint32_t fragment_alignment_bytes = 64;
constexpr std::size_t patterns_max = 32;               // tables of a few KiB each; a reader sees a handful of patterns at a time
constexpr std::size_t table_bytes_per_coefficient = 32;

// ISA-L reads through pointers that are not const.
unsigned char* readable(const std::uint8_t* p) { return const_cast<unsigned char*>(p); }

bytes tables_of(std::size_t m, std::size_t rows, bytes coefficients) {
  bytes tables(table_bytes_per_coefficient * m * rows);
  if (rows > 0) ec_init_tables(static_cast<int>(m), static_cast<int>(rows), coefficients.data(), tables.data());
  return tables;
}

void multiply(std::size_t length, std::size_t m, std::size_t rows, const bytes& tables, std::vector<unsigned char*>& from,
              std::vector<unsigned char*>& to) {
  if (rows == 0) return;
  ec_encode_data(static_cast<int>(length), static_cast<int>(m), static_cast<int>(rows), readable(tables.data()), from.data(), to.data());
}

}  // namespace

std::uint32_t fragment_bytes(coding code, std::uint32_t length) {
  auto share = (length + code.m - 1) / code.m;
  return (share + fragment_alignment_bytes - 1) / fragment_alignment_bytes * fragment_alignment_bytes;
}

reed_solomon::reed_solomon(coding code) : code_(code), matrix_(std::size_t{code.n} * code.m) {
  assert(valid(code));
  if (code.m == 1) {
    std::fill(matrix_.begin(), matrix_.end(), std::uint8_t{1});
  } else {
    gf_gen_cauchy1_matrix(matrix_.data(), code.n, code.m);
  }
  auto parity_rows = matrix_.begin() + std::ptrdiff_t{code.m} * code.m;
  parity_tables_ = tables_of(code.m, code.n - code.m, bytes(parity_rows, matrix_.end()));
}

std::vector<bytes> reed_solomon::encode(bytes_view block) const {
  assert(!block.empty() && block.size() <= block_bytes_max);
  const std::size_t share = fragment_bytes(code_, static_cast<std::uint32_t>(block.size()));
  std::vector<bytes> fragments(code_.n);
  std::vector<unsigned char*> data, parity;
  for (std::size_t i = 0; i < code_.m; ++i) {
    auto cut = block.subspan(std::min(block.size(), i * share));
    cut = cut.first(std::min(cut.size(), share));
    fragments[i].reserve(share);
    append(fragments[i], cut);
    fragments[i].resize(share);
    data.push_back(fragments[i].data());
  }
  for (std::size_t i = code_.m; i < code_.n; ++i) {
    if (code_.m == 1) {
      fragments[i] = fragments[0];
    } else {
      fragments[i].resize(share);
      parity.push_back(fragments[i].data());
    }
  }
  multiply(share, code_.m, parity.size(), parity_tables_, data, parity);
  return fragments;
}

result<bytes> reed_solomon::decode(std::uint32_t length, const std::vector<shard>& shards) {
  if (length == 0 || length > block_bytes_max) return fail(errc::malformed, "block length out of range");
  const std::size_t share = fragment_bytes(code_, length);
  std::map<std::uint8_t, bytes_view> chosen;
  for (const auto& s : shards) {
    if (s.index >= code_.n || s.data.size() != share) return fail(errc::malformed, "fragment of a wrong index or size");
    if (chosen.size() < code_.m) chosen.try_emplace(s.index, s.data);
  }
  if (chosen.size() < code_.m) {
    return fail(errc::unavailable, "decoding needs " + std::to_string(code_.m) + " fragments, there are " + std::to_string(chosen.size()));
  }

  std::vector<std::uint8_t> present;
  std::vector<unsigned char*> from, to;
  bytes block(share * code_.m);
  for (const auto& [index, data] : chosen) {
    present.push_back(index);
    from.push_back(readable(data.data()));
    if (code_.m == 1) {
      std::copy(data.begin(), data.end(), block.begin());
    } else if (index < code_.m) {
      std::copy(data.begin(), data.end(), block.begin() + static_cast<std::ptrdiff_t>(index * share));
    }
  }
  if (code_.m > 1) {
    const auto& p = pattern_for(present);
    for (auto index : p.missing) to.push_back(block.data() + index * share);
    multiply(share, code_.m, p.missing.size(), p.tables, from, to);
  }
  block.resize(length);
  return block;
}

const reed_solomon::pattern& reed_solomon::pattern_for(const std::vector<std::uint8_t>& present) {
  for (const auto& p : patterns_) {
    if (p.present == present) return p;
  }
  const std::size_t m = code_.m;
  bytes square(m * m), inverse(m * m);
  for (std::size_t row = 0; row < m; ++row) {
    std::copy_n(matrix_.begin() + static_cast<std::ptrdiff_t>(present[row] * m), m, square.begin() + static_cast<std::ptrdiff_t>(row * m));
  }
  [[maybe_unused]] int singular = gf_invert_matrix(square.data(), inverse.data(), static_cast<int>(m));
  assert(singular == 0);  // any m rows of identity over Cauchy are independent

  pattern p{present, {}, {}};
  bytes rows;
  for (std::size_t index = 0; index < m; ++index) {
    if (std::find(present.begin(), present.end(), index) != present.end()) continue;
    p.missing.push_back(static_cast<std::uint8_t>(index));
    append(rows, bytes_view(inverse).subspan(index * m, m));
  }
  p.tables = tables_of(m, p.missing.size(), std::move(rows));
  if (patterns_.size() == patterns_max) patterns_.pop_back();
  return patterns_.emplace_front(std::move(p));
}

}  // namespace holdfast::archive
