#include "protocols/crypto/hash.hpp"

#include <botan/hash.h>

#include <vector>

namespace holdfast::crypto {

namespace {

// Most of what is hashed is a few dozen bytes long, and making a Botan object, with its locked and wiped memory, costs more than that
// hash. Spent objects are blank again: each thread keeps a few.
constexpr std::size_t spares_max = 4;

std::vector<std::unique_ptr<Botan::HashFunction>>& spares() {
  thread_local std::vector<std::unique_ptr<Botan::HashFunction>> kept;
  return kept;
}

std::unique_ptr<Botan::HashFunction> take() {
  auto& kept = spares();
  if (kept.empty()) return Botan::HashFunction::create_or_throw("SHA-256");
  auto sha = std::move(kept.back());
  kept.pop_back();
  return sha;
}

}  // namespace

struct hasher::implementation {
  std::unique_ptr<Botan::HashFunction> sha = take();
  bool spent = false;

  ~implementation() {
    if (spent && spares().size() < spares_max) spares().push_back(std::move(sha));
  }
};

hasher::hasher(std::string_view tag) : implementation_(std::make_unique<implementation>()) {
  auto size = static_cast<std::uint8_t>(tag.size());
  implementation_->sha->update(&size, 1);
  update(as_bytes_view(tag));
}

hasher::~hasher() = default;
hasher::hasher(hasher&&) noexcept = default;
hasher& hasher::operator=(hasher&&) noexcept = default;

hasher& hasher::update(bytes_view data) {
  implementation_->sha->update(data.data(), data.size());
  return *this;
}

std::array<std::uint8_t, 32> hasher::finish() {
  std::array<std::uint8_t, 32> out;
  implementation_->sha->final(out.data());
  implementation_->spent = true;
  return out;
}

std::array<std::uint8_t, 32> hash_raw(std::string_view tag, std::initializer_list<bytes_view> parts) {
  hasher h(tag);
  for (auto part : parts) h.update(part);
  return h.finish();
}

}  // namespace holdfast::crypto
