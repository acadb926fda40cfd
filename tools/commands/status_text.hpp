// `holdfast status` for people, from the same JSON that programs get.
#pragma once

#include <string>

namespace holdfast::tools {

/// The health sentence, a line for each node, what is wrong, and the rings.
std::string status_text(const std::string& view_json);

}  // namespace holdfast::tools
