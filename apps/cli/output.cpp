// Standard output that knows broken pipes from full disks, and the progress bar.
//
// Tested in tests/cli/contract.py
#include "apps/cli/output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "equipoise/core/error.hpp"

namespace equipoise::cli {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

namespace {

std::atomic<bool> nothing_to_save = false, line_on_terminal = false;
constexpr std::string_view to_empty_line = "\r\x1b[K";

// Touches lock-free atomics and calls write() and _exit() alone.
void hear(int) {
  interrupted = true;
  if (!nothing_to_save) return;
  if (line_on_terminal && write(STDERR_FILENO, to_empty_line.data(), to_empty_line.size()) < 0) _exit(130);
  _exit(130);
}

std::size_t terminal_width() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

void catch_interrupts(Unsaved unsaved) {
  nothing_to_save = unsaved == Unsaved::nothing;
  struct sigaction action = {};
  action.sa_handler = hear;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before = {};
  if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
  sigaction(SIGHUP, &action, nullptr);
}

std::uint64_t peak_memory() {
  // What getrusage tells begins with the peak of the process that started this one, which may be a Python with
  // gigabytes.
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  rusage usage{};  // where no /proc is mounted
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // Linux counts in KiB
}

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return;
    } else if (errno != EINTR) {
      throw Error(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    }
  }
}

Bar::Bar(bool quiet)
    : visible_(!quiet && isatty(STDERR_FILENO) == 1), began_(std::chrono::steady_clock::now()), last_(began_) {}

Bar::~Bar() { clear(); }

void Bar::clear() {
  if (drawn_) fmt::print(stderr, "{}", to_empty_line);
  drawn_ = line_on_terminal = false;
}

bool Bar::due() {
  if (!visible_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return false;
  last_ = now;
  return true;
}

double Bar::seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

void Bar::draw(double fraction, const std::string& text) {
  // The text goes first: the bar takes what the terminal has left.
  const std::size_t room = terminal_width() - 1, needed = text.size() + 3;
  const std::size_t length = room > needed ? std::min<std::size_t>(24, room - needed) : 0;
  if (length < 4) return draw(text);
  const auto filled =
      static_cast<std::size_t>(std::lround(static_cast<double>(length) * std::clamp(fraction, 0.0, 1.0)));
  draw(fmt::format("[{:=<{}}{:<{}}] {}", "", filled, "", length - filled, text));
}

void Bar::draw(const std::string& text) {
  if (!visible_) return;
  drawn_ = line_on_terminal = true;
  // One column stays free: in the last one some terminals begin a new line.
  fmt::print(stderr, "{}{}", to_empty_line, std::string_view(text).substr(0, terminal_width() - 1));
  std::fflush(stderr);
}

Listener Progress::listener() {
  return {[this](std::string_view what) { measuring(what); },
          [this] {
            if (bar_.due()) bar_.draw(fmt::format("measuring {}, {:.0f} s", measured_, bar_.seconds()));
            return true;  // a signal ends the process meanwhile
          }};
}

Onlooker Progress::onlooker() {
  return {[this](const Sample& sample, const std::function<Factors()>&) {
            loss_ = sample.loss;
            return std::nullopt;
          },
          [this](std::uint64_t step) {
            show(step);
            return interrupted ? std::optional<Stop>(Stop()) : std::nullopt;
          }};
}

void Progress::measuring(std::string_view what) {
  measured_ = what;
  bar_.draw(fmt::format("measuring {}", what));
}

void Progress::show(std::uint64_t done) {
  if (began_ < 0) began_ = bar_.seconds();
  if (done != seen_) {
    seen_ = done;
    seen_at_ = bar_.seconds();
  }
  if (!bar_.due()) return;
  if (const double still = bar_.seconds() - seen_at_; still > 0.5)  // no step for so long: something is measured
    return bar_.draw(fmt::format("measuring at step {}, {:.0f} s", done, still));
  const double rate = static_cast<double>(done) / (bar_.seconds() - began_);
  const double fraction = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
  const double left = rate > 0 ? static_cast<double>(total_ - std::min(done, total_)) / rate : INFINITY;
  const std::string eta = std::isfinite(left) ? fmt::format("at most {:.0f} s left", left) : "";
  bar_.draw(fraction,
            fmt::format("step {} of at most {}, loss {:.4g}, {:.3g} steps/s, {}", done, total_, loss_, rate, eta));
}

}  // namespace equipoise::cli
