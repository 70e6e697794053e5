// Files read in place: which ones can be, and that they hold what the reader would have read.
#include "equipoise/io/mapped.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/npy.hpp"

namespace equipoise::mapped_test {
namespace {

namespace fs = std::filesystem;

class Mapped : public ::testing::Test {
 protected:
  fs::path folder = fs::temp_directory_path() / ("equipoise_mapped_" + std::to_string(::getpid()));
  Mapped() { fs::create_directories(folder); }
  ~Mapped() override { fs::remove_all(folder); }

  std::string file(const std::string& bytes) const {
    const fs::path path = folder / "A.npy";
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
};

// A version-1 header of 128 bytes, then the numbers.
template <class Scalar>
std::string npy(const std::string& type, const std::string& order, const std::string& shape,
                const std::vector<Scalar>& values, std::size_t length = 128) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", type, order, shape);
  header.append(length - 11 - header.size(), ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() % 256);
  bytes += static_cast<char>(header.size() / 256);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Scalar));
  return bytes;
}

TEST_F(Mapped, HoldsWhatTheReaderReads) {
  const Matrix A = gaussian_factors({7, 0, 5}, 3).X();
  save_npy(folder / "A.npy", A);
  const auto mapped = map_npy((folder / "A.npy").string(), 1);
  ASSERT_TRUE(mapped.has_value());
  EXPECT_EQ(mapped->rows(), 7);
  EXPECT_EQ(mapped->cols(), 5);
  EXPECT_EQ(mapped->copied(), A);
  EXPECT_EQ(mapped->largest(), A.cwiseAbs().maxCoeff());
  // A problem on it outlives the file's name.
  auto view = std::get<DenseView<double>>(mapped->view);
  const auto problem = dense_problem(view);
  fs::remove(folder / "A.npy");
  const Factors at = gaussian_factors({7, 5, 2}, 4);
  Factors left(at.shape()), right(at.shape());
  EXPECT_EQ(problem->gradient(at, left), dense_problem(A)->gradient(at, right));
  EXPECT_EQ(Vector(left.flat()), Vector(right.flat()));
}

TEST_F(Mapped, SinglePrecisionIsTheSameNumbers) {
  std::vector<float> values;
  for (int i = 0; i < 12; ++i) values.push_back(0.1F * static_cast<float>(i));
  const auto mapped = map_npy(file(npy("<f4", "False", "(3, 4)", values)), 1);
  ASSERT_TRUE(mapped.has_value());
  EXPECT_EQ(mapped->copied()(2, 3), static_cast<double>(1.1F));
}

TEST_F(Mapped, WhatMustBeConvertedIsLeftToTheReader) {
  const std::vector<double> six = {1, 2, 3, 4, 5, 6};
  EXPECT_TRUE(map_npy(file(npy("<f8", "False", "(2, 3)", six)), 1).has_value());
  EXPECT_FALSE(map_npy(file(npy("<f8", "False", "(2, 3)", six)), 1000).has_value());  // too small to matter
  EXPECT_FALSE(map_npy(file(npy("<f8", "True", "(2, 3)", six)), 1).has_value());      // columns first
  EXPECT_FALSE(map_npy(file(npy(">f8", "False", "(2, 3)", six)), 1).has_value());     // other byte order
  EXPECT_FALSE(map_npy(file(npy("<f8", "False", "(6,)", six)), 1).has_value());       // one dimension
  EXPECT_FALSE(map_npy(file(npy("<f8", "False", "(0, 3)", std::vector<double>())), 1).has_value());  // empty
  EXPECT_FALSE(map_npy(file(npy("<f8", "False", "(2, 3)", six, 99)), 1).has_value());                // not aligned
  EXPECT_FALSE(map_npy(file(npy("<i4", "False", "(1, 2)", std::vector<std::int32_t>{1, 2})), 1).has_value());
  EXPECT_FALSE(map_npy(file("no npy at all"), 1).has_value());
  EXPECT_FALSE(map_npy((folder / "none.npy").string(), 1).has_value());
  EXPECT_FALSE(map_npy(folder.string(), 1).has_value());
}

TEST_F(Mapped, BrokenFilesAndNumbersAreNamed) {
  EXPECT_THROW(map_npy(file(npy("<f8", "False", "(3, 3)", std::vector<double>{1, 2, 3})), 1), Error);  // too short
  try {
    map_npy(file(npy("<f8", "False", "(2, 2)", std::vector<double>{1, 2, INFINITY, 4})), 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("row 2, column 1 is inf"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace equipoise::mapped_test
