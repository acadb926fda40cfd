#include "actors/node/open_files.hpp"

#include <sys/resource.h>

#include "actors/base/log.hpp"
#include "protocols/link/link_limits.hpp"

namespace holdfast::actors {

void raise_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  if (files.rlim_cur < files.rlim_max) {
    auto raised = files;
    raised.rlim_cur = files.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) files = raised;
  }
  if (files.rlim_cur >= link::limits::open_files_wanted) return;
  log::warning("few files may be open: a crowd of connections can end this node; raise the limit (LimitNOFILE= in its unit, or `ulimit -n`)",
               {{"limit", std::uint64_t{files.rlim_cur}}, {"wanted", std::uint64_t{link::limits::open_files_wanted}}});
}

}  // namespace holdfast::actors
