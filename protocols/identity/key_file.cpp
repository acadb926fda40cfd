#include "protocols/identity/key_file.hpp"

#include <sodium.h>

#include "protocols/crypto/seal.hpp"

namespace holdfast::identity {

namespace {

constexpr std::uint32_t format_now = 1;
constexpr std::uint32_t memory_kib_max = 1u << 20;
constexpr std::uint32_t passes_max = 16;

struct header {
  static constexpr std::string_view type_tag = "holdfast/key-file/v1";
  std::uint32_t format = format_now;
  stretching costs;
  std::array<std::uint8_t, crypto_pwhash_SALTBYTES> salt{};
};
template <class F>
bool inspect(F& f, header& x) {
  return f.fields("format", x.format, "costs", x.costs, "salt", x.salt);
}

struct key_file {
  header head;
  bytes sealed;
};
template <class F>
bool inspect(F& f, key_file& x) {
  return f.fields("head", x.head, "sealed", x.sealed);
}

bytes associated(const header& head) {
  auto data = to_bytes(as_bytes_view(header::type_tag));
  append(data, codec::encode(head));
  return data;
}

result<crypto::seal_key> stretch(std::string_view passphrase, const header& head) {
  const auto& costs = head.costs;
  if (costs.memory_kib < 8 || costs.memory_kib > memory_kib_max || costs.passes < 1 || costs.passes > passes_max) {
    return fail(errc::over_limit, "the key file asks for " + std::to_string(costs.memory_kib) + " KiB and " + std::to_string(costs.passes) +
                                      " passes; at most 1 GiB and 16 are done");
  }
  crypto::seal_key key;
  if (sodium_init() < 0 || crypto_pwhash(key.span().data(), key.span().size(), passphrase.data(), passphrase.size(), head.salt.data(), costs.passes,
                                         std::size_t{costs.memory_kib} << 10, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(errc::over_limit, "there are not " + std::to_string(costs.memory_kib >> 10) + " MiB of memory to stretch the passphrase in");
  }
  return key;
}

}  // namespace

result<bytes> seal_key_file(std::string_view passphrase, bytes_view content, const stretching& costs, random_source& random) {
  key_file file;
  file.head.costs = costs;
  random.fill(file.head.salt);
  auto key = stretch(passphrase, file.head);
  if (!key) return fail(key.error());
  file.sealed = crypto::seal(*key, associated(file.head), content, random);
  return codec::encode(file);
}

result<bytes> open_key_file(std::string_view passphrase, bytes_view data) {
  if (data.size() > key_file_bytes_max) return fail(errc::over_limit, "a key file is at most 1 MiB long");
  codec::reader first(data);
  std::uint32_t format = 0;
  if (first.get(format) && format > format_now) {
    return fail(errc::unsupported, "the key file has format " + std::to_string(format) + "; this program reads up to 1");
  }
  auto file = codec::decode<key_file>(data, "key file");
  if (!file) return fail(file.error());
  if (file->head.format != format_now) return fail(errc::malformed, "the key file has format 0, which never was");
  auto key = stretch(passphrase, file->head);
  if (!key) return fail(key.error());
  auto content = crypto::open(*key, associated(file->head), file->sealed);
  if (!content) return fail(errc::denied, "the passphrase is wrong, or the file was changed");
  return content;
}

}  // namespace holdfast::identity
