// Vectors of lanes: their width, loops over several of them, masks as bits, and new values for some lanes of one.
// Included by both kernel.cpp, once for every target.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<double, 8>;
using Vec = hn::Vec<Tag>;
using Mask = hn::Mask<Tag>;
constexpr std::size_t kWidth = hn::MaxLanes(Tag());

template <class Body, std::size_t... V>
HWY_INLINE void for_each(const Body& body, std::index_sequence<V...>) {
  (body(std::integral_constant<std::size_t, V>()), ...);
}
/// body(0), ..., body(count - 1), each number a constant: g++ 12 keeps an array of vectors in registers only where no
/// loop walks along it.
template <std::size_t count, class Body>
HWY_INLINE void for_each(const Body& body) {
  for_each(body, std::make_index_sequence<count>());
}

HWY_INLINE unsigned bits_of(Mask mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(Tag(), mask, bytes);
  return bytes[0];
}

using Numbers = hn::Rebind<std::uint64_t, Tag>;
using Order = decltype(hn::IndicesFromVec(Tag(), hn::Zero(Numbers())));
HWY_INLINE Order order_of(std::uint32_t lanes) {
  alignas(64) static constexpr std::uint64_t shifts[8] = {0, 4, 8, 12, 16, 20, 24, 28};
  const Numbers tag;
  const auto each = hn::Shr(hn::Set(tag, std::uint64_t{lanes}), hn::Load(tag, shifts));
  return hn::IndicesFromVec(Tag(), hn::And(each, hn::Set(tag, std::uint64_t{kWidth - 1})));
}

/// Moves the lanes of a set to the front; what comes after them is anything. As hn::Compress, which in Highway 1.0
/// copies its table to the stack at every call.
class Gather {
 public:
  HWY_INLINE explicit Gather(unsigned set) : order_(order_of(orders.members[set])) {}
  HWY_INLINE Vec operator()(Vec values) const { return hn::TableLookupLanes(values, order_); }

 private:
  Order order_;
};

/// Puts the first values of a vector into the lanes of a set, one after the other, and leaves the others as they were.
class Spread {
 public:
  HWY_INLINE explicit Spread(unsigned set) : mask_(mask_of(set)), order_(order_of(orders.ranks[set])) {}
  HWY_INLINE Vec operator()(Vec values, Vec others) const { return put(hn::TableLookupLanes(values, order_), others); }
  /// The same value for all of them.
  HWY_INLINE Vec put(Vec value, Vec others) const { return hn::IfThenElse(mask_, value, others); }

 private:
  static HWY_INLINE Mask mask_of(unsigned set) {
    const std::uint8_t bytes[8] = {static_cast<std::uint8_t>(set)};
    return hn::LoadMaskBits(Tag(), bytes);
  }

  Mask mask_;
  Order order_;
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
