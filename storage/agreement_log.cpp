#include "storage/agreement_log.hpp"

#include <algorithm>
#include <charconv>

#include "storage/checked_text.hpp"
#include "storage/crc32c.hpp"
#include "storage/log_segment.hpp"
#include "storage/numbers.hpp"

namespace holdfast::storage {
namespace {

constexpr std::string_view state_title = "holdfast agreement log";
constexpr std::uint64_t state_bytes_max = 4096;
constexpr std::uint64_t call_bytes_max = 256u << 20;  ///< one call stays in one segment, whose offsets are 32-bit
constexpr std::size_t mark_bytes = 20;
constexpr std::string_view segment_suffix = ".log";
constexpr std::string_view spare_suffix = ".spare";

std::string numbered(std::uint64_t number, std::string_view suffix) {
  auto digits = std::to_string(number);
  return std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits + std::string(suffix);
}

std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

bool belongs_to_log(std::string_view name) {
  return name == "log.state" || name == "log.mark" || number_of(name, segment_suffix) || number_of(name, spare_suffix);
}

}  // namespace

struct agreement_log::state {
  file_system* files;
  std::string directory;
  random_source* random;
  log_options options;
  std::unique_ptr<file_lock> lock;

  std::uint64_t first = 1;  ///< segments [first, header.number] exist
  std::vector<std::string> spares;
  std::uint64_t sealed_bytes = 0;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> sealed;  ///< number and length

  std::unique_ptr<file> current;
  log_segment_header header;
  std::uint32_t end = log_header_bytes;          ///< where the next record goes
  std::uint32_t batch_start = log_header_bytes;  ///< all before it is durable
  std::unique_ptr<file> mark;

  log_recovery recovery;
  std::optional<error> broken;

  std::string at(std::string_view name) const { return directory + "/" + std::string(name); }

  /// Remembers the failure: what reached the disk is unknown from here on, so nothing is promised any more.
  outcome break_off(const error& e) {
    broken = e.within("the agreement log stopped");
    return fail(*broken);
  }

  outcome write_state(std::uint64_t from, std::uint64_t to) {
    auto text = with_check_line(std::string(state_title) + "\nfirst " + std::to_string(from) + "\nlast " + std::to_string(to) + "\n");
    return replace_file(*files, directory, "log.state", as_bytes_view(text));
  }

  outcome prepare_directory();
  outcome open_mark();
  void write_mark();
  result<std::unique_ptr<file>> make_segment(const log_segment_header& fresh);
  outcome begin_segment();
  result<std::vector<log_position>> write_records(std::span<const bytes_view> records);
  outcome withdraw_partial_write(const error& cause);

  outcome recover(const visitor& visit);
  outcome clear_strays(std::uint64_t from, std::uint64_t to);
  outcome recover_segment(std::uint64_t number, std::uint64_t last, const visitor& visit);
  outcome check_mark(std::uint32_t found_end);
};

agreement_log::agreement_log(std::unique_ptr<state> s) : state_(std::move(s)) {}
agreement_log::agreement_log(agreement_log&&) noexcept = default;
agreement_log& agreement_log::operator=(agreement_log&&) noexcept = default;
agreement_log::~agreement_log() = default;

const log_recovery& agreement_log::recovery() const { return state_->recovery; }
std::uint64_t agreement_log::segment() const { return state_->header.number; }
std::uint64_t agreement_log::bytes_on_disk() const { return state_->sealed_bytes + state_->end; }

// --- making and rolling segments ---

outcome agreement_log::state::prepare_directory() {
  if (auto made = files->create_directories(directory); !made) return made;
  auto locked = files->lock(at("log.lock"));
  if (!locked) return fail(locked.error());
  lock = std::move(*locked);
  return {};
}

outcome agreement_log::state::open_mark() {
  auto opened = files->open(at("log.mark"), open_mode::create);
  if (!opened) return fail(opened.error());
  mark = std::move(*opened);
  return {};
}

void agreement_log::state::write_mark() {
  std::array<std::uint8_t, mark_bytes> raw;
  put_little(raw.data(), header.number);
  put_little(raw.data() + 8, header.seed());
  put_little(raw.data() + 12, batch_start);
  put_little(raw.data() + 16, crc32c(bytes_view(raw).first(16)));
  // A hint alone: it is never ahead of what is durable, and a log without it is only less sure about its last batch.
  static_cast<void>(mark->write(0, bytes_view(raw)));
}

result<std::unique_ptr<file>> agreement_log::state::make_segment(const log_segment_header& fresh) {
  auto name = at(numbered(fresh.number, segment_suffix));
  if (!spares.empty()) {
    if (auto renamed = files->rename(at(spares.back()), name); !renamed) return fail(renamed.error());
    spares.pop_back();
  }
  auto made = files->open(name, open_mode::create);
  if (!made) return fail(made.error());
  if (auto done = (*made)->reserve(options.segment_bytes); !done) return fail(done.error());
  if (auto done = (*made)->write(0, fresh.encode()); !done) return fail(done.error());
  if (auto done = (*made)->sync(); !done) return fail(done.error());
  if (auto done = files->sync_directory(directory); !done) return fail(done.error());
  return std::move(*made);
}

/// Begins the segment after `header`'s. It counts once log.state names it; a crash before that leaves a stray that recovery deletes.
outcome agreement_log::state::begin_segment() {
  log_segment_header fresh{header.number + 1, header.number == 0 ? 0 : end, {}};
  random->fill(fresh.salt);
  auto made = make_segment(fresh);
  auto done = made ? write_state(first, fresh.number) : outcome(fail(made.error()));
  if (!done) {
    static_cast<void>(files->remove(at(numbered(fresh.number, segment_suffix))));  // a stray at worst
    return done.error().is(errc::no_space) ? done : break_off(done.error());
  }
  if (header.number != 0) {
    sealed.emplace_back(header.number, end);
    sealed_bytes += end;
  }
  current = std::move(*made);
  header = fresh;
  end = batch_start = log_header_bytes;
  return {};
}

result<agreement_log> agreement_log::create(file_system& files, std::string directory, random_source& random, log_options options) {
  auto s = std::make_unique<state>();
  s->files = &files;
  s->directory = std::move(directory);
  s->random = &random;
  s->options = options;
  if (auto done = s->prepare_directory(); !done) return fail(done.error());
  auto present = files.exists(s->at("log.state"));
  if (!present) return fail(present.error());
  if (*present) return fail(errc::already_exists, s->directory + " holds an agreement log already");
  if (auto done = s->clear_strays(1, 0); !done) return fail(done.error());
  if (auto done = s->open_mark(); !done) return fail(done.error());
  if (auto done = s->begin_segment(); !done) return fail(done.error());
  return agreement_log(std::move(s));
}

outcome agreement_log::set_aside(file_system& files, const std::string& directory) {
  auto lock = files.lock(directory + "/log.lock");
  if (!lock) return fail(lock.error());
  auto names = files.list(directory);
  if (!names) return fail(names.error());
  // log.state goes first: without it the rest is no log any more, whatever a crash leaves.
  std::stable_partition(names->begin(), names->end(), [](const auto& name) { return name == "log.state"; });
  for (const auto& name : *names) {
    if (!belongs_to_log(name)) continue;
    if (auto done = files.rename(directory + "/" + name, directory + "/damaged-" + name); !done) return done;
  }
  return files.sync_directory(directory);
}

// --- writing ---

result<std::vector<log_position>> agreement_log::append(std::span<const bytes_view> records) {
  auto& s = *state_;
  if (s.broken) return fail(*s.broken);
  std::uint64_t space = 0;
  for (auto record : records) {
    if (record.empty() || record.size() > log_record_bytes_max)
      return fail(errc::over_limit, "a log record of " + std::to_string(record.size()) + " bytes; 1 to " +
                                        std::to_string(log_record_bytes_max) + " are possible");
    space += log_record_space(record.size());
  }
  if (space > call_bytes_max) return fail(errc::over_limit, "records of " + std::to_string(space) + " bytes in one call are too many");
  if (space == 0) return std::vector<log_position>{};
  if (s.end + space > s.options.segment_bytes && s.end > log_header_bytes) {
    if (auto begun = roll(); !begun) return fail(begun.error());
  }
  return s.write_records(records);
}

result<std::vector<log_position>> agreement_log::state::write_records(std::span<const bytes_view> records) {
  static constexpr std::array<std::uint8_t, 8> zeros{};
  std::vector<std::array<std::uint8_t, log_record_header_bytes>> headers;
  std::vector<bytes_view> parts;
  headers.reserve(records.size());
  parts.reserve(records.size() * 3);
  std::vector<log_position> positions;
  auto offset = end;
  for (auto record : records) {
    positions.push_back(header.number << 32 | offset);
    headers.push_back(encode_log_record_header(header, offset, batch_start, record));
    auto space = static_cast<std::uint32_t>(log_record_space(record.size()));
    parts.push_back(headers.back());
    parts.push_back(record);
    auto padding = space - log_record_header_bytes - record.size();
    if (padding > 0) parts.push_back(bytes_view(zeros).first(padding));
    offset += space;
  }
  if (auto written = current->write(end, parts); !written) {
    auto failed = written.error().is(errc::no_space) ? withdraw_partial_write(written.error()) : break_off(written.error());
    return fail(failed.error());
  }
  end = offset;
  return positions;
}

/// Part of a refused call may lie in the file. Left there, it could follow the next records as if it had been acknowledged.
outcome agreement_log::state::withdraw_partial_write(const error& cause) {
  if (auto cut = current->truncate(end); !cut) return break_off(cut.error());
  return fail(cause);
}

outcome agreement_log::sync() {
  auto& s = *state_;
  if (s.broken) return fail(*s.broken);
  if (s.batch_start == s.end) return {};
  if (auto done = s.current->sync(); !done) return s.break_off(done.error());
  s.batch_start = s.end;
  s.write_mark();
  return {};
}

result<std::uint64_t> agreement_log::roll() {
  if (auto done = sync(); !done) return fail(done.error());
  if (auto done = state_->begin_segment(); !done) return fail(done.error());
  state_->write_mark();
  return state_->header.number;
}

outcome agreement_log::release_before(std::uint64_t segment) {
  auto& s = *state_;
  if (s.broken) return fail(*s.broken);
  segment = std::min(segment, s.header.number);
  if (segment <= s.first) return {};
  if (auto done = s.write_state(segment, s.header.number); !done)
    return done.error().is(errc::no_space) ? done : s.break_off(done.error());
  s.first = segment;
  while (!s.sealed.empty() && s.sealed.front().first < segment) {
    auto [number, length] = s.sealed.front();
    s.sealed.erase(s.sealed.begin());
    s.sealed_bytes -= length;
    // What fails here leaves a file that the next recovery deletes.
    auto name = numbered(number, segment_suffix);
    auto spare = numbered(number, spare_suffix);
    if (s.spares.size() >= s.options.spare_segments_max) static_cast<void>(s.files->remove(s.at(name)));
    else if (s.files->rename(s.at(name), s.at(spare))) s.spares.push_back(spare);
  }
  return {};
}

// --- reading back ---

result<bytes> agreement_log::read(log_position at) const {
  auto& s = *state_;
  auto number = at >> 32;
  auto offset = static_cast<std::uint32_t>(at);
  if (number < s.first || number > s.header.number) return fail(errc::not_found, "the segment of a log record was released");
  auto name = s.at(numbered(number, segment_suffix));
  auto opened = s.files->open(name, open_mode::read);
  if (!opened) return fail(opened.error());
  bytes head(log_header_bytes), raw(log_record_header_bytes);
  if (auto got = (*opened)->read(0, head); !got) return fail(got.error());
  if (auto got = (*opened)->read(offset, raw); !got) return fail(got.error());
  auto header = log_segment_header::decode(head);
  auto length = get_little<std::uint32_t>(raw.data() + 8);
  if (!header || length == 0 || length > log_record_bytes_max) return fail(errc::corrupt, "a record of " + name + " is damaged");
  raw.resize(log_record_header_bytes + length);
  if (auto got = (*opened)->read(offset, raw); !got) return fail(got.error());
  auto content = check_log_record(raw, *header, offset);
  if (!content) return fail(errc::corrupt, "a record of " + name + " is damaged");
  return to_bytes(*content);
}

// --- recovery ---

result<agreement_log> agreement_log::open(file_system& files, std::string directory, random_source& random, const visitor& visit,
                                          log_options options) {
  auto s = std::make_unique<state>();
  s->files = &files;
  s->directory = std::move(directory);
  s->random = &random;
  s->options = options;
  auto present = files.exists(s->at("log.state"));
  if (!present) return fail(present.error());
  if (!*present) return fail(errc::not_found, "there is no agreement log in " + s->directory);
  if (auto done = s->prepare_directory(); !done) return fail(done.error());
  if (auto done = s->recover(visit); !done) return fail(done.error().within("recovering the agreement log in " + s->directory));
  return agreement_log(std::move(s));
}

outcome agreement_log::state::recover(const visitor& visit) {
  auto text = read_file(*files, at("log.state"), state_bytes_max);
  if (!text) return fail(text.error());
  auto fields = parse_checked_text(as_text(*text), state_title, "log.state");
  if (!fields) return fail(fields.error());
  auto from = parse_number(*fields, "first", "log.state");
  if (!from) return fail(from.error());
  auto to = parse_number(*fields, "last", "log.state");
  if (!to) return fail(to.error());
  if (*from == 0 || *from > *to) return fail(errc::corrupt, "log.state names no segment");
  first = *from;
  if (auto done = clear_strays(*from, *to); !done) return done;
  if (auto done = open_mark(); !done) return done;
  for (auto number = *from; number <= *to; ++number) {
    if (auto done = recover_segment(number, *to, visit); !done) return done;
  }
  write_mark();
  return {};
}

/// Deletes segments outside [from, to]: released, or begun but never used.
outcome agreement_log::state::clear_strays(std::uint64_t from, std::uint64_t to) {
  auto names = files->list(directory);
  if (!names) return fail(names.error());
  for (const auto& name : *names) {
    auto number = number_of(name, segment_suffix);
    auto stray = number && (*number < from || *number > to);
    if (number_of(name, spare_suffix)) {
      if (spares.size() < options.spare_segments_max) spares.push_back(name);
      else stray = true;
    }
    if (!stray) continue;
    if (auto done = files->remove(at(name)); !done) return done;
  }
  return {};
}

outcome agreement_log::state::recover_segment(std::uint64_t number, std::uint64_t last, const visitor& visit) {
  auto name = numbered(number, segment_suffix);
  auto opened = files->open(at(name), open_mode::write);
  if (!opened && opened.error().is(errc::not_found)) return fail(errc::corrupt, "segment " + name + " is missing");
  if (!opened) return fail(opened.error());
  auto content = read_file(*files, at(name), 0xffff'ffff);
  if (!content) return fail(content.error());
  auto found = log_segment_header::decode(*content);
  if (!found || found->number != number) return fail(errc::corrupt, "the header of segment " + name + " is damaged");
  if (number != first && found->previous_length != end)
    return fail(errc::corrupt, "records at the end of the segment before " + name + " are damaged");
  if (number != first) {
    sealed.emplace_back(number - 1, end);
    sealed_bytes += end;
  }
  auto scan = scan_log_segment(*content, *found, [&](std::uint32_t offset, bytes_view record) { visit(number << 32 | offset, record); });
  header = *found;
  end = batch_start = scan.end;
  recovery.records += scan.records;
  recovery.bytes += scan.bytes;
  ++recovery.segments;
  if (scan.durable_damaged) return fail(errc::corrupt, "a durable record at " + std::to_string(scan.end) + " of segment " + name + " is damaged");
  if (number < last) return {};
  if (auto done = check_mark(scan.end); !done) return done;
  recovery.torn = scan.remains;
  current = std::move(*opened);
  // Cut, so that nothing behind the end is ever taken for a record; synced, as what was recovered may have been in memory alone.
  if (auto done = current->truncate(end); !done) return done;
  if (auto done = current->reserve(options.segment_bytes); !done && !done.error().is(errc::no_space)) return done;
  return current->sync();
}

outcome agreement_log::state::check_mark(std::uint32_t found_end) {
  std::array<std::uint8_t, mark_bytes> raw{};
  auto got = mark->read(0, raw);
  if (!got) return fail(got.error());
  if (*got < mark_bytes || get_little<std::uint32_t>(raw.data() + 16) != crc32c(bytes_view(raw).first(16))) return {};
  if (get_little<std::uint64_t>(raw.data()) != header.number || get_little<std::uint32_t>(raw.data() + 8) != header.seed()) return {};
  auto durable = get_little<std::uint32_t>(raw.data() + 12);
  if (durable <= found_end) return {};
  return fail(errc::corrupt, "records that were durable are damaged: they reached to " + std::to_string(durable) + " and now end at " +
                                 std::to_string(found_end));
}

}  // namespace holdfast::storage
