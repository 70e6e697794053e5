// A row of results as vectors, for the many endings that differ in little. Included by kernel.cpp alone, once for
// every target.
//
// Cost of a row: 104 bytes written, by two stores of 64 bytes and those of what differs.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// What endings have in common. As bytes, which may lie over anything.
class Row {
 public:
  template <std::size_t S>
  HWY_INLINE explicit Row(const Ending<S>& ending) {
    TinyEnd end;
    report_ending(ending, end);
    alignas(64) std::uint8_t bytes[kSize];
    std::memcpy(bytes, &end, kSize);
    for_each<kVecs>([&](auto v) HWY_ATTR { row_[v] = hn::LoadU(Bytes(), bytes + first(v)); });
  }
  HWY_INLINE void put(TinyEnd& end) const {
    auto* const bytes = reinterpret_cast<std::uint8_t*>(&end);
    for_each<kVecs>([&](auto v) HWY_ATTR { hn::StoreU(row_[v], Bytes(), bytes + first(v)); });
  }

 private:
  using Bytes = hn::Repartition<std::uint8_t, Tag>;
  static constexpr std::size_t kSize = sizeof(TinyEnd);
  static constexpr std::size_t kVec = kWidth * sizeof(double);
  static constexpr std::size_t kVecs = (kSize + kVec - 1) / kVec;
  static_assert(std::is_trivially_copyable_v<TinyEnd> && kSize >= kVec);
  // The last vector overlaps the one before it.
  static constexpr std::size_t first(std::size_t v) { return std::min(v * kVec, kSize - kVec); }

  hn::Vec<Bytes> row_[kVecs];
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
