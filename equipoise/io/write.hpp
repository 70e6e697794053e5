// One output, written whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace equipoise {

/// Collects what is appended in a temporary file beside `path`, and puts it in place with commit(). Without a commit
/// the temporary file disappears with the object. "-" is standard output, and what already exists but is no regular
/// file (a device, a pipe) is written directly. Every failure throws Error naming the path and the reason.
class Output {
 public:
  explicit Output(const std::filesystem::path& path);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void append(std::string_view bytes);
  /// Writes what is left, forces it to the disk, and renames. Call it once, last.
  void commit();

 private:
  void write_buffer();
  [[noreturn]] void fail_to_write(int error) const;

  std::filesystem::path name_;       ///< as given
  std::filesystem::path target_;     ///< with links followed
  std::filesystem::path temporary_;  ///< empty where the target is written directly
  std::string buffer_;
  int descriptor_ = -1;
  bool reader_gone_ = false;  ///< standard output broke: what follows is dropped
};

}  // namespace equipoise
