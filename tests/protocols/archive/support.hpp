// A cluster of archive servers on paper: keys, directory, blocks.
#pragma once

#include "protocols/archive/claim.hpp"
#include "protocols/archive/fragment_tree.hpp"
#include "protocols/archive/placement.hpp"
#include "protocols/base/random.hpp"

namespace holdfast::archive::test {

inline bytes content(std::size_t size, std::uint64_t seed = 1) {
  bytes data(size);
  seeded_random(seed).fill(data);
  return data;
}

template <class Name>
Name name(std::uint64_t n) {
  return crypto::hash<Name>("holdfast/test/v1", {codec::encode(n)});
}

struct cluster {
  cluster_id id = name<cluster_id>(1);
  ring_id ring = name<ring_id>(2);
  identity::directory directory;
  std::map<node_id, crypto::signing_key> keys;
  std::vector<node_id> nodes;

  explicit cluster(std::size_t servers) {
    directory.cluster = id;
    directory.version = 1;
    seeded_random random(7);
    for (std::size_t i = 0; i < servers; ++i) {
      auto key = crypto::signing_key::generate(random);
      identity::directory_entry entry;
      entry.node = name<node_id>(100 + i);
      entry.name = "n" + std::to_string(i);
      entry.identity = key.pub();
      entry.roles = {identity::role_kind::archive};
      nodes.push_back(entry.node);
      keys.emplace(entry.node, std::move(key));
      directory.nodes.emplace(entry.node, std::move(entry));
    }
  }

  identity::directory_entry& entry(std::size_t i) { return directory.nodes.at(nodes[i]); }
};

inline extent_origin origin(std::uint64_t operation = 1) { return {name<node_id>(50), name<session_id>(60), operation, 0}; }

}  // namespace holdfast::archive::test
