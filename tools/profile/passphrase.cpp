#include "tools/profile/passphrase.hpp"

#include <fcntl.h>
#include <termios.h>

#include <cstdlib>

#include "protocols/crypto/secret.hpp"
#include "tools/errors/tool_error.hpp"
#include "tools/files/descriptor.hpp"
#include "tools/files/private_file.hpp"
#include "tools/interrupts/interrupts.hpp"

namespace holdfast::tools {

namespace {

constexpr std::size_t passphrase_bytes_max = 1024;

/// The terminal with its echo off for as long as this lives, and no longer if it is interrupted.
class silent_terminal {
 public:
  silent_terminal() : tty_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (!tty_ || ::tcgetattr(tty_.get(), &before_) != 0) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent_ = ::tcsetattr(tty_.get(), TCSAFLUSH, &silent) == 0;
  }
  ~silent_terminal() { restore(); }

  explicit operator bool() const { return silent_; }

  void say(std::string_view text) { [[maybe_unused]] auto n = ::write(tty_.get(), text.data(), text.size()); }

  std::optional<std::string> ask(const std::string& prompt) {
    say(prompt);
    std::string line;
    char c = 0;
    while (::read(tty_.get(), &c, 1) == 1 && c != '\n' && line.size() < passphrase_bytes_max) line += c;
    say("\n");
    if (c != '\n') return std::nullopt;
    return line;
  }

 private:
  void restore() {
    if (silent_) ::tcsetattr(tty_.get(), TCSAFLUSH, &before_);
  }

  descriptor tty_;
  termios before_{};
  bool silent_ = false;
  undo_on_interrupt undo_{[this] { restore(); }};
};

std::optional<result<std::string>> from_file() {
  const char* path = std::getenv("HOLDFAST_PASSPHRASE_FILE");
  if (!path || !*path) return std::nullopt;
  auto content = read_file(path, passphrase_bytes_max);
  if (!content) return content;
  while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
  if (content->empty()) return fail(tool_errc::usage, std::string(path) + " (HOLDFAST_PASSPHRASE_FILE) holds no passphrase");
  return content;
}

tl::unexpected<error> nobody_to_ask() {
  return fail(tool_errc::usage,
              "a passphrase is needed and there is no terminal to ask at: put it into a file and name that in HOLDFAST_PASSPHRASE_FILE");
}

}  // namespace

result<std::string> ask_passphrase(const std::string& prompt) {
  if (auto given = from_file()) return *given;
  silent_terminal terminal;
  if (!terminal) return nobody_to_ask();
  auto line = terminal.ask(prompt);
  if (!line) return fail(tool_errc::usage, "no passphrase was given");
  return *line;
}

result<std::string> ask_new_passphrase(const std::string& what_for) {
  if (auto given = from_file()) return *given;
  silent_terminal terminal;
  if (!terminal) return nobody_to_ask();
  auto first = terminal.ask("Passphrase for " + what_for + ": ");
  if (!first || first->empty()) return fail(tool_errc::usage, "no passphrase was given");
  auto second = terminal.ask("The same again: ");
  bool same = second && crypto::equal_constant_time(as_bytes_view(*first), as_bytes_view(*second));
  if (!same) return fail(tool_errc::usage, "the two passphrases differ");
  return *first;
}

}  // namespace holdfast::tools
