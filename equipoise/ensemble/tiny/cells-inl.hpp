// The cells that are computed in lanes: where runs come from, and the rows of those that end in the two common ways.
// Included by kernel.cpp alone, once for every target.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// Where runs come from and where their rows go.
template <std::size_t S>
struct Cells {
  const Source& runs;
  TinyRun::Kind kind;
  const BatchSettings& settings;
  std::span<TinyEnd> ends;
  std::size_t next = 0;  ///< the first cell that `ready` has not seen
  Ready<S> ready;
  std::vector<std::size_t> others;                              ///< cells to begin with care
  std::vector<std::pair<std::size_t, Follow<S>>> with_tangent;  ///< runs that go on where a tangent is followed

  HWY_INLINE bool stopped() const { return settings.stop != nullptr && settings.stop->load(std::memory_order_relaxed); }
  HWY_INLINE void finish(std::size_t cell, const Ending<S>& ending) {
    report_ending(ending, ends[cell]);
    if (settings.measures) report_measures<S>(runs.run(cell), ending.z, ends[cell]);
  }

  /// Walks the runs that were handed over to their exact steps, and reports them.
  HWY_NOINLINE void flush_arrivals(Walks<S>& arrivals) {
    fetch_rows(arrivals);
    arrivals.to_arrival();
    const Row row(at_stable_minimiser(State<S>{}, 0));
    arrivals.take([&](const typename Walks<S>::End& end, const auto& z) HWY_ATTR {
      TinyEnd& place = ends[end.cell];
      row.put(place);
      place.steps = end.step;
      place.multiplier = end.extra;
      place.lyapunov = endings::exponent_of_stay(end.extra);
      if (settings.measures) report_measures<S>(runs.run(end.cell), z(), place);
    });
  }
  HWY_NOINLINE void flush_divergences(Walks<S>& divergences) {
    fetch_rows(divergences);
    divergences.to_divergence();
    const Row row(divergence(State<S>{}, 0, false));
    divergences.take([&](const typename Walks<S>::End& end, const auto& z) HWY_ATTR {
      TinyEnd& place = ends[end.cell];
      row.put(place);
      place.steps = end.step;
      place.proved = end.extra != 0;
      if (settings.measures) report_measures<S>(runs.run(end.cell), z(), place);
    });
  }

  // The rows of runs that are walked next: the walk takes longer than they are on their way.
  HWY_INLINE void fetch_rows(const Walks<S>& walks) const {
    walks.each_cell([&](double cell) HWY_ATTR {
      const auto* const row = reinterpret_cast<const char*>(&ends[static_cast<std::size_t>(cell)]);
      hwy::Prefetch(row);
      hwy::Prefetch(row + 64);
    });
  }
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
