#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

std::vector<digest> request_digests(const batch& b) {
  std::vector<digest> names;
  names.reserve(b.requests.size());
  for (const auto& r : b.requests) names.push_back(digest_of_request(r));
  return names;
}

digest digest_of(wall_time time, const std::vector<digest>& requests) {
  return crypto::hash(batch::type_tag, {codec::encode(time), codec::encode(requests)});
}

digest digest_of(const batch& b) { return digest_of(b.time, request_digests(b)); }

digest digest_of_request(bytes_view request) { return crypto::hash("holdfast/request/v1", {request}); }

std::size_t size_of(const batch& b) {
  std::size_t total = 0;
  for (const auto& r : b.requests) total += r.size();
  return total;
}

const batch_ptr& null_batch() {
  static const batch_ptr none = std::make_shared<const batch>();
  return none;
}

const digest& null_digest() {
  static const digest name = digest_of(*null_batch());
  return name;
}

std::string_view kind_of(const message& m) {
  constexpr std::string_view names[] = {"request",       "pre_prepare", "prepare",    "commit", "checkpoint", "view_change", "new_view",
                                        "fetch_batches", "batches",     "fetch_body", "body",   "status"};
  static_assert(std::size(names) == std::variant_size_v<message>);
  return names[m.index()];
}

}  // namespace holdfast::agreement
