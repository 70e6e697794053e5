// What the arithmetic of small problems on vectors of lanes shares: entries that are watched, lengths. Included by
// kernel.cpp alone, once for every target.
//
// Arrays hold an entry of a state after the other, `size` lanes each.

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using tiny::HWY_NAMESPACE::bits_of;
using tiny::HWY_NAMESPACE::for_each;
using tiny::HWY_NAMESPACE::kWidth;
using tiny::HWY_NAMESPACE::Mask;
using tiny::HWY_NAMESPACE::Tag;
using tiny::HWY_NAMESPACE::Vec;

/// Lanes of which some entries are compared with what they were, after each step.
struct Watched {
  const double* places;  ///< Form::telling of them, `size` lanes each
  const double* room;    ///< below zero where nobody watches
  double* returned;      ///< becomes 1
};
HWY_INLINE void see_returns(const Form& form, const Watched& watched, const double* z, std::size_t size,
                            std::size_t at) {
  const Tag tag;
  const Vec room = hn::Load(tag, watched.room + at);
  Mask back = hn::Ge(room, hn::Zero(tag));
  for (std::size_t k = 0; k < form.telling.size(); ++k) {
    const Vec here = hn::Load(tag, z + form.telling[k] * size + at);
    back = hn::And(back, hn::Le(hn::Abs(hn::Sub(here, hn::Load(tag, watched.places + k * size + at))), room));
  }
  hn::Store(hn::IfThenElse(back, hn::Set(tag, 1.0), hn::Load(tag, watched.returned + at)), tag, watched.returned + at);
}

/// squared_length(), for a vector.
HWY_INLINE Vec lengths(const Form& form, const double* grams, std::size_t size, std::size_t at) {
  const Tag tag;
  Vec of_x = hn::Load(tag, grams + at), of_y = hn::Load(tag, grams + form.gram() * size + at);
  for (std::size_t a = 1; a < form.width; ++a) {
    of_x = hn::Add(of_x, hn::Load(tag, grams + a * (form.width + 1) * size + at));
    of_y = hn::Add(of_y, hn::Load(tag, grams + (form.gram() + a * (form.width + 1)) * size + at));
  }
  return hn::Add(of_x, of_y);
}

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
