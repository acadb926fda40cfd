// What the damage tests share: files that are kept before and looked at after, and bits that turn over on a node's disk.
#pragma once

#include <filesystem>

#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

namespace holdfast::test {

/// The largest file below a folder whose name holds this text.
std::filesystem::path largest_file(const std::filesystem::path& folder, const std::string& text);

/// Turns the lowest bit of a byte that lies a part of the way into what was written: never in the zeros behind it.
void flip_bit(const std::filesystem::path& file, double part);

/// Waits until `verify` finds full redundancy.
void becomes_full(actors::client& c, const std::string& path);

/// One file that rides in updates and one whose content is in the archive.
struct kept_files {
  bytes small = content_of(1, 4'000), large = content_of(2, 400'000);
  void keep(actors::client& c) const;
  void check(actors::client& c) const;
};

}  // namespace holdfast::test
