#include "protocols/crypto/secret.hpp"

#include <sodium.h>

namespace holdfast::crypto {

void wipe(mutable_bytes_view data) { sodium_memzero(data.data(), data.size()); }

bool equal_constant_time(bytes_view a, bytes_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace holdfast::crypto
