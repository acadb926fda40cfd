// The canonical writer: one value has exactly one encoding, so encodings can be hashed, signed and compared.
//
// Integers are little-endian at their full width, bool and enums as their underlying byte(s), strings, byte strings and
// containers as a 32-bit count and their elements, optionals as 0 or 1 and the value, variants as an 8-bit index and the
// alternative (append alternatives, never reorder), arrays as their elements alone, a shared value as the value (it is never
// null). A struct is its fields in the order of its one `inspect(f, x)`, which calls `f.fields("name", x.name, ...)`.
#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "protocols/base/bytes.hpp"

namespace holdfast::codec {

class writer {
 public:
  writer() = default;

  /// Continues behind what `start` holds already (a type tag, a header).
  explicit writer(bytes start) : out_(std::move(start)) {}

  bool fields() { return true; }

  template <class T, class... Rest>
  bool fields(const char*, const T& value, const Rest&... rest) {
    put(value);
    return fields(rest...);
  }

  template <class T>
  void put(const T& value);

  /// Bytes as they are, without a count.
  void raw(bytes_view data) {
    if (measuring_) {
      size_ += data.size();
    } else {
      append(out_, data);
    }
  }

  /// The value, in memory taken once: first its length is found out.
  template <class T>
  void put_at_once(const T& value) {
    writer measure;
    measure.measuring_ = true;
    measure.put(value);
    out_.reserve(out_.size() + measure.size_);
    put(value);
  }

  const bytes& data() const { return out_; }
  bytes take() { return std::move(out_); }

 private:
  void count(std::size_t n) { put(static_cast<std::uint32_t>(n)); }

  bytes out_;
  std::size_t size_ = 0;
  bool measuring_ = false;  ///< counts bytes and keeps none
};

namespace detail {

template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_shared = false;
template <class T>
inline constexpr bool is_shared<std::shared_ptr<const T>> = true;

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
inline constexpr bool is_map = false;
template <class K, class V>
inline constexpr bool is_map<std::map<K, V>> = true;

template <class T>
inline constexpr bool is_set = false;
template <class K>
inline constexpr bool is_set<std::set<K>> = true;

template <class T>
inline constexpr bool is_byte_array = false;
template <std::size_t N>
inline constexpr bool is_byte_array<std::array<std::uint8_t, N>> = true;

template <class T>
inline constexpr bool unsupported = false;

}  // namespace detail

template <class T>
void writer::put(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    put(static_cast<std::uint8_t>(value));
  } else if constexpr (std::is_enum_v<T>) {
    put(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::integral<T>) {
    auto u = static_cast<std::make_unsigned_t<T>>(value);
    std::array<std::uint8_t, sizeof(u)> raw_bytes;
    for (std::size_t i = 0; i < sizeof(u); ++i) raw_bytes[i] = static_cast<std::uint8_t>(u >> (8 * i));
    raw(raw_bytes);
  } else if constexpr (std::same_as<T, std::string>) {
    count(value.size());
    raw(as_bytes_view(value));
  } else if constexpr (std::same_as<T, bytes>) {
    count(value.size());
    raw(value);
  } else if constexpr (detail::is_byte_array<T>) {
    raw(value);
  } else if constexpr (detail::is_array<T>) {
    for (const auto& element : value) put(element);
  } else if constexpr (detail::is_vector<T> || detail::is_set<T>) {
    count(value.size());
    for (const auto& element : value) put(element);
  } else if constexpr (detail::is_map<T>) {
    count(value.size());
    for (const auto& [key, mapped] : value) {
      put(key);
      put(mapped);
    }
  } else if constexpr (detail::is_optional<T>) {
    put(value.has_value());
    if (value) put(*value);
  } else if constexpr (detail::is_shared<T>) {
    put(*value);
  } else if constexpr (detail::is_variant<T>) {
    static_assert(std::variant_size_v<T> < 256);
    put(static_cast<std::uint8_t>(value.index()));
    std::visit([this](const auto& alternative) { put(alternative); }, value);
  } else if constexpr (std::is_class_v<T>) {
    inspect(*this, const_cast<T&>(value));  // one inspect serves reading and writing; a writer never changes the value
  } else {
    static_assert(detail::unsupported<T>, "this type has no canonical encoding");
  }
}

/// The canonical bytes of a value.
template <class T>
bytes encode(const T& value) {
  writer w;
  w.put_at_once(value);
  return w.take();
}

}  // namespace holdfast::codec
