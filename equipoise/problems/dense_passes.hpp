// Passes over a dense A for all its rows: cut into chunks for threads, sums added up in a fixed order.
#pragma once

#include <memory>

#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/grams.hpp"

namespace equipoise {

/// Doubles that start on a cache line. Not initialised.
class Scratch {
 public:
  /// Throws std::bad_alloc.
  explicit Scratch(Index size);
  double* data() const { return values_.get(); }

 private:
  struct Free {
    void operator()(double* values) const;
  };
  std::unique_ptr<double[], Free> values_;
};

/// Passes at one rank, and the memory that they need, to be kept from step to step: chunks times cols times rank
/// doubles for the sums of A^T U, with at most 64 chunks, and more than 8 only where all of them take at most 8 MiB or
/// a byte for each 32 entries of A. How A is cut depends on its shape and the rank alone, so that any number of threads
/// gives the same bits. Not to be shared between threads. A has at least one row; what it views must outlive this.
template <class Scalar>
class DensePasses {
 public:
  DensePasses(const DenseView<Scalar>& A, Index rank);

  /// out = (-A V, -A^T U). 4 rows cols rank flops, one read of A.
  void products(ConstFactors by, MutableFactors out);
  /// out = (-R V, -R^T U) for the residual R = A - X Y^T at `at`; returns |R|_F^2. 6 rows cols rank flops, one read of
  /// A. `by` may be `at`, which saves some memory.
  double residual_products(ConstFactors at, ConstFactors by, MutableFactors out);

 private:
  template <class Pass>
  double pass(const double* u, MutableFactors out, const Pass& over);
  void keep_panels(const ConstBlock& Y, double* to) const;

  DenseView<Scalar> A_;
  Index rank_;
  Index panel_doubles_;  ///< of an array of `rank` rows along the columns of A, in panels
  double work_;          ///< multiplications
  Index rows_per_chunk_ = 0, chunks_ = 0;
  Scratch vt_, partials_;
};

}  // namespace equipoise
