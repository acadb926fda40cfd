#include "protocols/object/directory_content.hpp"

namespace holdfast::object {

namespace {

struct stored_directory {
  std::uint8_t format = 1;
  std::map<std::string, directory_link> links;
};
template <class F>
bool inspect(F& f, stored_directory& x) {
  return f.fields("format", x.format, "links", x.links);
}

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view text) {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    unsigned lead = at(i);
    std::size_t extra = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 9;
    if (extra == 9 || i + extra >= text.size()) return false;
    for (std::size_t k = 1; k <= extra; ++k) {
      if (at(i + k) >> 6 != 2) return false;
    }
    if (extra > 0) {
      unsigned second = at(i + 1);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
        return false;
      }
    }
    i += extra + 1;
  }
  return true;
}

}  // namespace

outcome check_name(std::string_view name) {
  auto quoted = "'" + std::string(name.substr(0, 40)) + "'";
  if (name.empty()) return fail(errc::malformed, "a name is empty");
  if (name.size() > name_bytes_max) return fail(errc::malformed, "the name " + quoted + "... is longer than 255 bytes");
  if (name == "." || name == "..") return fail(errc::malformed, quoted + " is not a name here: paths start at your root and only go down");
  for (unsigned char c : name) {
    if (c < 0x20 || c == 0x7f) return fail(errc::malformed, "a name contains a control character");
    if (c == '/') return fail(errc::malformed, "the name " + quoted + " contains a slash");
  }
  if (!valid_utf8(name)) return fail(errc::malformed, "a name is not valid UTF-8");
  return {};
}

bytes directory_content::encode() const { return codec::encode(stored_directory{1, links}); }

result<directory_content> directory_content::decode(bytes_view plaintext) {
  auto stored = codec::decode<stored_directory>(plaintext, "directory");
  if (!stored) return fail(stored.error());
  if (stored->format != 1) return fail(errc::unsupported, "a directory is in a format newer than this program; update it");
  if (stored->links.size() > directory_entries_max) return fail(errc::over_limit, "a directory holds more names than it may");
  for (const auto& [name, link] : stored->links) {
    if (auto ok = check_name(name); !ok) return fail(ok.error());
    if (!link.target.consistent()) return fail(errc::malformed, "the entry '" + name + "' holds a capability that contradicts itself");
  }
  return directory_content{std::move(stored->links)};
}

result<std::vector<std::string>> split_path(std::string_view path) {
  if (path.size() > path_bytes_max) return fail(errc::malformed, "the path is longer than 4096 bytes");
  std::vector<std::string> names;
  while (!path.empty()) {
    auto slash = path.find('/');
    auto name = path.substr(0, slash);
    if (!name.empty()) {
      if (auto ok = check_name(name); !ok) return fail(ok.error());
      names.emplace_back(name);
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return names;
}

}  // namespace holdfast::object
