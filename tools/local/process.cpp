#include "tools/local/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tools/errors/tool_error.hpp"
#include "tools/files/descriptor.hpp"

extern char** environ;

namespace holdfast::tools {

namespace fs = std::filesystem;

namespace {

using clock = std::chrono::steady_clock;

std::string boot_now() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  return boot;
}

struct stat_line {
  char state = 'X';
  std::uint64_t start_ticks = 0;
};

/// Fields 3 and 22 of /proc/PID/stat; the second, the program's name, may hold anything but ends with the last ')'.
std::optional<stat_line> read_stat(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  auto behind = line.rfind(')');
  if (behind == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(behind + 1));
  stat_line s;
  std::string skipped;
  fields >> s.state;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  if (!(fields >> s.start_ticks)) return std::nullopt;
  return s;
}

/// The environment with changes, as exec wants it.
class environment_block {
 public:
  explicit environment_block(const environment_change& changes) {
    for (char** each = environ; *each; ++each) {
      std::string entry = *each;
      if (!changes.contains(entry.substr(0, entry.find('=')))) entries_.push_back(std::move(entry));
    }
    for (const auto& [name, value] : changes) {
      if (value) entries_.push_back(name + "=" + *value);
    }
  }
  std::vector<char*> pointers() {
    std::vector<char*> out;
    for (auto& each : entries_) out.push_back(each.data());
    out.push_back(nullptr);
    return out;
  }

 private:
  std::vector<std::string> entries_;
};

/// posix_spawn with standard input from nowhere and the given descriptors as output.
result<pid_t> launch(const std::vector<std::string>& command, const environment_change& changes, int out, int err, bool own_session) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, static_cast<short>((own_session ? POSIX_SPAWN_SETSID : 0) | POSIX_SPAWN_SETSIGMASK));

  auto words = command;
  std::vector<char*> arguments;
  for (auto& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  environment_block environment(changes);
  pid_t pid = 0;
  int why = ::posix_spawn(&pid, command[0].c_str(), &actions, &attributes, arguments.data(), environment.pointers().data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (why != 0) return fail(tool_errc::process_failed, "cannot start " + command[0] + ": " + std::strerror(why));
  return pid;
}

descriptor open_pidfd(const process_name& p) {
  descriptor fd(static_cast<int>(::syscall(SYS_pidfd_open, p.pid, 0)));
  // Opened first, checked second: now it is known whose descriptor this is.
  auto s = read_stat(p.pid);
  if (!fd || !s || s->start_ticks != p.start_ticks || p.boot != boot_now()) return {};
  return fd;
}

int left_ms(clock::time_point deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
}

struct pipe_pair {
  descriptor read, write;
};
result<pipe_pair> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(tool_errc::process_failed, std::string("cannot make a pipe: ") + std::strerror(errno));
  return pipe_pair{descriptor(ends[0]), descriptor(ends[1])};
}

/// Reads both pipes to their ends; false if the deadline came first.
bool drain(pipe_pair& out, std::string& out_text, pipe_pair& err, std::string& err_text, clock::time_point deadline) {
  constexpr std::size_t text_max = 1u << 20;
  while (out.read || err.read) {
    std::array<pollfd, 2> waiting{{{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}}};
    int ready = ::poll(waiting.data(), waiting.size(), left_ms(deadline));
    if (ready == 0) return false;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      auto& pipe = i == 0 ? out : err;
      auto& text = i == 0 ? out_text : err_text;
      std::array<char, 4096> buffer;
      auto n = ::read(pipe.read.get(), buffer.data(), buffer.size());
      if (n <= 0) {
        pipe.read.reset();
      } else if (text.size() < text_max) {
        text.append(buffer.data(), static_cast<std::size_t>(n));
      }
    }
  }
  return true;
}

/// What a program complained of, to go into a sentence: its first line, without the name that programs put in front. What to do about it
/// says who gives the sentence.
std::string complaint_in(std::string text, const std::string& program) {
  text.erase(std::min(text.find('\n'), text.size()));
  if (text.starts_with(program + ": ")) text.erase(0, program.size() + 2);
  return text.empty() ? "it gave no reason" : text;
}

}  // namespace

std::string print(const process_name& p) { return std::to_string(p.pid) + " " + std::to_string(p.start_ticks) + " " + p.boot + "\n"; }

std::optional<process_name> parse_process_name(std::string_view text) {
  std::istringstream in{std::string(text)};
  process_name p;
  if (!(in >> p.pid >> p.start_ticks >> p.boot) || p.pid <= 1) return std::nullopt;
  return p;
}

process_state state_of(const process_name& p) {
  auto s = read_stat(p.pid);
  if (!s || s->start_ticks != p.start_ticks || p.boot != boot_now() || s->state == 'Z' || s->state == 'X') return process_state::gone;
  return s->state == 'T' || s->state == 't' ? process_state::stopped : process_state::running;
}

result<process_name> spawn(const std::vector<std::string>& command, const environment_change& changes, const fs::path& log) {
  descriptor out(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!out) return fail(tool_errc::file_failed, "cannot write " + log.string() + ": " + std::strerror(errno));
  auto pid = launch(command, changes, out.get(), out.get(), true);
  if (!pid) return fail(pid.error());
  auto s = read_stat(*pid);
  if (!s) return fail(tool_errc::process_failed, command[0] + " ended at once; see " + log.string());
  return process_name{*pid, s->start_ticks, boot_now()};
}

bool send_signal(const process_name& p, int signal) {
  auto fd = open_pidfd(p);
  return fd && ::syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0) == 0;
}

bool gone_within(const process_name& p, std::chrono::milliseconds time) {
  auto deadline = clock::now() + time;
  auto fd = open_pidfd(p);
  if (!fd) return true;
  pollfd waiting{fd.get(), POLLIN, 0};
  while (::poll(&waiting, 1, left_ms(deadline)) < 0 && errno == EINTR) {
  }
  if ((waiting.revents & POLLIN) == 0) return state_of(p) == process_state::gone;
  ::waitpid(p.pid, nullptr, WNOHANG);  // if it was our own child, it is buried here
  return true;
}

result<std::string> run_and_read(const std::vector<std::string>& command, const environment_change& changes, std::chrono::milliseconds time) {
  auto deadline = clock::now() + time;
  auto out = make_pipe(), err = make_pipe();
  if (!out) return fail(out.error());
  if (!err) return fail(err.error());
  auto pid = launch(command, changes, out->write.get(), err->write.get(), false);
  if (!pid) return fail(pid.error());
  out->write.reset();
  err->write.reset();
  std::string out_text, err_text;
  bool ended = drain(*out, out_text, *err, err_text, deadline);
  if (!ended) ::kill(*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  auto program = command[0].substr(command[0].rfind('/') + 1);
  auto name = program + (command.size() > 1 ? " " + command[1] : "");
  if (!ended) return fail(tool_errc::not_in_time, "`" + name + "` did not end within " + std::to_string(time.count()) + " ms");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(tool_errc::process_failed, "`" + name + "` failed: " + complaint_in(err_text, program));
  while (out_text.ends_with('\n')) out_text.pop_back();
  return out_text;
}

std::optional<int> parse_signal(std::string_view text) {
  std::string name(text);
  for (auto& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name.starts_with("SIG")) name.erase(0, 3);
  int number = 0;
  auto [end, why] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (why == std::errc{} && end == name.data() + name.size() && number > 0 && number < NSIG) return number;
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known && name == known) return signal;
  }
  return std::nullopt;
}

fs::path own_program() {
  std::error_code why;
  return fs::read_symlink("/proc/self/exe", why);
}

}  // namespace holdfast::tools
