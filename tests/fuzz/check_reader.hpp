// What every reader owes to any bytes at all: a matrix that keeps its promises, or an Error of one line.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "equipoise/core/error.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

inline void require(bool promise, const char* text) {
  if (!promise) {
    std::fprintf(stderr, "broken promise: %s\n", text);
    std::abort();
  }
}

inline void check_values(const Matrix& matrix, const MatrixData& loaded) {
  require(!loaded.has_unknown, "a dense matrix has no unknown entries");
  require(matrix.allFinite(), "entries are finite");
}

inline void check_values(const SparseMatrix& matrix, const MatrixData& loaded) {
  require(matrix.isCompressed(), "a sparse matrix is compressed");
  require(matrix.outerIndexPtr()[0] == 0 && matrix.outerIndexPtr()[matrix.rows()] == matrix.nonZeros(),
          "rows begin and end");
  for (Index row = 0; row < matrix.rows(); ++row) {
    Index before = -1;
    for (Index i = matrix.outerIndexPtr()[row]; i < matrix.outerIndexPtr()[row + 1]; ++i) {
      const Index col = matrix.innerIndexPtr()[i];
      require(col > before && col < matrix.cols(), "columns ascend within the matrix");
      require(std::isfinite(matrix.valuePtr()[i]), "entries are finite");
      before = col;
    }
  }
  require(!loaded.has_unknown || matrix.nonZeros() > 0, "something is known");
}

/// Reads the bytes under both meanings of a missing entry, within 16 MB; aborts where the reader breaks a promise.
template <class Reader>
void check_reader(const std::uint8_t* data, std::size_t size, const Reader& reader) {
  const Document document{{reinterpret_cast<const char*>(data), size}, "input"};
  for (const Missing missing : {Missing::zero, Missing::unknown}) {
    LoadOptions options;
    options.missing = missing;
    options.memory_limit = std::uint64_t{1} << 24;
    try {
      const MatrixData loaded = reader(document, options);
      require(loaded.rows() > 0 && loaded.cols() > 0, "a matrix has rows and columns");
      require(missing == Missing::unknown || !loaded.has_unknown, "unknown entries only where they are asked for");
      std::visit([&](const auto& matrix) { check_values(matrix, loaded); }, loaded.values);
    } catch (const Error& error) {
      const std::string_view message = error.what();
      require(!message.empty() && message.find('\n') == std::string_view::npos, "an Error is one line");
    }
  }
}

}  // namespace equipoise
