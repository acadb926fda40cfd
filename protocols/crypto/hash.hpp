// SHA-256 with a type tag before everything: no two kinds of thing hash alike.
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

#include "protocols/codec/writer.hpp"
#include "protocols/names/names.hpp"

namespace holdfast::crypto {

/// Incremental SHA-256 (Botan, SHA-NI where the processor has it). The tag goes in first as length byte and text.
class hasher {
 public:
  explicit hasher(std::string_view tag);
  ~hasher();
  hasher(hasher&&) noexcept;
  hasher& operator=(hasher&&) noexcept;

  hasher& update(bytes_view data);

  /// The hash of all that was given; the hasher is spent.
  std::array<std::uint8_t, 32> finish();

 private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

std::array<std::uint8_t, 32> hash_raw(std::string_view tag, std::initializer_list<bytes_view> parts);

/// Tagged hash of the parts' concatenation. The caller's parts have fixed lengths or carry them, so that no two lists read alike.
template <class Name = digest>
Name hash(std::string_view tag, std::initializer_list<bytes_view> parts) {
  return Name{hash_raw(tag, parts)};
}

/// Tagged hash of a value's canonical bytes, under its own `type_tag`.
template <class Name = digest, class T>
Name hash_of(const T& value) {
  auto data = codec::encode(value);
  return Name{hash_raw(T::type_tag, {data})};
}

}  // namespace holdfast::crypto
