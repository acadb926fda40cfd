// One `holdfast local` at a time makes, starts, ends or removes nodes in a folder: an exclusive lock on its marker file.
#pragma once

#include <filesystem>

#include "protocols/base/error.hpp"
#include "tools/files/descriptor.hpp"

namespace holdfast::tools {

enum class marker_file : std::uint8_t { must_exist, is_made };

/// The lock is let go with the descriptor, and when this process ends, however it does. `tool_errc::busy` if another holds it for longer
/// than a few seconds.
result<descriptor> lock_cluster(const std::filesystem::path& marker, marker_file how);

}  // namespace holdfast::tools
