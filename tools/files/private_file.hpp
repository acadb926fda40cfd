// Files that hold secrets or must not be half written: mode 0600 from the first byte, replaced whole or not at all, on disk on return.
#pragma once

#include <filesystem>

#include "protocols/base/error.hpp"

namespace holdfast::tools {

/// `tool_errc::file_exists` if the name is taken. `advice` follows the sentence that says so.
outcome expect_free(const std::filesystem::path& path, const std::string& advice);

/// That `write_private_file` would get as far as writing there: to be known before something is spent that cannot be had again.
outcome expect_writable(const std::filesystem::path& path);

/// Writes beside, syncs, renames over, syncs the folder. Makes missing parent folders with mode 0700.
outcome write_private_file(const std::filesystem::path& path, std::string_view content);

/// The whole file. `tool_errc::unreadable` with the system's reason, also if it is longer than `bytes_max`.
result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

/// True if others than the owner may read the file.
bool readable_by_others(const std::filesystem::path& path);

}  // namespace holdfast::tools
