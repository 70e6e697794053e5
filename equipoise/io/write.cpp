// One output, written whole or not at all.
#include "equipoise/io/write.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <system_error>

#include "equipoise/core/error.hpp"
#include "equipoise/io/assemble.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/npy.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 16;

// Links are followed, so that a rename replaces the file behind a link and not the link.
fs::path behind_links(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(path, error))) {
    return path;
  }
  const fs::path target = fs::canonical(path, error);
  return error ? path : target;
}

int open_temporary(const fs::path& target, fs::path& temporary) {
  static std::atomic<unsigned> counter = 0;
  while (true) {
    temporary = target;
    temporary.replace_filename(fmt::format(".{}.{}-{}.tmp", target.filename().string(), getpid(), counter++));
    // Created here rather than by mkstemp, whose files nobody else may read.
    const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) {
      return descriptor;
    }
  }
}

void append_number(fmt::memory_buffer& line, double value) { fmt::format_to(std::back_inserter(line), "{}", value); }

std::string_view view(const fmt::memory_buffer& line) { return {line.data(), line.size()}; }

Matrix dense_of(const MatrixData& matrix) {
  if (const auto* dense = std::get_if<Matrix>(&matrix.values)) {
    return *dense;
  }
  const auto& sparse = std::get<SparseMatrix>(matrix.values);
  check_dense_size({{}, matrix.source}, static_cast<std::uint64_t>(sparse.rows()),
                   static_cast<std::uint64_t>(sparse.cols()), {});
  Matrix dense = Matrix::Constant(sparse.rows(), sparse.cols(), matrix.has_unknown ? std::nan("") : 0.0);
  for (Index row = 0; row < sparse.rows(); ++row) {
    for (SparseMatrix::InnerIterator entry(sparse, row); entry; ++entry) {
      dense(row, entry.col()) = entry.value();
    }
  }
  return dense;
}

void write_matrix_market(Output& output, const MatrixData& matrix) {
  fmt::memory_buffer line;
  const auto put = [&] {
    output.append(view(line));
    line.clear();
  };
  if (const auto* dense = std::get_if<Matrix>(&matrix.values)) {
    fmt::format_to(std::back_inserter(line), "%%MatrixMarket matrix array real general\n{} {}\n", dense->rows(),
                   dense->cols());
    put();
    for (Index col = 0; col < dense->cols(); ++col) {
      for (Index row = 0; row < dense->rows(); ++row) {
        append_number(line, (*dense)(row, col));
        line.push_back('\n');
        put();
      }
    }
    return;
  }
  const auto& sparse = std::get<SparseMatrix>(matrix.values);
  fmt::format_to(std::back_inserter(line), "%%MatrixMarket matrix coordinate real general\n{} {} {}\n", sparse.rows(),
                 sparse.cols(), sparse.nonZeros());
  put();
  for (Index row = 0; row < sparse.rows(); ++row) {
    for (SparseMatrix::InnerIterator entry(sparse, row); entry; ++entry) {
      fmt::format_to(std::back_inserter(line), "{} {} {}\n", row + 1, entry.col() + 1, entry.value());
      put();
    }
  }
}

void write_csv(Output& output, const MatrixData& matrix) {
  const Matrix dense = dense_of(matrix);
  fmt::memory_buffer line;
  for (Index row = 0; row < dense.rows(); ++row) {
    for (Index col = 0; col < dense.cols(); ++col) {
      if (col > 0) {
        line.push_back(',');
      }
      if (!std::isnan(dense(row, col))) {
        append_number(line, dense(row, col));
        // With a decimal point no line or column of whole numbers can be taken for names.
        if (std::abs(dense(row, col)) < 1e15 && dense(row, col) == std::trunc(dense(row, col)))
          line.append(std::string_view(".0"));
      } else if (dense.cols() == 1) {
        // Readers pass over blank lines.
        line.append(std::string_view("NaN"));
      }
    }
    line.push_back('\n');
    output.append(view(line));
    line.clear();
  }
}

void write_npy(Output& output, const Eigen::Ref<const Matrix>& values) {
  output.append(npy_header(values.rows(), values.cols()));
  for (Index row = 0; row < values.rows(); ++row) {
    output.append({reinterpret_cast<const char*>(values.data() + row * values.outerStride()),
                   static_cast<std::size_t>(values.cols()) * sizeof(double)});
  }
}

}  // namespace

Output::Output(const fs::path& path) : name_(path), target_(path) {
  buffer_.reserve(2 * buffer_size);
  if (path == "-") {
    descriptor_ = STDOUT_FILENO;
    // What was printed before stands before.
    std::fflush(stdout);
    return;
  }
  if (path.empty() || !path.has_filename()) {
    throw Error(fmt::format("cannot write to '{}': it should be the name of a file", on_one_line(path.string())));
  }
  target_ = behind_links(path);
  std::error_code error;
  const fs::file_status status = fs::status(target_, error);
  if (fs::is_directory(status)) {
    throw Error(fmt::format("cannot write {}: it is a folder", on_one_line(path.string())));
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    descriptor_ = open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    descriptor_ = open_temporary(target_, temporary_);
  }
  if (descriptor_ < 0) {
    const int number = errno;
    temporary_.clear();
    fail_to_write(number);
  }
}

Output::~Output() {
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) {
    close(descriptor_);
  }
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
  }
}

void Output::append(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= buffer_size) {
    write_buffer();
  }
}

void Output::write_buffer() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !reader_gone_) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE && descriptor_ == STDOUT_FILENO) {
      reader_gone_ = true;
    } else if (errno != EINTR) {
      fail_to_write(errno);
    }
  }
  buffer_.clear();
}

void Output::commit() {
  write_buffer();
  if (descriptor_ == STDOUT_FILENO) {
    return;
  }
  // Devices and pipes cannot be forced to the disk and say so.
  if (fsync(descriptor_) != 0 && !temporary_.empty()) {
    fail_to_write(errno);
  }
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (close(descriptor) != 0) {
    fail_to_write(errno);
  }
  if (temporary_.empty()) {
    return;
  }
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail_to_write(errno);
  }
  temporary_.clear();
  // The rename itself reaches the disk with the folder; where a file system cannot do that, the file is whole anyway.
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  const int folder_descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor >= 0) {
    fsync(folder_descriptor);
    close(folder_descriptor);
  }
}

void Output::fail_to_write(int error) const {
  throw Error(fmt::format("cannot write {}: {}", name_ == "-" ? "to standard output" : on_one_line(name_.string()),
                          reason(error)));
}

void save_text(const fs::path& path, std::string_view text) {
  Output output(path);
  output.append(text);
  output.commit();
}

void save_npy(const fs::path& path, const Eigen::Ref<const Matrix>& values) {
  Output output(path);
  write_npy(output, values);
  output.commit();
}

void save_matrix(const fs::path& path, const MatrixData& matrix) {
  const std::string ending = path == "-" ? ".mtx" : lower_case(path.extension().string());
  if (ending != ".npy" && ending != ".mtx" && ending != ".csv") {
    throw Error(fmt::format("cannot write {}: the name of a matrix should end in .npy, .mtx or .csv",
                            on_one_line(path.string())));
  }
  Output output(path);
  if (ending == ".npy") {
    write_npy(output, dense_of(matrix));
  } else if (ending == ".mtx") {
    write_matrix_market(output, matrix);
  } else {
    write_csv(output, matrix);
  }
  output.commit();
}

void make_folder(const fs::path& path) {
  const std::string shown = on_one_line(path.string());
  if (path.empty()) {
    throw Error("cannot make a folder without a name");
  }
  std::error_code error;
  fs::create_directories(path, error);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    if (access(path.c_str(), W_OK | X_OK) != 0) {
      throw Error(fmt::format("cannot write into the folder {}: {}", shown, reason(errno)));
    }
    return;
  }
  if (fs::exists(path, ignored)) {
    throw Error(fmt::format("cannot make the folder {}: a file of this name is there", shown));
  }
  throw Error(fmt::format("cannot make the folder {}: {}", shown, error.message()));
}

}  // namespace equipoise
