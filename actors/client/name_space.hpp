// Paths: a walk from the owner's root directory, each step read as the ring proves it. Directories change by compare-version: who
// lost a race reads again and repeats.
#pragma once

#include "actors/client/object_access.hpp"
#include "protocols/object/directory_content.hpp"

namespace holdfast::actors {

/// A directory as of a version.
struct directory_view {
  object::capability capability;
  std::uint64_t version = 0;  ///< 0: it does not exist yet (the root before the first put)
  std::optional<object::head> head;
  std::shared_ptr<const object::directory_content> content;
};

/// How far a path leads: the last directory reached, and what is left of the path from there.
struct walked {
  directory_view directory;
  std::vector<std::string> rest;                 ///< empty: the path is the root
  std::optional<object::directory_link> link;    ///< what `rest.front()` names, if it is the last and there

  const std::string& name() const { return rest.front(); }
  bool found() const { return link.has_value(); }
};

class name_space {
 public:
  name_space(object_access& objects, object::capability root) : objects_(objects), root_(std::move(root)) {}

  /// Walks as far as directories lead, now or as they were at a time. `malformed` if the path is none, or leads through a file.
  result<walked> walk(const std::string& path, std::optional<wall_time> at = std::nullopt);

  /// What a removed name led to, as the directories on its way remember it; they may be removed themselves. Nothing if none does.
  result<std::optional<object::directory_link>> recall(const std::string& path);

  result<directory_view> read(const object::capability& directory, std::optional<wall_time> at = std::nullopt);

  /// Links a target that exists already under a path, making the directories on the way, or putting back those that were removed,
  /// also while it links.
  /// `already_exists` if the name was taken meanwhile.
  outcome link(const std::string& path, const object::directory_link& target);

  /// Takes a name away; its directory remembers what it led to, which is the answer. `not_found` if it is not there, `conflict` if it
  /// is a directory with something in it.
  result<object::directory_link> unlink(const std::string& path);

  /// What a name linked to when it was last there, within the directory's last thousand versions: for what is remembered no more.
  result<object::directory_link> last_link(const walked& where);

 private:
  using change = std::function<outcome(object::directory_content&)>;
  outcome put_back(const walked& where);
  result<walked> walk(const std::string& path, std::vector<std::string> names, std::optional<wall_time> at);
  result<bool> stays_linked(const std::string& path, const walked& where);
  outcome stays_removed(const std::string& path, const walked& where);
  outcome change_directory(const object::capability& directory, const change& apply);
  result<std::shared_ptr<const object::directory_content>> content_of(const object::capability& directory, const object::version_record& record,
                                                                      const vguid& name);

  static constexpr std::size_t remembered_max = 64;  ///< directories' contents, by version
  object_access& objects_;
  const object::capability root_;
  std::mutex changing_;  ///< one change at a time: threads of one process would only lose races to each other
  std::mutex mutex_;     ///< guards what follows
  std::map<vguid, std::shared_ptr<const object::directory_content>> remembered_;
};

}  // namespace holdfast::actors
