// A profile as a file: TOML around the keys. Addresses are plain, so that they can be mended by hand when a cluster has moved;
// the keys are base32, sealed if there is a passphrase. A recovery file is a profile file that always is sealed, and dearly.
#pragma once

#include <filesystem>

#include "protocols/identity/key_file.hpp"
#include "protocols/identity/profile.hpp"

namespace holdfast::tools {

constexpr std::size_t profile_bytes_max = 2u << 20;

/// The file's text. No passphrase: the keys stand there for whoever may read the file.
result<std::string> print_profile(const identity::profile& p, const std::optional<std::string>& passphrase, const identity::stretching& costs,
                                  random_source& random);

/// True if opening the file takes a passphrase. `tool_errc::bad_profile` if it is no profile.
result<bool> is_sealed(std::string_view text);

/// The profile. `tool_errc::wrong_passphrase`, `tool_errc::bad_profile`, or `errc::unsupported` for a newer format.
result<identity::profile> parse_profile(std::string_view text, const std::optional<std::string>& passphrase);

/// --profile, else HOLDFAST_PROFILE, else ~/.config/holdfast/profile.toml (XDG_CONFIG_HOME is heeded).
std::filesystem::path profile_path(const std::string& flag);

/// Reads and opens a profile, asking for its passphrase if it has one (`tools/profile/passphrase.hpp`). Refuses a file with bare keys that
/// others than its owner may read.
result<identity::profile> load_profile(const std::filesystem::path& path);

/// Writes with mode 0600, whole or not at all. Refuses to replace a file that exists unless told to.
outcome save_profile(const std::filesystem::path& path, const identity::profile& p, const std::optional<std::string>& passphrase,
                     const identity::stretching& costs, bool replace);

}  // namespace holdfast::tools
