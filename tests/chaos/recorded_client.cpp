#include "tests/chaos/recorded_client.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

#include "protocols/crypto/hash.hpp"

namespace holdfast::test {

using history::operation;
using history::operation_kind;
using history::operation_outcome;

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void history_record::add(const operation& op, const std::string& why_not) {
  std::lock_guard lock(mutex_);
  file_ << to_line(op) << std::endl;
  all_.push_back(op);
  if (!why_not.empty()) std::cout << "  client " << op.client << " " << to_string(op.kind) << " " << op.object << ": " << why_not << std::endl;
}

std::vector<operation> history_record::operations() const {
  std::lock_guard lock(mutex_);
  return all_;
}

std::int64_t history_record::longest_pause_us(std::uint32_t client, std::int64_t begin_us, std::int64_t end_us) const {
  std::lock_guard lock(mutex_);
  std::int64_t longest = 0, last = begin_us;
  for (const auto& op : all_) {
    if (op.client != client || op.kind != operation_kind::put || op.outcome != operation_outcome::ok || op.return_us < begin_us) continue;
    const auto at = std::min(op.return_us, end_us);
    longest = std::max(longest, at - last);
    last = at;
  }
  return std::max(longest, end_us - last);
}

std::size_t history_record::acknowledged_since(operation_kind kind, std::int64_t begin_us) const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(
      all_, [&](const operation& op) { return op.kind == kind && op.outcome == operation_outcome::ok && op.call_us >= begin_us; }));
}

bytes content_of(std::uint64_t seed, std::size_t size) {
  bytes content(size);
  std::uint64_t x = seed * 0x9e3779b97f4a7c15u + 1;
  for (auto& b : content) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    b = static_cast<std::uint8_t>(x);
  }
  return content;
}

std::string hash_text(bytes_view content) { return to_hex(bytes_view(crypto::hash_raw("holdfast/test-content/v1", {content})).first(8)); }

result<bytes> read_bytes(actors::client& from, const std::string& path, object::version_walk::target wanted) {
  bytes all;
  auto read = from.get(path, wanted, [&](bytes_view part) -> outcome {
    append(all, part);
    return {};
  });
  if (!read) return fail(read.error());
  return all;
}

result<actors::version_info> put_bytes(actors::client& to, const std::string& path, bytes_view content) {
  auto rest = content;
  return to.put(
      path,
      [&](mutable_bytes_view out) -> result<std::size_t> {
        const auto n = std::min(out.size(), rest.size());
        std::ranges::copy(rest.first(n), out.begin());
        rest = rest.subspan(n);
        return n;
      },
      {.size = content.size()});
}

bool recorded_client::put(const std::string& path, bytes_view content) {
  operation op{.client = number_, .kind = operation_kind::put, .object = path, .hash = hash_text(content), .call_us = now_us()};
  auto done = put_bytes(client_, path, content);
  op.return_us = now_us();
  op.outcome = done ? operation_outcome::ok : done.error().is(errc::outcome_unknown) ? operation_outcome::unknown : operation_outcome::failed;
  if (done) op.version = done->version;
  record_.add(op, done ? "" : done.error().message());
  return done.has_value();
}

bool recorded_client::get(const std::string& path) {
  operation op{.client = number_, .kind = operation_kind::get, .object = path, .call_us = now_us()};
  bytes content;
  auto done = client_.get(path, object::version_walk::newest{}, [&](bytes_view part) -> outcome {
    append(content, part);
    return {};
  });
  op.return_us = now_us();
  op.outcome = done ? operation_outcome::ok : done.error().is(errc::not_found) ? operation_outcome::not_found : operation_outcome::failed;
  if (done) op.version = done->version.version, op.hash = hash_text(content);
  record_.add(op, done || done.error().is(errc::not_found) ? "" : done.error().message());
  return done.has_value();
}

result<std::string> recorded_client::hash_of_version(const std::string& path, std::uint64_t version) {
  auto content = read_bytes(client_, path, version);
  if (!content) return fail(content.error());
  return hash_text(*content);
}

}  // namespace holdfast::test
