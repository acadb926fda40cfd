#include "actors/client/client_core.hpp"

#include "actors/client/download.hpp"
#include "protocols/object/name_error.hpp"

namespace holdfast::actors {

namespace {

using entry_kind = object::entry_kind;
using name_errc = object::name_errc;

error not_there(const std::string& path) { return {errc::not_found, "there is no file \"" + path + "\""}; }

error a_folder(const std::string& path) { return {name_errc::is_a_folder, "\"" + path + "\" is a folder, not a file"}; }

}  // namespace

version_info info_of(const ring::operation_result& r, const object::content_root& content, const crypto::public_key& writer) {
  return {r.version, content.size, r.time, writer};
}

// -- finding --------------------------------------------------------------------------------------------------------

result<object::capability> client_core::file_at(const std::string& path, std::optional<wall_time> at) {
  auto where = names_.walk(path, at);
  if (!where) return fail(where.error());
  if (!where->found()) return fail(where->rest.empty() ? error(name_errc::bad_path, "the path must name a file") : not_there(path));
  if (where->link->kind == entry_kind::directory) return fail(a_folder(path));
  return where->link->target;
}

result<named_file> client_core::file_or_removed(const std::string& path) {
  auto there = file_at(path);
  if (there) return named_file{std::move(*there), false};
  if (!there.error().is(errc::not_found)) return fail(there.error());
  auto link = names_.recall(path);
  if (!link) return fail(link.error());
  if (!*link || (*link)->kind == entry_kind::directory) return fail(there.error());
  return named_file{std::move((*link)->target), true};
}

result<object::head> client_core::head_of(const object::capability& file, const std::string& path, const object::version_walk::target& wanted) {
  auto head = objects_.head(file, wanted);
  if (!head) return fail(head.error());
  if (!*head) return fail(errc::not_found, "the file \"" + path + "\" has no version");
  return **head;
}

/// It is not there, and what brings it back.
error client_core::was_removed(const object::capability& file, const std::string& path) {
  auto head = head_of(file, path);
  auto newest = head ? std::to_string(head->version) : std::string("N");
  return {errc::not_found, "the file \"" + path + "\" was removed; `holdfast restore " + path + " --version " + newest + "` brings it back"};
}

result<object::version_record> client_core::version_of(const std::string& path, const object::version_walk::target& wanted,
                                                       object::capability& file) {
  if (auto* at = std::get_if<wall_time>(&wanted)) return version_at(path, *at, file);
  auto found = file_or_removed(path);
  if (!found) return fail(found.error());
  if (found->removed && std::holds_alternative<object::version_walk::newest>(wanted)) return fail(was_removed(found->capability, path));
  file = std::move(found->capability);
  auto head = head_of(file, path, wanted);
  if (!head) return fail(head.error());
  return objects_.find(*head, wanted);
}

result<object::version_record> client_core::version_at(const std::string& path, wall_time at, object::capability& file) {
  auto found = file_at(path, at);
  bool not_yet_named = !found && found.error().is(errc::not_found);
  if (not_yet_named) found = file_at(path);
  if (!found) return fail(found.error());
  file = std::move(*found);
  auto head = head_of(file, path, at);
  if (!head) return fail(head.error());
  auto record = objects_.find(*head, at);
  // A file is kept first and named then: the time that its first version bears lies a little before there is the name.
  constexpr auto named_within = std::chrono::seconds(10);
  bool just_made = record && record->version == 1 && at - record->time < duration(named_within);
  if (not_yet_named && !just_made) return fail(errc::not_found, "there was no file \"" + path + "\" at that time");
  return record;
}

// -- writing --------------------------------------------------------------------------------------------------------

result<version_info> client_core::write(const object::capability& file, const byte_source& source, const put_options& options,
                                        const transfer_watch& watch) {
  auto base = options.if_version.value_or(0);
  upload sending(*cluster_, objects_.numbers(), file, base, {options.size, options.extent_bytes});
  auto content = sending.run(source, watch);
  if (!content) return fail(content.error());
  auto root = content->built.root;
  object::predicate condition = object::always{};
  if (options.if_version) condition = object::compare_version{*options.if_version};
  auto done = objects_.commit(file, {condition}, std::move(*content), false);
  if (!done) return fail(done.error());
  if (done->status != ring::update_status::committed) {
    return fail(errc::conflict, "the newest version is " + std::to_string(done->version) + ", not " + std::to_string(base) + "; nothing was changed");
  }
  return info_of(*done, root, file.owner);
}

/// A new file, not yet linked.
result<version_info> client_core::write_first(const object::capability& file, const byte_source& source, const put_options& options,
                                              const transfer_watch& watch) {
  upload sending(*cluster_, objects_.numbers(), file, 0, {options.size, options.extent_bytes});
  auto content = sending.run(source, watch);
  if (!content) return fail(content.error());
  auto root = content->built.root;
  auto done = objects_.commit(file, {object::absent{}}, std::move(*content), true);
  if (!done) return fail(done.error());
  if (done->status != ring::update_status::committed) return fail(errc::conflict, "a new object existed already");
  return info_of(*done, root, file.owner);
}

result<version_info> client_core::put(const std::string& path, const byte_source& source, const put_options& options, const transfer_watch& watch) {
  auto where = names_.walk(path);
  if (!where) return fail(where.error());
  if (where->rest.empty()) return fail(name_errc::bad_path, "the path is empty: it must name a file");
  if (where->found()) {
    if (where->link->kind == entry_kind::directory) return fail(a_folder(path));
    if (options.if_absent) return fail(errc::already_exists, "\"" + path + "\" exists already; nothing was changed");
    return write(where->link->target, source, options, watch);
  }
  auto before = names_.recall(path);
  if (!before) return fail(before.error());
  if (*before && (*before)->kind == entry_kind::file) return put_removed(path, **before, source, options, watch);
  if (options.if_version) return fail(errc::conflict, "there is no file \"" + path + "\" yet; nothing was changed");
  return put_new(path, source, options, watch);
}

result<version_info> client_core::put_new(const std::string& path, const byte_source& source, const put_options& options,
                                          const transfer_watch& watch) {
  system_random random;
  object::directory_link made{entry_kind::file, object::mint(random)};
  auto first = write_first(made.target, source, options, watch);
  return first ? name_it(path, made, *first, options.if_absent) : first;
}

/// The next version of a file whose name was removed, and the name again.
result<version_info> client_core::put_removed(const std::string& path, const object::directory_link& link, const byte_source& source,
                                              put_options options, const transfer_watch& watch) {
  if (options.if_absent) {  // who else puts it back does so by a version that this one does not know
    auto head = head_of(link.target, path);
    if (!head) return fail(head.error());
    options.if_version = head->version;
  }
  auto next = write(link.target, source, options, watch);
  if (!next && options.if_absent && next.error().is(errc::conflict)) {
    return fail(errc::already_exists, "\"" + path + "\" was put back by another meanwhile; nothing was changed");
  }
  return next ? name_it(path, link, *next, options.if_absent) : next;
}

/// Puts a file that was written under its name.
result<version_info> client_core::name_it(const std::string& path, const object::directory_link& link, const version_info& written, bool if_absent) {
  auto linked = names_.link(path, link);
  if (linked) return written;
  if (!linked.error().is(errc::already_exists) || if_absent) return fail(linked.error());
  auto other = file_at(path);
  if (!other) return fail(other.error());
  if (other->object == link.target.object) return written;
  // Somebody made a file of that name in the meantime, and both puts are to be versions of it: what was just kept becomes its next.
  return copy_newest(link.target, *other);
}

result<version_info> client_core::copy_newest(const object::capability& from, const object::capability& to) {
  auto head = head_of(from, "");
  if (!head) return fail(head.error());
  auto record = objects_.find(*head, object::version_walk::newest{});
  if (!record) return fail(record.error());
  auto content = download::open(*cluster_, from, *record);
  if (!content) return fail(content.error());
  bytes held;
  std::size_t used = 0;
  auto source = [&](mutable_bytes_view out) -> result<std::size_t> {
    if (used == held.size()) {
      if (content->done()) return 0;
      auto part = content->next();
      if (!part) return fail(part.error());
      held = std::move(*part);
      used = 0;
    }
    auto n = std::min(out.size(), held.size() - used);
    std::copy_n(held.begin() + static_cast<std::ptrdiff_t>(used), n, out.begin());
    used += n;
    return n;
  };
  put_options options;
  options.size = content->size();
  return write(to, source, options, {});
}

// -- removing and bringing back -------------------------------------------------------------------------------------

result<removed_name> client_core::rm(const std::string& path) {
  auto link = names_.unlink(path);
  if (!link) return fail(link.error());
  removed_name gone{link->kind, std::nullopt};
  if (link->kind == entry_kind::directory) return gone;
  if (auto head = head_of(link->target, path)) gone.newest = head->version;
  return gone;
}

/// As it is remembered; else as older versions of the folder have it.
result<object::directory_link> client_core::last_link(const std::string& path, const walked& where) {
  auto remembered = names_.recall(path);
  if (!remembered) return fail(remembered.error());
  return *remembered ? result<object::directory_link>(std::move(**remembered)) : names_.last_link(where);
}

result<version_info> client_core::restore(const std::string& path, std::uint64_t version) {
  auto where = names_.walk(path);
  if (!where) return fail(where.error());
  if (where->found() && where->link->kind == entry_kind::directory) return fail(a_folder(path));
  auto link = where->found() ? result<object::directory_link>(*where->link) : last_link(path, *where);
  if (!link) return fail(link.error());
  auto& file = link->target;
  auto head = head_of(file, path);
  if (!head) return fail(head.error());
  auto record = objects_.find(*head, version);
  if (!record) return fail(record.error());
  auto done = write_again(file, *head, *record);
  if (!done || where->found()) return done;
  if (auto linked = names_.link(path, *link); !linked) return fail(linked.error());
  return done;
}

/// The same blocks under a new signature; inline content rides along once more.
result<version_info> client_core::write_again(const object::capability& file, const object::head& head, const object::version_record& record) {
  auto root = object_access::content_of(record);
  if (!root) return fail(root.error());
  uploaded_content content;
  content.built.root = *root;
  content.built.root.base_version = head.version;
  if (auto* kept = std::get_if<object::inline_content>(&root->content)) {
    auto block = cluster_->inline_block(kept->block);
    if (!block) return fail(block.error());
    content.built.inline_data = std::move(*block);
  }
  auto done = objects_.commit(file, {object::always{}}, std::move(content), false);
  if (!done) return fail(done.error());
  return info_of(*done, *root, file.owner);
}

// -- listing --------------------------------------------------------------------------------------------------------

result<std::map<std::string, object::directory_link>> client_core::links_at(const std::string& path, bool removed) {
  auto where = names_.walk(path);
  if (!where) return fail(where.error());
  if (!where->rest.empty() && !where->found()) return fail(not_there(path));
  if (where->found() && where->link->kind == entry_kind::file) {
    if (removed) return fail(errc::malformed, "\"" + path + "\" is a file; `ls --removed` shows what was removed from a folder");
    return std::map<std::string, object::directory_link>{{where->name(), *where->link}};
  }
  auto inside = where->found() ? names_.read(where->link->target) : std::move(where->directory);
  if (!inside) return fail(inside.error());
  if (!removed) return inside->content->links;
  std::map<std::string, object::directory_link> gone;
  for (const auto& [name, was] : inside->content->removed) gone.emplace(name, was.link);
  return gone;
}

result<std::vector<listed>> client_core::ls(const std::string& path, bool removed) {
  auto links = links_at(path, removed);
  if (!links) return fail(links.error());
  std::vector<object::capability> targets;
  for (const auto& [name, link] : *links) targets.push_back(link.target);
  auto heads = objects_.heads(targets);
  std::vector<listed> entries;
  for (const auto& [name, link] : *links) {
    const auto& head = heads[entries.size()];
    entries.push_back({name, link.kind, std::nullopt});
    if (head && *head) entries.back().newest = version_info{(*head)->version, (*head)->size, (*head)->time, (*head)->owner};
  }
  return entries;
}

}  // namespace holdfast::actors
