#include "protocols/crypto/hash.hpp"

#include <botan/hash.h>

namespace holdfast::crypto {

struct hasher::implementation {
  std::unique_ptr<Botan::HashFunction> sha = Botan::HashFunction::create_or_throw("SHA-256");
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
  return out;
}

std::array<std::uint8_t, 32> hash_raw(std::string_view tag, std::initializer_list<bytes_view> parts) {
  hasher h(tag);
  for (auto part : parts) h.update(part);
  return h.finish();
}

}  // namespace holdfast::crypto
