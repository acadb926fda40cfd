// A directory on the real disk that goes with its owner, for what rests on RocksDB.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace holdfast::test {

class temporary_directory {
 public:
  temporary_directory() : path_((std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) throw std::filesystem::filesystem_error("mkdtemp", path_, std::error_code());
  }
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace holdfast::test
