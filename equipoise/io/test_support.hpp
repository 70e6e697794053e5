// What the tests of this module share: an Error with the words it must hold, and a folder that disappears.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "equipoise/core/error.hpp"
#include "equipoise/io/files.hpp"

namespace equipoise::testing {

/// Runs `action` and expects an Error of one line that holds every one of `words`.
template <class Action>
void expect_error(Action&& action, std::initializer_list<std::string_view> words) {
  try {
    action();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << "not one line: " << message;
    EXPECT_LT(message.size(), 400u) << message;
    for (const std::string_view word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << "'" << word << "' is missing in: " << message;
    }
    return;
  }
  ADD_FAILURE() << "no Error was thrown; expected one with '" << *words.begin() << "'";
}

/// A folder of its own for one test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    static std::atomic<int> counter = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("equipoise_io_test_" + std::to_string(getpid()) + "_" + std::to_string(counter++));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::string put(std::string_view name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  /// Number of files in it, hidden ones too: a temporary file that stayed shows here.
  std::ptrdiff_t count() const {
    return std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline const Matrix& dense(const MatrixData& matrix) { return std::get<Matrix>(matrix.values); }
inline const SparseMatrix& sparse(const MatrixData& matrix) { return std::get<SparseMatrix>(matrix.values); }

inline LoadOptions with_unknown() {
  LoadOptions options;
  options.missing = Missing::unknown;
  return options;
}

}  // namespace equipoise::testing
