// What the command prints: results on standard output, progress on the terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace equipoise::cli {

/// Writes a result to standard output. A reader that went away is success; any other failure (a full disk) throws
/// Error.
void print(std::string_view text);

/// The most memory that this process has held at once, in bytes, mapped files included.
std::uint64_t peak_memory();

/// Set by Ctrl-C or a termination signal.
extern std::atomic<bool> interrupted;
/// From here on SIGINT and SIGTERM set `interrupted` instead of ending the process; a second one ends it.
void catch_interrupts();

/// A bar on standard error, drawn only on a terminal and not more than ten times a second; it disappears with the
/// object.
class Bar {
 public:
  explicit Bar(bool quiet);  ///< `quiet` draws nothing
  ~Bar();
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;

  /// True where a drawing is due; the caller then draws.
  bool due();
  void draw(double fraction, const std::string& text);
  double seconds() const;  ///< since the bar was made

 private:
  bool visible_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point last_;
};

/// The bar of one run, with rate and remaining time.
class Progress {
 public:
  /// `total` steps at most; `quiet` draws nothing.
  Progress(std::uint64_t total, bool quiet) : total_(total), bar_(quiet) {}
  void show(std::uint64_t done, double loss);

 private:
  std::uint64_t total_;
  Bar bar_;
};

}  // namespace equipoise::cli
