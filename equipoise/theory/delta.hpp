// The state parameter delta that decides convergence of scalar, vector and isotropic rank-one problems, without
// rounding.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "equipoise/core/factors.hpp"
#include "equipoise/exact/exact.hpp"

namespace equipoise {

/// Everything that the theory of f = 1/2 |mu O - x y^T|^2 (O orthogonal; the vector problem is O = 1 with x, y the
/// rows u, v) knows of a start, as three numbers: S = |x|^2 + |y|^2, w = mu <x, O y> = <x, A y>, and mu^2.
///
/// With S, m = h |mu| and m p = h^2 w measured in units of the rate h, delta is the larger root of
///   delta^2 - delta S / 2 + m p - m^2 = 0,   delta = (S + sqrt(S^2 - 16 (m p - m^2))) / 4 >= m,
/// proportional to h (docs/theory.md, theorem 2). Every comparison below is the sign of a polynomial in the given
/// doubles, first in double with a running error bound, then exactly: it is right to the last bit for every finite
/// input.
class Delta {
 public:
  /// Vector problem: A = (mu), u and v of equal length. Cost O(length). Throws Error for a number that is not finite.
  static Delta of_vectors(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v);
  /// Isotropic problem: A with A^T A = mu^2 I exactly (not checked here), one column each in x and y. Cost O(entries).
  static Delta of_isotropic(const Matrix& A, Eigen::Ref<const Vector> x, Eigen::Ref<const Vector> y);

  /// The sign of h |mu| - c, for c > 0.
  int m_versus(double h, double c) const;
  /// The sign of delta(h) - c, for c > 0.
  int delta_versus(double h, double c) const;
  /// The sign of delta(h) - m(h): 0 exactly where x = O y and |x|^2 <= 2 |mu| (signs as for mu > 0), otherwise 1.
  int delta_versus_m() const;
  /// The sign of delta(h) - (1 + sqrt(1 - m^2)); needs m <= 1.
  int delta_versus_isotropic_limit(double h) const;
  /// The sign of C^2 + m^2 - 2 C with C = h S / 2 + m: negative is h < 2 c / (c^2 + mu^2), c = S / 2 + |mu|.
  int isotropic_norms(double h) const;

  bool mu_is_zero() const { return exact_.mu2.sign() == 0; }
  bool start_is_zero() const { return exact_.S.sign() == 0; }
  /// x + O y = 0 (sign of y reversed if mu < 0) while mu is not zero: the line that descent cannot leave, towards the
  /// saddle.
  bool on_saddle_line() const;
  /// x - O y = 0 in the same sense.
  bool balanced() const;

  /// For display, to a few units in the last place: delta(h), h |mu|, h S, h p with the sign of mu taken out (0 if mu =
  /// 0), and E = S - m p + m^2 - 4, whose sign is that of delta - 2 where m < 2.
  double delta(double h) const;
  double m(double h) const;
  double S(double h) const;
  double p(double h) const;
  double E(double h) const;

  /// The largest double h at which `holds(h)`, a predicate that is true up to some rate and false beyond it: 0 where it
  /// holds nowhere, infinity where it holds at every double. At most 64 evaluations.
  template <class Predicate>
  static double largest_rate(Predicate&& holds);

 private:
  template <class Number>
  struct State {
    Number S, w, mu2;
  };
  template <class Polynomial>
  int decide(const Polynomial& polynomial) const;

  State<Approximate> quick_;
  State<Exact> exact_;
};

template <class Predicate>
double Delta::largest_rate(Predicate&& holds) {
  // Positive doubles are ordered as their bits are, so halving the range of bits finds the last one.
  auto below = std::uint64_t{0};  // zero, which is no rate
  auto above = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity());
  while (above - below > 1) {
    const std::uint64_t middle = below + (above - below) / 2;
    (holds(std::bit_cast<double>(middle)) ? below : above) = middle;
  }
  const double last = std::bit_cast<double>(below);
  return last == std::numeric_limits<double>::max() ? std::numeric_limits<double>::infinity() : last;
}

}  // namespace equipoise
