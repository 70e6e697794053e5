// What the procedures of experiments share: starts, many runs at once, and measures along one run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "equipoise/core/run.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/paper/procedures/procedures.hpp"
#include "equipoise/solve/session.hpp"

namespace equipoise {

/// A matrix of an experiment with what is asked of it again and again.
struct Subject {
  std::string name;
  Matrix A;
  Vector singular_values;  ///< descending
  double mu = 0;           ///< where `tiny`: A = mu I, mu > 0
  bool tiny = false;       ///< a positive multiple of the identity: runs of rank one go through ensemble/tiny/ensemble

  double sigma1() const { return singular_values[0]; }
};
/// One SVD. Throws what load() throws.
Subject subject(const std::string& name, const Laboratory& laboratory);
/// The same, refused with the place of `key` unless it is a positive multiple of the identity.
Subject tiny_subject(const std::string& name, const Laboratory& laboratory, const ExperimentSettings& settings,
                     std::string_view key);

/// The Gaussian start of `equipoise factor --start-norms X,Y --seed SEED`.
Factors start_of(const Subject& subject, Index rank, const StartNorms& norms, std::uint64_t seed);

/// A start of rank one on a tiny subject, in the coordinates of ensemble/tiny/ensemble.
TinyRun tiny_run(const Subject& subject, const Factors& start, double h, std::uint64_t max_steps, double tolerance);
/// |x - y| of the last iterate.
double difference(const TinyEnd& end);

/// Seeds 0, 1, ... For 1 x 1 matrices only the first of each sign of x y, since there is nothing else to draw.
std::vector<std::uint64_t> distinct_seeds(const Subject& subject, const StartNorms& norms, std::uint64_t count);

/// body(i) for i in [0, count), several at a time and in any order: each may write its own place alone. False where it
/// was stopped.
bool for_each_run(std::size_t count, const Laboratory& laboratory, const std::function<void(std::size_t)>& body);
/// run_batch over chunks; empty where it was stopped.
std::vector<TinyEnd> run_all(const std::vector<TinyRun>& runs, const Laboratory& laboratory);

/// A point on the path of a run of rank one, in natural units.
struct PlanePoint {
  std::uint64_t step = 0;
  double x[2] = {0, 0}, y[2] = {0, 0};                        ///< in orthonormal coordinates of the plane of x and y
  double P() const { return x[0] * x[0] + x[1] * x[1]; }      ///< |x|^2
  double Q() const { return y[0] * y[0] + y[1] * y[1]; }      ///< |y|^2
  double p() const { return x[0] * y[0] + x[1] * y[1]; }      ///< x.y
  double wedge() const { return x[0] * y[1] - x[1] * y[0]; }  ///< its square is |x|^2 |y|^2 - (x.y)^2
  double difference() const;                                  ///< |x - y|
  /// f - f* = 1/2 ((mu - x.y)^2 + wedge^2), of n = 1 and of n >= 2 alike.
  double excess(double mu) const;
};
/// Every iterate of x+ = x + h (mu y - |y|^2 x), y+ = y + h (mu x - |x|^2 y), up to the first with |grad f| <=
/// tolerance mu max(|z|, sqrt(mu)), or to max_steps. visit(point, last) may return false to stop. The plain formula:
/// where rounding decides the limit it may end elsewhere than run_batch().
void walk(const TinyRun& run, const std::function<bool(const PlanePoint& point, bool last)>& visit);

/// True at every step to 300 and then every 1 %: what a figure over the steps shows of a long run.
class Thinning {
 public:
  bool operator()(std::uint64_t step);

 private:
  std::uint64_t next_ = 0;
};

/// A subject with a start, as solve/session.hpp has it ready: in the coordinates in which a step is cheaper, those of
/// the singular vectors or the given ones. Both have the same Gram matrices X^T X and Y^T Y, losses and sharpness. All
/// numbers are in the units of the session, which are those of A unless its entries are beyond 1e50.
class Prepared {
 public:
  Prepared(const Subject& subject, Index rank, const StartNorms& norms, std::uint64_t seed);

  const Problem& problem() const { return *problem_; }
  const Factors& start() const { return *start_; }
  double L() const { return known_.sharpness.value; }
  double rate(const RelativeRate& rate) const;
  /// f* of this rank.
  double best() const { return best_; }
  /// Stops, with that verdict, where the laboratory does.
  Record descend(double h, const RunSettings& settings, const Laboratory& laboratory,
                 const Observer& observer = {}) const;
  /// The factors in the coordinates of A.
  Factors restored(ConstFactors at) const { return session_.restored(at); }

 private:
  Session session_;
  const Problem* problem_;
  const Factors* start_;
  StartMeasures known_;
  FactorNorms norms_;
  double sigma1_ = 0, best_ = 0;
};

/// |X|_2, the square root of the largest eigenvalue of X^T X.
double operator_norm(const Eigen::Ref<const Matrix>& X);

/// ||X|_F^2 - |Y|_F^2| that a stable limit can have at most: d p - |A_d|_F^2 / p with p = (1 + sqrt(1 - h^2 s_1^2))/h
/// (docs/theory.md, limit.balance). NaN where h s_1 > 1: then no limit is stable.
double balance_bound(const Vector& singular_values, Index rank, double h);
/// sqrt(4/h^2 - 4 s_1^2), the bound of ||X|_2^2 - |Y|_2^2|; NaN as above.
double top_balance_bound(double sigma1, double h);

/// What is proved before a run of rank one on a tiny subject, decided exactly (docs/theory.md, theorems 2 and 3).
enum class Forecasted { converges, does_not, undecided };
std::string_view name(Forecasted forecasted);
Forecasted forecasted(const Subject& subject, const Factors& start, double h);

/// "9,1" -> "9-1", for ids.
std::string id_part(std::string_view text);
Figure::Axis step_axis();

}  // namespace equipoise
