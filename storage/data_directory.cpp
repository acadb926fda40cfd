#include "storage/data_directory.hpp"

#include "protocols/crypto/secret.hpp"
#include "storage/checked_text.hpp"
#include "storage/crc32c.hpp"
#include "storage/numbers.hpp"

namespace holdfast::storage {
namespace {

constexpr std::string_view label_title = "holdfast data directory";
constexpr std::string_view boot_title = "holdfast boot counter";
constexpr std::string_view identity_title = "holdfast node identity 1\n";
constexpr std::uint64_t text_bytes_max = 4096;

template <class Name>
result<Name> parse_name(const std::map<std::string, std::string>& fields, const std::string& key) {
  auto found = fields.find(key);
  if (found == fields.end()) return fail(errc::corrupt, "FORMAT has no " + key);
  auto name = Name::from_hex(found->second);
  if (!name) return fail(errc::corrupt, "FORMAT has no " + key + " of 64 hexadecimal digits");
  return *name;
}

std::string who(const cluster_id& cluster, const node_id& node) { return "node " + node.brief() + " of cluster " + cluster.brief(); }

}  // namespace

std::string print(const disk_label& label) {
  std::string text(label_title);
  text += "\nformat " + std::to_string(label.version) + "\ncluster " + label.cluster.hex() + "\nnode " + label.node.hex() + "\ndisk " +
          label.disk.hex() + "\n";
  return with_check_line(std::move(text));
}

result<disk_label> parse_disk_label(std::string_view text) {
  auto fields = parse_checked_text(text, label_title, "FORMAT");
  if (!fields) return fail(fields.error());
  auto version = parse_number(*fields, "format", "FORMAT");
  if (!version) return fail(version.error());
  if (*version > directory_format_version)
    return fail(errc::newer_format, "FORMAT says version " + std::to_string(*version) + "; this program knows versions up to " +
                                        std::to_string(directory_format_version) + ": run the newer program");
  disk_label label;
  label.version = static_cast<std::uint32_t>(*version);
  auto cluster = parse_name<cluster_id>(*fields, "cluster");
  if (!cluster) return fail(cluster.error());
  auto node = parse_name<node_id>(*fields, "node");
  if (!node) return fail(node.error());
  auto disk = parse_name<disk_id>(*fields, "disk");
  if (!disk) return fail(disk.error());
  if (*version == 0 || fields->size() != 4) return fail(errc::corrupt, "FORMAT has a line that its version does not know");
  label.cluster = *cluster;
  label.node = *node;
  label.disk = *disk;
  return label;
}

data_directory::data_directory(file_system& files, std::string path, std::unique_ptr<file_lock> lock)
    : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}

std::string data_directory::at(std::string_view name) const { return path_ + "/" + std::string(name); }

result<data_directory> data_directory::open(file_system& files, std::string path) {
  if (auto made = files.create_directories(path); !made) return fail(made.error());
  auto lock = files.lock(path + "/LOCK");
  if (!lock) return fail(lock.error());
  data_directory directory(files, std::move(path), std::move(*lock));
  if (auto read = directory.read_label(); !read) return fail(read.error().within(directory.path_));
  if (auto counted = directory.count_start(); !counted) return fail(counted.error().within(directory.path_));
  return directory;
}

outcome data_directory::read_label() {
  auto text = read_file(*files_, at("FORMAT"), text_bytes_max);
  if (!text && text.error().is(errc::not_found)) return {};
  if (!text) return fail(text.error());
  auto label = parse_disk_label(as_text(*text));
  if (!label) return fail(label.error());
  label_ = *label;
  return {};
}

outcome data_directory::count_start() {
  auto text = read_file(*files_, at("boot"), text_bytes_max);
  if (text) {
    auto fields = parse_checked_text(as_text(*text), boot_title, "boot");
    if (!fields) return fail(fields.error());
    auto count = parse_number(*fields, "boot", "boot");
    if (!count) return fail(count.error());
    boot_ = *count;
  } else if (!text.error().is(errc::not_found)) {
    return fail(text.error());
  } else {
    auto lived_in = has_identity();
    if (!lived_in) return fail(lived_in.error());
    // Beginning again at 1 would repeat boot numbers that peers have seen.
    if (*lived_in || label_) return fail(errc::corrupt, "the boot counter is gone though the node has an identity; forget this node and join anew");
  }
  ++boot_;
  auto fresh = with_check_line(std::string(boot_title) + "\nboot " + std::to_string(boot_) + "\n");
  return replace_file(*files_, path_, "boot", as_bytes_view(fresh));
}

outcome data_directory::bind(const cluster_id& cluster, const node_id& node, const disk_id& disk) {
  if (label_) return expect(cluster, node);
  disk_label label{directory_format_version, cluster, node, disk};
  if (auto done = replace_file(*files_, path_, "FORMAT", as_bytes_view(print(label))); !done) return done;
  label_ = label;
  return {};
}

outcome data_directory::expect(const cluster_id& cluster, const node_id& node) const {
  if (!label_) return fail(errc::foreign_disk, path_ + " belongs to no cluster yet, not to " + who(cluster, node) + "; is the disk mounted?");
  if (label_->cluster == cluster && label_->node == node) return {};
  return fail(errc::foreign_disk, path_ + " belongs to " + who(label_->cluster, label_->node) + ", not to " + who(cluster, node) +
                                      "; give this node its own directory");
}

result<bool> data_directory::has_identity() const { return files_->exists(at("node.identity")); }

outcome data_directory::write_identity(bytes_view content) {
  if (content.size() > identity_bytes_max) return fail(errc::over_limit, "an identity of " + std::to_string(content.size()) + " bytes is too long");
  bytes framed;
  framed.reserve(identity_title.size() + content.size() + 4);  // no reallocation leaves a copy of the keys behind
  append(framed, as_bytes_view(identity_title));
  append(framed, content);
  std::array<std::uint8_t, 4> crc;
  put_little(crc.data(), crc32c(framed));
  append(framed, crc);
  auto done = replace_file(*files_, path_, "node.identity", framed);
  crypto::wipe(framed);
  return done;
}

result<bytes> data_directory::read_identity() const {
  constexpr std::size_t crc_bytes = 4;
  auto framed = read_file(*files_, at("node.identity"), identity_bytes_max + identity_title.size() + crc_bytes);
  if (!framed) return fail(framed.error());
  auto damaged = framed->size() < identity_title.size() + crc_bytes || !as_text(*framed).starts_with(identity_title) ||
                 get_little<std::uint32_t>(framed->data() + framed->size() - crc_bytes) !=
                     crc32c(bytes_view(*framed).first(framed->size() - crc_bytes));
  bytes content;
  if (!damaged) content.assign(framed->begin() + identity_title.size(), framed->end() - crc_bytes);
  crypto::wipe(*framed);
  if (damaged) return fail(errc::corrupt, at("node.identity") + " is damaged; restore it from a copy, or forget this node and join anew");
  return content;
}

}  // namespace holdfast::storage
