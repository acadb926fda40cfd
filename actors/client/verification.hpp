// Looks at every fragment of a version: what `verify` and `repair` do.
#pragma once

#include "actors/client/object_access.hpp"

namespace holdfast::actors {

result<verify_report> verify_version(cluster_connection& cluster, const object::capability& of, const object::version_record& record,
                                     const transfer_watch& watch);

}  // namespace holdfast::actors
