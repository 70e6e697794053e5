// Built-in matrices: what they promise, the same doubles for ever, and a message for every malformed text.
#include "equipoise/io/builtin.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/io/test_support.hpp"

namespace equipoise::builtin_test {
namespace {

using testing::dense;
using testing::expect_error;

Matrix made(const std::string& name) {
  const MatrixData loaded = load_matrix(name);
  EXPECT_EQ(loaded.source, name);
  EXPECT_FALSE(loaded.has_unknown);
  return dense(loaded);
}
void expect_bad(const std::string& name, std::initializer_list<std::string_view> words) {
  SCOPED_TRACE(name);
  expect_error([&] { load_matrix(name); }, {name.substr(0, 20)});
  expect_error([&] { load_matrix(name); }, words);
}

TEST(Builtin, ScalarAndIsotropic) {
  EXPECT_EQ(made("scalar:1.0"), Matrix::Constant(1, 1, 1.0));
  EXPECT_EQ(made("scalar:-2.5e-3"), Matrix::Constant(1, 1, -2.5e-3));
  EXPECT_EQ(made("scalar:0"), Matrix::Zero(1, 1));
  EXPECT_EQ(made("isotropic:3:0.1"), 0.1 * Matrix::Identity(3, 3));
  EXPECT_EQ(made("isotropic:1:4"), Matrix::Constant(1, 1, 4.0));
}

TEST(Builtin, GaussianHasItsMomentsAndItsSeed) {
  const Matrix A = made("gaussian:200x100:seed=7");
  ASSERT_EQ(A.rows(), 200);
  ASSERT_EQ(A.cols(), 100);
  // 20000 normals: the mean has deviation 0.0071, the variance 0.01; five deviations.
  EXPECT_NEAR(A.mean(), 0, 0.036);
  EXPECT_NEAR(A.squaredNorm() / 20000, 1, 0.05);
  EXPECT_EQ(A, made("gaussian:200x100:seed=7"));
  EXPECT_NE(A, made("gaussian:200x100:seed=8"));
  EXPECT_EQ(made("gaussian:3x2"), made("gaussian:3x2:seed=0"));
  EXPECT_EQ(made("gaussian:1x1:seed=18446744073709551615").size(), 1);
  const Matrix row = made("gaussian:1x6:seed=3");
  EXPECT_EQ(made("gaussian:2x3:seed=3").reshaped<Eigen::RowMajor>().transpose(), row) << "row by row";
}

TEST(Builtin, SpectrumHasItsSingularValues) {
  for (const auto& [name, values] : std::vector<std::pair<std::string, std::vector<double>>>{
           {"spectrum:30x25:1,0.5,0.2:seed=7", {1, 0.5, 0.2}},
           {"spectrum:25x30:1e-200,3e-201:seed=1", {1e-200, 3e-201}},
           {"spectrum:4x4:1,2,3,4", {4, 3, 2, 1}},
           {"spectrum:1x1:2.5:seed=3", {2.5}},
           {"spectrum:1x5:1e100", {1e100}},
           {"spectrum:5x1:0", {0}}}) {
    SCOPED_TRACE(name);
    const Matrix A = made(name);
    const Vector found = singular_values(A / values[0] * (values[0] == 0 ? 0 : 1));
    for (Index i = 0; i < found.size(); ++i) {
      const double wanted =
          i < static_cast<Index>(values.size()) && values[0] != 0 ? values[static_cast<std::size_t>(i)] / values[0] : 0;
      if (values[0] != 0) {
        EXPECT_NEAR(found(i), wanted, 1e-14 * std::max(1.0, found(0)));
      } else {
        EXPECT_TRUE(A.isZero(0));
      }
    }
  }
  EXPECT_EQ(made("spectrum:5x4:1,0.5"), made("spectrum:5x4:1,0.5:seed=0"));
  EXPECT_NE(made("spectrum:5x4:1,0.5"), made("spectrum:5x4:1,0.5:seed=1"));
}

TEST(Builtin, SymmetricAndPositiveAreWhatTheySay) {
  const Matrix S = made("symmetric:40:seed=7");
  ASSERT_EQ(S.rows(), 40);
  EXPECT_EQ(S, Matrix(S.transpose()));
  EXPECT_LT(symmetric_eigenvalues(S)[0], 0) << "of both signs";
  EXPECT_NE(S, made("symmetric:40:seed=8"));
  const Matrix P = made("positive:40:seed=7");
  EXPECT_EQ(P, Matrix(P.transpose()));
  const Vector eigenvalues = symmetric_eigenvalues(P);
  EXPECT_GT(eigenvalues[0], 0.03);
  EXPECT_LT(eigenvalues[39], 3.5);
  EXPECT_EQ(made("positive:5"), made("positive:5:seed=0"));
  EXPECT_EQ(made("symmetric:1").size(), 1);
  EXPECT_GT(made("positive:1")(0, 0), 0);
}

// Recorded once, equal on every platform and compiler: a change here changes every published result that names a
// built-in.
TEST(Builtin, TheSameDoublesForEver) {
  const Matrix A = made("gaussian:2x2:seed=7");
  EXPECT_EQ(A(0, 0), 0.9643618527255183);
  EXPECT_EQ(A(1, 1), -1.0989693210013467);
  const Matrix B = made("spectrum:30x25:1,0.5,0.2:seed=7");
  EXPECT_EQ(B(0, 0), -0.013183831186774296);
  EXPECT_EQ(B(29, 24), -0.010176932888985617);
}

TEST(Builtin, MalformedTexts) {
  expect_bad("scalar:", {"''", "scalar:1.0"});
  expect_bad("scalar:x", {"'x'", "finite number", "scalar:1.0"});
  expect_bad("scalar:nan", {"'nan'", "finite"});
  expect_bad("scalar:1e999", {"finite"});
  expect_bad("scalar:1:2", {"3 parts", "scalar:1.0"});
  expect_bad("isotropic:3", {"2 parts", "isotropic:100:1.0"});
  expect_bad("isotropic:0:1", {"size", "'0'"});
  expect_bad("isotropic:-3:1", {"'-3'"});
  expect_bad("isotropic:2.5:1", {"'2.5'"});
  expect_bad("isotropic:3:inf", {"'inf'"});
  expect_bad("isotropic:100000000:1", {"100000000 x 100000000", "does not fit"});
  expect_bad("gaussian:", {"''", "rows x columns"});
  expect_bad("gaussian:3", {"'3'", "rows x columns", "gaussian:200x100:seed=7"});
  expect_bad("gaussian:3x", {"columns", "''"});
  expect_bad("gaussian:3x4x5", {"'3x4x5'"});
  expect_bad("gaussian:0x4", {"rows", "'0'"});
  expect_bad("gaussian:3x4:7", {"'7'", "seed="});
  expect_bad("gaussian:3x4:seed=-1", {"seed=-1"});
  expect_bad("gaussian:3x4:seed=18446744073709551616", {"2^64"});
  expect_bad("gaussian:3x4:seed=1:2", {"4 parts"});
  expect_bad("gaussian:1000000000000x1000000000000", {"does not fit"});
  expect_bad("gaussian:99999999999999999999999x2", {"does not fit"});
  expect_bad("symmetric:3x4", {"'3x4'", "symmetric:100:seed=7"});
  expect_bad("symmetric:0", {"'0'"});
  expect_bad("positive:5:7", {"'7'", "seed="});
  expect_bad("positive:100000000", {"does not fit"});
  expect_bad("spectrum:3x4", {"2 parts", "spectrum:300x250:1,0.5,0.2:seed=7"});
  expect_bad("spectrum:3x4:", {"singular value", "''"});
  expect_bad("spectrum:3x4:1,,2", {"''"});
  expect_bad("spectrum:3x4:1,-2", {"'-2'", "negative"});
  expect_bad("spectrum:3x4:1,2,3,4", {"4 singular values", "3 x 4"});
  expect_bad("spectrum:3x4:1,a", {"'a'"});
  LoadOptions options;
  options.format = "mtx";
  expect_error([&] { load_matrix("scalar:1", options); }, {"leave format and triplets out"});
  options = {};
  options.triplets = true;
  expect_error([&] { load_matrix("scalar:1", options); }, {"leave format and triplets out"});
  expect_error([&] { load_matrix("scaler:1"); }, {"scaler:1", "no such file", "scalar:1.0"});
}

}  // namespace
}  // namespace equipoise::builtin_test
