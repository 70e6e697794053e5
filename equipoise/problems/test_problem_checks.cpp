// The checks, in one place for all test programs.
#include "equipoise/problems/test_problem_checks.hpp"
#include "equipoise/problems/parallel/threads.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "equipoise/core/decompositions.hpp"

namespace equipoise::testing {

std::string text(const Shape& shape) {
  return std::to_string(shape.rows) + " x " + std::to_string(shape.cols) + " rank " + std::to_string(shape.rank);
}

std::vector<Shape> shapes() {
  return {{0, 0, 1},   {0, 5, 2},    {5, 0, 2},    {1, 1, 0},    {1, 1, 1},     {1, 1, 3},     {1, 7, 2},   {7, 1, 2},
          {1, 70, 3},  {70, 1, 3},   {3, 5, 0},    {9, 13, 0},   {8, 8, 1},     {9, 13, 3},    {13, 9, 5},  {20, 33, 7},
          {64, 17, 8}, {33, 129, 4}, {70, 40, 45}, {5, 300, 13}, {130, 517, 1}, {67, 1030, 2}, {141, 65, 6}};
}

Matrix random_matrix(Index rows, Index cols, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Matrix result(rows, cols);
  for (Index i = 0; i < result.size(); ++i) result.data()[i] = normal(random);
  return result;
}

Factors random_factors(Shape shape, std::mt19937_64& random) {
  const Matrix X = random_matrix(shape.rows, shape.rank, random);
  return Factors(X, random_matrix(shape.cols, shape.rank, random));
}

SparseMatrix sparse_from(const Matrix& A, const Matrix& known) {
  std::vector<Eigen::Triplet<double, Index>> entries;
  for (Index i = 0; i < A.rows(); ++i) {
    for (Index j = 0; j < A.cols(); ++j) {
      if (known(i, j) != 0) entries.emplace_back(i, j, A(i, j));
    }
  }
  SparseMatrix result(A.rows(), A.cols());
  result.setFromTriplets(entries.begin(), entries.end());
  return result;
}

Expected expected(const Matrix& A, const Matrix& known, ConstFactors at, ConstFactors direction) {
  const LongMatrix X = at.X().cast<long double>(), Y = at.Y().cast<long double>();
  const LongMatrix U = direction.X().cast<long double>(), V = direction.Y().cast<long double>();
  const LongMatrix mask = known.cast<long double>();
  const LongMatrix R = (A.cast<long double>() - X * Y.transpose()).cwiseProduct(mask);
  const LongMatrix D = (U * Y.transpose() + X * V.transpose()).cwiseProduct(mask);
  return {R.squaredNorm() / 2,
          -R * Y,
          -R.transpose() * X,
          D * Y - R * V,
          D.transpose() * X - R.transpose() * U,
          A.norm() + at.X().norm() * at.Y().norm()};
}

bool same_bits(ConstFactors a, ConstFactors b) {
  if (a.shape() != b.shape()) return false;
  if (a.shape().size() == 0) return true;  // no array, and memcmp takes no null
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.shape().size()) * sizeof(double)) == 0;
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void check_against_definition(const Problem& problem, const Matrix& A, const Matrix& known, ConstFactors at,
                              ConstFactors direction, double loss_scale) {
  const Expected want = expected(A, known, at, direction);
  const double eps = std::numeric_limits<double>::epsilon();
  const double z = at.flat().norm(), w = direction.flat().norm();
  const double growth = 4 + std::sqrt(static_cast<double>(A.size()));
  Factors out(at.shape());
  out.flat().setConstant(std::numeric_limits<double>::quiet_NaN());  // nothing may be left over
  const double loss = problem.gradient(at, out);
  const double loss_error = loss_scale > 0 ? loss_scale * eps * want.residual_scale * want.residual_scale
                                           : 1e-13 * static_cast<double>(want.loss);
  EXPECT_NEAR(loss, static_cast<double>(want.loss), loss_error);
  const auto error = [](const auto& got, const LongMatrix& wanted) {
    return static_cast<double>((got.template cast<long double>() - wanted).norm());
  };
  EXPECT_LE(error(out.X(), want.X), growth * eps * want.residual_scale * z);
  EXPECT_LE(error(out.Y(), want.Y), growth * eps * want.residual_scale * z);
  out.flat().setConstant(std::numeric_limits<double>::quiet_NaN());
  problem.hessian_product(at, direction, out);
  const double scale = (want.residual_scale + z * z) * w;
  EXPECT_LE(error(out.X(), want.HX), growth * eps * scale);
  EXPECT_LE(error(out.Y(), want.HY), growth * eps * scale);
}

void check_derivatives(const Problem& problem, ConstFactors at, ConstFactors u, ConstFactors v) {
  const double scale = 1 + at.flat().norm();
  const double step = 1e-4 * scale / (1 + u.flat().norm());
  Factors ahead(at), behind(at), gradient(at.shape()), gradient_ahead(at.shape()), gradient_behind(at.shape());
  ahead.flat() += step * u.flat();
  behind.flat() -= step * u.flat();
  problem.gradient(at, gradient);
  const double loss_ahead = problem.gradient(ahead, gradient_ahead);
  const double loss_behind = problem.gradient(behind, gradient_behind);
  EXPECT_NEAR(gradient.flat().dot(u.flat()), (loss_ahead - loss_behind) / (2 * step),
              1e-6 * (std::abs(loss_ahead) / scale + gradient.flat().norm()) * u.flat().norm() + 1e-300);
  Factors Hu(at.shape()), Hv(at.shape());
  problem.hessian_product(at, u, Hu);
  problem.hessian_product(at, v, Hv);
  const Vector slope = (gradient_ahead.flat() - gradient_behind.flat()) / (2 * step);
  EXPECT_LE((Hu.flat() - slope).norm(), 1e-6 * (Hu.flat().norm() + 1e-300));
  EXPECT_NEAR(v.flat().dot(Hu.flat()), u.flat().dot(Hv.flat()),
              1e-12 * (v.flat().norm() * Hu.flat().norm() + u.flat().norm() * Hv.flat().norm()));
}

void check_advance(const Problem& problem, ConstFactors start, double h, double rounding) {
  constexpr std::size_t steps = 7;
  std::vector<StepTrace> whole(steps), cut(steps);
  Factors z(start), gradient(start.shape());
  std::vector<StepTrace> plain;
  for (std::size_t i = 0; i < steps; ++i) {
    const double loss = problem.gradient(z, gradient);
    plain.push_back(trace_of(loss, gradient, z));
    for (Index k = 0; k < z.shape().size(); ++k) z.data()[k] -= h * gradient.data()[k];
  }
  Factors at_once(start), in_pieces(start);
  problem.advance(at_once, h, whole);
  std::size_t done = 0;
  for (const std::size_t piece : {1, 0, 2, 4}) {
    problem.advance(in_pieces, h, std::span(cut).subspan(done, piece));
    done += piece;
  }
  EXPECT_TRUE(same_bits(at_once, in_pieces));
  const auto expect_same = [&](double got, double want, double scale) {
    if (rounding == 0) EXPECT_TRUE(same_bits(got, want)) << got << " and " << want;
    else EXPECT_NEAR(got, want, rounding * std::numeric_limits<double>::epsilon() * scale);
  };
  const double z_scale = z.flat().norm() + start.flat().norm();
  for (Index k = 0; k < z.shape().size(); ++k) expect_same(at_once.data()[k], z.data()[k], z_scale);
  for (std::size_t i = 0; i < steps; ++i) {
    EXPECT_TRUE(same_bits(whole[i].loss, cut[i].loss)) << i;
    EXPECT_TRUE(same_bits(whole[i].gradient_squared, cut[i].gradient_squared)) << i;
    EXPECT_TRUE(same_bits(whole[i].norm_squared, cut[i].norm_squared)) << i;
    SCOPED_TRACE(i);
    const double loss_scale = plain[i].loss + z_scale * z_scale * z_scale * z_scale;
    expect_same(whole[i].loss, plain[i].loss, loss_scale);
    expect_same(whole[i].gradient_squared, plain[i].gradient_squared, loss_scale * (1 + z_scale * z_scale));
    expect_same(whole[i].norm_squared, plain[i].norm_squared, z_scale * z_scale);
  }
}

void check_passage(const Problem& problem, const Matrix& A, const Factors& fit, double rounding) {
  const Matrix XtX = fit.X().transpose() * fit.X(), YtY = fit.Y().transpose() * fit.Y();
  const double L = symmetric_eigenvalues(XtX).maxCoeff() + symmetric_eigenvalues(YtY).maxCoeff();
  for (const double rate : {0.2, 2.5}) {
    SCOPED_TRACE(rate);
    Factors z(fit), gradient(fit.shape());
    z.flat() *= rate < 1 ? 1.3 : 1.01;
    const double h = rate / L;
    std::vector<StepTrace> whole(24);
    Factors end(z);
    problem.advance(end, h, whole);
    int small = 0;
    for (const StepTrace& seen : whole) {
      const double loss = problem.gradient(z, gradient);
      EXPECT_TRUE(same_bits(loss, seen.loss)) << loss << " and " << seen.loss;
      const LongMatrix R = A.cast<long double>() - z.X().cast<long double>() * z.Y().cast<long double>().transpose();
      const double want = static_cast<double>(R.squaredNorm() / 2), reach = A.norm() + z.X().norm() * z.Y().norm();
      const bool is_small = want < reach * reach / 1024;
      const double eps = std::numeric_limits<double>::epsilon();
      EXPECT_NEAR(loss, want, 1e-12 * want + (is_small ? rounding * eps * A.squaredNorm() : 0));
      small += is_small ? 1 : 0;
      z.flat() -= h * gradient.flat();
    }
    EXPECT_TRUE(same_bits(z, end));
    EXPECT_GE(small, 4);
    EXPECT_LE(small, 20);
  }
}

void check_imbalance_identity(const Problem& problem, ConstFactors start, double h) {
  Factors z(start), gradient(start.shape());
  for (int step = 0; step < 5; ++step) {
    problem.gradient(z, gradient);
    const Matrix before = z.X().transpose() * z.X() - z.Y().transpose() * z.Y();
    const Matrix change = gradient.X().transpose() * gradient.X() - gradient.Y().transpose() * gradient.Y();
    StepTrace seen[1];
    const double scale = z.flat().squaredNorm() + h * h * gradient.flat().squaredNorm();
    problem.advance(z, h, seen);
    const Matrix after = z.X().transpose() * z.X() - z.Y().transpose() * z.Y();
    EXPECT_LE((after - before - h * h * change).norm(), 1e-13 * scale) << "step " << step;
  }
}

void check_threads(const Problem& problem, ConstFactors at, ConstFactors direction, double h) {
  Factors gradient(at.shape()), product(at.shape()), end(at);
  double loss = 0;
  for (const int threads : {1, 2, 3, 2}) {
    const ThreadLimit limit(threads);
    Factors gradient_now(at.shape()), product_now(at.shape()), end_now(at);
    std::vector<StepTrace> trace(3);
    const double loss_now = problem.gradient(at, gradient_now);
    problem.hessian_product(at, direction, product_now);
    problem.advance(end_now, h, trace);
    if (threads == 1) {
      loss = loss_now, gradient = gradient_now, product = product_now, end = end_now;
      continue;
    }
    EXPECT_TRUE(same_bits(loss, loss_now)) << threads;
    EXPECT_TRUE(same_bits(gradient, gradient_now)) << threads;
    EXPECT_TRUE(same_bits(product, product_now)) << threads;
    EXPECT_TRUE(same_bits(end, end_now)) << threads;
  }
}

}  // namespace equipoise::testing
