#include "actors/client/upload.hpp"

#include "actors/client/object_access.hpp"
#include "protocols/archive/placement.hpp"

namespace holdfast::actors {

namespace {

// Small beside the windows of a single upload: a slow server soon sets the pace, and a dead one costs little to send anew.
constexpr std::uint64_t window_bytes = 2u << 20;
constexpr std::uint64_t queue_bytes = 4u << 20;
constexpr std::size_t read_bytes = 1u << 20;
constexpr std::uint64_t extent_bytes_min = 4u << 20;  // a few blocks: each extent has receipts and a coding record of its own

/// Ciphertext that so much plaintext becomes, at most: seals, and 80 bytes in interior blocks for each block.
std::uint64_t ciphertext_bytes(std::uint64_t plaintext_bytes) {
  auto blocks = plaintext_bytes / object::block_bytes_default + 1;
  auto interior = blocks / object::tree_fanout + object::tree_depth_max + 1;
  return plaintext_bytes + blocks * (crypto::seal_overhead_bytes + 80) + interior * 256;
}

}  // namespace

uploaded_content::~uploaded_content() {
  for (const auto& stream : streams_) stream->give_up();
}

void uploaded_content::settle() {
  for (const auto& stream : streams_) stream->settle();
  streams_.clear();
}

upload::upload(cluster_connection& cluster, operation_numbers& numbers, const object::capability& to, std::uint64_t base_version,
               upload_rules rules)
    : cluster_(cluster),
      size_(rules.size),
      extent_bytes_(std::clamp(rules.extent_bytes, extent_bytes_min, archive::extent_bytes_max)),
      origin_([&] {
        auto number = numbers.next_upload();
        return archive::extent_origin{cluster.member(), number.session, number.operation, 0};
      }()),
      builder_(to.object, *to.read, origin_, base_version, random_, object::block_bytes_default, extent_bytes_) {}

result<uploaded_content> upload::run(const byte_source& source, const transfer_watch& watch) {
  if (size_) watch.begin(*size_);
  bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(read_bytes, size_.value_or(read_bytes) + 1)));
  for (;;) {
    auto most = size_ ? std::min<std::uint64_t>(buffer.size(), *size_ - builder_.size()) : buffer.size();
    auto got = most == 0 ? result<std::size_t>(0) : source(mutable_bytes_view(buffer).first(static_cast<std::size_t>(most)));
    if (!got) return fail(got.error());
    if (*got == 0) break;
    if (auto sent = send(builder_.write(bytes_view(buffer).first(*got))); !sent) return fail(sent.error());
    watch.done(builder_.size());
  }
  if (size_ && builder_.size() < *size_) return fail(errc::malformed, "the source ended before its size; it was changed while it was read");
  if (auto sent = send(builder_.finish()); !sent) return fail(sent.error());
  if (auto kept = finish_extents(0); !kept) return fail(kept.error());
  done_.built = builder_.built();
  return std::move(done_);
}

outcome upload::send(std::vector<object::placed_block> blocks) {
  for (auto& block : blocks) {
    if (!stream_ || block.extent_ordinal != origin_.ordinal) {
      if (auto begun = begin_extent(block.extent_ordinal); !begun) return begun;
    }
    dispersed_ += block.ciphertext.size();
    if (auto added = stream_->add(archive::code_block(*codec_, block.ciphertext)); !added) return added;
  }
  return {};
}

outcome upload::begin_extent(std::uint32_t ordinal) {
  if (stream_) {
    stream_->close();
    if (auto kept = finish_extents(1); !kept) return kept;  // at most two extents hold memory
  } else {
    turn_ = cluster_.upload_turn();
    auto directory = cluster_.directory();
    if (!directory) return fail(directory.error());
    directory_ = std::move(*directory);
  }
  auto servers = directory_->archive_servers().size();
  if (servers == 0) return fail(errc::unavailable, "the cluster has no archive server yet; content beyond 32 KiB needs one");
  archive::disperser_config config;
  origin_.ordinal = ordinal;
  config.ring = cluster_.ring().id;
  config.origin = origin_;
  config.code = archive::coding_for(servers);
  config.margin = directory_->rules.write_margin;
  config.window_bytes = window_bytes;
  config.queue_bytes = queue_bytes;
  config.bytes_expected = extent_bytes_;
  if (size_) config.bytes_expected = std::min(extent_bytes_, ciphertext_bytes(*size_) - dispersed_);
  config.order = archive::placement_order(*directory_, archive::id_of(origin_), archive::placement_candidates(config.code));
  std::stable_partition(config.order.begin(), config.order.end(), [&](const node_id& s) { return !cluster_.servers().suspect(s); });
  if (!codec_) codec_.emplace(config.code);
  stream_ = actors::begin_extent(cluster_.desk(), std::move(config), directory_);
  done_.streams_.push_back(stream_);
  return {};
}

/// Collects the claims of all extents begun but the newest `leave_open`.
outcome upload::finish_extents(std::size_t leave_open) {
  if (leave_open == 0 && stream_) stream_->close();
  while (done_.claims.size() + leave_open < done_.streams_.size()) {
    auto claim = done_.streams_[done_.claims.size()]->claim();
    if (!claim) return fail(claim.error());
    done_.claims.push_back(std::move(*claim));
  }
  return {};
}

}  // namespace holdfast::actors
