// What a client does with paths: finds the file of a name, there or removed, writes its next version, brings it back.
#pragma once

#include "actors/client/name_space.hpp"

namespace holdfast::actors {

/// A file by its name. One that was removed is still known by what its folder remembers.
struct named_file {
  object::capability capability;
  bool removed = false;
};

class client_core {
 public:
  client_core(std::unique_ptr<cluster_connection> cluster, object::capability root)
      : cluster_(std::move(cluster)), objects_(*cluster_), names_(objects_, std::move(root)) {}

  cluster_connection& cluster() { return *cluster_; }
  object_access& objects() { return objects_; }
  name_space& names() { return names_; }

  /// The file of that name, now or at a time.
  result<object::capability> file_at(const std::string& path, std::optional<wall_time> at = std::nullopt);

  /// The file of that name, or the one that had it last.
  result<named_file> file_or_removed(const std::string& path);

  result<object::head> head_of(const object::capability& file, const std::string& path,
                               const object::version_walk::target& wanted = object::version_walk::newest{});
  result<object::version_record> version_of(const std::string& path, const object::version_walk::target& wanted, object::capability& file);

  /// The next version of a file that is there.
  result<version_info> write(const object::capability& file, const byte_source& source, const put_options& options, const transfer_watch& watch);

  result<version_info> put(const std::string& path, const byte_source& source, const put_options& options, const transfer_watch& watch);
  result<version_info> restore(const std::string& path, std::uint64_t version);
  result<std::vector<listed>> ls(const std::string& path, bool removed);
  result<removed_name> rm(const std::string& path);

 private:
  result<object::version_record> version_at(const std::string& path, wall_time at, object::capability& file);
  result<object::directory_link> last_link(const std::string& path, const walked& where);
  error was_removed(const object::capability& file, const std::string& path);

  result<version_info> put_new(const std::string& path, const byte_source& source, const put_options& options, const transfer_watch& watch);
  result<version_info> put_removed(const std::string& path, const object::directory_link& link, const byte_source& source, put_options options,
                                   const transfer_watch& watch);
  result<version_info> name_it(const std::string& path, const object::directory_link& link, const version_info& written, bool if_absent);
  result<version_info> write_first(const object::capability& file, const byte_source& source, const put_options& options,
                                   const transfer_watch& watch);
  result<version_info> copy_newest(const object::capability& from, const object::capability& to);
  result<version_info> write_again(const object::capability& file, const object::head& head, const object::version_record& record);
  result<std::map<std::string, object::directory_link>> links_at(const std::string& path, bool removed);

  std::unique_ptr<cluster_connection> cluster_;
  object_access objects_;
  name_space names_;
};

/// A version as the ring ordered it.
version_info info_of(const ring::operation_result& r, const object::content_root& content, const crypto::public_key& writer);

}  // namespace holdfast::actors
