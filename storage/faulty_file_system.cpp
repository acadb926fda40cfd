#include "storage/faulty_file_system.hpp"

#include <algorithm>

namespace holdfast::storage {
namespace {

constexpr std::size_t sector_bytes = 512;

std::string parent_of(const std::string& path) {
  auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void put_at(bytes& to, std::uint64_t offset, bytes_view data) {
  if (to.size() < offset + data.size()) to.resize(offset + data.size());
  std::copy(data.begin(), data.end(), to.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

class faulty_file final : public file {
 public:
  faulty_file(faulty_file_system& disk, std::shared_ptr<faulty_file_system::node> node, std::string path)
      : disk_(disk), node_(std::move(node)), path_(std::move(path)), generation_(disk.generation_) {}

  outcome write(std::uint64_t offset, std::span<const bytes_view> parts) override {
    std::lock_guard guard(disk_.mutex_);
    if (auto open = alive(); !open) return open;
    bytes whole;
    for (auto part : parts) append(whole, part);
    auto allowed = disk_.step(disk_operation::write, path_);
    if (!allowed) {
      whole.resize(whole.size() / 2);  // a write that fails may have happened in part
      keep(offset, std::move(whole));
      return allowed;
    }
    auto grows = offset + whole.size() > node_->visible.size() ? offset + whole.size() - node_->visible.size() : 0;
    auto room = disk_.capacity_ - std::min(disk_.capacity_, disk_.used());
    if (grows > room) {
      whole.resize(whole.size() - std::min<std::size_t>(whole.size(), grows - room));
      keep(offset, std::move(whole));
      return fail(errc::no_space, "writing " + path_ + ": the disk is full");
    }
    keep(offset, std::move(whole));
    return {};
  }

  result<std::size_t> read(std::uint64_t offset, mutable_bytes_view out) override {
    std::lock_guard guard(disk_.mutex_);
    if (auto open = alive(); !open) return fail(open.error());
    const auto& content = node_->visible;
    if (offset >= content.size()) return std::size_t{0};
    auto count = std::min<std::size_t>(out.size(), content.size() - offset);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    return count;
  }

  outcome sync() override {
    std::lock_guard guard(disk_.mutex_);
    if (auto open = alive(); !open) return open;
    auto allowed = disk_.step(disk_operation::sync, path_);
    if (allowed) {
      if (node_->pending_size) node_->durable.resize(*node_->pending_size);
      for (const auto& w : node_->pending) put_at(node_->durable, w.offset, w.data);
    }
    if (!disk_.stopped_) {  // a failed sync forgets what it could not write; a stopped machine leaves it to the crash
      node_->pending.clear();
      node_->pending_size.reset();
    }
    return allowed;
  }

  void start_writeback(std::uint64_t, std::uint64_t) override {}

  outcome reserve(std::uint64_t size) override {
    std::lock_guard guard(disk_.mutex_);
    if (auto open = alive(); !open) return open;
    if (auto allowed = disk_.step(disk_operation::reserve, path_); !allowed) return allowed;
    if (size <= node_->visible.size()) return {};
    if (size - node_->visible.size() > disk_.capacity_ - std::min(disk_.capacity_, disk_.used()))
      return fail(errc::no_space, "reserving space for " + path_ + ": the disk is full");
    set_size(size);
    return {};
  }

  outcome truncate(std::uint64_t size) override {
    std::lock_guard guard(disk_.mutex_);
    if (auto open = alive(); !open) return open;
    if (auto allowed = disk_.step(disk_operation::truncate, path_); !allowed) return allowed;
    set_size(size);
    return {};
  }

  result<std::uint64_t> size() override {
    std::lock_guard guard(disk_.mutex_);
    if (auto open = alive(); !open) return fail(open.error());
    return node_->visible.size();
  }

 private:
  outcome alive() const {
    if (generation_ == disk_.generation_) return {};
    return fail(errc::io_failed, path_ + " was open when the disk crashed");
  }

  void keep(std::uint64_t offset, bytes data) {
    if (data.empty()) return;
    put_at(node_->visible, offset, data);
    node_->pending.push_back({offset, std::move(data)});
  }

  void set_size(std::uint64_t size) {
    node_->visible.resize(size);
    std::erase_if(node_->pending, [&](auto& w) { return w.offset >= size; });
    for (auto& w : node_->pending) w.data.resize(std::min<std::uint64_t>(w.data.size(), size - w.offset));
    node_->pending_size = size;
  }

  faulty_file_system& disk_;
  std::shared_ptr<faulty_file_system::node> node_;
  std::string path_;
  std::uint64_t generation_;
};

class faulty_lock final : public file_lock {
 public:
  faulty_lock(faulty_file_system& disk, std::string path) : disk_(disk), path_(std::move(path)), generation_(disk.generation_) {}
  ~faulty_lock() override {
    std::lock_guard guard(disk_.mutex_);
    if (generation_ == disk_.generation_) disk_.locks_.erase(path_);
  }

 private:
  faulty_file_system& disk_;
  std::string path_;
  std::uint64_t generation_;
};

faulty_file_system::faulty_file_system() = default;
faulty_file_system::~faulty_file_system() = default;

outcome faulty_file_system::step(disk_operation kind, const std::string& path) {
  ++operations_;
  if (!stopped_ && stop_countdown_ && (*stop_countdown_)-- == 0) stopped_ = true;
  if (stopped_) return fail(errc::io_failed, "changing " + path + ": the machine has stopped");
  for (auto it = planned_.begin(); it != planned_.end(); ++it) {
    if (it->kind != kind || it->countdown-- > 0) continue;
    auto code = it->code;
    planned_.erase(it);
    return fail(code, "changing " + path + ": a planned failure");
  }
  return {};
}

void faulty_file_system::settle(node& n, after_crash rule, random_source& random) {
  if (rule == after_crash::keep_unsynced) {
    n.durable = n.visible;
  } else if (rule == after_crash::tear_unsynced) {
    if (n.pending_size && random.below(2) == 0) n.durable.resize(*n.pending_size);
    for (const auto& w : n.pending) {
      for (std::size_t at = 0; at < w.data.size();) {
        auto length = std::min<std::size_t>(sector_bytes - (w.offset + at) % sector_bytes, w.data.size() - at);
        if (random.below(2) == 0) put_at(n.durable, w.offset + at, bytes_view(w.data).subspan(at, length));
        at += length;
      }
    }
  }
  n.visible = n.durable;
  n.pending.clear();
  n.pending_size.reset();
}

void faulty_file_system::crash(after_crash rule, random_source& random) {
  std::lock_guard guard(mutex_);
  auto kept = rule == after_crash::lose_unsynced   ? 0
              : rule == after_crash::keep_unsynced ? unsynced_names_.size()
                                                   : random.below(unsynced_names_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(durable_, unsynced_names_[i]);
  unsynced_names_.clear();
  visible_ = durable_;
  std::set<node*> settled;
  for (auto& [path, n] : visible_) {
    if (settled.insert(n.get()).second) settle(*n, rule, random);
  }
  locks_.clear();
  planned_.clear();
  stop_countdown_.reset();
  stopped_ = false;
  ++generation_;
}

void faulty_file_system::stop_after(std::uint64_t n) {
  std::lock_guard guard(mutex_);
  stop_countdown_ = n;
}

void faulty_file_system::fail_once(disk_operation kind, std::uint64_t n, errc code) {
  std::lock_guard guard(mutex_);
  planned_.push_back({kind, n, code});
}

std::uint64_t faulty_file_system::operations() const {
  std::lock_guard guard(mutex_);
  return operations_;
}

void faulty_file_system::set_capacity(std::uint64_t bytes) {
  std::lock_guard guard(mutex_);
  capacity_ = bytes;
}

bool faulty_file_system::flip(const std::string& path, std::uint64_t offset, std::uint8_t mask) {
  std::lock_guard guard(mutex_);
  auto found = visible_.find(path);
  if (found == visible_.end() || offset >= found->second->visible.size()) return false;
  auto& n = *found->second;
  n.visible[offset] ^= mask;
  if (offset < n.durable.size()) n.durable[offset] = n.visible[offset];
  return true;
}

void faulty_file_system::vanish(const std::string& path) {
  std::lock_guard guard(mutex_);
  visible_.erase(path);
  durable_.erase(path);
}

std::uint64_t faulty_file_system::used() const {
  std::uint64_t sum = 0;
  for (const auto& [path, n] : visible_) sum += n->visible.size();
  return sum;
}

void faulty_file_system::apply(std::map<std::string, std::shared_ptr<node>>& names, const name_change& change) {
  for (const auto& path : change.erased) names.erase(path);
  for (const auto& [path, n] : change.set) names[path] = n;
}

void faulty_file_system::change_names(name_change change) {
  apply(visible_, change);
  unsynced_names_.push_back(std::move(change));
}

result<std::unique_ptr<file>> faulty_file_system::open(const std::string& path, open_mode mode) {
  std::lock_guard guard(mutex_);
  auto found = visible_.find(path);
  auto exists = found != visible_.end();
  if (exists && mode == open_mode::create_new) return fail(errc::already_exists, "opening " + path + ": it exists");
  if (!exists && (mode == open_mode::read || mode == open_mode::write)) return fail(errc::not_found, "opening " + path + ": there is none");
  if (!exists) {
    if (!directories_.contains(parent_of(path))) return fail(errc::not_found, "opening " + path + ": there is no such directory");
    if (auto allowed = step(disk_operation::create, path); !allowed) return fail(allowed.error());
    change_names({parent_of(path), {{path, std::make_shared<node>()}}, {}});
    found = visible_.find(path);
  }
  return std::make_unique<faulty_file>(*this, found->second, path);
}

result<bool> faulty_file_system::exists(const std::string& path) {
  std::lock_guard guard(mutex_);
  return visible_.contains(path) || directories_.contains(path);
}

outcome faulty_file_system::create_directories(const std::string& path) {
  std::lock_guard guard(mutex_);
  for (auto at = path; directories_.insert(at).second && at.find('/') != std::string::npos;) at = parent_of(at);
  return {};
}

result<std::vector<std::string>> faulty_file_system::list(const std::string& directory) {
  std::lock_guard guard(mutex_);
  if (!directories_.contains(directory)) return fail(errc::not_found, "listing " + directory + ": there is no such directory");
  std::vector<std::string> names;
  for (const auto& [path, n] : visible_) {
    if (parent_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

outcome faulty_file_system::rename(const std::string& from, const std::string& to) {
  std::lock_guard guard(mutex_);
  auto found = visible_.find(from);
  if (found == visible_.end()) return fail(errc::not_found, "renaming " + from + ": there is none");
  if (auto allowed = step(disk_operation::rename, from); !allowed) return allowed;
  change_names({parent_of(to), {{to, found->second}}, {from}});
  return {};
}

outcome faulty_file_system::remove(const std::string& path) {
  std::lock_guard guard(mutex_);
  if (!visible_.contains(path)) return fail(errc::not_found, "deleting " + path + ": there is none");
  if (auto allowed = step(disk_operation::remove, path); !allowed) return allowed;
  change_names({parent_of(path), {}, {path}});
  return {};
}

outcome faulty_file_system::sync_directory(const std::string& directory) {
  std::lock_guard guard(mutex_);
  if (auto allowed = step(disk_operation::sync_directory, directory); !allowed) return allowed;
  std::erase_if(unsynced_names_, [&](const name_change& change) {
    if (change.directory != directory) return false;
    apply(durable_, change);
    return true;
  });
  return {};
}

result<disk_space> faulty_file_system::space(const std::string&) {
  std::lock_guard guard(mutex_);
  return disk_space{capacity_, capacity_ - std::min(capacity_, used())};
}

result<std::unique_ptr<file_lock>> faulty_file_system::lock(const std::string& path) {
  std::lock_guard guard(mutex_);
  if (!locks_.insert(path).second) return fail(errc::locked, path + " is held by another process; end that process or use another directory");
  return std::make_unique<faulty_lock>(*this, path);
}

}  // namespace holdfast::storage
