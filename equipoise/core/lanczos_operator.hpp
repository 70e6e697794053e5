// What the eigen-solvers work on: the operator scaled and shifted, with what was found moved away and products counted.
#pragma once

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "equipoise/core/lanczos.hpp"
#include "equipoise/core/space.hpp"

namespace equipoise {

/// A unit vector with its Rayleigh quotient and what is left of an eigenvector's equation.
struct Pair {
  double value;
  Vector vector;
  double residual;
  bool certain = false;  ///< the value is as accurate as was asked for, whatever the residual
};

/// B = +-H / 2^exponent + shift I, whose largest eigenvalues are wanted whichever end of H that is. Spectra's stopping
/// rule is relative to |eigenvalue| with an absolute floor: without the power of two anything would pass at a norm of
/// 1e-150, and without the shift the eigenvalues of H near zero would never pass. What has been found is moved away to
/// -shift. All vectors are the pieces that are held here; every part of a spread state makes the same calls.
class WorkingOperator {
 public:
  using Scalar = double;
  /// Thrown instead of a product once the budget is spent or the caller wants no more.
  struct Halt {};

  /// `spent`: products of the budget that were used before.
  WorkingOperator(Index size, const SymmetricProduct& product, SpectrumEnd end, const SharpnessSettings& settings,
                  const Space& space, int spent)
      : size_(size),
        whole_(space.whole(size)),
        product_(product),
        space_(space),
        sign_(end == SpectrumEnd::largest ? 1 : -1),
        most_(settings.max_products - spent),
        keep_going_(settings.keep_going) {}

  Index rows() const { return size_; }
  Index cols() const { return size_; }
  Index whole() const { return whole_; }  ///< unknowns of all parts together
  const Space& space() const { return space_; }

  void perform_op(const double* in, double* out) const {
    if (halted_ || products_ >= most_ || (keep_going_ && !space_.decided(keep_going_()))) {
      halted_ = true;
      throw Halt{};
    }
    product_(in, out);
    ++products_;
    const Eigen::Map<const Vector> x(in, size_);
    Eigen::Map<Vector> y(out, size_);
    if (exponent_ != 0) y = y.unaryExpr([this](double value) { return std::scalbn(value, -exponent_); });
    y = sign_ * y + shift * x;
    for (const Pair& pair : found_) y -= (pair.value + shift) * space_.dot(pair.vector, x) * pair.vector;
  }

  void set_exponent(int exponent) { exponent_ = exponent; }
  void move_away(Pair pair) {
    found_.push_back(std::move(pair));
    reached_.clear();
  }
  const std::vector<Pair>& found() const { return found_; }
  /// The best that there is beside what was found, should there be no more.
  void remember(std::vector<Pair> pairs) {
    if (pairs.empty() || (!reached_.empty() && pairs.front().value < reached_.front().value)) return;
    reached_ = std::move(pairs);
  }
  const std::vector<Pair>& reached() const { return reached_; }

  double in_units_of_H(double value) const { return std::scalbn(sign_ * (value - shift), exponent_); }
  double length_in_units_of_H(double length) const { return std::scalbn(length, exponent_); }
  int products() const { return products_; }
  int products_left() const { return halted_ ? 0 : most_ - products_; }

  static constexpr double shift =
      8;  // H has norm about 1 on a random vector; its largest eigenvalue is seldom far above

 private:
  Index size_, whole_;
  const SymmetricProduct& product_;
  const Space& space_;
  double sign_;
  int most_;
  const std::function<bool()>& keep_going_;
  int exponent_ = 0;
  mutable int products_ = 0;
  mutable bool halted_ = false;
  std::vector<Pair> found_, reached_;
};

/// How a Lanczos run goes on, and when it ends.
struct LanczosPlan {
  Index count = 1;             ///< eigenpairs wanted
  Index longest = 24;          ///< vectors of the basis, at least count + 2
  bool restarts = false;       ///< begins again from the best half when the basis is full; otherwise it ends there
  double tolerance = 0;        ///< a residual at most this times |eigenvalue of H|, in units of B, ends it
  double value_tolerance = 0;  ///< above 0: so does a value that is certain to this
  int most_products = 1 << 30;
};

struct LanczosResult {
  std::vector<Pair>
      pairs;            ///< descending, at most `count`; residuals from the recurrence. Empty: not finite, or halted
  bool enough = false;  ///< the rule of the plan was met by all, or the Krylov space is closed
  bool closed = false;  ///< the Krylov space holds an eigenvector of each eigenvalue that `first` has a part in
};

/// Lanczos with full reorthogonalisation and thick restarts (Wu and Simon 2000). Memory: longest vectors, and half as
/// many more at a restart. Ends early where the operator halts, with what is reached.
LanczosResult lanczos(const WorkingOperator& op, const Vector& first, const LanczosPlan& plan);

/// Up to `count` of the largest eigenpairs of B by Spectra, fewer where they did not converge within about
/// `max_products`; the operator then remembers what was reached. For states that are held here whole: Spectra takes
/// maxima of its own.
std::vector<Pair> by_spectra(WorkingOperator& op, const Vector& first, Index count, double tolerance, int max_products);

/// Of a vector of any length; one product.
Pair measured(const WorkingOperator& op, const Vector& vector);

/// The most vectors that a basis may hold within `most_doubles` with the half of them that a restart copies, but no
/// fewer than restarts need to get on. 16 take an eighth more products than 20 do where eigenvalues lie close together;
/// 12 take twice as many.
Index longest_basis(Index size, Index most_doubles);
constexpr Index usual_basis = Index{1} << 22;   ///< 32 MiB
constexpr Index costly_basis = Index{1} << 22;  ///< 32 MiB: a matrix that is read in place must not be outweighed

}  // namespace equipoise
