// Standard output that knows broken pipes from full disks, and the progress bar.
#include "apps/cli/output.hpp"

#include <fmt/format.h>
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

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
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

Bar::~Bar() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
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
  const auto filled = static_cast<std::size_t>(std::lround(24 * std::clamp(fraction, 0.0, 1.0)));
  fmt::print(stderr, "\r\x1b[K[{:=<{}}{:<{}}] {}", "", filled, "", 24 - filled, text);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::show(std::uint64_t done, double loss) {
  if (!bar_.due()) return;
  const double rate = static_cast<double>(done) / bar_.seconds();
  const double fraction = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
  const double left = rate > 0 ? static_cast<double>(total_ - std::min(done, total_)) / rate : INFINITY;
  const std::string eta = std::isfinite(left) ? fmt::format("at most {:.0f} s left", left) : "";
  bar_.draw(fraction,
            fmt::format("step {} of at most {}, loss {:.4g}, {:.3g} steps/s, {}", done, total_, loss, rate, eta));
}

}  // namespace equipoise::cli
