#include "storage/file_system.hpp"

namespace holdfast::storage {

result<bytes> read_file(file_system& files, const std::string& path, std::uint64_t bytes_max) {
  auto opened = files.open(path, open_mode::read);
  if (!opened) return fail(opened.error());
  auto size = (*opened)->size();
  if (!size) return fail(size.error());
  if (*size > bytes_max) return fail(errc::over_limit, path + " is longer than the " + std::to_string(bytes_max) + " bytes it may have");
  bytes content(*size);
  auto got = (*opened)->read(0, content);
  if (!got) return fail(got.error());
  content.resize(*got);
  return content;
}

outcome replace_file(file_system& files, const std::string& directory, const std::string& name, bytes_view content) {
  auto path = directory + "/" + name;
  auto fresh = path + ".new";
  auto opened = files.open(fresh, open_mode::create);
  if (!opened) return fail(opened.error());
  if (auto done = (*opened)->truncate(0); !done) return done;
  if (auto done = (*opened)->write(0, content); !done) return done;
  if (auto done = (*opened)->sync(); !done) return done;
  if (auto done = files.rename(fresh, path); !done) return done;
  return files.sync_directory(directory);
}

}  // namespace holdfast::storage
