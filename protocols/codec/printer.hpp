// The printed form of any message, from the same `inspect`: `{view: 3, digest: 9f2c..., body: <4096 bytes>}`.
// For logs, traces and test failures; byte strings are shortened, so nothing long or secret spills into a log.
#pragma once

#include "protocols/codec/writer.hpp"

namespace holdfast::codec {

class printer {
 public:
  bool fields() { return true; }

  template <class T, class... Rest>
  bool fields(const char* name, const T& value, const Rest&... rest) {
    if (!first_) out_ += ", ";
    first_ = false;
    out_ += name;
    out_ += ": ";
    put(value);
    return fields(rest...);
  }

  template <class T>
  void put(const T& value);

  std::string take() { return std::move(out_); }

 private:
  void hex(bytes_view data) {
    constexpr std::size_t shown = 6;
    out_ += to_hex(data.first(std::min(shown, data.size())));
    if (data.size() > shown) out_ += "...";
  }

  template <class Range>
  void list(const Range& range) {
    out_ += '[';
    bool separate = false;
    for (const auto& element : range) {
      if (separate) out_ += ", ";
      separate = true;
      put(element);
    }
    out_ += ']';
  }

  std::string out_;
  bool first_ = true;
};

template <class T>
void printer::put(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    out_ += value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    if constexpr (requires { std::string(to_string(value)); }) {
      out_ += to_string(value);
    } else {
      out_ += std::to_string(static_cast<std::uint64_t>(value));
    }
  } else if constexpr (std::integral<T>) {
    out_ += std::to_string(value);
  } else if constexpr (std::same_as<T, std::string>) {
    out_ += '"';
    out_.append(value, 0, 64);
    out_ += '"';
  } else if constexpr (std::same_as<T, bytes>) {
    if (value.size() > 32) {
      out_ += '<' + std::to_string(value.size()) + " bytes>";
    } else {
      hex(value);
    }
  } else if constexpr (detail::is_byte_array<T>) {
    hex(value);
  } else if constexpr (detail::is_array<T> || detail::is_vector<T> || detail::is_set<T>) {
    list(value);
  } else if constexpr (detail::is_map<T>) {
    out_ += '{';
    bool separate = false;
    for (const auto& [key, mapped] : value) {
      if (separate) out_ += ", ";
      separate = true;
      put(key);
      out_ += ": ";
      put(mapped);
    }
    out_ += '}';
  } else if constexpr (detail::is_optional<T>) {
    if (value) {
      put(*value);
    } else {
      out_ += "none";
    }
  } else if constexpr (detail::is_shared<T>) {
    put(*value);
  } else if constexpr (detail::is_variant<T>) {
    std::visit([this](const auto& alternative) { put(alternative); }, value);
  } else if constexpr (requires { std::string(to_string(value)); }) {
    out_ += to_string(value);
  } else if constexpr (std::is_class_v<T>) {
    out_ += '{';
    auto outer = std::exchange(first_, true);
    inspect(*this, const_cast<T&>(value));
    first_ = outer;
    out_ += '}';
  }
}

template <class T>
std::string print(const T& value) {
  printer p;
  p.put(value);
  return p.take();
}

}  // namespace holdfast::codec
