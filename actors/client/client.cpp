#include "actors/client/client.hpp"

#include <thread>

#include "actors/base/clock.hpp"
#include "actors/client/client_core.hpp"
#include "actors/client/download.hpp"
#include "actors/client/verification.hpp"

namespace holdfast::actors {

namespace {

using archive::fragment_fate;

constexpr auto repair_pause = std::chrono::seconds(2);  ///< between looks: servers mend in the background

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

result<std::vector<listed>> client::ls(const std::string& path, bool removed) { return core_->ls(path, removed); }

result<std::vector<version_info>> client::log(const std::string& path) {
  auto file = core_->file_or_removed(path);
  if (!file) return fail(file.error());
  auto head = core_->head_of(file->capability, path);
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

result<removed_name> client::rm(const std::string& path) { return core_->rm(path); }

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
