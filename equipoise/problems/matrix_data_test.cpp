// Sizes and largest entries of a matrix however it is held: dense, sparse, in place, and without entries.
#include "equipoise/problems/matrix_data.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <vector>

namespace equipoise::matrix_data_test {
namespace {

TEST(MatrixData, DenseSparseAndInPlaceAgree) {
  Matrix A(2, 3);
  A << 1, 0, -7, 0, 2.5, 0;
  const MatrixData dense{A, false, "", {}};
  const MatrixData sparse{SparseMatrix(A.sparseView()), false, "", {}};
  // Rows of three entries in rows of four.
  const auto kept = std::make_shared<std::vector<float>>(std::vector<float>{1, 0, -7, 99, 0, 2.5, 0, 99});
  MatrixData in_place{Matrix(), false, "", {}};
  in_place.in_place = DenseInPlace{DenseView<float>{kept->data(), 2, 3, 4, kept}};
  for (const MatrixData* each : std::initializer_list<const MatrixData*>{&dense, &sparse, &in_place}) {
    EXPECT_EQ(each->rows(), 2);
    EXPECT_EQ(each->cols(), 3);
    EXPECT_EQ(each->largest(), 7);
    EXPECT_EQ(each->entries(), each->is_sparse() ? 3 : 6);
  }
  EXPECT_TRUE(sparse.is_sparse());
  EXPECT_FALSE(dense.is_sparse());
  EXPECT_FALSE(in_place.is_sparse());
  EXPECT_EQ(in_place.in_place->copied(), A);
}

TEST(MatrixData, WithoutEntriesAndOfOne) {
  const MatrixData dense{Matrix(0, 4), false, "", {}}, sparse{SparseMatrix(0, 4), false, "", {}};
  for (const MatrixData& each : {dense, sparse}) {
    EXPECT_EQ(each.rows(), 0);
    EXPECT_EQ(each.cols(), 4);
    EXPECT_EQ(each.entries(), 0);
    EXPECT_EQ(each.largest(), 0);
  }
  const MatrixData one{Matrix::Constant(1, 1, -3), false, "", {}};
  EXPECT_EQ(one.largest(), 3);
}

}  // namespace
}  // namespace equipoise::matrix_data_test
