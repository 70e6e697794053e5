// What the command prints: results on standard output, progress on the terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "equipoise/solve/solution.hpp"

namespace equipoise::cli {

/// Writes a result to standard output. A reader that went away is success; any other failure (a full disk) throws
/// Error.
void print(std::string_view text);

/// The most memory that this process has held at once, in bytes, mapped files included.
std::uint64_t peak_memory();

/// Set by Ctrl-C, or by a signal to terminate or to hang up.
extern std::atomic<bool> interrupted;
/// What would be lost if the process ended now.
enum class Unsaved { nothing, result };
/// From here on SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup) set `interrupted` instead of ending
/// the process, and a second one ends it. With Unsaved::nothing the first one ends it at once, with exit code 130: a
/// decomposition cannot be asked to stop.
void catch_interrupts(Unsaved unsaved = Unsaved::result);

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
  /// Cut to the width of the terminal.
  void draw(double fraction, const std::string& text);
  void draw(const std::string& text);
  void clear();
  double seconds() const;  ///< since the bar was made

 private:
  bool visible_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point last_;
};

/// What a session and its run are doing: what is measured, then the steps with their rate and the remaining time.
class Progress {
 public:
  /// `total` steps at most; `quiet` draws nothing.
  Progress(std::uint64_t total, bool quiet) : total_(total), bar_(quiet) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Until something else is shown.
  void says(std::string_view text) { bar_.draw(std::string(text)); }
  /// Both refer to this object.
  Listener listener();
  Onlooker onlooker();
  /// Nothing is left on the terminal.
  void done() { bar_.clear(); }

 private:
  void measuring(std::string_view what);
  void show(std::uint64_t done);

  std::uint64_t total_;
  Bar bar_;
  std::string measured_;
  double loss_ = 0, began_ = -1;
  std::uint64_t seen_ = 0;  ///< the last step that was shown, and since when
  double seen_at_ = 0;
};

}  // namespace equipoise::cli
