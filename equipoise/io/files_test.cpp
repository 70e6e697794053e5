// From names to matrices: endings, formats, gzip, standard input, and what is not there.
#include "equipoise/io/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <string>

#include "equipoise/io/test_support.hpp"

namespace equipoise::files_test {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using testing::dense;
using testing::expect_error;
using testing::TemporaryFolder;

constexpr std::string_view market = "%%MatrixMarket matrix array real general\n1 2\n3\n4\n";

Matrix three_four() { return (Matrix(1, 2) << 3, 4).finished(); }

LoadOptions format(const std::string& name) {
  LoadOptions options;
  options.format = name;
  return options;
}

void put_gzip(const fs::path& path, std::string_view text) {
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

// Standard input is the given file while this lives.
class StandardInput {
 public:
  explicit StandardInput(const std::string& path) : kept_(dup(STDIN_FILENO)) {
    const int file = open(path.c_str(), O_RDONLY);
    dup2(file, STDIN_FILENO);
    close(file);
  }
  ~StandardInput() {
    dup2(kept_, STDIN_FILENO);
    close(kept_);
  }

 private:
  int kept_;
};

TEST(Files, TheEndingDecides) {
  const TemporaryFolder folder;
  save_npy(folder / "a.npy", three_four());
  for (const std::string& name :
       {folder.put("a.mtx", market), folder.put("A.MTX", market), folder.put("a.csv", "3,4\n"),
        folder.put("a.tsv", "3\t4\n"), (folder / "a.npy").string(), folder.put("with space, comma.csv", "3,4")}) {
    SCOPED_TRACE(name);
    const MatrixData loaded = load_matrix(name);
    EXPECT_EQ(dense(loaded), three_four());
    EXPECT_EQ(loaded.source, name);
  }
}

TEST(Files, TheFormatOverrides) {
  const TemporaryFolder folder;
  EXPECT_EQ(dense(load_matrix(folder.put("a.txt", market), format("mtx"))), three_four());
  EXPECT_EQ(dense(load_matrix(folder.put("a.csv", "3\t4\n"), format("tsv"))), three_four());
  expect_error([&] { load_matrix(folder.put("a.csv", "3,4"), format("xls")); }, {"'xls'", "mtx, npy, npz, csv or tsv"});
  expect_error([&] { load_matrix(folder.put("a.csv", "3,4"), format("npy")); }, {"a.csv", "no .npy"});
}

TEST(Files, GzipOfEveryFormat) {
  const TemporaryFolder folder;
  put_gzip(folder / "a.mtx.gz", market);
  put_gzip(folder / "a.CSV.GZ", "3,4\n");
  put_gzip(folder / "a.tsv.gz", "3\t4\n");
  save_npy(folder / "plain.npy", three_four());
  put_gzip(folder / "a.npy.gz", bytes_of(folder / "plain.npy"));
  put_gzip(folder / "packed.csv", "3,4\n");
  for (const char* name : {"a.mtx.gz", "a.CSV.GZ", "a.tsv.gz", "a.npy.gz", "packed.csv"}) {
    EXPECT_EQ(dense(load_matrix((folder / name).string())), three_four()) << name;
  }
}

TEST(Files, BrokenGzip) {
  const TemporaryFolder folder;
  put_gzip(folder / "a.mtx.gz", market);
  const std::string whole = bytes_of(folder / "a.mtx.gz");
  expect_error([&] { load_matrix(folder.put("a.mtx.gz", whole.substr(0, whole.size() - 5))); },
               {"a.mtx.gz", "truncated"});
  std::string damaged = whole;
  damaged[whole.size() - 6] = static_cast<char>(damaged[whole.size() - 6] ^ 1);
  expect_error([&] { load_matrix(folder.put("a.mtx.gz", damaged)); }, {"a.mtx.gz", "damaged"});
  expect_error([&] { load_matrix(folder.put("b.mtx.gz", market)); }, {"b.mtx.gz", ".gz", "no gzip"});
  put_gzip(folder / "c.mtx.gz", "");
  expect_error([&] { load_matrix((folder / "c.mtx.gz").string()); }, {"c.mtx.gz", "empty"});
  // A few kilobytes that would be 100 MB.
  put_gzip(folder / "d.csv.gz", std::string(100000000, '1'));
  LoadOptions small;
  small.memory_limit = 1000000;
  expect_error([&] { load_matrix((folder / "d.csv.gz").string(), small); }, {"d.csv.gz", "more than 1000000 bytes"});
}

TEST(Files, NamesThatCannotBeRead) {
  const TemporaryFolder folder;
  expect_error([&] { load_matrix((folder / "none.mtx").string()); }, {"none.mtx", "no such file"});
  expect_error([&] { load_matrix((folder / "none").string()); }, {"none", "no such file"});
  expect_error([&] { load_matrix(folder.path().string()); }, {"is a folder"});
  fs::create_directory(folder / "folder.mtx");
  expect_error([&] { load_matrix((folder / "folder.mtx").string()); }, {"folder.mtx", "is a folder"});
  for (const char* name : {"empty.mtx", "empty.npy", "empty.npz", "empty.csv", "empty.tsv", "empty.mtx.gz"}) {
    expect_error([&] { load_matrix(folder.put(name, "")); }, {name, "empty"});
  }
  expect_error([&] { load_matrix(folder.put("a.mat", "x")); },
               {"a.mat", "format should be", "mtx, npy, npz, csv or tsv"});
  expect_error([&] { load_matrix(folder.put("a", "x")); }, {"format should be"});
  expect_error([&] { load_matrix(folder.put("a.gz", "x")); }, {"format should be"});
  expect_error([&] { load_matrix(""); }, {"empty", "built-in"});
  expect_error([&] { load_matrix(folder.put("below", "x") + "/a.mtx"); }, {"below/a.mtx", "Not a directory"});
  expect_error([&] { load_matrix("no\nsuch.mtx"); }, {"no\\x0asuch.mtx", "no such file"});
  LoadOptions triplets;
  triplets.triplets = true;
  expect_error([&] { load_matrix(folder.put("t.mtx", market), triplets); }, {"t.mtx", "csv and tsv"});
  LoadOptions small;
  small.memory_limit = 10;
  expect_error([&] { load_matrix(folder.put("large.mtx", market), small); }, {"large.mtx", "10 bytes"});
  if (fs::exists("/dev/zero")) {
    small.memory_limit = 1000000;
    small.format = "csv";
    expect_error([&] { load_matrix("/dev/zero", small); }, {"/dev/zero", "1000000 bytes"});
  }
}

TEST(Files, StandardInputTellsItsFormat) {
  const TemporaryFolder folder;
  save_npy(folder / "a.npy", three_four());
  put_gzip(folder / "a.gz", market);
  for (const std::string& name :
       {folder.put("1", market), folder.put("2", "3,4\n"), folder.put("3", "3\t4\n"), (folder / "a.npy").string(),
        (folder / "a.gz").string(), folder.put("4", "\n# comment\nx,y\n3,4\n")}) {
    SCOPED_TRACE(name);
    const StandardInput input(name);
    const MatrixData loaded = load_matrix("-");
    EXPECT_EQ(dense(loaded), three_four());
    EXPECT_EQ(loaded.source, "-");
  }
  {
    const StandardInput input(folder.put("5", "3\n4\n"));
    expect_error([] { load_matrix("-"); }, {"standard input", "first line", "format should be"});
  }
  {
    const StandardInput input(folder.put("6", "3\n4\n"));
    EXPECT_EQ(dense(load_matrix("-", format("csv"))).rows(), 2);
  }
  {
    const StandardInput input("/dev/null");
    expect_error([] { load_matrix("-"); }, {"standard input", "empty"});
  }
}

TEST(Files, Factors) {
  const TemporaryFolder folder;
  const Matrix X = Matrix::Random(5, 2);
  const Matrix Y = Matrix::Random(4, 2);
  save_npy(folder / "X.npy", X);
  save_npy(folder / "Y.npy", Y);
  save_npy(folder / "wide.npy", Matrix::Random(4, 3));
  save_npy(folder / "a,b.npy", X);
  const std::string x = (folder / "X.npy").string();
  const std::string y = (folder / "Y.npy").string();
  for (const std::string& name : {folder.path().string(), x + "," + y, (folder / "a,b.npy").string() + "," + y}) {
    const Factors factors = load_factors(name);
    EXPECT_EQ(factors.shape(), (Shape{5, 4, 2})) << name;
    EXPECT_EQ(factors.X(), X);
    EXPECT_EQ(factors.Y(), Y);
  }
  expect_error([&] { load_factors(x); }, {"X.npy,Y.npy", "folder"});
  expect_error([&] { load_factors(x + ","); }, {"X.npy,Y.npy"});
  expect_error([&] { load_factors(""); }, {"X.npy,Y.npy"});
  expect_error([&] { load_factors(x + "," + (folder / "none.npy").string()); }, {"none.npy", "no such file"});
  expect_error([&] { load_factors(x + "," + (folder / "wide.npy").string()); }, {"2", "wide.npy has 3", "rank"});
  fs::remove(folder / "Y.npy");
  expect_error([&] { load_factors(folder.path().string()); }, {"Y.npy", "no such file"});
  save_npy(folder / "X.npy", Matrix(5, 0));
  save_npy(folder / "Y.npy", Matrix(4, 0));
  EXPECT_EQ(load_factors(folder.path().string()).shape(), (Shape{5, 4, 0}));
}

}  // namespace
}  // namespace equipoise::files_test
