// Every way of holding A gives the loss, gradient, Hessian product and steps of the definition, on the same list of
// shapes.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/operator.hpp"
#include "equipoise/problems/ridge.hpp"
#include "equipoise/problems/sparse.hpp"
#include "equipoise/problems/spectral.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise {
namespace {

using namespace equipoise::testing;

struct MatrixOperator {
  Matrix A;
  Index rows() const { return A.rows(); }
  Index cols() const { return A.cols(); }
  double norm_squared() const { return A.squaredNorm(); }
  Matrix times(const Matrix& V) const { return A * V; }
  Matrix transpose_times(const Matrix& U) const { return A.transpose() * U; }
};

struct Kind {
  const char* name;
  std::function<std::unique_ptr<Problem>(const Matrix& A)> make;
  double density;     ///< fraction of the entries of A that are not zero
  bool diagonal;      ///< A is diagonal with values >= 0
  double loss_scale;  ///< the loss may be off by this times eps (|A| + |X||Y|)^2; 0: it is relatively accurate
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

std::unique_ptr<Problem> make_spectral(const Matrix& A) {
  return spectral_problem(Vector(A.diagonal()), A.rows(), A.cols());
}

const Kind kKinds[] = {
    {"dense", [](const Matrix& A) { return dense_problem(A); }, 1, false, 0},
    {"dense_float", [](const Matrix& A) { return single_precision_dense_problem(MatrixF(A.cast<float>())); }, 1, false,
     0},
    {"plain", [](const Matrix& A) { return plain_dense_problem(A); }, 1, false, 0},
    {"sparse", [](const Matrix& A) { return sparse_problem(sparse_from(A, A)); }, 0.2, false, 4},
    {"sparse_full", [](const Matrix& A) { return sparse_problem(sparse_from(A, Matrix::Ones(A.rows(), A.cols()))); }, 1,
     false, 0},
    {"sparse_empty", [](const Matrix& A) { return sparse_problem(sparse_from(A, A)); }, 0, false, 4},
    {"observed_full",
     [](const Matrix& A) { return observed_problem(sparse_from(A, Matrix::Ones(A.rows(), A.cols()))); }, 1, false, 0},
    {"operator", [](const Matrix& A) { return operator_problem(MatrixOperator{A}); }, 1, false, 16},
    {"spectral", make_spectral, 1, true, 4},
};

class Agreement : public ::testing::TestWithParam<Kind> {
 protected:
  /// Entries are rounded to float, so that every kind holds the same A.
  Matrix make_matrix(Index rows, Index cols, std::mt19937_64& random) const {
    Matrix A = random_matrix(rows, cols, random).cast<float>().cast<double>();
    std::uniform_real_distribution<double> uniform;
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < cols; ++j) {
        if (GetParam().diagonal) {
          A(i, j) = i == j ? std::abs(A(i, j)) : 0;
        } else if (uniform(random) >= GetParam().density) {
          A(i, j) = 0;
        }
      }
    }
    return A;
  }
};

TEST_P(Agreement, WithTheDefinition) {
  for (const Shape& shape : shapes()) {
    const auto seed = static_cast<std::uint64_t>(shape.rows * 10007 + shape.cols * 101 + shape.rank);
    SCOPED_TRACE(text(shape) + " seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Matrix A = make_matrix(shape.rows, shape.cols, random);
    const auto problem = GetParam().make(A);
    EXPECT_EQ(problem->rows(), shape.rows);
    EXPECT_EQ(problem->cols(), shape.cols);
    EXPECT_EQ(problem->entries(), shape.rows * shape.cols);
    EXPECT_TRUE(problem->complete());
    const Factors at = random_factors(shape, random), u = random_factors(shape, random);
    const Factors v = random_factors(shape, random);
    check_against_definition(*problem, A, Matrix::Ones(shape.rows, shape.cols), at, u, GetParam().loss_scale);
    check_derivatives(*problem, at, u, v);
    const double h = 0.5 / (1 + at.flat().squaredNorm() + A.norm());
    check_advance(*problem, at, h, GetParam().diagonal ? 64 : 0);
    check_imbalance_identity(*problem, at, h);
  }
}

TEST_P(Agreement, HoldsWithARidge) {
  const double lambda = 0.375;
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(text(shape));
    std::mt19937_64 random(5);
    const Matrix A = make_matrix(shape.rows, shape.cols, random);
    const auto base = GetParam().make(A);
    const auto ridged = ridge_problem(GetParam().make(A), lambda);
    EXPECT_EQ(ridged->rows(), shape.rows);
    EXPECT_EQ(ridged->cols(), shape.cols);
    EXPECT_EQ(ridged->entries(), base->entries());
    EXPECT_FALSE(ridged->complete());
    const Factors at = random_factors(shape, random), u = random_factors(shape, random);
    Factors plain(shape), with(shape);
    const double loss = base->gradient(at, plain);
    EXPECT_NEAR(ridged->gradient(at, with), loss + lambda / 2 * at.flat().squaredNorm(),
                1e-13 * (1 + loss) + 1e-13 * at.flat().squaredNorm());
    EXPECT_LE((with.flat() - plain.flat() - lambda * at.flat()).norm(), 1e-14 * (1 + with.flat().norm()));
    base->hessian_product(at, u, plain);
    ridged->hessian_product(at, u, with);
    EXPECT_LE((with.flat() - plain.flat() - lambda * u.flat()).norm(), 1e-14 * (1 + with.flat().norm()));
    check_derivatives(*ridged, at, u, random_factors(shape, random));
    check_advance(*ridged, at, 0.25 / (1 + at.flat().squaredNorm() + A.norm()));
  }
}

TEST_P(Agreement, SameBitsForAnyNumberOfThreads) {
  for (const Shape& shape : {Shape{403, 301, 5}, Shape{2100, 90, 9}, Shape{1300, 1100, 1}}) {
    SCOPED_TRACE(text(shape));
    std::mt19937_64 random(11);
    const Matrix A = make_matrix(shape.rows, shape.cols, random);
    const auto problem = GetParam().make(A);
    const Factors at = random_factors(shape, random), u = random_factors(shape, random);
    check_threads(*problem, at, u, 1e-4);
  }
}

// Powers of two commute with every rounding, so nothing may overflow, underflow or be compared with a fixed size.
TEST_P(Agreement, ScalesExactlyToHugeAndTinyEntries) {
  if (std::string(GetParam().name) == "dense_float") GTEST_SKIP() << "these entries are no floats";
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 2, 2}, Shape{19, 23, 5}}) {
    for (const int exponent : {490, -490}) {
      SCOPED_TRACE(text(shape) + " times 2^" + std::to_string(exponent));
      std::mt19937_64 random(3);
      const Matrix A = make_matrix(shape.rows, shape.cols, random);
      const Factors at = random_factors(shape, random);
      Factors scaled(at), gradient(shape), scaled_gradient(shape), want(shape);
      scaled.flat() *= std::ldexp(1.0, exponent / 2);
      const double loss = GetParam().make(A)->gradient(at, gradient);
      const double scaled_loss =
          GetParam().make(Matrix(A * std::ldexp(1.0, exponent)))->gradient(scaled, scaled_gradient);
      EXPECT_NEAR(std::ldexp(scaled_loss, -2 * exponent), loss, 1e-10 * loss);
      want.flat() = gradient.flat() * std::ldexp(1.0, exponent / 2 * 3);
      EXPECT_TRUE(same_bits(scaled_gradient, want));
    }
  }
}

TEST_P(Agreement, DivergenceIsANumberThatIsNotFinite) {
  const Shape shape{19, 23, 2};
  std::mt19937_64 random(2);
  const Matrix A = make_matrix(shape.rows, shape.cols, random);
  const auto problem = GetParam().make(A);
  Factors z = random_factors(shape, random);
  std::vector<StepTrace> trace(60);
  problem->advance(z, 10.0, trace);
  EXPECT_FALSE(std::isfinite(trace.back().loss));
  EXPECT_FALSE(std::isfinite(trace.back().gradient_squared));
}

TEST_P(Agreement, TheScalarProblemKeepsAnExactlyAntisymmetricStart) {
  for (const Index rank : {1, 3, 6}) {
    for (const double mu : {0.7, -1.3, 0.0}) {
      if (GetParam().diagonal && mu < 0) continue;
      SCOPED_TRACE(text({1, 1, rank}) + " mu " + std::to_string(mu));
      const double entry = GetParam().density == 0 ? 0.0 : static_cast<double>(static_cast<float>(mu));
      std::mt19937_64 random(8);
      const auto problem = GetParam().make(Matrix::Constant(1, 1, entry));
      const Matrix x = random_matrix(1, rank, random) * 0.3;
      Factors z(x, Matrix(-x));
      std::vector<StepTrace> trace(400);
      problem->advance(z, 0.9, trace);
      ASSERT_TRUE(z.flat().allFinite());
      EXPECT_EQ(z.X(), Matrix(-z.Y()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryKind, Agreement, ::testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

// Coordinates of an arbitrary A: steps taken there and carried back are steps of the dense problem.
TEST(SpectralCoordinatesAgree, WithDenseSteps) {
  struct Case {
    Shape shape;
    Index rank_of_A;
  };
  for (const Case& c :
       {Case{{1, 1, 1}, 1}, Case{{1, 1, 3}, 1}, Case{{1, 1, 2}, 0}, Case{{1, 6, 2}, 1}, Case{{6, 1, 2}, 1},
        Case{{5, 9, 2}, 5}, Case{{9, 5, 2}, 5}, Case{{12, 12, 3}, 12}, Case{{20, 30, 4}, 2}, Case{{30, 20, 2}, 7},
        Case{{6, 8, 11}, 3}, Case{{40, 7, 7}, 7}, Case{{10, 10, 2}, 0}, Case{{10, 10, 0}, 4}, Case{{50, 60, 5}, 30},
        Case{{0, 4, 2}, 0}, Case{{4, 0, 2}, 0}}) {
    for (const double scale : {1.0, 1e-150, 1e150}) {
      SCOPED_TRACE(text(c.shape) + " rank of A " + std::to_string(c.rank_of_A) + " scale " + std::to_string(scale));
      std::mt19937_64 random(17);
      const Matrix A =
          scale * random_matrix(c.shape.rows, c.rank_of_A, random) * random_matrix(c.rank_of_A, c.shape.cols, random);
      Factors start = random_factors(c.shape, random);
      start.flat() *= std::sqrt(scale);
      const SpectralCoordinates in = spectral_coordinates(A, start);
      EXPECT_EQ(in.start.shape().rows, std::min(c.shape.rows, c.rank_of_A + c.shape.rank));
      EXPECT_EQ(in.start.shape().cols, std::min(c.shape.cols, c.rank_of_A + c.shape.rank));
      EXPECT_LE((in.left.transpose() * in.left - Matrix::Identity(in.left.cols(), in.left.cols())).norm(), 1e-13);
      EXPECT_LE((in.right.transpose() * in.right - Matrix::Identity(in.right.cols(), in.right.cols())).norm(), 1e-13);
      const Factors back = in.restore(in.start);
      EXPECT_LE((back.flat() - start.flat()).norm(), 1e-13 * start.flat().norm());
      const auto dense = dense_problem(A);
      Factors here(start), there(in.start);
      std::vector<StepTrace> seen(40), want(40);
      const double h = 0.4 / (start.flat().squaredNorm() + A.norm() + 1e-300);
      dense->advance(here, h, want);
      in.problem->advance(there, h, seen);
      EXPECT_LE((in.restore(there).flat() - here.flat()).norm(), 1e-12 * here.flat().norm());
      for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_NEAR(seen[i].loss / scale / scale, want[i].loss / scale / scale, 1e-12 * want[0].loss / scale / scale);
        EXPECT_NEAR(seen[i].norm_squared, want[i].norm_squared, 1e-12 * want[0].norm_squared);
      }
    }
  }
}

}  // namespace
}  // namespace equipoise
