#include "protocols/object/version_walk.hpp"

namespace holdfast::object {

result<version_record> open_record(const vguid& name, bytes_view encoded) {
  if (crypto::hash<vguid>(version_record::type_tag, {encoded}) != name) {
    return fail(errc::damaged, "version record " + name.brief() + " is not what its name says");
  }
  auto record = codec::decode<version_record>(encoded, "version record");
  if (!record) return record;
  auto content = record->content.open(record->writer);
  if (!content) return fail(content.error().within("version record " + name.brief()));
  if (content->object != record->object) return fail(errc::damaged, "version record " + name.brief() + " holds another object's content");
  return record;
}

outcome version_walk::on_record(bytes_view encoded) {
  auto name = *next_;
  next_.reset();
  auto opened = open_record(name, encoded);
  if (!opened) return fail(opened.error());
  auto& record = *opened;
  if (record.object != object_ || record.writer != owner_) return fail(errc::damaged, "a version record belongs to another object or writer");
  if (record.version != version_) {
    return fail(errc::damaged, "version record " + name.brief() + " is of version " + std::to_string(record.version) + " in the place of " +
                                   std::to_string(version_));
  }

  if (std::holds_alternative<newest>(wanted_)) {
    found_ = std::move(record);
    return {};
  }
  if (auto* number = std::get_if<std::uint64_t>(&wanted_)) {
    if (*number == record.version) {
      found_ = std::move(record);
      return {};
    }
    if (*number > record.version || *number == 0) {
      return fail(errc::not_found, "there is no version " + std::to_string(*number) + "; the newest is " + std::to_string(record.version));
    }
    return hop(*number, record);
  }

  // By date: times never fall along the chain, so the answer lies between `best_` (at or before the date) and `newer_`.
  if (record.time <= std::get<wall_time>(wanted_)) {
    best_ = std::move(record);
  } else {
    newer_ = std::move(record);
  }
  return step_by_date();
}

outcome version_walk::step_by_date() {
  auto floor = best_ ? best_->version : 0;
  if (!newer_ || newer_->version - floor == 1) {
    if (!best_) return fail(errc::not_found, "the object did not exist at that time");
    found_ = std::move(best_);
    return {};
  }
  return hop(floor + 1, *newer_);
}

outcome version_walk::hop(std::uint64_t target, const version_record& from) {
  auto next = hop_towards(target, from.version, from.previous, from.skips);
  if (!next) return fail(errc::damaged, "no version before " + std::to_string(from.version) + " is the one looked for");
  next_ = next->record;
  version_ = next->version;
  return {};
}

}  // namespace holdfast::object
