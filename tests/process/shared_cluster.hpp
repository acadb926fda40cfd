// One cluster of one node for all cases that need no more: each works below a folder of its own.
#pragma once

#include <boost/test/unit_test.hpp>

#include "tests/process/cluster.hpp"

namespace holdfast::testing {

inline real_cluster& shared_cluster() {
  static real_cluster cluster(1);
  return cluster;
}

/// The fixture of such cases.
struct on_shared_cluster {
  real_cluster& cluster = shared_cluster();
  on_shared_cluster() { BOOST_REQUIRE_MESSAGE(cluster.up().code == 0, cluster.up().out); }
};

}  // namespace holdfast::testing
