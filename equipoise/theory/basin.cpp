// Norms, smallest eigenvalues and the search for a radius in which theorem G or P closes.
#include "equipoise/theory/basin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {

constexpr std::array<double, 7> stretches = {1.05, 1.2, 1.5, 2, 3, 5, 10};

// Eigenvalues of M M^T or M^T M, whichever is smaller, ascending, each within `slack` of the exact ones.
struct GramSpectrum {
  double lowest = 0, highest = 0;
};
GramSpectrum gram_spectrum(const Matrix& M) {
  if (M.size() == 0) return {};
  const Matrix gram = M.rows() < M.cols() ? Matrix(M * M.transpose()) : Matrix(M.transpose() * M);
  const Vector values = symmetric_eigenvalues(gram);
  const double slack = 64 * static_cast<double>(M.rows() + M.cols()) * std::numeric_limits<double>::epsilon() *
                       std::max(values.maxCoeff(), 0.0);
  return {std::max(values.minCoeff() - slack, 0.0), std::max(values.maxCoeff(), 0.0) + slack};
}
double smallest_singular(const Matrix& M) { return std::sqrt(gram_spectrum(M).lowest); }

struct Norms {
  Matrix R, RY, RtX;
  double P, Q, tau, g, lambda;
  bool finite;
};
Norms norms(const Matrix& A, ConstFactors at) {
  Norms n;
  const auto X = at.X();
  const auto Y = at.Y();
  n.R = A - X * Y.transpose();
  n.RY = n.R * Y;
  n.RtX = n.R.transpose() * X;
  n.finite = n.R.allFinite() && n.RY.allFinite() && n.RtX.allFinite() &&
             std::isfinite(X.squaredNorm() * X.squaredNorm()) && std::isfinite(Y.squaredNorm() * Y.squaredNorm());
  if (!n.finite) return n;
  n.P = gram_spectrum(X).highest;
  n.Q = gram_spectrum(Y).highest;
  n.lambda = std::sqrt(n.P + n.Q);
  // What forming R and its products can have lost.
  const double eps = 8 * static_cast<double>(A.rows() + A.cols() + X.cols()) * std::numeric_limits<double>::epsilon();
  const double lost = eps * (A.norm() + X.norm() * Y.norm());
  n.tau = std::sqrt(gram_spectrum(n.R).highest) + lost;
  n.g = std::hypot(n.RY.norm(), n.RtX.norm()) * (1 + eps) + lost * (X.norm() + Y.norm());
  return n;
}

}  // namespace

GradientBasin gradient_basin(const Matrix& A, ConstFactors at, double h) {
  GradientBasin basin{nan, nan, nan, false};
  const auto [rows, cols, rank] = at.shape();
  if (rank == 0 || A.size() == 0) return basin;
  const Norms n = norms(A, at);
  if (!n.finite) return basin;
  const Matrix X = at.X();
  const Matrix Y = at.Y();
  const double low_x = gram_spectrum(X).lowest;
  const double low_y = gram_spectrum(Y).lowest;
  // A Gram matrix of size k has the eigenvalue zero where k exceeds the other side.
  const double a = (rows <= rank ? low_x : 0) + (cols >= rank ? low_y : 0);
  const double b = (cols <= rank ? low_y : 0) + (rows >= rank ? low_x : 0);
  const double lowest = (a + b) / 2 - std::hypot((a - b) / 2, n.tau);
  double highest = n.P + n.Q + n.tau;
  if (rows >= rank && cols >= rank && low_x > 0 && low_y > 0) {
    const double sum = n.P + n.Q;
    const double ends = std::max(sum, sum / 2 + std::hypot((n.P - n.Q) / 2, n.tau));
    // g bounds both |R^T X| and |R Y| with their rounding.
    highest = std::min(highest, ends + n.g / std::sqrt(low_x) + n.g / std::sqrt(low_y));
  }
  const double contraction = std::max(std::abs(1 - h * lowest), std::abs(1 - h * highest));
  basin = {contraction, infinity, 0, false};
  if (!(contraction < 1)) return basin;
  for (const double stretch : stretches) {
    const double radius = std::max(stretch * h * n.g / (1 - contraction), 1e-300);
    const double B = n.lambda + radius;
    const double alpha = lowest - 3 * B * radius;
    const double beta = highest + 3 * B * radius;
    const double kappa = std::max(std::abs(1 - h * alpha), std::abs(1 - h * beta)) + 1.5 * h * h * B * n.g;
    const double reach = kappa < 1 ? h * n.g / (1 - kappa) : infinity;
    basin = {kappa, reach, radius, kappa <= 1 - 1e-12 && reach * (1 + 1e-3) <= radius};
    if (basin.holds) break;
  }
  return basin;
}

ExactFitBasin exact_fit_basin(const Matrix& A, ConstFactors at, double h) {
  ExactFitBasin basin{nan, nan, 0, false, false};
  const auto [rows, cols, rank] = at.shape();
  if (rank == 0 || A.size() == 0) return basin;
  // Rows and columns of A that are not zero span its ranges; no rank is guessed from rounded numbers.
  std::vector<Index> live_rows;
  std::vector<Index> live_cols;
  for (Index i = 0; i < rows; ++i) {
    if ((A.row(i).array() != 0).any()) live_rows.push_back(i);
  }
  for (Index j = 0; j < cols; ++j) {
    if ((A.col(j).array() != 0).any()) live_cols.push_back(j);
  }
  const Matrix X = at.X();
  const Matrix Y = at.Y();
  const auto count = [](const std::vector<Index>& list) { return static_cast<Index>(list.size()); };
  double c = 0;
  if (rows <= rank) {
    c = std::max(c, smallest_singular(X));
    basin.known_range = true;
  } else if (count(live_cols) <= rank) {
    const double sigma_y = live_cols.empty() ? infinity : smallest_singular(Y(live_cols, Eigen::all));
    c = std::max(c, std::min(smallest_singular(X), sigma_y));
    basin.known_range = true;
  }
  if (cols <= rank) {
    c = std::max(c, smallest_singular(Y));
    basin.known_range = true;
  } else if (count(live_rows) <= rank) {
    const double sigma_x = live_rows.empty() ? infinity : smallest_singular(X(live_rows, Eigen::all));
    c = std::max(c, std::min(smallest_singular(Y), sigma_x));
    basin.known_range = true;
  }
  if (!basin.known_range) return basin;
  const Norms n = norms(A, at);
  if (!n.finite) return basin;
  const double eps = 8 * static_cast<double>(rows + cols + rank) * std::numeric_limits<double>::epsilon();
  basin.residual = n.R.norm() * (1 + eps) + eps * (A.norm() + X.norm() * Y.norm());
  basin.allowed = 0;
  for (int part = 1; part < 64; ++part) {
    const double rho = c * part / 64;
    const double beta = (n.lambda + rho) * (n.lambda + rho) + n.tau + n.lambda * rho + rho * rho / 2;
    const double step = 1 - h * beta / 2;
    const double allowed = rho * step * (c - rho);
    if (step > 0 && allowed > basin.allowed) {
      basin.allowed = allowed;
      basin.fall = 2 * h * (c - rho) * (c - rho) * step;
    }
  }
  basin.holds = basin.residual < basin.allowed * (1 - 1e-9);
  return basin;
}

}  // namespace equipoise
