#include "tools/profile/profile_file.hpp"

#include <cstdlib>
#include <sstream>

#include <toml++/toml.h>

#include "tools/errors/tool_error.hpp"
#include "tools/files/private_file.hpp"
#include "tools/manifest/values.hpp"
#include "tools/profile/passphrase.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t format_now = 1;
constexpr std::size_t columns = 100;  ///< of base32 a line
constexpr std::size_t members_max = 64;

/// What stands in the file, not yet opened.
struct envelope {
  std::vector<std::string> members;
  bool sealed = false;
  bytes keys;
};

tl::unexpected<error> no_profile(const std::string& why) { return fail(tool_errc::bad_profile, "this does not read as a profile: " + why); }

std::string in_lines(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += columns) out += text.substr(i, columns) + "\n";
  return out;
}

result<envelope> parse_envelope(std::string_view text) {
  if (text.size() > profile_bytes_max) return no_profile("it is longer than 2 MiB");
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& e) {
    return no_profile("line " + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
  }
  auto format = table["format"].value<std::int64_t>();
  if (!format || *format < 1) return no_profile("it has no format");
  if (*format > format_now) return fail(errc::unsupported, "the profile has format " + std::to_string(*format) + "; this program reads up to 1");
  auto sealed = table["sealed"].value<bool>();
  auto keys = table["keys"].value<std::string>();
  const auto* members = table["members"].as_array();
  if (!sealed || !keys || !members) return no_profile("`sealed`, `keys` or `members` is missing");
  envelope e;
  e.sealed = *sealed;
  for (const auto& each : *members) {
    auto address = parse_address(each.value_or(std::string()));
    if (!address || e.members.size() >= members_max) return no_profile("`members` is a list of up to 64 HOST:PORT");
    e.members.push_back(to_string(*address));
  }
  std::erase_if(*keys, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  auto raw = from_base32(*keys);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(keys->data()), keys->size()});
  if (!raw) return no_profile("`keys` is not base32; a line may be cut short");
  e.keys = std::move(*raw);
  return e;
}

}  // namespace

result<std::string> print_profile(const identity::profile& p, const std::optional<std::string>& passphrase, const identity::stretching& costs,
                                  random_source& random) {
  auto keys = codec::encode(p.secrets);
  if (passphrase) {
    auto sealed = identity::seal_key_file(*passphrase, keys, costs, random);
    crypto::wipe(keys);
    if (!sealed) return fail(sealed.error());
    keys = std::move(*sealed);
  }
  std::ostringstream out;
  out << "# Keys of a Holdfast " << identity::to_string(p.secrets.kind) << ". Without them nobody can recover the data they belong to; with them, "
      << "anybody can\n# read it. Keep a copy where a fire or a thief does not find both: `holdfast profile export FILE`.\n"
      << "format = " << format_now << "\nkind = \"" << identity::to_string(p.secrets.kind) << "\"\ncluster = \"" << p.secrets.cluster.hex()
      << "\"\n\n# Where the cluster is reached; one that answers is enough. Edit this if it has moved.\nmembers = [";
  for (const auto& member : p.members) out << (&member == p.members.data() ? "" : ", ") << '"' << member << '"';
  out << "]\n\nsealed = " << (passphrase ? "true" : "false") << "\nkeys = \"\"\"\n" << in_lines(to_base32(keys)) << "\"\"\"\n";
  crypto::wipe(keys);
  return out.str();
}

result<bool> is_sealed(std::string_view text) {
  auto e = parse_envelope(text);
  if (!e) return fail(e.error());
  crypto::wipe(e->keys);
  return e->sealed;
}

result<identity::profile> parse_profile(std::string_view text, const std::optional<std::string>& passphrase) {
  auto e = parse_envelope(text);
  if (!e) return fail(e.error());
  if (e->sealed) {
    if (!passphrase) return fail(tool_errc::wrong_passphrase, "the profile has a passphrase, and none was given");
    auto opened = identity::open_key_file(*passphrase, e->keys);
    if (!opened && opened.error().is(errc::denied)) return fail(tool_errc::wrong_passphrase, opened.error().message());
    if (!opened && opened.error().is(errc::malformed)) return no_profile(opened.error().message());
    if (!opened) return fail(opened.error());
    e->keys = std::move(*opened);
  }
  auto secrets = codec::decode<identity::profile_secrets>(e->keys, "profile");
  crypto::wipe(e->keys);
  if (!secrets) return no_profile(secrets.error().message());
  return identity::profile{std::move(e->members), std::move(*secrets)};
}

fs::path profile_path(const std::string& flag) {
  if (!flag.empty()) return flag;
  if (const char* named = std::getenv("HOLDFAST_PROFILE"); named && *named) return named;
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config) return fs::path(config) / "holdfast" / "profile.toml";
  const char* home = std::getenv("HOME");
  return fs::path(home ? home : ".") / ".config" / "holdfast" / "profile.toml";
}

result<identity::profile> load_profile(const fs::path& path) {
  std::error_code hidden;  // by a folder that may not be searched: reading the file says so
  if (!fs::exists(path, hidden) && !hidden) return fail(tool_errc::no_profile, "there is no profile " + path.string());
  auto text = read_file(path, profile_bytes_max);
  if (!text) return fail(text.error());
  auto sealed = is_sealed(*text);
  if (!sealed) return fail(sealed.error().within(path.string()));
  std::optional<std::string> passphrase;
  if (*sealed) {
    auto asked = ask_passphrase("Passphrase of " + path.string() + ": ");
    if (!asked) return fail(asked.error());
    passphrase = *asked;
  } else if (readable_by_others(path)) {
    return fail(tool_errc::bad_profile, path.string() + " holds bare keys and others may read it: chmod 600 " + path.string());
  }
  auto profile = parse_profile(*text, passphrase);
  if (!profile) return fail(profile.error().within(path.string()));
  return profile;
}

outcome save_profile(const fs::path& path, const identity::profile& p, const std::optional<std::string>& passphrase,
                     const identity::stretching& costs, bool replace) {
  if (!replace) {
    if (auto free = expect_free(path, ", and a profile is never overwritten"); !free) return free;
  }
  system_random random;
  auto text = print_profile(p, passphrase, costs, random);
  if (!text) return fail(text.error());
  auto written = write_private_file(path, *text);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
  return written;
}

}  // namespace holdfast::tools
