// Closed forms of the Hessian's spectrum, and the bound that says how near a minimiser must be for them.
//
// Tested in equipoise/core/sharpness_test.cpp
#include "equipoise/core/closed_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/residual_norm.hpp"

namespace equipoise {
namespace {

using Rows = Eigen::Map<const Matrix>;

// The triangular factor of all rows together: that of the parts' triangular factors, one below the other.
Eigen::MatrixXd whole_triangle(const Space& space, const Rows& P) {
  const Eigen::MatrixXd here = thin_qr(P).triangle;
  if (!space.spread()) return here;
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(space.whole(here.rows()), P.cols());
  all.middleRows(space.before(here.rows()), here.rows()) = here;
  space.sum({all.data(), static_cast<std::size_t>(all.size())});
  return thin_qr(all).triangle;
}

Vector whole_singular_values(const Space& space, const Rows& P) {
  return space.spread() ? singular_values(whole_triangle(space, P)) : singular_values(P);
}

// The entries of X, of Y, as one array.
auto entries_of_x(ConstFactors at) { return at.flat().head(at.X().size()); }
auto entries_of_y(ConstFactors at) { return at.flat().tail(at.Y().size()); }

}  // namespace

Sharpness rank1_sharpness(const Problem& problem, ConstFactors at) {
  if (at.shape().rank != 1 || !problem.complete()) {
    throw Error(fmt::format("the closed form of the sharpness needs rank 1 and every entry of A, got rank {}{}",
                            at.shape().rank, problem.complete() ? "" : " and a matrix that is not complete"));
  }
  Factors doubled(at);
  doubled.X() *= 2;
  const SpectralNorm norm = residual_spectral_norm(problem, doubled);
  const double x = problem.space().squared_norm(entries_of_x(at));
  const double y = problem.space().squared_norm(entries_of_y(at));
  return {(x + y) / 2 + std::hypot((x - y) / 2, norm.value), norm.residual};
}

Vector leaving_eigenvalues(ConstFactors at, double tau, const Space& space) {
  return leaving_eigenvalues(space.gram(at.X(), at.X()), space.gram(at.Y(), at.Y()), tau);
}

Vector leaving_eigenvalues(Eigen::Ref<const Eigen::MatrixXd> gram_x, Eigen::Ref<const Eigen::MatrixXd> gram_y,
                           double tau) {
  const Index d = gram_x.rows();
  Eigen::MatrixXd block(2 * d, 2 * d);
  block.topLeftCorner(d, d) = gram_y;
  block.bottomRightCorner(d, d) = gram_x;
  block.topRightCorner(d, d) = -tau * Eigen::MatrixXd::Identity(d, d);
  block.bottomLeftCorner(d, d) = -tau * Eigen::MatrixXd::Identity(d, d);
  return symmetric_eigenvalues(block);
}

namespace {

// Of a symmetric 1 x 1 or 2 x 2 matrix, ascending; cells of ensembles have no time for a decomposition.
struct FewEigenvalues {
  double low, high;
};
FewEigenvalues few_eigenvalues(const Eigen::Ref<const Eigen::MatrixXd>& S) {
  if (S.rows() == 1) return {S(0, 0), S(0, 0)};
  const double half = (S(0, 0) + S(1, 1)) / 2, gap = (S(0, 0) - S(1, 1)) / 2;
  const double root = std::sqrt(gap * gap + S(1, 0) * S(1, 0));
  return {half - root, half + root};
}

// The smallest of leaving_eigenvalues() at rank one and two. At two it is the smallest root of
// det(G_y - t) det(G_x - t) - tau^2 tr((G_y - t)(G_x - t)) + tau^4, which has real roots alone: Newton's method from
// below comes to it without overshooting.
double least_leaving_of_few(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::MatrixXd>& y,
                            double tau) {
  if (x.rows() == 1) {
    const double gap = (x(0, 0) - y(0, 0)) / 2;
    return (x(0, 0) + y(0, 0)) / 2 - std::sqrt(gap * gap + tau * tau);
  }
  const double trace_x = x(0, 0) + x(1, 1), trace_y = y(0, 0) + y(1, 1), tau2 = tau * tau;
  const double det_x = x(0, 0) * x(1, 1) - x(1, 0) * x(1, 0), det_y = y(0, 0) * y(1, 1) - y(1, 0) * y(1, 0);
  const double mixed = x(0, 0) * y(0, 0) + x(1, 1) * y(1, 1) + 2 * x(1, 0) * y(1, 0);
  double t = std::min(few_eigenvalues(x).low, few_eigenvalues(y).low) - tau;
  for (int i = 0; i < 80; ++i) {
    const double of_x = det_x + t * (t - trace_x), of_y = det_y + t * (t - trace_y);
    const double value = of_x * of_y - tau2 * (mixed - t * (trace_x + trace_y) + 2 * t * t) + tau2 * tau2;
    const double slope = (2 * t - trace_x) * of_y + (2 * t - trace_y) * of_x - tau2 * (4 * t - (trace_x + trace_y));
    const double step = value / slope;
    if (!(step < 0)) break;  // rounding is all that is left
    t -= step;
    if (-step <= 1e-15 * (trace_x + trace_y)) break;
  }
  return t;
}

EndsAtMinimiser ends_of_few(const Eigen::Ref<const Eigen::MatrixXd>& gram_x,
                            const Eigen::Ref<const Eigen::MatrixXd>& gram_y, Index rows, Index cols, double tau) {
  const Index d = gram_x.rows();
  const FewEigenvalues p = few_eigenvalues(gram_x), q = few_eigenvalues(gram_y);
  const double least_p = rows < d ? p.high : p.low, least_q = cols < d ? q.high : q.low;
  EndsAtMinimiser ends{p.high + q.high, least_p + least_q};
  if (rows > d && cols > d) {
    ends.smallest = std::min(ends.smallest, least_leaving_of_few(gram_x, gram_y, tau));
  } else if (rows > d || cols > d) {
    ends.smallest = std::min(ends.smallest, rows > d ? least_q : least_p);
  }
  return ends;
}

}  // namespace

EndsAtMinimiser ends_at_minimiser(Eigen::Ref<const Eigen::MatrixXd> gram_x, Eigen::Ref<const Eigen::MatrixXd> gram_y,
                                  Index rows, Index cols, double tau, double gradient) {
  const Index d = gram_x.rows();
  const double squares = gram_x.trace() + gram_y.trace();
  const double zero = squares > 0 ? 1e-8 * squares + 4 * gradient / std::sqrt(squares) : 0;
  if ((d == 1 || d == 2) && rows > 0 && cols > 0) {
    const EndsAtMinimiser ends = ends_of_few(gram_x, gram_y, rows, cols, tau);
    if (ends.smallest > zero) return ends;
  }
  // Of p only as many as X has rows: the others are zeros of the Gram alone.
  const Vector p = symmetric_eigenvalues(gram_x).tail(std::min(rows, d));
  const Vector q = symmetric_eigenvalues(gram_y).tail(std::min(cols, d));
  EndsAtMinimiser ends;
  if (p.size() == 0 || q.size() == 0) return ends;
  ends.largest = ends.smallest = p[p.size() - 1] + q[q.size() - 1];
  const auto take = [&](double value) {
    if (value > zero) ends.smallest = std::min(ends.smallest, value);
  };
  for (const double of_x : p) {
    for (const double of_y : q) take(of_x + of_y);
  }
  if (rows > d && cols > d) {
    for (const double each : leaving_eigenvalues(gram_x, gram_y, tau)) take(each);
  } else if (rows > d || cols > d) {
    for (const double each : rows > d ? q : p) take(each);
  }
  return ends;
}

Vector minimiser_spectrum(const Vector& singular_values, ConstFactors at, const Space& space) {
  const Index rows = space.whole(at.shape().rows), cols = space.whole(at.shape().cols), d = at.shape().rank;
  const Index sides = std::min(rows, cols);
  if (d > sides || singular_values.size() != sides) {
    throw Error(fmt::format(
        "the closed form of the spectrum needs rank <= {} and all {} singular values, got rank {} and {} values", sides,
        sides, d, singular_values.size()));
  }
  const Vector p = symmetric_eigenvalues(space.gram(at.X(), at.X()));
  const Vector q = symmetric_eigenvalues(space.gram(at.Y(), at.Y()));
  std::vector<double> all;
  all.reserve(static_cast<std::size_t>((rows + cols) * d));
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < d; ++j) all.push_back(p[i] + q[j]);
  }
  all.insert(all.end(), static_cast<std::size_t>(d * d), 0.0);
  for (Index i = d; i < sides; ++i) {
    const Vector block = leaving_eigenvalues(at, singular_values[i], space);
    all.insert(all.end(), block.begin(), block.end());
  }
  const Vector& extra = rows > cols ? q : p;
  for (Index i = sides; i < std::max(rows, cols); ++i) all.insert(all.end(), extra.begin(), extra.end());
  std::sort(all.begin(), all.end());
  return Eigen::Map<const Vector>(all.data(), static_cast<Index>(all.size()));
}

double minimiser_spectrum_error(const Problem& problem, const Vector& singular_values, ConstFactors at) {
  const Space& space = problem.space();
  const Index rows = space.whole(at.shape().rows), cols = space.whole(at.shape().cols), d = at.shape().rank;
  const Index sides = std::min(rows, cols);
  if (d > sides || singular_values.size() != sides || !problem.complete()) return infinity;
  if (d == 0) return 0;
  const Vector sx = whole_singular_values(space, at.X());
  const Vector sy = whole_singular_values(space, at.Y());
  Factors gradient(at.shape());
  problem.gradient(at, gradient);
  const double rounding = 8 * std::numeric_limits<double>::epsilon() * static_cast<double>(rows + cols) *
                          (sx[0] * sx[0] + sy[0] * sy[0] + singular_values[0]);
  if (!(sx[d - 1] > 0) || !(sy[d - 1] > 0)) return infinity;
  const auto norm = [&space](ConstState a) { return std::sqrt(space.squared_norm(a)); };
  const double e = norm(entries_of_y(gradient)) / sx[d - 1] + norm(entries_of_x(gradient)) / sy[d - 1];
  // sigma(X Y^T) are those of the small product of the triangular factors.
  const double smallest_fitted =
      equipoise::singular_values(whole_triangle(space, at.X()) * whole_triangle(space, at.Y()).transpose())[d - 1];
  const double largest_left = d < sides ? singular_values[d] : 0;
  if (d < sides && !(smallest_fitted > largest_left + e + rounding)) return infinity;
  return 2 * e + rounding;
}

}  // namespace equipoise
