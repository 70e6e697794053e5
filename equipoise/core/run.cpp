// The driver: blocks of steps, the events that end a run, and the replay that finds their exact step.
#include "equipoise/core/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "equipoise/core/curvature.hpp"
#include "equipoise/core/cycle.hpp"
#include "equipoise/core/descent.hpp"
#include "equipoise/core/divergence.hpp"
#include "equipoise/core/endings.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/lyapunov.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/tracker.hpp"

namespace equipoise {
namespace {

constexpr double heuristic_divergence = 1e8;  // h (|X|^2 + |Y|^2), for problems that no theorem covers
constexpr std::uint64_t first_cycle_check = 256;

bool finite(const StepTrace& seen) {
  return std::isfinite(seen.loss) && std::isfinite(seen.gradient_squared) && std::isfinite(seen.norm_squared);
}

class Driver {
 public:
  Driver(const Problem& problem, const Factors& start, double h, const RunSettings& settings, const Watch& watch)
      : problem_(problem),
        h_(h),
        settings_(settings),
        watch_(watch),
        z_(start),
        tangent_(start.shape()),
        tracker_(problem) {
    record_.settings = settings;
    record_.learning_rate = h;
  }

  Record drive() {
    measure_the_start();
    while (!ended_) {
      if (step_ >= settings_.max_steps) {
        finish_exhausted("the budget of steps ended");
      } else if (elapsed() > settings_.time_limit) {
        finish_exhausted("the time limit was reached");
      } else if (watch_.pulse && !watch_.pulse(step_)) {
        finish(Outcome::stopped, step_, 0, 0, "stopped from outside");
      } else {
        take_block();
        if (!ended_) look_for_cycle_or_chaos();
      }
    }
    measure_the_end();
    return std::move(record_);
  }

 private:
  double elapsed() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

  void measure_the_start() {
    const StartMeasures known = watch_.known ? *watch_.known : measure_start(problem_, z_);
    record_.sigma1 = known.sigma1;
    record_.norm = known.norm;
    record_.sharpness_start = known.sharpness;
    record_.balance_start = balance(z_);
    here_ = trace_here();
    record_.loss_start = here_.loss;
    start_norm_squared_ = here_.norm_squared;
    const double work =
        static_cast<double>(problem_.entries()) * static_cast<double>(std::max<Index>(1, z_.shape().rank));
    longest_block_ = static_cast<std::uint64_t>(std::clamp(1e8 / std::max(1.0, work), 1.0, 64.0));
    cheap_ = work <= 1e5;
    previous_loss_ = infinity;
    if (!finite(here_)) {
      finish(Outcome::diverged, 0, here_.norm_squared, heuristic_divergence,
             "heuristic, no theorem: the loss or the gradient of the start is outside the range of double");
    } else if (at_tolerance(here_)) {
      arrive(here_);
    }
  }

  StepTrace trace_here() const {
    Factors gradient(z_.shape());
    const double loss = problem_.gradient(z_, gradient);
    return trace_of(loss, gradient, z_);
  }

  // |A|_F max(|z|, |A|_F^(1/2)) has the dimension of a gradient and is what its rounding errors are proportional to;
  // for A = 0 the start gives the scale.
  double gradient_scale(const StepTrace& seen) const {
    const double a = record_.norm;
    if (a == 0) return std::pow(start_norm_squared_, 1.5);
    return a * std::max(std::sqrt(seen.norm_squared), std::sqrt(a));
  }
  double relative_gradient(const StepTrace& seen) const {
    const double scale = gradient_scale(seen);
    return scale > 0 ? std::sqrt(seen.gradient_squared) / scale : 0;
  }
  bool at_tolerance(const StepTrace& seen) const {
    return settings_.tolerance > 0 && relative_gradient(seen) <= settings_.tolerance;
  }

  std::uint64_t next_sample_after(std::uint64_t step) const {
    if (settings_.sample_every > 0) return (step / settings_.sample_every + 1) * settings_.sample_every;
    return step < 200 ? step + 1 : step + step / 100;
  }
  bool sharpness_due(std::uint64_t step) const {
    return settings_.sharpness_every > 0 && step % settings_.sharpness_every == 0;
  }

  // `seen` is the trace of `at`, the iterate of `step`. False where the observer wants to stop.
  bool sample(const Factors& at, std::uint64_t step, const StepTrace& seen) {
    Sample row;
    const Balance now = balance(at);
    row.step = step;
    row.loss = seen.loss;
    row.gradient_norm = std::sqrt(seen.gradient_squared);
    row.norm_x = now.norm_x;
    row.norm_y = now.norm_y;
    row.imbalance = now.imbalance;
    if (sharpness_due(step)) row.eigenvalues = eigenvalues(at);
    record_.samples.push_back(row);
    return !watch_.observer || watch_.observer(record_.samples.back(), at);
  }

  std::vector<double> eigenvalues(const Factors& at) {
    if (at.shape().size() == 0) return {};
    if (settings_.top_eigenvalues == 1) return {tracker_.measure(at).value};
    SharpnessSettings quick;
    quick.tolerance = 1e-8;
    return extreme_eigenpairs(problem_, at, static_cast<Index>(settings_.top_eigenvalues), SpectrumEnd::largest, quick)
        .values;
  }

  bool following() const {
    if (!tangent_.alive() || settings_.sensitivity == Sensitivity::never) return false;
    return settings_.sensitivity == Sensitivity::always || cheap_ || lingering_ || falling_streak_ < 64;
  }

  std::uint64_t block_length() const {
    std::uint64_t length = std::min(longest_block_, settings_.max_steps - step_);
    length = std::min(length, next_sample_ - step_);
    if (settings_.sharpness_every > 0) {
      length = std::min(length, settings_.sharpness_every - step_ % settings_.sharpness_every);
    }
    return following() ? 1 : length;
  }

  void take_block() {
    const bool sampling = step_ == next_sample_ || sharpness_due(step_);
    if (step_ == next_sample_) next_sample_ = next_sample_after(step_);
    const std::uint64_t length = block_length();
    const std::span<StepTrace> trace = std::span(trace_).first(static_cast<std::size_t>(length));
    before_ = z_;
    if (length == 1 && following()) tangent_.advance(problem_, z_, h_);
    problem_.advance(z_, h_, trace);
    const std::uint64_t first_step = step_;
    // The block's first trace is that of the iterate it began with: a sample costs no gradient of its own.
    if (sampling && !sample(before_, first_step, trace[0])) {
      z_ = before_;
      return finish(Outcome::stopped, first_step, 0, 0, "stopped by the observer");
    }
    step_ += length;

    const bool suspicious =
        !z_.flat().allFinite() ||
        std::any_of(trace.begin(), trace.end(), [&](const StepTrace& seen) { return may_diverge(seen); });
    if (suspicious && diverges_within(first_step, length)) return;
    for (std::size_t i = 0; i < trace.size(); ++i) {
      if (events_at(first_step + i, trace[i])) return;
    }
  }

  // The cheap side of a divergence test: false means that it cannot fire at this iterate. Lemma E asks for h |X Y^T|_2
  // >= 4 + 4 h |A|_F, and |X Y^T|_2 <= |A|_F + |R|_F with |R|_F^2 twice the loss.
  bool may_diverge(const StepTrace& seen) const {
    if (!finite(seen)) return true;
    if (problem_.complete()) return h_ * std::sqrt(2 * seen.loss) >= 3.99;
    return h_ * seen.norm_squared > heuristic_divergence;
  }

  // True where the run ended at this step; z_ is then the iterate of that step.
  bool events_at(std::uint64_t step, const StepTrace& seen) {
    falling_streak_ = seen.loss < previous_loss_ ? falling_streak_ + 1 : 0;
    previous_loss_ = seen.loss;
    losses_[static_cast<std::size_t>(step % losses_.size())] = seen.loss;
    gradients_[static_cast<std::size_t>(step % gradients_.size())] = relative_gradient(seen);
    largest_norm_squared_ = std::max(largest_norm_squared_, seen.norm_squared);
    if (lingering_) {
      if (!at_tolerance(seen) && relative_gradient(seen) > 10 * settings_.tolerance) {
        lingering_ = false;  // it was a visit; the run goes on
        left_after_visit_ = true;
      } else if (step >= linger_until_ || seen.gradient_squared == 0) {
        back_to(step);
        conclude_convergence(visit_step_, seen);
        return true;
      }
    } else if (at_tolerance(seen)) {
      const Factors ahead = z_;
      const std::uint64_t ahead_step = step_;
      back_to(step);
      arrive(seen);
      if (ended_) return true;
      z_ = ahead;
      step_ = ahead_step;
    }
    return false;
  }

  // z_ becomes the iterate of `step`, which lies in the block that began at before_.
  void back_to(std::uint64_t step) {
    const std::uint64_t block_start = step_ - block_in_progress();
    z_ = before_;
    std::array<StepTrace, 64> ignored;
    problem_.advance(z_, h_, std::span(ignored).first(static_cast<std::size_t>(step - block_start)));
    step_ = step;
  }
  std::uint64_t block_in_progress() const { return step_ - block_start_; }

  // The gradient is at the tolerance: is this where the run stays?
  void arrive(const StepTrace& seen) {
    visit_curvature_ = curvature_at_critical_point(problem_, z_);
    visit_step_ = step_;
    visit_growth_ = growth();
    const double up = std::abs(1 - h_ * visit_curvature_.largest);
    const double down = visit_curvature_.smallest < -visit_curvature_.zero ? 1 - h_ * visit_curvature_.smallest : 1;
    visit_factor_ = std::max(up, down);
    if (!(visit_factor_ > 1 + 1e-6) || seen.gradient_squared == 0) {
      conclude_convergence(step_, seen);
      return;
    }
    // An unstable point: a perturbation of the size of a rounding error needs this many steps to show.
    lingering_ = true;
    linger_until_ = step_ + static_cast<std::uint64_t>(std::min(1e9, std::ceil(42 / std::log(visit_factor_))));
  }

  void conclude_convergence(std::uint64_t step, const StepTrace& seen) {
    const Curvature& curvature = visit_curvature_;
    Verdict& verdict = record_.verdict;
    verdict.limit = curvature.limit;
    verdict.multiplier = contraction();
    const bool unstable = visit_factor_ > 1 + 1e-6;
    const bool exact = seen.gradient_squared == 0;
    verdict.lyapunov = unstable ? std::log(visit_factor_) : 0;
    std::string point = std::string(name(curvature.limit));
    if (curvature.limit == Limit::undetermined) point = "critical point whose curvature was not found";
    std::string why =
        fmt::format("converged to a {}: |grad f| is {:.3g} of its natural scale", point, relative_gradient(seen));
    why += settings_.tolerance > 0 ? fmt::format(" (tolerance {:.3g})", settings_.tolerance) : "";
    why += fmt::format(", h times the Hessian's eigenvalues from {:.6g} to {:.6g}", h_ * curvature.smallest,
                       h_ * curvature.largest);
    if (unstable) {
      why += exact ? "; the run stands on it exactly, but it is unstable at this rate: only an exact landing stays"
                   : "; it is unstable, and only starts on its stable manifold stay";
    }
    growth_at_verdict_ = lingering_ ? visit_growth_ : growth();
    finish(Outcome::converged, step, relative_gradient(seen), settings_.tolerance, why);
  }

  // The factor a step by which the gradient fell over the last steps; NaN with too few.
  double contraction() const {
    const std::uint64_t window = std::min<std::uint64_t>({step_, gradients_.size() - 1, 16});
    if (window < 2) return nan;
    const double now = gradients_[static_cast<std::size_t>(step_ % gradients_.size())];
    const double then = gradients_[static_cast<std::size_t>((step_ - window) % gradients_.size())];
    return now > 0 && then > 0 ? std::pow(now / then, 1 / static_cast<double>(window)) : nan;
  }

  double growth() const {
    if (settings_.sensitivity == Sensitivity::never || tangent_.steps() == 0) return step_ == 0 ? 0 : nan;
    const double grown = std::sqrt(std::max(largest_norm_squared_, start_norm_squared_));
    const double relative = start_norm_squared_ > 0 ? std::log(grown / std::sqrt(start_norm_squared_)) : 0;
    return largest_log_growth_ - relative;
  }

  // Walks the last block again, step by step, to the first iterate at which the evidence of divergence holds. False
  // where it holds nowhere; everything is then as it was.
  bool diverges_within(std::uint64_t first_step, std::uint64_t length) {
    z_ = before_;
    step_ = first_step;
    StepTrace seen;
    for (std::uint64_t i = 0; i < length; ++i, ++step_) {
      if (diverged_here()) return true;
      before_step_ = z_;
      problem_.advance(z_, h_, std::span(&seen, 1));
      if (!finite(seen) || !z_.flat().allFinite()) {
        z_ = before_step_;
        finish(Outcome::diverged, step_, h_ * seen.norm_squared, heuristic_divergence,
               "heuristic, no theorem: the next iterate or its loss is outside the range of double");
        return true;
      }
    }
    return false;
  }

  bool diverged_here() {
    if (problem_.complete()) {
      const LemmaE evidence = lemma_e(z_, h_, record_.norm);
      if (!evidence.holds) return false;
      record_.verdict.proved = true;
      finish(Outcome::diverged, step_, evidence.nu_lower, evidence.needed,
             fmt::format(
                 "diverges for ever from this iterate on, by Lemma E: h |X Y^T|_2 >= {:.6g}, which is at least {:.6g}",
                 evidence.nu_lower, evidence.needed));
      return true;
    }
    const double S = h_ * z_.flat().squaredNorm();
    if (!(S > heuristic_divergence)) return false;
    finish(Outcome::diverged, step_, S, heuristic_divergence,
           fmt::format("heuristic, no theorem: h (|X|^2 + |Y|^2) = {:.6g} exceeds {:.0e}", S, heuristic_divergence));
    return true;
  }

  void look_for_cycle_or_chaos() {
    block_start_ = step_;
    if (tangent_.alive()) largest_log_growth_ = std::max(largest_log_growth_, tangent_.log_growth());
    if (step_ < next_cycle_check_ || settings_.tolerance == 0) return;  // 0: nothing but divergence ends a run early
    next_cycle_check_ = step_ + std::max<std::uint64_t>(first_cycle_check, step_ / 4);
    if (lingering_) return;
    if (losses_recur() && accept_cycle(endings::cycle_tolerance)) return;
    if (step_ >= 2 * endings::chaotic_steps + 64 && chaos_may_last()) accept_chaos();
  }

  bool no_minimiser_is_stable() const { return problem_.complete() && h_ * record_.sigma1 > 1 + 1e-12; }

  // Beyond h sigma_1 = 2 the scalar map is unbounded for almost every start (theorem 2c), however long it wanders
  // first.
  bool chaos_may_last() const { return no_minimiser_is_stable() && h_ * record_.sigma1 <= 2; }

  // A cheap look before states are compared: a cycle repeats its losses, while a converging run has a gradient that
  // falls.
  bool losses_recur() const {
    for (std::uint64_t period = 1; period <= 64; ++period) {
      bool recurs = true;
      for (std::uint64_t back = 1; back <= 64 && recurs; ++back) {
        const double late = losses_[static_cast<std::size_t>((step_ - back) % losses_.size())];
        const double early = losses_[static_cast<std::size_t>((step_ - back - period) % losses_.size())];
        recurs = std::abs(late - early) <= 1e-8 * std::abs(early);
      }
      if (recurs) return true;
    }
    return false;
  }

  bool accept_cycle(double tolerance) {
    const std::optional<Cycle> cycle = find_cycle(problem_, z_, h_, tolerance);
    if (!cycle) return false;
    if (!(std::abs(cycle->multiplier) < 1 - endings::marginal)) {
      doubt_ = fmt::format(
          "; a cycle of period {} closes to {:.1e}, but its multiplier {:.6g} is within {} of 1 in magnitude, which "
          "decides nothing",
          cycle->period, cycle->return_distance, cycle->multiplier, endings::marginal);
      return false;
    }
    Verdict& verdict = record_.verdict;
    verdict.period = cycle->period;
    verdict.multiplier = cycle->multiplier;
    verdict.cycle_losses = cycle->losses;
    verdict.lyapunov = 0;
    finish(
        Outcome::periodic, step_, cycle->return_distance, tolerance,
        fmt::format(
            "a cycle of period {}: the state returns within {:.1e} of itself three times in a row, not at any divisor "
            "of the period, and one turn contracts by {:.6g}",
            cycle->period, cycle->return_distance, cycle->multiplier));
    return true;
  }

  bool accept_chaos() {
    if (!tangent_.alive() || !following()) return false;
    const LyapunovEstimate estimate = tangent_.second_half();
    if (estimate.steps < endings::chaotic_steps || !(estimate.exponent > endings::chaotic_exponent) ||
        !(estimate.exponent > 3 * estimate.error)) {
      return false;
    }
    record_.verdict.lyapunov = estimate.exponent;
    record_.verdict.lyapunov_error = estimate.error;
    finish(Outcome::chaotic, step_, estimate.exponent, endings::chaotic_exponent,
           fmt::format("bounded so far (h (|X|^2 + |Y|^2) <= {:.4g}) with a Lyapunov exponent of {:.4f} +- {:.4f} per "
                       "step over {} steps, "
                       "and h * sigma_1 = {:.6g} > 1 leaves no stable minimiser; numerical evidence, not a proof",
                       h_ * largest_norm_squared_, estimate.exponent, estimate.error, estimate.steps,
                       h_ * record_.sigma1));
    return true;
  }

  void finish_exhausted(const std::string& what) {
    if (step_ > first_cycle_check && !lingering_) {
      if (losses_recur() && accept_cycle(endings::cycle_tolerance_late)) return;
      if (chaos_may_last() && accept_chaos()) return;
    }
    here_ = trace_here();
    if ((at_tolerance(here_) || here_.gradient_squared == 0) && !lingering_) {
      arrive(here_);
      if (ended_) return;
    }
    std::string why = what;
    if (lingering_) {
      why += fmt::format(
          "; at a critical point (a {}) that is unstable at this rate, and it is not yet clear whether the run stays",
          name(visit_curvature_.limit));
    } else if (step_ == 0) {
      why += " before the first step";
    } else {
      why += fmt::format("; |grad f| is {:.3g} of its natural scale and {}", relative_gradient(here_), trend());
    }
    if (left_after_visit_)
      why += "; the run passed a critical point within the tolerance and left it again, so rounding had a say";
    why += doubt_;
    const LyapunovEstimate estimate =
        tangent_.alive() && following() ? tangent_.second_half() : LyapunovEstimate{nan, nan, 0};
    if (estimate.exponent > endings::chaotic_exponent && estimate.exponent > 3 * estimate.error && !chaos_may_last()) {
      why += fmt::format(
          "; neighbouring runs separate (exponent {:.3f} so far), which at h * sigma_1 = {:.6g} may be a transient",
          estimate.exponent, h_ * record_.sigma1);
    }
    record_.verdict.lyapunov = estimate.exponent;
    record_.verdict.lyapunov_error = estimate.error;
    finish(Outcome::exhausted, step_, relative_gradient(here_), settings_.tolerance, why);
  }

  // Compares the gradient at the end with its largest value in the third quarter of the run. A slow approach falls by
  // less than what tells it from a cycle, but at every sample.
  std::string trend() const {
    double middle = 0;
    double before = infinity;
    double half_way = nan;
    const double end = std::sqrt(here_.gradient_squared);
    bool falls_throughout = true;
    for (const Sample& row : record_.samples) {
      if (row.step < step_ / 2) continue;
      if (row.step <= step_ - step_ / 4) middle = std::max(middle, row.gradient_norm);
      if (std::isnan(half_way)) half_way = row.gradient_norm;
      falls_throughout = falls_throughout && row.gradient_norm < before;
      before = row.gradient_norm;
    }
    if (middle == 0 || step_ < 8) return "the run is too short to say whether it still falls";
    if (falls_throughout && end < before && end >= 0.9 * middle) {
      return fmt::format(
          "still falls, slowly: at every sample of the second half of the run, over which it came down to {:.9g} of "
          "what it was",
          end / half_way);
    }
    if (end > 1.1 * middle) {
      return fmt::format("has grown: {:.3g} times the largest value seen in the third quarter of the run",
                         end / middle);
    }
    if (end < 0.9 * middle) {
      return fmt::format("still falls: {:.3g} of the largest value seen in the third quarter of the run", end / middle);
    }
    return fmt::format("no longer falls: {:.3g} of the largest value seen in the third quarter of the run",
                       end / middle);
  }

  void finish(Outcome outcome, std::uint64_t step, double evidence, double threshold, const std::string& why) {
    Verdict& verdict = record_.verdict;
    verdict.outcome = outcome;
    verdict.step = step;
    verdict.evidence = evidence;
    verdict.threshold = threshold;
    verdict.why = why;
    if (outcome != Outcome::converged && outcome != Outcome::periodic) verdict.multiplier = nan;
    if (outcome == Outcome::diverged || outcome == Outcome::stopped) verdict.lyapunov = nan;
    if (outcome != Outcome::chaotic && outcome != Outcome::exhausted) verdict.lyapunov_error = nan;
    verdict.growth = std::isnan(growth_at_verdict_) ? growth() : growth_at_verdict_;
    // A divergence that a theorem decides does not depend on rounding, whatever the transient did.
    const bool decided_by_theorem = outcome == Outcome::diverged && verdict.proved;
    verdict.reproducible = decided_by_theorem || !(verdict.growth > reproducible_growth);
    ended_ = true;
  }

  void measure_the_end() {
    // Nothing is taken back any more, and the sharpness needs the memory.
    before_ = Factors();
    before_step_ = Factors();
    tangent_ = Tangent(Shape{});
    here_ = trace_here();
    sample_end();
    record_.steps = step_;
    record_.loss_end = here_.loss;
    record_.balance_end = balance(z_);
    record_.sharpness_end =
        record_.verdict.outcome == Outcome::diverged ? Sharpness{nan, nan} : sharpness(problem_, z_);
    record_.last = std::move(z_);
    record_.seconds = elapsed();
  }

  void sample_end() {
    // A replay may have gone back behind samples that were already taken.
    while (!record_.samples.empty() && record_.samples.back().step >= step_) record_.samples.pop_back();
    sample(z_, step_, here_);
  }

  const Problem& problem_;
  const double h_;
  const RunSettings& settings_;
  const Watch& watch_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();

  Factors z_;
  Factors before_;          // the iterate at the start of the block in progress
  Factors before_step_;     // the iterate before a step that is taken again
  std::uint64_t step_ = 0;  // z_ is the iterate of this step
  std::uint64_t block_start_ = 0;
  StepTrace here_;
  std::array<StepTrace, 64> trace_;
  std::array<double, 128> losses_{};
  std::array<double, 128> gradients_{};
  Tangent tangent_;
  SharpnessTracker tracker_;
  Record record_;

  std::uint64_t longest_block_ = 64;
  std::uint64_t next_sample_ = 0;
  std::uint64_t next_cycle_check_ = first_cycle_check;
  double start_norm_squared_ = 0;
  double largest_norm_squared_ = 0;
  double largest_log_growth_ = 0;
  double previous_loss_ = infinity;
  double growth_at_verdict_ = nan;
  bool cheap_ = true;
  std::uint64_t falling_streak_ = 0;  // steps in a row over which the loss fell
  bool ended_ = false;

  bool lingering_ = false;  // at a critical point that is unstable at this rate, to see whether the run stays
  bool left_after_visit_ = false;
  std::uint64_t visit_step_ = 0;
  std::uint64_t linger_until_ = 0;
  double visit_factor_ = 1;
  double visit_growth_ = 0;
  Curvature visit_curvature_;
  std::string doubt_;
};

}  // namespace

std::string_view name(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::always:
      return "always";
    case Sensitivity::never:
      return "never";
    case Sensitivity::automatic:
      break;
  }
  return "auto";
}

Sensitivity sensitivity_from(std::string_view word) {
  for (const Sensitivity each : {Sensitivity::automatic, Sensitivity::always, Sensitivity::never}) {
    if (name(each) == word) return each;
  }
  throw Error(fmt::format("'{}' does not say when to follow the sensitivity; write auto, always or never", word));
}

StartMeasures measure_start(const Problem& problem, ConstFactors start) {
  StartMeasures result;
  result.sharpness = sharpness(problem, start);
  const SingularTriplets top = top_singular_triplets(problem, 1);
  result.sigma1 = top.values.size() > 0 ? top.values[0] : 0;
  const Shape none{problem.rows(), problem.cols(), 0};
  Factors empty(none);
  Factors gradient(none);
  result.norm = std::sqrt(2 * problem.gradient(empty, gradient));
  return result;
}

Record run(const Problem& problem, const Factors& start, double learning_rate, const RunSettings& settings,
           const Watch& watch) {
  require_start(problem, start, learning_rate);
  return Driver(problem, start, learning_rate, settings, watch).drive();
}

}  // namespace equipoise
