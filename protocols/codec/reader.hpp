// The bounded reader: the inverse of the writer for bytes that nobody vouches for.
//
// Every count is checked against the bytes that are left before anything is allocated, containers grow as their elements
// arrive, nesting is limited, and whatever is not the one canonical encoding (a bool of 2, keys out of order, trailing
// bytes, an unknown alternative) is an error. Memory used is bounded by a constant times the input's size.
#pragma once

#include "protocols/base/error.hpp"
#include "protocols/codec/writer.hpp"

namespace holdfast::codec {

/// An enum that comes from outside says which values exist: `constexpr bool known(my_enum)` beside the enum.
template <class T>
concept checked_enum = requires(T x) {
  { known(x) } -> std::same_as<bool>;
};

class reader {
 public:
  static constexpr int depth_max = 32;  ///< nested structs; our deepest message has eight

  explicit reader(bytes_view input) : input_(input), size_(input.size()) {}

  bool fields() { return true; }

  template <class T, class... Rest>
  bool fields(const char* name, T& value, Rest&&... rest) {
    if (!get(value)) {
      if (path_.size() < 128) path_ = path_.empty() ? name : std::string(name) + "." + path_;
      return false;
    }
    return fields(std::forward<Rest>(rest)...);
  }

  template <class T>
  bool get(T& value);

  std::size_t remaining() const { return input_.size(); }
  bool failed() const { return !why_.empty(); }

  /// Why reading stopped; only after a failure.
  error failure(const char* what) const {
    return {errc::malformed, std::string(what) + " does not decode: " + why_ + (path_.empty() ? "" : " in " + path_) + " at byte " +
                                 std::to_string(size_ - input_.size())};
  }

  bool refuse(const char* why) {
    if (why_.empty()) why_ = why;
    return false;
  }

 private:
  bool take(std::size_t n, bytes_view& out) {
    if (n > input_.size()) return refuse("it ends early");
    out = input_.first(n);
    input_ = input_.subspan(n);
    return true;
  }

  bool count(std::size_t& n) {
    std::uint32_t raw_count = 0;
    if (!get(raw_count)) return false;
    if (raw_count > input_.size()) return refuse("a count exceeds what is left");  // an element is at least a byte
    n = raw_count;
    return true;
  }

  template <std::size_t I = 0, class V>
  bool alternative(std::size_t index, V& value) {
    if constexpr (I == std::variant_size_v<V>) {
      return refuse("unknown alternative");
    } else {
      if (index != I) return alternative<I + 1>(index, value);
      return get(value.template emplace<I>());
    }
  }

  bytes_view input_;
  std::size_t size_;
  int depth_ = 0;
  std::string why_, path_;
};

template <class T>
bool reader::get(T& value) {
  if constexpr (std::same_as<T, bool>) {
    bytes_view raw;
    if (!take(1, raw)) return false;
    if (raw[0] > 1) return refuse("a bool is neither 0 nor 1");
    value = raw[0] == 1;
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(checked_enum<T>, "an enum on the wire needs `constexpr bool known(E)`");
    std::underlying_type_t<T> raw{};
    if (!get(raw)) return false;
    value = static_cast<T>(raw);
    if (!known(value)) return refuse("unknown enum value");
  } else if constexpr (std::integral<T>) {
    bytes_view raw;
    if (!take(sizeof(T), raw)) return false;
    std::make_unsigned_t<T> u = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) u |= static_cast<std::make_unsigned_t<T>>(static_cast<std::make_unsigned_t<T>>(raw[i]) << (8 * i));
    value = static_cast<T>(u);
  } else if constexpr (std::same_as<T, std::string>) {
    std::size_t n = 0;
    bytes_view raw;
    if (!count(n) || !take(n, raw)) return false;
    value.assign(as_text(raw));
  } else if constexpr (std::same_as<T, bytes>) {
    std::size_t n = 0;
    bytes_view raw;
    if (!count(n) || !take(n, raw)) return false;
    value.assign(raw.begin(), raw.end());
  } else if constexpr (detail::is_byte_array<T>) {
    bytes_view raw;
    if (!take(value.size(), raw)) return false;
    std::memcpy(value.data(), raw.data(), raw.size());
  } else if constexpr (detail::is_array<T>) {
    for (auto& element : value) {
      if (!get(element)) return false;
    }
  } else if constexpr (detail::is_vector<T>) {
    std::size_t n = 0;
    if (!count(n)) return false;
    value.clear();
    for (std::size_t i = 0; i < n; ++i) {
      if (!get(value.emplace_back())) return false;
    }
  } else if constexpr (detail::is_set<T>) {
    std::size_t n = 0;
    if (!count(n)) return false;
    value.clear();
    for (std::size_t i = 0; i < n; ++i) {
      typename T::value_type element{};
      if (!get(element)) return false;
      if (!value.empty() && !(*value.rbegin() < element)) return refuse("elements are not in ascending order");
      value.insert(value.end(), std::move(element));
    }
  } else if constexpr (detail::is_map<T>) {
    std::size_t n = 0;
    if (!count(n)) return false;
    value.clear();
    for (std::size_t i = 0; i < n; ++i) {
      typename T::key_type key{};
      typename T::mapped_type mapped{};
      if (!get(key) || !get(mapped)) return false;
      if (!value.empty() && !(value.rbegin()->first < key)) return refuse("keys are not in ascending order");
      value.emplace_hint(value.end(), std::move(key), std::move(mapped));
    }
  } else if constexpr (detail::is_optional<T>) {
    bool present = false;
    if (!get(present)) return false;
    if (!present) {
      value.reset();
      return true;
    }
    return get(value.emplace());
  } else if constexpr (detail::is_shared<T>) {
    auto read = std::make_shared<std::remove_const_t<typename T::element_type>>();
    if (!get(*read)) return false;
    value = std::move(read);
  } else if constexpr (detail::is_variant<T>) {
    std::uint8_t index = 0;
    if (!get(index)) return false;
    return alternative(index, value);
  } else if constexpr (std::is_class_v<T>) {
    if (++depth_ > depth_max) return refuse("it is nested too deeply");
    bool ok = inspect(*this, value);
    --depth_;
    return ok || refuse("a value is out of range");
  } else {
    static_assert(detail::unsupported<T>, "this type has no canonical encoding");
  }
  return true;
}

/// Reads exactly one value; anything behind it is an error. `what` names it in the sentence: "receipt does not decode: ...".
template <class T>
result<T> decode(bytes_view input, const char* what = "message") {
  reader r(input);
  T value{};
  if (!r.get(value)) return fail(r.failure(what));
  if (r.remaining() != 0) {
    r.refuse("there are bytes behind its end");
    return fail(r.failure(what));
  }
  return value;
}

}  // namespace holdfast::codec
