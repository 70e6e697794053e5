// Writing: numbers read back exactly, and whatever goes wrong leaves the old file and no temporary one.
#include "equipoise/io/write.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "equipoise/io/test_support.hpp"

namespace equipoise::write_test {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using testing::dense;
using testing::expect_error;
using testing::sparse;
using testing::TemporaryFolder;
using testing::with_unknown;

// Runs `body` in a process of its own; true where it ended with `true`. What it breaks breaks with it.
template <class Body>
bool in_child(Body&& body) {
  // What is buffered here would otherwise be printed by the child too.
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    bool good = false;
    try {
      good = body();
    } catch (...) {
      good = false;
    }
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Gives up root, which may write anywhere, for the rest of this process; false where that is not possible.
bool without_root() { return geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0); }

// True where `action` throws an Error that holds `word`: for children, where an expectation would be lost.
template <class Action>
bool throws(Action&& action, std::string_view word) {
  try {
    action();
  } catch (const Error& error) {
    return std::string_view(error.what()).find(word) != std::string_view::npos;
  }
  return false;
}

Matrix odd_numbers() {
  Matrix values(3, 4);
  values << 0.1, -0.0, 5e-324, 1.7976931348623157e308, 1.0 / 3, -1e-300, 12345678901234568.0, 1, 2, 3, 1e22, -0.3;
  return values;
}

MatrixData loaded(Matrix values) { return {std::move(values), false, "test"}; }
MatrixData loaded(const std::vector<Eigen::Triplet<double, Index>>& entries, Index rows, Index cols, bool unknown) {
  SparseMatrix values(rows, cols);
  values.setFromTriplets(entries.begin(), entries.end());
  return {std::move(values), unknown, "test"};
}

// Bit for bit: == would let -0 pass for 0.
bool same_bits(const Matrix& left, const Matrix& right) {
  return left.rows() == right.rows() && left.cols() == right.cols() &&
         std::memcmp(left.data(), right.data(), sizeof(double) * static_cast<std::size_t>(left.size())) == 0;
}

TEST(Write, DenseMatricesReadBackExactly) {
  const TemporaryFolder folder;
  for (const char* name : {"a.npy", "a.mtx", "a.csv", "A.CSV"}) {
    SCOPED_TRACE(name);
    for (const Matrix& values : {odd_numbers(), Matrix(odd_numbers().transpose()), Matrix(odd_numbers().row(0)),
                                 Matrix(odd_numbers().col(1)), Matrix(Matrix::Constant(1, 1, -0.0))}) {
      save_matrix(folder / name, loaded(values));
      EXPECT_TRUE(same_bits(dense(load_matrix((folder / name).string())), values));
    }
  }
  EXPECT_EQ(folder.count(), 4) << "a temporary file stayed";
}

TEST(Write, RandomBitPatternsReadBackExactly) {
  const TemporaryFolder folder;
  constexpr unsigned seed = 3;
  SCOPED_TRACE(seed);
  std::mt19937_64 generator(seed);
  Matrix values(50, 40);
  for (double& value : values.reshaped()) {
    do {
      value = std::bit_cast<double>(generator());
    } while (!std::isfinite(value));
  }
  for (const char* name : {"a.npy", "a.mtx", "a.csv"}) {
    save_matrix(folder / name, loaded(values));
    EXPECT_TRUE(same_bits(dense(load_matrix((folder / name).string())), values)) << name;
  }
}

TEST(Write, SparseMatricesReadBack) {
  const TemporaryFolder folder;
  const MatrixData zeros = loaded({{2, 0, 0.1}, {0, 3, -2.0}}, 3, 4, false);
  const MatrixData unknown = loaded({{2, 0, 0.1}, {0, 3, 0.0}}, 3, 4, true);
  for (const char* name : {"a.npy", "a.mtx", "a.csv"}) {
    SCOPED_TRACE(name);
    const std::string path = (folder / name).string();
    save_matrix(path, zeros);
    const MatrixData again = load_matrix(path);
    EXPECT_EQ(std::holds_alternative<SparseMatrix>(again.values), std::string(name) == "a.mtx");
    EXPECT_EQ(std::visit([](const auto& values) { return Matrix(values); }, again.values), Matrix(sparse(zeros)));
    save_matrix(path, unknown);
    const MatrixData known = load_matrix(path, with_unknown());
    EXPECT_TRUE(known.has_unknown);
    EXPECT_EQ(known.entries(), 2);
    EXPECT_EQ(Matrix(sparse(known)), Matrix(sparse(unknown)));
  }
  save_matrix(folder / "column.csv", loaded({{1, 0, 5.0}}, 3, 1, true));
  EXPECT_EQ(load_matrix((folder / "column.csv").string(), with_unknown()).rows(), 3) << "blank lines would vanish";
}

TEST(Write, NpyOfAnyShapeAndStride) {
  const TemporaryFolder folder;
  const Matrix values = odd_numbers();
  save_npy(folder / "block.npy", values.block(1, 1, 2, 2));
  EXPECT_TRUE(same_bits(load_npy(folder / "block.npy"), Matrix(values.block(1, 1, 2, 2))));
  save_npy(folder / "empty.npy", Matrix(5, 0));
  EXPECT_EQ(load_npy(folder / "empty.npy").rows(), 5);
  save_npy(folder / "nan.npy", Matrix::Constant(1, 1, std::numeric_limits<double>::quiet_NaN()));
  expect_error([&] { load_npy(folder / "nan.npy"); }, {"nan.npy", "row 1, column 1", "NaN"});
}

TEST(Write, ReplacesTheOldFileAndFollowsLinks) {
  const TemporaryFolder folder;
  folder.put("real.txt", "old");
  fs::create_symlink("real.txt", folder / "link.txt");
  save_text(folder / "link.txt", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link.txt"));
  EXPECT_EQ(bytes_of(folder / "real.txt"), "new");
  save_text(folder / "real.txt", "");
  EXPECT_EQ(bytes_of(folder / "real.txt"), "");
  const std::string large(1000000, 'x');
  save_text(folder / "large.txt", large);
  EXPECT_EQ(bytes_of(folder / "large.txt"), large);
  EXPECT_EQ(folder.count(), 3);
}

TEST(Write, OthersMayReadWhatTheUmaskAllows) {
  const TemporaryFolder folder;
  const mode_t before = umask(022);
  save_text(folder / "a.txt", "x");
  umask(before);
  EXPECT_EQ(fs::status(folder / "a.txt").permissions(), fs::perms(0644));
}

TEST(Write, WithoutACommitNothingChanges) {
  const TemporaryFolder folder;
  folder.put("a.txt", "old");
  {
    Output output(folder / "a.txt");
    output.append(std::string(200000, 'x'));
    EXPECT_EQ(bytes_of(folder / "a.txt"), "old") << "written in place";
    EXPECT_EQ(folder.count(), 2);
  }
  EXPECT_EQ(bytes_of(folder / "a.txt"), "old");
  EXPECT_EQ(folder.count(), 1);
}

TEST(Write, PlacesThatCannotBeWritten) {
  const TemporaryFolder folder;
  const std::string file = folder.put("file", "x");
  fs::create_directory(folder / "folder.npy");
  expect_error([&] { save_text(folder / "none" / "a.txt", "x"); }, {"cannot write", "none/a.txt", "No such file"});
  expect_error([&] { save_text(fs::path(file) / "a.txt", "x"); }, {"file/a.txt", "Not a directory"});
  expect_error([&] { save_text(folder / "folder.npy", "x"); }, {"folder.npy", "folder"});
  expect_error([&] { save_text("", "x"); }, {"name of a file"});
  expect_error([&] { save_text(folder / "new/", "x"); }, {"name of a file"});
  expect_error([&] { save_matrix(folder / "a.txt", loaded(odd_numbers())); }, {"a.txt", ".npy, .mtx or .csv"});
  expect_error([&] { save_matrix(folder / "a", loaded(odd_numbers())); }, {".npy, .mtx or .csv"});
  EXPECT_EQ(folder.count(), 2);
}

TEST(Write, FolderOfSomeoneElse) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed", fs::perms(0555));
  EXPECT_TRUE(in_child([&] {
    if (!without_root()) {
      return true;
    }
    return throws([&] { save_text(folder / "closed" / "a.txt", "x"); }, "Permission denied") &&
           throws([&] { make_folder(folder / "closed"); }, "Permission denied") &&
           throws([&] { make_folder(folder / "closed" / "new"); }, "Permission denied");
  }));
  fs::permissions(folder / "closed", fs::perms(0755));
  EXPECT_TRUE(fs::is_empty(folder / "closed"));
}

// Only without root: a mistake in the code under test would otherwise replace the device of the whole machine.
TEST(Write, FullDisk) {
  if (!fs::is_character_file("/dev/full")) {
    GTEST_SKIP() << "this system has no /dev/full";
  }
  const TemporaryFolder folder;
  fs::create_symlink("/dev/full", folder / "a.npy");
  EXPECT_TRUE(in_child([&] {
    if (!without_root()) {
      return true;
    }
    save_text("/dev/null", "x");
    return throws([] { save_text("/dev/full", "x"); }, "cannot write /dev/full: No space left") &&
           throws([&] { save_npy(folder / "a.npy", odd_numbers()); }, "a.npy: No space left");
  }));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  EXPECT_TRUE(fs::is_symlink(folder / "a.npy"));
}

TEST(Write, APipeIsWrittenAndStays) {
  const TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  save_text(pipe, "through");
  char read_back[16] = {};
  EXPECT_EQ(read(reader, read_back, sizeof(read_back)), 7);
  EXPECT_STREQ(read_back, "through");
  close(reader);
  EXPECT_TRUE(fs::is_fifo(pipe)) << "replaced by a file";
}

// A limit on the size of files fails in the middle of a write, as a disk does that fills up.
TEST(Write, DiskThatFillsUp) {
  const TemporaryFolder folder;
  folder.put("a.npy", "old");
  EXPECT_TRUE(in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100000, 100000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const bool small = !throws([&] { save_npy(folder / "small.npy", odd_numbers()); }, "");
    return small && throws([&] { save_npy(folder / "a.npy", Matrix::Zero(200, 100)); }, "File too large") &&
           throws([&] { save_text(folder / "b.txt", std::string(100001, 'x')); }, "File too large") &&
           throws([&] { save_matrix(folder / "c.mtx", loaded(Matrix::Ones(300, 300))); }, "File too large");
  }));
  EXPECT_EQ(bytes_of(folder / "a.npy"), "old");
  EXPECT_EQ(folder.count(), 2) << "a temporary file stayed";
}

TEST(Write, StandardOutput) {
  const TemporaryFolder folder;
  EXPECT_TRUE(in_child([&] {
    if (std::freopen((folder / "out").c_str(), "w", stdout) == nullptr) {
      return false;
    }
    std::printf("before\n");
    save_matrix("-", loaded(Matrix::Constant(1, 1, 0.5)));
    return true;
  }));
  EXPECT_EQ(bytes_of(folder / "out"), "before\n%%MatrixMarket matrix array real general\n1 1\n0.5\n");
}

TEST(Write, AReaderThatWentAwayIsNoError) {
  EXPECT_TRUE(in_child([] {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0) {
      return false;
    }
    close(ends[0]);
    close(ends[1]);
    save_matrix("-", loaded(Matrix::Ones(300, 300)));
    return true;
  }));
  if (fs::is_character_file("/dev/full")) {
    EXPECT_TRUE(in_child([] {
      return !without_root() || (std::freopen("/dev/full", "w", stdout) != nullptr &&
                                 throws([] { save_matrix("-", loaded(Matrix::Ones(1, 1))); }, "No space left"));
    }));
  }
}

TEST(Write, MakeFolder) {
  const TemporaryFolder folder;
  make_folder(folder / "a" / "b" / "c");
  EXPECT_TRUE(fs::is_directory(folder / "a" / "b" / "c"));
  make_folder(folder / "a" / "b" / "c");
  make_folder((folder / "a").string() + "/d/");
  EXPECT_TRUE(fs::is_directory(folder / "a" / "d"));
  const std::string file = folder.put("file", "x");
  expect_error([&] { make_folder(file); }, {"file", "a file of this name"});
  expect_error([&] { make_folder(fs::path(file) / "below"); }, {"below", "Not a directory"});
  expect_error([&] { make_folder(""); }, {"name"});
}

}  // namespace
}  // namespace equipoise::write_test
