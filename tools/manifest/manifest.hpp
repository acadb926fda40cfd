// Reading a role manifest: TOML in, settings out, and every fault at once as `FILE:LINE:COL: message`.
#pragma once

#include "protocols/base/error.hpp"
#include "tools/manifest/keys.hpp"

namespace holdfast::tools {

constexpr std::size_t manifest_bytes_max = 1u << 20;

/// Reads the text of a manifest. Pure: `file` only names it in complaints; paths stay as written. Without [roles] a node may take all
/// six. Unknown keys, wrong types and bad values are complained of together; a syntax error or a duplicate hides what follows it.
configuration parse_manifest(std::string_view text, std::string_view file);

/// Lays the environment and then the flags over a manifest's values, checks what must go together, and makes paths absolute
/// (a manifest's from its own folder, others from the current one).
///   environment   the value of a variable, or nothing; `std::getenv` in the program
///   flags         by key path, as given
using environment_reader = std::function<std::optional<std::string>(const std::string&)>;
configuration overlay(configuration manifest, const std::string& manifest_path, const environment_reader& environment,
                      const std::map<std::string, std::string>& flags);

/// All of it for a program: reads the file, the environment and the flags. `tool_errc::bad_manifest` carries every complaint, one a line.
result<configuration> load_configuration(const std::string& manifest_path, const std::map<std::string, std::string>& flags);

/// Each effective value and where it came from, as aligned text or as a JSON object by key.
std::string show(const configuration& c);
std::string show_json(const configuration& c);

}  // namespace holdfast::tools
