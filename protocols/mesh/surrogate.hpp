// Surrogate routing (Zhao et al. 2004): the one node that a GUID comes to, digit by digit.
//
// At each hexadecimal digit the nodes whose next digit is the GUID's go on; if there is none, those of the next higher digit
// that has any, wrapping around. Everybody who knows the same nodes comes to the same root, whatever node he begins at.
#pragma once

#include <set>

#include "protocols/mesh/mesh_types.hpp"

namespace holdfast::mesh {

/// Nothing if there are no nodes.
std::optional<node_id> surrogate_root(const std::set<node_id>& nodes, const guid& what);

/// The GUID's distinct roots, at most `roots_per_guid`: of itself and of its salted forms.
std::vector<node_id> roots_of(const std::set<node_id>& nodes, const guid& what);

}  // namespace holdfast::mesh
