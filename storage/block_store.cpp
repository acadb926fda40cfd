#include "storage/block_store.hpp"

#include "storage/crc32c.hpp"
#include "storage/numbers.hpp"

namespace holdfast::storage {
namespace {

constexpr std::size_t crc_bytes = 4;

std::uint32_t crc_of(bytes_view key, bytes_view value) { return crc32c(value, crc32c(key)); }

outcome within_bounds(bytes_view key, bytes_view value) {
  if (key.empty() || key.size() > block_store_key_bytes_max)
    return fail(errc::over_limit, "a key of " + std::to_string(key.size()) + " bytes; 1 to " + std::to_string(block_store_key_bytes_max) +
                                      " are possible");
  if (value.size() > block_store_value_bytes_max)
    return fail(errc::over_limit, "a value of " + std::to_string(value.size()) + " bytes is too long");
  return {};
}

bytes with_crc(bytes_view key, bytes_view value) {
  bytes stored(value.size() + crc_bytes);
  std::copy(value.begin(), value.end(), stored.begin());
  put_little(stored.data() + value.size(), crc_of(key, value));
  return stored;
}

result<bytes_view> checked(bytes_view key, bytes_view stored) {
  if (stored.size() >= crc_bytes) {
    auto value = stored.first(stored.size() - crc_bytes);
    if (get_little<std::uint32_t>(stored.data() + value.size()) == crc_of(key, value)) return value;
  }
  return fail(errc::corrupt, "the value of " + to_hex(key.first(std::min<std::size_t>(key.size(), 8))) + " is damaged on disk");
}

}  // namespace

outcome checked_table::put(bytes_view key, bytes_view value) {
  if (auto fits = within_bounds(key, value); !fits) return fits;
  return db_->put(where_, key, with_crc(key, value), durability_);
}

outcome checked_table::put_all(std::span<const std::pair<bytes_view, bytes_view>> entries) {
  write_batch batch;
  for (const auto& [key, value] : entries) {
    if (auto fits = within_bounds(key, value); !fits) return fits;
    batch.put(where_, key, with_crc(key, value));
  }
  return db_->write(batch, durability_);
}

result<bytes> checked_table::get(bytes_view key) const {
  auto stored = db_->get(where_, key);
  if (!stored) return stored;
  auto value = checked(key, *stored);
  if (!value) return fail(value.error());
  stored->resize(value->size());
  return stored;
}

result<bool> checked_table::has(bytes_view key) const {
  auto value = get(key);
  if (value) return true;
  if (value.error().is(errc::not_found)) return false;
  return fail(value.error());
}

outcome checked_table::erase(bytes_view key) { return db_->erase(where_, key, durability_); }

outcome checked_table::scan(bytes_view prefix, bytes_view from,
                            const std::function<bool(bytes_view key, bytes_view value)>& visit) const {
  outcome found;
  auto scanned = db_->scan(where_, prefix, from, [&](bytes_view key, bytes_view stored) {
    auto value = checked(key, stored);
    if (!value) found = fail(value.error());
    return value && visit(key, *value);
  });
  return scanned ? found : scanned;
}

}  // namespace holdfast::storage
