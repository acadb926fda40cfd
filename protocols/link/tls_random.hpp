// Botan's generator interface over a `random_source`.
#pragma once

#include <botan/rng.h>

#include "protocols/base/random.hpp"

namespace holdfast::link {

class tls_random final : public Botan::RandomNumberGenerator {
 public:
  explicit tls_random(random_source& source) : source_(source) {}

  void randomize(std::uint8_t out[], std::size_t size) override { source_.fill({out, size}); }
  void add_entropy(const std::uint8_t[], std::size_t) override {}
  bool accepts_input() const override { return false; }
  bool is_seeded() const override { return true; }
  std::string name() const override { return "holdfast"; }
  void clear() override {}

 private:
  random_source& source_;
};

}  // namespace holdfast::link
