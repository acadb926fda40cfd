#include "protocols/archive/placement.hpp"

namespace holdfast::archive {

namespace {

constexpr std::size_t label_kinds = 3;  // operator, site, rack: the order of what fails together most

struct candidate {
  const identity::directory_entry* server;
  digest rank;
  std::array<std::uint32_t, label_kinds> labels;  // numbers of the label values, so that counting needs no strings
};

std::string label(const identity::directory_entry& server, const char* kind) {
  auto found = server.labels.find(kind);
  return found == server.labels.end() ? std::string() : found->second;
}

// The label values of a directory, numbered as they appear, with how often each has been chosen.
class independence {
 public:
  std::array<std::uint32_t, label_kinds> number(const identity::directory_entry& server) {
    auto site = label(server, "site");
    // A rack is one place only within its site.
    return {number(0, server.operated_by), number(1, site), number(2, site + '\0' + label(server, "rack"))};
  }

  void choose(const std::array<std::uint32_t, label_kinds>& labels) {
    for (std::size_t k = 0; k < label_kinds; ++k) ++chosen_[k][labels[k]];
  }

  std::array<std::uint32_t, label_kinds> shared(const std::array<std::uint32_t, label_kinds>& labels) const {
    return {chosen_[0][labels[0]], chosen_[1][labels[1]], chosen_[2][labels[2]]};
  }

 private:
  std::uint32_t number(std::size_t kind, const std::string& value) {
    auto [at, fresh] = numbers_[kind].try_emplace(value, static_cast<std::uint32_t>(chosen_[kind].size()));
    if (fresh) chosen_[kind].push_back(0);
    return at->second;
  }

  std::array<std::map<std::string, std::uint32_t>, label_kinds> numbers_;
  std::array<std::vector<std::uint32_t>, label_kinds> chosen_;
};

std::vector<candidate> ranked(const identity::directory& directory, const extent_id& extent, independence& labels) {
  std::vector<candidate> all;
  for (const auto* server : directory.archive_servers()) {
    all.push_back({server, crypto::hash("holdfast/placement/v1", {extent.view(), server->node.view()}), labels.number(*server)});
  }
  std::sort(all.begin(), all.end(), [](const candidate& a, const candidate& b) { return a.rank < b.rank; });
  return all;
}

// The first in rank among those that share least with what is chosen.
std::vector<candidate>::iterator most_independent(std::vector<candidate>& left, const independence& labels) {
  return std::min_element(left.begin(), left.end(), [&](const candidate& a, const candidate& b) {
    return labels.shared(a.labels) < labels.shared(b.labels);
  });
}

}  // namespace

std::vector<node_id> placement_order(const identity::directory& directory, const extent_id& extent, std::size_t count) {
  independence labels;
  auto left = ranked(directory, extent, labels);
  std::vector<node_id> order;
  while (!left.empty() && order.size() < count) {
    auto next = most_independent(left, labels);
    order.push_back(next->server->node);
    labels.choose(next->labels);
    left.erase(next);  // keeps the rest in rank
  }
  return order;
}

std::optional<node_id> filler_for(const coding_record& record, const identity::directory& directory, const std::set<node_id>& reachable,
                                  const std::set<node_id>& passed_over) {
  independence labels;
  std::vector<candidate> free;
  for (auto& server : ranked(directory, record.extent, labels)) {
    const auto& id = server.server->node;
    bool holds = std::find(record.slots.begin(), record.slots.end(), id) != record.slots.end();
    if (holds) {
      labels.choose(server.labels);
    } else if (reachable.contains(id) && !passed_over.contains(id)) {
      free.push_back(std::move(server));
    }
  }
  if (free.empty()) return std::nullopt;
  return most_independent(free, labels)->server->node;
}

}  // namespace holdfast::archive
