#include "tools/command_line/help_format.hpp"

#include <algorithm>
#include <cctype>

namespace holdfast::tools {

namespace {

bool is_flag(const CLI::Option* option) { return option->get_expected_max() == 0; }

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

}  // namespace

help_format::help_format() { column_width(28); }

std::string help_format::make_option_name(const CLI::Option* option, bool is_positional) const {
  return is_positional ? in_capitals(option->get_name(true, false)) : option->get_name(false, true);
}

std::string help_format::make_option_opts(const CLI::Option* option) const {
  if (option->get_positional() || is_flag(option)) return {};
  return option->get_option_text().empty() ? " VALUE" : " " + option->get_option_text();
}

std::string help_format::make_option_desc(const CLI::Option* option) const {
  auto text = option->get_description();
  bool has_default = !is_flag(option) && !option->get_default_str().empty();
  return has_default ? text + " (default: " + option->get_default_str() + ")" : text;
}

std::string help_format::make_option_usage(const CLI::Option* option) const {
  auto name = make_option_name(option, true);
  return option->get_required() ? name : "[" + name + "]";
}

}  // namespace holdfast::tools
