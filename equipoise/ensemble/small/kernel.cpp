// The lanes of ensemble.hpp, compiled once for every target that Highway knows here.
//
// A lane holds one run, an array its entries. A block is 16 steps of every lane; then come the looks, as masks: near a
// critical point, or past Lemma E, so that NaN shows. A lane whose run ends hands the iterate before the block to a
// second set of lanes, which walks through it with the tests at each step. Everything rarer than that is decided by
// look() of rules.hpp.
//
// Tested in equipoise/ensemble/small/ensemble_test.cpp
#include "equipoise/ensemble/small/kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/small/rules.hpp"
#include "equipoise/ensemble/tiny/orders.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"
#include "equipoise/ensemble/tiny/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/ensemble/small/kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

// Where hn::MulAdd does not round once, the plain loop is the only one with the bits that define the result.
#include "equipoise/core/simd-inl.hpp"
#if EQUIPOISE_FUSED
// Each builds on those before it:
// clang-format off
#include "equipoise/ensemble/tiny/vectors-inl.hpp"
#include "equipoise/ensemble/tiny/log-inl.hpp"
#include "equipoise/ensemble/small/step-inl.hpp"
#include "equipoise/ensemble/small/narrow-inl.hpp"
#include "equipoise/ensemble/small/wide-inl.hpp"
#include "equipoise/ensemble/small/looks-inl.hpp"
#include "equipoise/ensemble/small/walks-inl.hpp"
#include "equipoise/ensemble/small/lanes-inl.hpp"
#include "equipoise/ensemble/small/stretch-inl.hpp"
// clang-format on
#endif

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

#if EQUIPOISE_FUSED

void follow_all(const Form& form, const SmallSettings& settings, std::span<const SmallRun> runs,
                std::span<TinyEnd> ends) {
  Cells cells{form, runs, settings, ends, 0, {}, {}};
  Lanes(cells, false).run();
  if (!cells.with_tangent.empty()) Lanes(cells, true).run();
}

void record(const Form& form, std::span<const SmallRun> runs, std::size_t last, std::span<double> orbits) {
  const std::uint64_t total = runs[0].max_steps;
  for (std::size_t from = 0; from < runs.size();) {
    Stretch stretch(form, runs.subspan(from));
    stretch.advance(total + 1 - last);
    for (std::size_t k = 0; k < last; ++k) {
      for (std::size_t i = 0; i < stretch.count(); ++i) orbits[(from + i) * last + k] = stretch.product(i);
      if (k + 1 < last) stretch.advance(1);
    }
    from += stretch.count();
  }
}

void exponents(const Form& form, std::span<const SmallRun> runs, std::span<double> to) {
  for (std::size_t from = 0; from < runs.size();) {
    Stretch stretch(form, runs.subspan(from));
    stretch.exponents(runs[0].max_steps, to.data() + from);
    from += stretch.count();
  }
}

#else

void follow_all(const Form&, const SmallSettings&, std::span<const SmallRun>, std::span<TinyEnd>) {}
void record(const Form&, std::span<const SmallRun>, std::size_t, std::span<double>) {}
void exponents(const Form&, std::span<const SmallRun>, std::span<double>) {}

#endif

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise::small {

HWY_EXPORT(follow_all);
HWY_EXPORT(record);
HWY_EXPORT(exponents);

void follow_in_lanes(const Form& form, const SmallSettings& settings, std::span<const SmallRun> runs,
                     std::span<TinyEnd> ends) {
  EQUIPOISE_AT(follow_all, tiny::index_of_target(settings.target))(form, settings, runs, ends);
}

void record_in_lanes(const Form& form, const std::string& target, std::span<const SmallRun> runs, std::size_t last,
                     std::span<double> orbits) {
  EQUIPOISE_AT(record, tiny::index_of_target(target))(form, runs, last, orbits);
}

void exponents_in_lanes(const Form& form, const std::string& target, std::span<const SmallRun> runs,
                        std::span<double> to) {
  EQUIPOISE_AT(exponents, tiny::index_of_target(target))(form, runs, to);
}

}  // namespace equipoise::small
#endif
