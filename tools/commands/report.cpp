#include <iostream>

#include "tools/commands/commands.hpp"
#include "tools/errors/error_table.hpp"

namespace holdfast::tools {

int report(const error& e, bool json, situation where) {
  if (json) {
    std::cout << describe_json(e, where) << std::endl;
  } else {
    std::cerr << describe(e, where) << std::flush;
  }
  return exit_code(e);
}

}  // namespace holdfast::tools
