// The lanes of ensemble.hpp, compiled once for every target that Highway knows here.
//
// A lane holds one run. A block is 64 steps of every lane on local copies, the iterates of steps 0, 16, 32 and 48 being
// kept; then come the looks, as masks: near a minimiser, or |r| not below 4, so that NaN shows. A lane whose run ends
// hands the last mark before the event to a second set of lanes, which walks at most 16 steps with a test at each and
// so finds its exact step, and is refilled at once. Everything rarer than that is decided by look() of rules.hpp.
//
// Tested in equipoise/ensemble/tiny/bits_test.cpp
#include "equipoise/ensemble/tiny/kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/tiny/orders.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"
#include "equipoise/ensemble/tiny/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/ensemble/tiny/kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

// Where hn::MulAdd does not round once, the plain loop is the only one with the bits that define the result.
#include "equipoise/core/simd-inl.hpp"
#if EQUIPOISE_FUSED
// Each builds on those before it:
// clang-format off
#include "equipoise/ensemble/tiny/vectors-inl.hpp"
#include "equipoise/ensemble/tiny/step-inl.hpp"
#include "equipoise/ensemble/tiny/log-inl.hpp"
#include "equipoise/ensemble/tiny/walks-inl.hpp"
#include "equipoise/ensemble/tiny/returns-inl.hpp"
#include "equipoise/ensemble/tiny/ready-inl.hpp"
#include "equipoise/ensemble/tiny/rows-inl.hpp"
#include "equipoise/ensemble/tiny/cells-inl.hpp"
#include "equipoise/ensemble/tiny/lanes-inl.hpp"
#include "equipoise/ensemble/tiny/orbits-inl.hpp"
// clang-format on
#endif

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

#if EQUIPOISE_FUSED

template <std::size_t S>
void follow_all(const Source& runs, TinyRun::Kind kind, const BatchSettings& settings, std::span<TinyEnd> ends) {
  Cells<S> cells{runs, kind, settings, ends, 0, {}, {}, {}};
  Lanes<S, false>(cells).run();
  if (!cells.with_tangent.empty()) Lanes<S, true>(cells).run();
}

void follow_kind(const Source& runs, TinyRun::Kind kind, const BatchSettings& settings, std::span<TinyEnd> ends) {
  if (kind == TinyRun::Kind::pair) {
    follow_all<2>(runs, kind, settings, ends);
  } else {
    follow_all<4>(runs, kind, settings, ends);
  }
}

#else

void follow_kind(const Source&, TinyRun::Kind, const BatchSettings&, std::span<TinyEnd>) {}
void record(std::span<const TinyRun>, std::size_t, std::span<double>) {}
void advance(std::span<const double>, std::span<double>, std::uint64_t) {}

#endif

std::int64_t fused_target() { return EQUIPOISE_FUSED ? HWY_TARGET : 0; }

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise::tiny {

HWY_EXPORT(follow_kind);
HWY_EXPORT(record);
HWY_EXPORT(advance);
HWY_EXPORT(fused_target);

namespace {

// The entry of Highway's table for one target: the same index as dynamic dispatch would use on a processor whose best
// it is.
std::size_t index_of(std::int64_t target) {
  hwy::ChosenTarget chosen;
  chosen.Update(target);
  return chosen.GetIndex();
}

}  // namespace

std::size_t index_of_target(const std::string& name) {
  static const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  for (const std::int64_t target : targets) {
    if (name == hwy::TargetName(target)) return index_of(target);
  }
  return index_of(std::int64_t{0});
}

std::vector<std::string> lane_targets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (EQUIPOISE_AT(fused_target, index_of(target))() == target) names.emplace_back(hwy::TargetName(target));
  }
  return names;
}

void follow_in_lanes(const BatchSettings& settings, const Source& runs, TinyRun::Kind kind, std::span<TinyEnd> ends) {
  EQUIPOISE_AT(follow_kind, index_of_target(settings.target))(runs, kind, settings, ends);
}

void record_in_lanes(const std::string& target, std::span<const TinyRun> runs, std::size_t last,
                     std::span<double> orbits) {
  EQUIPOISE_AT(record, index_of_target(target))(runs, last, orbits);
}

void advance_lanes(const std::string& target, std::span<const double> m, std::span<double> z, std::uint64_t steps) {
  EQUIPOISE_AT(advance, index_of_target(target))(m, z, steps);
}

}  // namespace equipoise::tiny
#endif
