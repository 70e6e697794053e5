// The polynomials behind every comparison of delta, each written once for doubles with error bounds and for exact
// numbers.
#include "equipoise/theory/delta.hpp"

#include <cmath>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

template <class Number>
Number inner_product(Eigen::Ref<const Vector> a, Eigen::Ref<const Vector> b) {
  Number sum(0.0);
  for (Index i = 0; i < a.size(); ++i) {
    if (a[i] != 0 && b[i] != 0) sum = sum + Number(a[i]) * Number(b[i]);
  }
  return sum;
}

template <class Number>
Number bilinear(const Matrix& A, Eigen::Ref<const Vector> x, Eigen::Ref<const Vector> y) {
  Number sum(0.0);
  for (Index i = 0; i < A.rows(); ++i) {
    const Vector row = A.row(i).transpose();
    if (x[i] != 0) sum = sum + Number(x[i]) * inner_product<Number>(row, y);
  }
  return sum;
}

// c^2 - c S/2 + m p - m^2 at rate h: positive exactly where delta < c, given m < c.
template <class State, class Number = decltype(State::S)>
Number below(const State& at, double rate, double bound) {
  const Number h(rate);
  const Number c(bound);
  return c * c - c * h * at.S * Number(0.5) + h * h * (at.w - at.mu2);
}

}  // namespace

Delta Delta::of_vectors(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v) {
  if (u.size() != v.size()) throw Error("the vector problem needs u and v of equal length");
  Delta delta;
  delta.exact_ = {inner_product<Exact>(u, u) + inner_product<Exact>(v, v), Exact(mu) * inner_product<Exact>(u, v),
                  Exact(mu) * Exact(mu)};
  delta.quick_ = {inner_product<Approximate>(u, u) + inner_product<Approximate>(v, v),
                  Approximate(mu) * inner_product<Approximate>(u, v), Approximate(mu) * Approximate(mu)};
  return delta;
}

Delta Delta::of_isotropic(const Matrix& A, Eigen::Ref<const Vector> x, Eigen::Ref<const Vector> y) {
  if (x.size() != A.rows() || y.size() != A.cols())
    throw Error("x and y must have as many entries as A has rows and columns");
  const Vector column = A.cols() > 0 ? Vector(A.col(0)) : Vector();
  Delta delta;
  delta.exact_ = {inner_product<Exact>(x, x) + inner_product<Exact>(y, y), bilinear<Exact>(A, x, y),
                  inner_product<Exact>(column, column)};
  delta.quick_ = {inner_product<Approximate>(x, x) + inner_product<Approximate>(y, y), bilinear<Approximate>(A, x, y),
                  inner_product<Approximate>(column, column)};
  return delta;
}

template <class Polynomial>
int Delta::decide(const Polynomial& polynomial) const {
  if (const std::optional<int> quick = polynomial(quick_)) return *quick;
  return *polynomial(exact_);
}

int Delta::m_versus(double h, double c) const {
  return decide([&]<class Number>(const State<Number>& at) {
    return sign(Number(h) * Number(h) * at.mu2 - Number(c) * Number(c));
  });
}

int Delta::delta_versus(double h, double c) const {
  const int m_side = m_versus(h, c);
  if (m_side > 0) return 1;  // delta >= m > c
  if (m_side == 0) return delta_versus_m();
  return -decide([&]<class Number>(const State<Number>& at) { return sign(below(at, h, c)); });
}

int Delta::delta_versus_m() const {
  if (mu_is_zero()) return exact_.S.sign();
  return balanced() && (exact_.S * exact_.S - Exact(16) * exact_.mu2).sign() <= 0 ? 0 : 1;
}

int Delta::delta_versus_isotropic_limit(double h) const {
  // (4 - S)/2 (1 + sqrt(1 - m^2)) + m p - 2 m^2 > 0 is delta < 1 + sqrt(1 - m^2).
  return -decide([&]<class Number>(const State<Number>& at) {
    const Number rate(h);
    const Number half = Number(2) - rate * at.S * Number(0.5);
    const Number m_squared = rate * rate * at.mu2;
    return sign_with_root(half + rate * rate * at.w - Number(2) * m_squared, half, Number(1) - m_squared);
  });
}

int Delta::isotropic_norms(double h) const {
  return decide([&]<class Number>(const State<Number>& at) {
    const Number rate(h);
    const Number S = rate * at.S;
    const Number m_squared = rate * rate * at.mu2;
    return sign_with_root(S * S * Number(0.25) - S + Number(2) * m_squared, S - Number(2), m_squared);
  });
}

bool Delta::on_saddle_line() const {
  if (mu_is_zero()) return false;
  return exact_.w.sign() <= 0 && (Exact(4) * exact_.w * exact_.w - exact_.mu2 * exact_.S * exact_.S).sign() == 0;
}

bool Delta::balanced() const {
  if (mu_is_zero()) return start_is_zero();
  return exact_.w.sign() >= 0 && (Exact(4) * exact_.w * exact_.w - exact_.mu2 * exact_.S * exact_.S).sign() == 0;
}

double Delta::delta(double h) const {
  const Exact rate(h);
  const Exact S = rate * exact_.S;
  const Exact discriminant = S * S - Exact(16) * rate * rate * (exact_.w - exact_.mu2);
  return S.nearest() / 4 + discriminant.root() / 4;
}

double Delta::m(double h) const { return (Exact(h) * Exact(h) * exact_.mu2).root(); }
double Delta::S(double h) const { return (Exact(h) * exact_.S).nearest(); }

double Delta::p(double h) const {
  const double m_value = m(h);
  return m_value > 0 ? (Exact(h) * Exact(h) * exact_.w).nearest() / m_value : 0;
}

double Delta::E(double h) const {
  const Exact rate(h);
  return (rate * exact_.S - rate * rate * (exact_.w - exact_.mu2) - Exact(4)).nearest();
}

}  // namespace equipoise
