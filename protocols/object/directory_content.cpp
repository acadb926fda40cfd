#include "protocols/object/directory_content.hpp"

#include <algorithm>

namespace holdfast::object {

namespace {

/// A directory of which no name was ever removed.
struct plain_directory {
  static constexpr std::uint8_t number = 1;
  std::uint8_t format = number;
  std::map<std::string, directory_link> links;
};
template <class F>
bool inspect(F& f, plain_directory& x) {
  return f.fields("format", x.format, "links", x.links);
}

/// One that remembers removed names: at least one, so that a value has one encoding.
struct remembering_directory {
  static constexpr std::uint8_t number = 2;
  std::uint8_t format = number;
  std::map<std::string, directory_link> links;
  std::map<std::string, removed_link> removed;
};
template <class F>
bool inspect(F& f, remembering_directory& x) {
  return f.fields("format", x.format, "links", x.links, "removed", x.removed);
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

outcome check(const std::string& name, const directory_link& link) {
  if (auto ok = check_name(name); !ok) return ok;
  if (!link.target.consistent()) return fail(errc::malformed, "the entry '" + name + "' holds a capability that contradicts itself");
  return {};
}

/// In either format, and not looked at more closely.
result<directory_content> decode_any(bytes_view plaintext) {
  auto format = plaintext.empty() ? std::uint8_t{0} : plaintext.front();
  if (format > remembering_directory::number) {
    return fail(errc::unsupported, "a directory is in a format newer than this program; update it");
  }
  if (format == remembering_directory::number) {
    auto stored = codec::decode<remembering_directory>(plaintext, "directory");
    if (!stored) return fail(stored.error());
    if (stored->removed.empty()) return fail(errc::malformed, "a directory claims to remember removed names, and has none");
    return directory_content{std::move(stored->links), std::move(stored->removed)};
  }
  auto stored = codec::decode<plain_directory>(plaintext, "directory");
  if (!stored) return fail(stored.error());
  if (stored->format != plain_directory::number) return fail(errc::malformed, "a directory is in no format that there ever was");
  return directory_content{std::move(stored->links)};
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

bool directory_content::add(const std::string& name, const directory_link& link) {
  if (!links.emplace(name, link).second) return false;
  removed.erase(name);
  return true;
}

void directory_content::remove(const std::string& name, wall_time at) {
  auto link = links.extract(name);
  if (link.empty()) return;
  if (removed.size() >= removed_names_max) {
    removed.erase(std::ranges::min_element(removed, {}, [](const auto& entry) { return entry.second.at; }));
  }
  removed.insert_or_assign(name, removed_link{std::move(link.mapped()), at});
}

const directory_link* directory_content::remembered(const std::string& name) const {
  auto found = removed.find(name);
  return found == removed.end() ? nullptr : &found->second.link;
}

bytes directory_content::encode() const {
  if (removed.empty()) return codec::encode(plain_directory{plain_directory::number, links});
  return codec::encode(remembering_directory{remembering_directory::number, links, removed});
}

result<directory_content> directory_content::decode(bytes_view plaintext) {
  auto content = decode_any(plaintext);
  if (!content) return content;
  if (content->links.size() > directory_entries_max || content->removed.size() > removed_names_max) {
    return fail(errc::over_limit, "a directory holds more names than it may");
  }
  for (const auto& [name, link] : content->links) {
    if (auto ok = check(name, link); !ok) return fail(ok.error());
  }
  for (const auto& [name, was] : content->removed) {
    if (auto ok = check(name, was.link); !ok) return fail(ok.error());
    if (content->links.contains(name)) return fail(errc::malformed, "the entry '" + name + "' is both there and removed");
  }
  return content;
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
