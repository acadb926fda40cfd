// What every decoder of bytes from outside must hold to: whatever it takes encodes to the very bytes it came from, and nothing that it
// is given makes it fail in another way than by an error.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "protocols/codec/reader.hpp"

namespace holdfast::fuzz {

inline void must(bool holds) {
  if (!holds) std::abort();
}

/// Decodes `input` as a T; the value, if it is one.
template <class T>
result<T> round_trip(bytes_view input) {
  auto value = codec::decode<T>(input, "fuzz input");
  if (value) must(std::ranges::equal(codec::encode(*value), input));
  return value;
}

/// The types of one program: an input's first byte chooses among them, the rest is decoded.
template <class... Ts>
struct decoders {
  static void round_trip(bytes_view input) {
    if (input.empty()) return;
    std::size_t chosen = input[0] % sizeof...(Ts), i = 0;
    ((i++ == chosen ? static_cast<void>(fuzz::round_trip<Ts>(input.subspan(1))) : void()), ...);
  }

  /// An input that decodes: the default value of a type.
  static bytes example(std::size_t number) {
    std::size_t chosen = number % sizeof...(Ts), i = 0;
    bytes out{static_cast<std::uint8_t>(chosen)};
    ((i++ == chosen ? append(out, codec::encode(Ts{})) : void()), ...);
    return out;
  }
};

}  // namespace holdfast::fuzz

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

/// Makes `example` known to libFuzzer: one mutation in 64 is an example instead, so that fuzzing starts behind the first field.
#define HOLDFAST_FUZZ_EXAMPLES(example)                                                                                                \
  extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {      \
    if (seed % 64 != 0) return LLVMFuzzerMutate(data, size, max_size);                                                                 \
    auto made = example(seed / 64);                                                                                                    \
    if (made.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);                                                         \
    std::ranges::copy(made, data);                                                                                                     \
    return made.size();                                                                                                                \
  }
