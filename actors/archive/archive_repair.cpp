#include "actors/archive/archive_repair.hpp"

#include "actors/archive/archive_wire.hpp"
#include "actors/base/log.hpp"

namespace holdfast::actors {

namespace {

using namespace archive;
using introspection::severity;

/// A filler's requests and tickets bear its number above this bit; the archive server's own tickets count up from 0 below it. Numbers go
/// round, so that they stay clear of what says whose a request is.
constexpr unsigned number_shift = 40;
constexpr std::uint64_t numbers = 1u << 16;
static_assert(number_shift + 16 == asker_shift && archive_asker{} == archive_asker::repair);

constexpr duration nothing_to_do_rest = std::chrono::seconds(30);
constexpr duration unavailable_rest = std::chrono::seconds(10);
constexpr duration damaged_rest = std::chrono::minutes(10);
constexpr std::size_t remembered_max = 1u << 16;  // extents short or resting: 4 MiB; beyond it they are found again
constexpr std::uint64_t unlisted_max = 8;         // readings of the repair list by which an extent may be missing in it: one member may hide it

}  // namespace

// -- sweeping ---------------------------------------------------------------------------------------------------------

void archive_repair::sweep(clock_reading at, surroundings around) {
  at_ = at;
  bool changed = !around_.directory || around.directory->version != around_.directory->version || around.reachable != around_.reachable;
  around_ = std::move(around);
  if (changed || resting_.size() > remembered_max) resting_.clear();
  std::erase_if(resting_, [&](const auto& r) { return r.second <= at_.now; });
  missed_ = 0;
  for (const auto& [extent, ordinals] : damaged_) examine(extent);
  sweep_short();
  if (!all_from_ && (!all_swept_ || at_.now - *all_swept_ > full_sweep_interval)) all_from_.emplace();
  sweep_all();
  ask_records();
  start_fillers();
}

/// Nothing is asked for that could not be kept: what is forgotten here would not be found again before the next sweep.
bool archive_repair::has_room() const { return to_examine_.size() <= examined_max / 2 && tasks_.size() <= tasks_max / 2; }

void archive_repair::sweep_short() {
  if (asking_short_ || !has_room()) return;
  asking_short_ = true;
  ports_.page({ring::submap::repair, short_from_, ring::page_entries_max}, [this](result<ring::page_reply> page) {
    asking_short_ = false;
    if (page) short_page(*page);
  });
}

void archive_repair::short_page(const ring::page_reply& page) {
  for (const auto& value : page.values) {
    auto entry = codec::decode<ring::repair_entry>(value, "repair entry");
    if (!entry || (short_.size() >= remembered_max && !short_.contains(entry->extent))) continue;
    auto& known = short_.try_emplace(entry->extent, shortness{at_.now, 0}).first->second;
    known.listed = short_readings_;
    if (at_.now - known.since >= settling) examine(entry->extent);
  }
  short_from_ = page.next.value_or(ring::map_key{});
  if (!page.next) {
    ++short_readings_;
    std::erase_if(short_, [&](const auto& s) { return short_readings_ - s.second.listed > unlisted_max; });
  }
  ask_records();
}

void archive_repair::sweep_all() {
  if (!all_from_ || asking_all_ || !has_room()) return;
  asking_all_ = true;
  ports_.page({ring::submap::extents, *all_from_, ring::page_entries_max}, [this](result<ring::page_reply> page) {
    if (page) return all_page(*page);
    asking_all_ = false;  // the next sweep goes on from here
  });
}

void archive_repair::all_page(const ring::page_reply& page) {
  page_question asked{{}, page.next};
  std::vector<extent_id> extents;
  for (const auto& value : page.values) {
    auto record = codec::decode<coding_record>(value, "coding record");
    if (!record || record->slots.size() > fragments_max) continue;
    extents.push_back(record->extent);
    asked.records.push_back(std::move(*record));
  }
  auto number = ++last_question_;
  questions_.emplace(number, std::move(asked));
  ports_.look_up(number, std::move(extents));
}

void archive_repair::all_page_held(const page_question& asked, const std::map<extent_id, extent_header>& held) {
  auto plan = plan_sweep(config_.self, asked.records, held, *around_.directory, around_.reachable);
  for (const auto& fill : plan.fill) {
    if (!fill.vacant) examine(fill.record.extent);
  }
  for (const auto& extent : plan.confirm) examine(extent);
  for (const auto& extent : plan.surplus) examine(extent);
  all_from_ = asked.next;
  asking_all_ = false;
  if (!all_from_) all_swept_ = at_.now;
  ask_records();
  sweep_all();
}

// -- one extent -------------------------------------------------------------------------------------------------------

bool archive_repair::busy(const extent_id& extent) const {
  return examining_.contains(extent) || tasks_.contains(extent) || resting_.contains(extent) || filling(extent);
}

bool archive_repair::filling(const extent_id& extent) const {
  return std::any_of(fillers_.begin(), fillers_.end(), [&](const auto& f) { return f.second.what.what.record.extent == extent; });
}

void archive_repair::rest(const extent_id& extent, duration time) { resting_[extent] = at_.now + time; }

void archive_repair::examine(const extent_id& extent) {
  if (busy(extent) || to_examine_.size() >= examined_max) return;
  examining_.insert(extent);
  to_examine_.push_back(extent);
}

void archive_repair::ask_records() {
  auto become_tasks = [&] { return tasks_.size() + examining_.size() - to_examine_.size(); };  // at most, of what is under way
  while (records_asked_ < records_asked_max && become_tasks() < tasks_max && !to_examine_.empty()) {
    auto extent = to_examine_.front();
    to_examine_.pop_front();
    ++records_asked_;
    ports_.record(extent, [this, extent](result<commitment> said) {
      --records_asked_;
      if (said && said->record && said->record->extent == extent) {
        auto number = ++last_question_;
        questions_.emplace(number, std::move(*said));
        ports_.look_up(number, {extent});
      } else {
        examining_.erase(extent);
        rest(extent, nothing_to_do_rest);
      }
      ask_records();
    });
  }
}

void archive_repair::on_headers(clock_reading at, const headers_answer& found) {
  at_ = at;
  auto asked = questions_.extract(found.question);
  if (asked.empty()) return;
  auto* proven = std::get_if<commitment>(&asked.mapped());
  if (!found.read) {  // nothing follows from what is not known; a page is asked for again
    if (proven) examining_.erase(proven->record->extent);
    if (proven) rest(proven->record->extent, unavailable_rest);
    else asking_all_ = false;
    return;
  }
  if (auto* page = std::get_if<page_question>(&asked.mapped())) all_page_held(*page, found.held);
  if (proven) examined(*proven, found.held);
  start_fillers();
}

/// How many choices of server for a vacant slot have their turn by now.
std::size_t archive_repair::turns(const coding_record& record) const {
  auto known = short_.find(record.extent);
  if (known == short_.end()) return 1;
  return 1 + static_cast<std::size_t>((at_.now - known->second.since) / (turn + std::chrono::seconds(record.bytes / turn_bytes_a_second)));
}

void archive_repair::examined(const commitment& proven, const std::map<extent_id, extent_header>& held) {
  const auto& record = *proven.record;
  const auto& extent = record.extent;
  examining_.erase(extent);
  if (ports_.being_written(extent)) {  // not any more, if the update was ordered without what this server has of it
    ports_.tell(proven);
    return rest(extent, unavailable_rest);
  }
  auto plan = plan_sweep(config_.self, {record}, held, *around_.directory, around_.reachable, turns(record));
  for (auto& fill : plan.fill) {
    bool idle = tasks_.empty() && fillers_.size() < fillers_max;
    return fill.turn == 0 || idle ? queue({std::move(fill), {}}) : rest(extent, nothing_to_do_rest);
  }
  if (!plan.confirm.empty()) ports_.adopt(held.at(extent), proven);
  if (!plan.surplus.empty()) {
    ports_.keep(drop_extent{extent});
    damaged_.erase(extent);
    ports_.note(severity::info, "extent-dropped", extent.brief(), "dropped extent " + extent.brief() + ": another server keeps that fragment now");
  }
  auto hurt = damaged_.find(extent);
  auto own = std::find(record.slots.begin(), record.slots.end(), config_.self);
  if (hurt != damaged_.end() && own != record.slots.end()) {
    auto slot = static_cast<std::uint8_t>(own - record.slots.begin());
    return queue({{record, slot, false}, {hurt->second.begin(), hurt->second.end()}});
  }
  rest(extent, nothing_to_do_rest);
}

void archive_repair::found_damaged(const extent_id& extent, std::uint32_t ordinal) {
  if (damaged_.size() >= remembered_max || filling(extent)) return;  // the next read finds it again
  damaged_[extent].insert(ordinal);
  resting_.erase(extent);
}

void archive_repair::missed(const extent_id& extent) {
  if (++missed_ <= missed_max) examine(extent);
}

std::uint64_t archive_repair::damaged() const {
  std::uint64_t fragments = 0;
  for (const auto& [extent, ordinals] : damaged_) fragments += ordinals.size();
  return fragments;
}

// -- rebuilding -------------------------------------------------------------------------------------------------------

void archive_repair::queue(task t) {
  auto extent = t.what.record.extent;
  tasks_.emplace(extent, std::move(t));
  start_fillers();
}

void archive_repair::start_fillers() {
  while (fillers_.size() < fillers_max && !tasks_.empty()) {
    auto urgent = std::max_element(tasks_.begin(), tasks_.end(), [](const auto& a, const auto& b) {
      return a.second.what.record.missing() < b.second.what.record.missing();
    });
    auto task = std::move(tasks_.extract(urgent).mapped());
    auto number = free_number();
    filler_config c;
    c.record = task.what.record;
    c.ring = config_.ring;
    c.self = config_.self;
    c.slot = task.what.slot;
    c.role_epoch = around_.role_epoch;
    c.receipt_life = config_.receipt_life;
    c.only = task.only;
    c.request_base = c.ticket_base = number << number_shift;
    auto at = fillers_.emplace(number, running{std::move(task), std::make_unique<filler>(std::move(c))}).first;
    carry(at, at->second.engine->start(at_));
  }
}

std::uint64_t archive_repair::free_number() {
  do last_filler_ = (last_filler_ + 1) % numbers;
  while (last_filler_ == 0 || fillers_.contains(last_filler_));
  return last_filler_;
}

archive_repair::running_iterator archive_repair::by_number(std::uint64_t number) { return fillers_.find(number >> number_shift); }

void archive_repair::carry(running_iterator at, filler_step step) {
  for (auto& effect : step.effects) ports_.keep(std::move(effect));
  for (auto& request : step.requests) ports_.send(std::move(request));
  for (const auto& found : step.evidence) {
    ports_.note(severity::error, "false-dispersal", found.extent.brief(),
                "block " + std::to_string(found.ordinal) + " of extent " + found.extent.brief() +
                    " was dispersed as fragments that are not its own: whoever wrote it lied or its machine errs");
  }
  if (at->second.engine->outcome()) conclude(at);
}

void archive_repair::conclude(running_iterator at) {
  auto done = std::move(fillers_.extract(at).mapped());
  const auto& extent = done.what.what.record.extent;
  const auto& outcome = *done.engine->outcome();
  if (!outcome) {
    bool lasting = outcome.error().is(errc::damaged);
    rest(extent, lasting ? damaged_rest : unavailable_rest);
    if (lasting) ports_.note(severity::error, "rebuild-failed", extent.brief(), outcome.error().message());
    log::info("not rebuilt yet", {{"extent", extent.brief()}, {"why", outcome.error().message()}});
  } else {
    short_.erase(extent);
    damaged_.erase(extent);
    if (done.what.only.empty()) ports_.adopt(outcome->header, std::nullopt);
    ports_.note(severity::info, "fragments-rebuilt", extent.brief(),
                "rebuilt " + std::to_string(outcome->blocks) + (outcome->blocks == 1 ? " fragment" : " fragments") + " of extent " +
                    extent.brief() + ", " + std::to_string(outcome->bytes) + " bytes");
  }
  start_fillers();
}

void archive_repair::on_reply(clock_reading at, const node_id& from, const service_reply& reply) {
  at_ = at;
  auto asked = by_number(reply.id);
  if (asked != fillers_.end()) carry(asked, asked->second.engine->on_reply(at_, from, reply));
}

bool archive_repair::on_stored(clock_reading at, store_ticket ticket, const outcome& stored) {
  at_ = at;
  if (ticket.value >> number_shift == 0) return false;
  auto waiting = by_number(ticket.value);
  if (waiting != fillers_.end()) carry(waiting, waiting->second.engine->on_stored(at_, ticket, stored));
  return true;
}

// A filler that ends may start another and so change the table: the numbers are taken first.
void archive_repair::on_peer_lost(clock_reading at, const node_id& peer) {
  at_ = at;
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, f] : fillers_) numbers.push_back(number);
  for (auto number : numbers) {
    auto f = fillers_.find(number);
    if (f != fillers_.end()) carry(f, f->second.engine->on_peer_lost(at_, peer));
  }
}

void archive_repair::on_timer(clock_reading at) {
  at_ = at;
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, f] : fillers_) numbers.push_back(number);
  for (auto number : numbers) {
    auto f = fillers_.find(number);
    if (f != fillers_.end()) carry(f, f->second.engine->on_timer(at_));
  }
}

}  // namespace holdfast::actors
