#include "actors/client/name_space.hpp"

#include "actors/base/clock.hpp"
#include "protocols/object/name_error.hpp"

namespace holdfast::actors {

namespace {

constexpr auto race_pause_max_ms = 50;
constexpr std::size_t versions_searched_max = 1000;

error not_there(const std::string& name) { return {errc::not_found, "there is no \"" + name + "\""}; }

}  // namespace

result<directory_view> name_space::read(const object::capability& directory, std::optional<wall_time> at) {
  auto head = at ? objects_.head(directory, *at) : objects_.head(directory);
  if (!head) return fail(head.error());
  directory_view view{directory, 0, *head, std::make_shared<const object::directory_content>()};
  if (!*head) return view;
  if (!at) {
    view.version = (*head)->version;
    std::lock_guard lock(mutex_);
    if (auto known = remembered_.find((*head)->newest); known != remembered_.end()) {
      view.content = known->second;
      return view;
    }
  }
  auto record = at ? objects_.find(**head, *at) : objects_.find(**head, object::version_walk::newest{});
  if (!record) return fail(record.error());
  auto content = content_of(directory, *record, object::id_of(*record));
  if (!content) return fail(content.error());
  view.version = record->version;
  view.content = std::move(*content);
  return view;
}

result<std::shared_ptr<const object::directory_content>> name_space::content_of(const object::capability& directory,
                                                                                const object::version_record& record, const vguid& name) {
  {
    std::lock_guard lock(mutex_);
    if (auto known = remembered_.find(name); known != remembered_.end()) return known->second;
  }
  auto plaintext = objects_.read_all(directory, record);
  if (!plaintext) return fail(plaintext.error().within("reading a folder"));
  auto decoded = object::directory_content::decode(*plaintext);
  if (!decoded) return fail(decoded.error());
  auto content = std::make_shared<const object::directory_content>(std::move(*decoded));
  std::lock_guard lock(mutex_);
  if (remembered_.size() >= remembered_max) remembered_.erase(remembered_.begin());
  remembered_[name] = content;
  return content;
}

result<walked> name_space::walk(const std::string& path, std::optional<wall_time> at) {
  auto names = object::split_path(path);
  if (!names) return fail(object::name_errc::bad_path, names.error().message());
  return walk(path, std::move(*names), at);
}

result<walked> name_space::walk(const std::string& path, std::vector<std::string> names, std::optional<wall_time> at) {
  auto directory = read(root_, at);
  if (!directory) return fail(directory.error());
  walked where{std::move(*directory), std::move(names), std::nullopt};
  while (!where.rest.empty()) {
    const auto& links = where.directory.content->links;
    auto link = links.find(where.name());
    if (link == links.end()) return where;
    if (where.rest.size() == 1) {
      where.link = link->second;
      return where;
    }
    if (link->second.kind == object::entry_kind::file) {
      return fail(object::name_errc::is_a_file, "\"" + where.name() + "\" in \"" + path + "\" is a file, not a folder");
    }
    auto next = read(link->second.target, at);
    if (!next) return fail(next.error());
    where.directory = std::move(*next);
    where.rest.erase(where.rest.begin());
  }
  return where;
}

result<std::optional<object::directory_link>> name_space::recall(const std::string& path) {
  auto where = walk(path);
  if (!where) return fail(where.error());
  if (where->found() || where->rest.empty()) return std::nullopt;
  for (;;) {
    const auto& content = *where->directory.content;
    auto there = content.links.find(where->name());
    const auto* link = there == content.links.end() ? content.remembered(where->name()) : &there->second;
    if (!link) return std::nullopt;
    if (where->rest.size() == 1) return *link;
    if (link->kind == object::entry_kind::file) return std::nullopt;
    auto next = read(link->target);
    if (!next) return fail(next.error());
    where->directory = std::move(*next);
    where->rest.erase(where->rest.begin());
  }
}

outcome name_space::change_directory(const object::capability& directory, const change& apply) {
  std::lock_guard one_at_a_time(changing_);
  system_random random;
  auto deadline = steady_now() + objects_.cluster().patience();
  for (;;) {
    auto view = read(directory);
    if (!view) return fail(view.error());
    auto content = *view->content;
    if (auto ok = apply(content); !ok) return ok;
    if (content.links.size() > object::directory_entries_max) return fail(errc::over_limit, "a folder holds at most 100,000 names");
    auto condition = view->version == 0 ? object::predicate(object::absent{}) : object::predicate(object::compare_version{view->version});
    auto written = objects_.write(directory, {condition}, content.encode(), view->version, view->version == 0);
    if (!written) return fail(written.error());
    if (written->status == ring::update_status::committed) return {};
    if (steady_now() >= deadline) return fail(errc::conflict, "others kept changing the folder; try again");
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(race_pause_max_ms)));
  }
}

// A directory is removed in one object and filled in another. So each side looks again when it has written, and what the one wrote before
// it looked the other sees: who fills it brings it back, or who removes it does.
outcome name_space::link(const std::string& path, const object::directory_link& target) {
  system_random random;
  for (;;) {
    auto where = walk(path);
    if (!where) return fail(where.error());
    if (where->rest.empty()) return fail(object::name_errc::bad_path, "the path is empty: it must name a file");
    if (where->found() && where->link->target.object == target.target.object) return {};  // linked before its directory was put back
    if (where->found()) return fail(errc::already_exists, "\"" + path + "\" exists already");
    // What was in a removed directory is remembered there: it comes back instead of a new one.
    const auto* remembered = where->directory.content->remembered(where->name());
    if (where->rest.size() > 1 && remembered && remembered->kind == object::entry_kind::directory) {
      if (auto back = put_back(*where); !back) return back;
      continue;
    }
    // New directories from the innermost out, each complete before it is linked, so that no name ever leads nowhere.
    auto entry = target;
    for (auto i = where->rest.size() - 1; i > 0; --i) {
      object::directory_content content;
      content.links.emplace(where->rest[i], entry);
      object::directory_link made{object::entry_kind::directory, object::mint(random)};
      auto written = objects_.write(made.target, {object::absent{}}, content.encode(), 0, true);
      if (!written) return fail(written.error());
      if (written->status != ring::update_status::committed) return fail(errc::conflict, "a new folder existed already");
      entry = std::move(made);
    }
    auto linked = change_directory(where->directory.capability, [&](object::directory_content& content) -> outcome {
      if (!content.add(where->name(), entry)) return fail(errc::already_exists, "\"" + where->name() + "\" exists already");
      return {};
    });
    // A folder that somebody else made meanwhile: the walk now leads further.
    if (!linked && linked.error().is(errc::already_exists) && where->rest.size() > 1) continue;
    if (!linked) return linked;
    auto stays = stays_linked(path, *where);
    if (!stays) return fail(stays.error());
    if (*stays) return {};
  }
}

/// Whether the path still leads to the directory that was linked in, or else the new name has been removed from it since. The root is
/// never removed: names in it cost no look.
result<bool> name_space::stays_linked(const std::string& path, const walked& where) {
  const auto& directory = where.directory.capability;
  if (directory.object == root_.object) return true;
  auto names = *object::split_path(path);
  names.resize(names.size() - where.rest.size());
  auto again = walk(path, std::move(names), std::nullopt);
  if (!again) return fail(again.error());
  if (again->found() && again->link->target.object == directory.object) return true;
  auto inside = read(directory);
  if (!inside) return fail(inside.error());
  return !inside->content->links.contains(where.name());
}

/// A removed directory under its name again. Who was quicker has made it or put it back: no error, the next walk shows.
outcome name_space::put_back(const walked& where) {
  return change_directory(where.directory.capability, [&](object::directory_content& content) -> outcome {
    if (const auto* link = content.remembered(where.name())) content.add(where.name(), object::directory_link(*link));
    return {};
  });
}

result<object::directory_link> name_space::unlink(const std::string& path) {
  auto where = walk(path);
  if (!where) return fail(where.error());
  if (where->rest.empty()) return fail(errc::denied, "the root folder cannot be removed");
  if (!where->found()) return fail(not_there(path));
  if (where->link->kind == object::entry_kind::directory) {
    auto inside = read(where->link->target);
    if (!inside) return fail(inside.error());
    if (auto held = inside->content->links.size(); held != 0) {
      auto names = held == 1 ? "one name" : std::to_string(held) + " names";
      return fail(object::name_errc::not_empty, "the folder \"" + path + "\" is not empty: it holds " + names);
    }
  }
  auto removed = change_directory(where->directory.capability, [&](object::directory_content& content) -> outcome {
    auto link = content.links.find(where->name());
    if (link == content.links.end() || link->second.target.object != where->link->target.object) return fail(not_there(path));
    content.remove(where->name(), wall_now());
    return {};
  });
  if (!removed) return fail(removed.error());
  if (where->link->kind == object::entry_kind::directory) {
    if (auto ok = stays_removed(path, *where); !ok) return fail(ok.error());
  }
  return *where->link;
}

/// Puts a removed directory back if something was put in it meanwhile.
outcome name_space::stays_removed(const std::string& path, const walked& where) {
  auto inside = read(where.link->target);
  if (!inside) return fail(inside.error());
  if (inside->content->links.empty()) return {};
  if (auto back = put_back(where); !back) return back;
  return fail(object::name_errc::not_empty, "the folder \"" + path + "\" is not empty: something was put in it just now");
}

result<object::directory_link> name_space::last_link(const walked& where) {
  if (where.rest.size() != 1 || !where.directory.head) return fail(not_there(where.rest.empty() ? "" : where.name()));
  auto record = objects_.find(*where.directory.head, object::version_walk::newest{});
  for (std::size_t searched = 0; record && searched < versions_searched_max; ++searched) {
    auto content = content_of(where.directory.capability, *record, object::id_of(*record));
    if (!content) return fail(content.error());
    if (auto link = (*content)->links.find(where.name()); link != (*content)->links.end()) return link->second;
    if (record->version == 1) break;
    auto records = objects_.cluster().records({record->previous});
    if (!records) return fail(records.error());
    record = object::open_record(record->previous, records->front());
  }
  if (!record) return fail(record.error());
  return fail(not_there(where.name()));
}

}  // namespace holdfast::actors
