// Small text files for people and programs: lines of "key value", closed by a line "check CRC" over all before it.
#pragma once

#include <map>
#include <string>

#include "storage/error.hpp"

namespace holdfast::storage {

/// The text with its check line.
std::string with_check_line(std::string text);

/// The lines as key and value, without the check line; the first line is the title and must equal `title`. corrupt if anything is off;
/// `what` names the file in the sentence.
result<std::map<std::string, std::string>> parse_checked_text(std::string_view text, std::string_view title, const std::string& what);

/// A decimal number without sign; corrupt otherwise.
result<std::uint64_t> parse_number(const std::map<std::string, std::string>& fields, const std::string& key, const std::string& what);

}  // namespace holdfast::storage
