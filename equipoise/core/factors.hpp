// The pair of factors (X, Y): its shape, the one contiguous array that holds it, and views of that array.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace equipoise {

using Index = Eigen::Index;
/// Dense matrices are row-major everywhere, so that row i of X is contiguous and NumPy's arrays pass without a copy.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
/// The entries of a matrix as one array, row by row.
inline Eigen::Map<const Vector> flat(const Matrix& matrix) { return {matrix.data(), matrix.size()}; }

/// Sizes of a factorization A ~ X Y^T: A is rows x cols, X is rows x rank, Y is cols x rank.
struct Shape {
  Index rows = 0;
  Index cols = 0;
  Index rank = 0;

  /// Number of unknowns, (rows + cols) * rank.
  Index size() const { return (rows + cols) * rank; }
  bool operator==(const Shape&) const = default;
};

/// A read-only view of factors that someone else owns: X, then Y, both row-major, in one array of shape.size() doubles.
class ConstFactors {
 public:
  ConstFactors(Shape shape, const double* data) : shape_(shape), data_(data) {}

  const Shape& shape() const { return shape_; }
  const double* data() const { return data_; }
  Eigen::Map<const Matrix> X() const { return {data_, shape_.rows, shape_.rank}; }
  Eigen::Map<const Matrix> Y() const { return {data_ + shape_.rows * shape_.rank, shape_.cols, shape_.rank}; }
  Eigen::Map<const Vector> flat() const { return {data_, shape_.size()}; }

 private:
  Shape shape_;
  const double* data_;
};

/// A writable view of factors that someone else owns; the layout is that of ConstFactors.
class MutableFactors {
 public:
  MutableFactors(Shape shape, double* data) : shape_(shape), data_(data) {}

  const Shape& shape() const { return shape_; }
  double* data() const { return data_; }
  Eigen::Map<Matrix> X() const { return {data_, shape_.rows, shape_.rank}; }
  Eigen::Map<Matrix> Y() const { return {data_ + shape_.rows * shape_.rank, shape_.cols, shape_.rank}; }
  Eigen::Map<Vector> flat() const { return {data_, shape_.size()}; }
  operator ConstFactors() const { return {shape_, data_}; }

 private:
  Shape shape_;
  double* data_;
};

/// Factors that own their array. A value: copying copies the numbers.
class Factors {
 public:
  Factors() = default;
  /// All zero. Throws Error for a negative size.
  explicit Factors(Shape shape);
  /// Copies X (rows x rank) and Y (cols x rank). Throws Error where the ranks differ.
  Factors(const Matrix& X, const Matrix& Y);
  /// Copies what the view shows.
  explicit Factors(ConstFactors view);

  const Shape& shape() const { return shape_; }
  double* data() { return values_.data(); }
  const double* data() const { return values_.data(); }
  Eigen::Map<Matrix> X() { return MutableFactors(*this).X(); }
  Eigen::Map<Matrix> Y() { return MutableFactors(*this).Y(); }
  Eigen::Map<Vector> flat() { return MutableFactors(*this).flat(); }
  Eigen::Map<const Matrix> X() const { return ConstFactors(*this).X(); }
  Eigen::Map<const Matrix> Y() const { return ConstFactors(*this).Y(); }
  Eigen::Map<const Vector> flat() const { return ConstFactors(*this).flat(); }
  operator ConstFactors() const { return {shape_, values_.data()}; }
  operator MutableFactors() { return {shape_, values_.data()}; }

 private:
  Shape shape_;
  std::vector<double> values_;
};

}  // namespace equipoise
