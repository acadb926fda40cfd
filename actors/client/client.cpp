#include "actors/client/client.hpp"

#include <thread>

#include "actors/base/clock.hpp"
#include "protocols/object/name_error.hpp"
#include "actors/client/download.hpp"
#include "actors/client/name_space.hpp"
#include "actors/client/verification.hpp"

namespace holdfast::actors {

namespace {

using archive::fragment_fate;
using entry_kind = object::entry_kind;

constexpr auto repair_pause = std::chrono::seconds(2);  ///< between looks: servers mend in the background

error not_there(const std::string& path) { return {errc::not_found, "there is no file \"" + path + "\""}; }
error is_a_folder(const std::string& path) { return {object::name_errc::is_a_folder, "\"" + path + "\" is a folder, not a file"}; }

version_info info_of(const ring::operation_result& r, const object::content_root& content, const crypto::public_key& writer) {
  return {r.version, content.size, r.time, writer};
}

}  // namespace

std::string_view to_string(soundness s) {
  constexpr std::string_view names[] = {"full", "degraded", "damaged"};
  return names[static_cast<std::size_t>(s)];
}

std::string read_report::describe() const {
  if (blocks == 0) return cached > 0 ? "read from a secondary replica" : "kept by the ring";
  std::string text = "decoded from " + std::to_string(code.m) + " of " + std::to_string(code.n);
  std::string wrong;
  for (auto fate : {fragment_fate::vacant, fragment_fate::late, fragment_fate::unreachable, fragment_fate::missing, fragment_fate::damaged,
                    fragment_fate::false_proof}) {
    auto found = fates.find(fate);
    if (found == fates.end()) continue;
    wrong += (wrong.empty() ? "" : ", ") + std::to_string(found->second) + " " + std::string(to_string(fate));
  }
  if (!wrong.empty()) text += " (fragments over " + std::to_string(blocks) + " blocks: " + wrong + ")";
  return cached == 0 ? text : text + ", and " + std::to_string(cached) + " blocks read from secondary replicas";
}

class client_core {
 public:
  client_core(std::unique_ptr<cluster_connection> cluster, object::capability root)
      : cluster_(std::move(cluster)), objects_(*cluster_), names_(objects_, std::move(root)) {}

  cluster_connection& cluster() { return *cluster_; }
  object_access& objects() { return objects_; }
  name_space& names() { return names_; }

  result<object::capability> file_at(const std::string& path, std::optional<wall_time> at = std::nullopt) {
    auto where = names_.walk(path, at);
    if (!where) return fail(where.error());
    if (!where->found()) return fail(where->rest.empty() ? error(object::name_errc::bad_path, "the path must name a file") : not_there(path));
    if (where->link->kind == entry_kind::directory) return fail(is_a_folder(path));
    return where->link->target;
  }

  result<object::head> head_of(const object::capability& file, const std::string& path,
                               const object::version_walk::target& wanted = object::version_walk::newest{}) {
    auto head = objects_.head(file, wanted);
    if (!head) return fail(head.error());
    if (!*head) return fail(errc::not_found, "the file \"" + path + "\" has no version");
    return **head;
  }

  result<object::version_record> version_of(const std::string& path, const object::version_walk::target& wanted, object::capability& file) {
    auto* at = std::get_if<wall_time>(&wanted);
    auto found = file_at(path, at ? std::optional(*at) : std::nullopt);
    bool not_yet_named = at && !found && found.error().is(errc::not_found);
    if (not_yet_named) found = file_at(path);
    if (!found) return fail(found.error());
    file = std::move(*found);
    auto head = head_of(file, path, wanted);
    if (!head) return fail(head.error());
    auto record = objects_.find(*head, wanted);
    // A file is kept first and named then: the time that its first version bears lies a little before there is the name.
    constexpr auto named_within = std::chrono::seconds(10);
    bool just_made = record && record->version == 1 && at && *at - record->time < duration(named_within);
    if (not_yet_named && !just_made) return fail(errc::not_found, "there was no file \"" + path + "\" at that time");
    return record;
  }

  /// The next version of a file that is there.
  result<version_info> write(const object::capability& file, const byte_source& source, const put_options& options, const transfer_watch& watch) {
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
      return fail(errc::conflict, "the newest version is " + std::to_string(done->version) + ", not " + std::to_string(base) +
                                      "; nothing was changed");
    }
    return info_of(*done, root, file.owner);
  }

  /// A new file, not yet linked.
  result<version_info> write_first(const object::capability& file, const byte_source& source, const put_options& options,
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

  result<version_info> put(const std::string& path, const byte_source& source, const put_options& options, const transfer_watch& watch) {
    auto where = names_.walk(path);
    if (!where) return fail(where.error());
    if (where->rest.empty()) return fail(object::name_errc::bad_path, "the path is empty: it must name a file");
    if (auto ok = may_put(*where, path, options); !ok) return fail(ok.error());
    if (where->found()) return write(where->link->target, source, options, watch);

    system_random random;
    auto made = object::mint(random);
    auto first = write_first(made, source, options, watch);
    if (!first) return first;
    auto linked = names_.link(path, {entry_kind::file, made});
    if (linked) return first;
    if (!linked.error().is(errc::already_exists) || options.if_absent) return fail(linked.error());
    // Somebody made a file of that name in the meantime, and both puts are to be versions of it: what was just kept becomes its next.
    auto other = file_at(path);
    if (!other) return fail(other.error());
    return copy_newest(made, *other);
  }

  static outcome may_put(const walked& where, const std::string& path, const put_options& options) {
    if (where.found() && where.link->kind == entry_kind::directory) return fail(is_a_folder(path));
    if (where.found() && options.if_absent) return fail(errc::already_exists, "\"" + path + "\" exists already; nothing was changed");
    if (!where.found() && options.if_version) return fail(errc::conflict, "there is no file \"" + path + "\" yet; nothing was changed");
    return {};
  }

  result<version_info> copy_newest(const object::capability& from, const object::capability& to) {
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

  result<version_info> restore(const std::string& path, std::uint64_t version) {
    auto where = names_.walk(path);
    if (!where) return fail(where.error());
    if (where->found() && where->link->kind == entry_kind::directory) return fail(is_a_folder(path));
    auto link = where->found() ? result<object::directory_link>(*where->link) : names_.last_link(*where);
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
  result<version_info> write_again(const object::capability& file, const object::head& head, const object::version_record& record) {
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

  result<std::vector<listed>> ls(const std::string& path) {
    auto where = names_.walk(path);
    if (!where) return fail(where.error());
    if (!where->rest.empty() && !where->found()) return fail(not_there(path));
    std::map<std::string, object::directory_link> links;
    if (where->rest.empty()) {
      links = where->directory.content->links;
    } else if (where->link->kind == entry_kind::file) {
      links.emplace(where->name(), *where->link);
    } else {
      auto inside = names_.read(where->link->target);
      if (!inside) return fail(inside.error());
      links = inside->content->links;
    }
    std::vector<object::capability> targets;
    for (const auto& [name, link] : links) targets.push_back(link.target);
    auto heads = objects_.heads(targets);
    std::vector<listed> entries;
    for (const auto& [name, link] : links) {
      const auto& head = heads[entries.size()];
      entries.push_back({name, link.kind, std::nullopt});
      if (head && *head) entries.back().newest = version_info{(*head)->version, (*head)->size, (*head)->time, (*head)->owner};
    }
    return entries;
  }

 private:
  std::unique_ptr<cluster_connection> cluster_;
  object_access objects_;
  name_space names_;
};

client::client(std::unique_ptr<client_core> core) : core_(std::move(core)) {}
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

result<client> client::open(const identity::profile& profile, client_options options) {
  if (profile.secrets.root_directory.empty()) {
    return fail(errc::denied, "this profile is an operator's and keeps no data; make a client's with `holdfast profile create`");
  }
  auto root = codec::decode<object::capability>(profile.secrets.root_directory, "root directory's capability");
  if (!root) return fail(root.error().within("profile"));
  if (!root->consistent() || !root->read || !root->write_seed) return fail(errc::malformed, "the profile's root directory contradicts itself");
  auto cluster = cluster_connection::open(profile, options);
  if (!cluster) return fail(cluster.error());
  return client(std::make_unique<client_core>(std::move(*cluster), std::move(*root)));
}

result<version_info> client::put(const std::string& path, const byte_source& source, const put_options& options, const transfer_watch& watch) {
  return core_->put(path, source, options, watch);
}

result<read_report> client::get(const std::string& path, object::version_walk::target wanted, const byte_sink& sink, const transfer_watch& watch) {
  object::capability file;
  auto record = core_->version_of(path, wanted, file);
  if (!record) return fail(record.error());
  auto content = download::open(core_->cluster(), file, *record);
  if (!content) return fail(content.error());
  read_report report;
  report.version = {record->version, content->size(), record->time, record->writer};
  auto cached_by = [&](const std::optional<node_id>& replica) {
    if (!replica) return false;
    ++report.cached;
    report.replicas.insert(*replica);
    return true;
  };
  cached_by(content->inline_from());
  content->on_fetched = [&](const arrived_block& block) {
    if (cached_by(block.replica)) return;
    ++report.blocks;
    report.code = block.code;
    for (std::size_t i = 0; i < block.fates.size(); ++i) {
      auto fate = block.fates[i];
      if (fate == fragment_fate::unasked || fate == fragment_fate::intact) continue;
      ++report.fates[fate];
      if (block.slots[i]) (fate == fragment_fate::used ? report.used : report.troubled).insert(*block.slots[i]);
    }
  };
  watch.begin(content->size());
  std::uint64_t taken = 0;
  while (!content->done()) {
    auto part = content->next();
    if (!part) return fail(part.error());
    if (auto ok = sink(*part); !ok) return fail(ok.error());
    taken += part->size();
    watch.done(taken);
  }
  return report;
}

result<std::vector<listed>> client::ls(const std::string& path) { return core_->ls(path); }

result<std::vector<version_info>> client::log(const std::string& path) {
  auto file = core_->file_at(path);
  if (!file) return fail(file.error());
  auto head = core_->head_of(*file, path);
  if (!head) return fail(head.error());
  auto records = core_->objects().history(*head);
  if (!records) return fail(records.error());
  std::vector<version_info> versions;
  for (const auto& record : *records) {
    auto content = object_access::content_of(record);
    if (!content) return fail(content.error());
    versions.push_back(info_of(record, *content));
  }
  return versions;
}

outcome client::rm(const std::string& path) { return core_->names().unlink(path); }

result<version_info> client::restore(const std::string& path, std::uint64_t version) { return core_->restore(path, version); }

result<verify_report> client::verify(const std::string& path, object::version_walk::target wanted, const transfer_watch& watch) {
  object::capability file;
  auto record = core_->version_of(path, wanted, file);
  if (!record) return fail(record.error());
  return verify_version(core_->cluster(), file, *record, watch);
}

result<verify_report> client::repair(const std::string& path, duration deadline, const std::function<void(const verify_report&)>& told,
                                     const transfer_watch& watch) {
  auto until = steady_now() + deadline;
  for (;;) {
    auto report = verify(path, object::version_walk::newest{}, watch);
    if (!report) return report;
    told(*report);
    if (report->state == soundness::full || steady_now() + repair_pause >= until) return report;
    std::this_thread::sleep_for(repair_pause);
  }
}

result<file_handle> client::find(const std::string& path) {
  auto file = core_->file_at(path);
  if (!file) return fail(file.error());
  auto head = core_->objects().head(*file);
  if (!head) return fail(head.error());
  return file_handle{std::move(*file), *head ? (*head)->version : 0};
}

result<version_info> client::update(const file_handle& file, bytes_view content, std::optional<std::uint64_t> if_version) {
  put_options options;
  options.size = content.size();
  options.if_version = if_version;
  auto source = [&](mutable_bytes_view out) -> result<std::size_t> {
    auto n = std::min(out.size(), content.size());
    std::copy_n(content.begin(), n, out.begin());
    content = content.subspan(n);
    return n;
  };
  return core_->write(file.capability, source, options, {});
}

std::string client::name_of(const node_id& node) const { return core_->cluster().trust().name_of(node); }

}  // namespace holdfast::actors
