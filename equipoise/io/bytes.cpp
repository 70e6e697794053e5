// The whole of an input as bytes in memory.
//
// Tested in equipoise/io/files_test.cpp
#include "equipoise/io/bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "equipoise/io/text.hpp"

namespace equipoise {

namespace {

std::string read_descriptor(int descriptor, const Document& document, std::uint64_t limit) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    fail(document, fmt::format("cannot be read: {}", reason(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    fail(document, "is a folder; it should be a file");
  }
  // The size is a hint: one byte more finds the end of a file in a single read, and pipes have none.
  constexpr std::size_t smallest_step = std::size_t{1} << 16;
  const auto expected = S_ISREG(status.st_mode) && status.st_size > 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (expected > limit) {
    fail(document, fmt::format("has {} bytes, more than the {} bytes of memory allow", expected, limit));
  }
  std::string bytes(std::max<std::size_t>(expected + 1, smallest_step), '\0');
  std::size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) {
      bytes.resize(bytes.size() * 2);
    }
    const ssize_t got = read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      fail(document, fmt::format("cannot be read: {}", reason(errno)));
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(got);
    if (filled > limit) {
      fail(document, fmt::format("has more than {} bytes, which do not fit in memory", limit));
    }
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const std::string name = path.string();
  const Document document{{}, name};
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const int error = errno;
    if (error == ENOENT) {
      fail(document, "there is no such file");
    }
    fail(document, fmt::format("cannot be opened: {}", reason(error)));
  }
  struct Closer {
    int descriptor;
    ~Closer() { close(descriptor); }
  } const closer{descriptor};
  return read_descriptor(descriptor, document, limit);
}

std::string read_standard_input(std::uint64_t limit) {
  return read_descriptor(STDIN_FILENO, {{}, "standard input"}, limit);
}

}  // namespace equipoise
