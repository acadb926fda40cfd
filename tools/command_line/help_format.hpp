// How `--help` looks: what a flag takes is one word in capitals, its default stands at the end of its sentence, and rules of
// the parser (types, ranges, exclusions) are left to the errors, which name them when they matter.
#pragma once

#include <CLI/CLI.hpp>

namespace holdfast::tools {

class help_format final : public CLI::Formatter {
 public:
  help_format();

  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_option_usage(const CLI::Option* option) const override;
};

}  // namespace holdfast::tools
