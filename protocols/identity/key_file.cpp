#include "protocols/identity/key_file.hpp"

#include <sodium.h>

#include <utility>

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

bool bearable(const stretching& costs) {
  return costs.memory_kib >= 8 && costs.memory_kib <= memory_kib_max && costs.passes >= 1 && costs.passes <= passes_max;
}

result<crypto::seal_key> stretch(std::string_view passphrase, const header& head) {
  const auto& costs = head.costs;
  if (!bearable(costs)) return fail(errc::over_limit, "a passphrase is stretched in 8 KiB to 1 GiB of memory and 1 to 16 passes");
  crypto::seal_key key;
  if (sodium_init() < 0 || crypto_pwhash(key.span().data(), key.span().size(), passphrase.data(), passphrase.size(), head.salt.data(), costs.passes,
                                         std::size_t{costs.memory_kib} << 10, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(errc::over_limit, "there are not " + std::to_string(costs.memory_kib >> 10) + " MiB of memory to stretch the passphrase in");
  }
  return key;
}

/// A number alone proves no newer format: what opens as this one was only damaged there, and 0 never was.
error not_of_now(std::uint32_t claimed, bool opens_as_now) {
  if (opens_as_now || claimed == 0) return {errc::malformed, "the keys are damaged: their format is not what they were sealed with"};
  return {errc::unsupported, "the key file has format " + std::to_string(claimed) + "; this program reads up to 1"};
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
  auto file = codec::decode<key_file>(data, "key file");
  if (!file) return fail(errc::malformed, "the keys are damaged, or these are none: " + file.error().message());
  if (const auto& costs = file->head.costs; !bearable(costs)) {
    return fail(errc::malformed, "the keys are damaged: they ask for " + std::to_string(costs.memory_kib) + " KiB and " +
                                     std::to_string(costs.passes) + " passes to open, and no key file does");
  }
  auto claimed = std::exchange(file->head.format, format_now);
  auto key = stretch(passphrase, file->head);
  if (!key) return fail(key.error());
  auto content = crypto::open(*key, associated(file->head), file->sealed);
  if (claimed != format_now) return fail(not_of_now(claimed, content.has_value()));
  if (!content) return fail(errc::denied, "the passphrase is wrong, or the file was changed");
  return content;
}

}  // namespace holdfast::identity
