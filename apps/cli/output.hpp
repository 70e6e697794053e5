// What the command prints: results on standard output, progress on the terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace equipoise::cli {

/// Writes a result to standard output. A reader that went away is success; any other failure (a full disk) throws Error.
void print(std::string_view text);

/// The most memory that this process has held at once, in bytes, mapped files included.
std::uint64_t peak_memory();

/// Set by Ctrl-C or a termination signal.
extern std::atomic<bool> interrupted;
/// From here on SIGINT and SIGTERM set `interrupted` instead of ending the process; a second one ends it.
void catch_interrupts();

/// A bar with rate and remaining time on standard error, drawn only on a terminal and not more than ten times a second.
class Progress {
 public:
  /// `total` steps at most; `quiet` draws nothing.
  Progress(std::uint64_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t done, double loss);

 private:
  std::uint64_t total_;
  bool visible_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace equipoise::cli
