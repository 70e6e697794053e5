// Built-in matrices: texts such as "gaussian:200x100:seed=7" that stand for a matrix.
#include "equipoise/io/builtin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "equipoise/core/start.hpp"
#include "equipoise/io/assemble.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

// The text of a built-in, cut at its colons, with the form that messages show.
class Spec {
 public:
  Spec(const Document& document, const LoadOptions& options) : document_(document), options_(options) {
    parts_ = split(document.name, ':');
  }

  std::string_view kind() const { return parts_[0]; }
  std::size_t count() const { return parts_.size(); }
  std::string_view part(std::size_t i) const { return parts_[i]; }

  void expect(std::size_t fewest, std::size_t most, std::string_view form) {
    form_ = form;
    if (parts_.size() < fewest || parts_.size() > most) {
      refuse(fmt::format("it has {} parts between colons", parts_.size()));
    }
  }
  [[noreturn]] void refuse(std::string_view what) const {
    fail(document_, fmt::format("{}; it should be like {}", what, form_));
  }
  double finite(std::string_view text, std::string_view what) const {
    const std::optional<double> value = number_from(text);
    if (!value || !std::isfinite(*value)) {
      refuse(fmt::format("{} is {}, not a finite number", what, in_quotes(text)));
    }
    return *value;
  }
  std::uint64_t size(std::string_view text, std::string_view what) const {
    const std::optional<std::uint64_t> value = whole_number_from(text);
    if (!value || *value == 0) {
      refuse(fmt::format("{} is {}, not a whole number from 1", what, in_quotes(text)));
    }
    return *value;
  }
  // "200x100", checked to fit in memory.
  Matrix zeros(std::string_view text) const {
    const std::vector<std::string_view> sizes = split(text, 'x');
    if (sizes.size() != 2) {
      refuse(fmt::format("the size is {}, not rows x columns", in_quotes(text)));
    }
    return zeros(size(sizes[0], "the number of rows"), size(sizes[1], "the number of columns"));
  }
  Matrix zeros(std::uint64_t rows, std::uint64_t cols) const {
    check_dense_size(document_, rows, cols, options_);
    return Matrix::Zero(static_cast<Index>(rows), static_cast<Index>(cols));
  }
  // The i-th part as "seed=7", 0 where it is absent.
  std::uint64_t seed(std::size_t i) const {
    if (i >= parts_.size()) {
      return 0;
    }
    constexpr std::string_view key = "seed=";
    const std::string_view text = parts_[i];
    const auto value = text.starts_with(key) ? whole_number_from(text.substr(key.size())) : std::nullopt;
    // The reader of whole numbers stops at the largest one: only that one's own text may mean it.
    if (!value || (*value == ~std::uint64_t{0} && fmt::to_string(*value) != text.substr(key.size()))) {
      refuse(fmt::format("{} is not seed= and a whole number below 2^64", in_quotes(text)));
    }
    return *value;
  }

 private:
  const Document& document_;
  const LoadOptions& options_;
  std::vector<std::string_view> parts_;
  std::string form_;
};

void fill_with_normals(Matrix& values, Generator& generator) {
  for (Index i = 0; i < values.size(); ++i) {
    values.data()[i] = generator.normal();
  }
}

// The rows of `vectors` made orthonormal by modified Gram-Schmidt, each row twice, which is enough (Giraud et al.
// 2005). Plain loops: the sums of a linear algebra library change with its vector width, and with them the last bits.
void orthonormalise_rows(Matrix& vectors) {
  const Index length = vectors.cols();
  const auto dot = [length](const double* a, const double* b) {
    double sum = 0;
    for (Index i = 0; i < length; ++i) {
      sum += a[i] * b[i];
    }
    return sum;
  };
  for (Index row = 0; row < vectors.rows(); ++row) {
    double* const vector = vectors.data() + row * length;
    for (int pass = 0; pass < 2; ++pass) {
      for (Index before = 0; before < row; ++before) {
        const double* const other = vectors.data() + before * length;
        const double along = dot(vector, other);
        for (Index i = 0; i < length; ++i) {
          vector[i] -= along * other[i];
        }
      }
      const double norm = std::sqrt(dot(vector, vector));
      for (Index i = 0; i < length; ++i) {
        vector[i] /= norm;
      }
    }
  }
}

// (G + G^T)/2 for square G of independent standard normals.
Matrix symmetric_matrix(Matrix values, std::uint64_t seed) {
  Generator generator(seed);
  fill_with_normals(values, generator);
  for (Index i = 0; i < values.rows(); ++i) {
    for (Index j = 0; j < i; ++j) {
      values(i, j) = values(j, i) = (values(i, j) + values(j, i)) / 2;
    }
  }
  return values;
}

// G G^T / (2 n) for G of size n x 2n: eigenvalues between about 0.09 and 2.9, whatever n is. Plain loops, as above.
Matrix positive_matrix(Matrix values, std::uint64_t seed) {
  const Index n = values.rows();
  Generator generator(seed);
  Matrix G(n, 2 * n);
  fill_with_normals(G, generator);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      double sum = 0;
      for (Index k = 0; k < 2 * n; ++k) {
        sum += G(i, k) * G(j, k);
      }
      values(i, j) = values(j, i) = sum / static_cast<double>(2 * n);
    }
  }
  return values;
}

// The sum of value[k] * left[k] right[k]^T, term by term.
void add_spectrum(Matrix& values, const std::vector<double>& spectrum, std::uint64_t seed) {
  Generator generator(seed);
  const auto count = static_cast<Index>(spectrum.size());
  Matrix left(count, values.rows());
  Matrix right(count, values.cols());
  fill_with_normals(left, generator);
  fill_with_normals(right, generator);
  orthonormalise_rows(left);
  orthonormalise_rows(right);
  for (Index k = 0; k < count; ++k) {
    for (Index row = 0; row < values.rows(); ++row) {
      const double scale = spectrum[static_cast<std::size_t>(k)] * left(k, row);
      for (Index col = 0; col < values.cols(); ++col) {
        values(row, col) += scale * right(k, col);
      }
    }
  }
}

std::vector<double> read_spectrum(const Spec& spec, std::string_view text, const Matrix& values) {
  std::vector<double> spectrum;
  for (const std::string_view part : split(text, ',')) {
    const double value = spec.finite(part, "a singular value");
    if (value < 0) {
      spec.refuse(fmt::format("the singular value {} is negative", in_quotes(part)));
    }
    spectrum.push_back(value);
  }
  if (static_cast<Index>(spectrum.size()) > std::min(values.rows(), values.cols())) {
    spec.refuse(fmt::format("{} singular values are more than a {} x {} matrix has", spectrum.size(), values.rows(),
                            values.cols()));
  }
  return spectrum;
}

}  // namespace

bool is_builtin(std::string_view name) {
  constexpr std::array<std::string_view, 6> kinds = {
      "scalar:", "isotropic:", "gaussian:", "symmetric:", "positive:", "spectrum:"};
  return std::any_of(kinds.begin(), kinds.end(), [name](std::string_view kind) { return name.starts_with(kind); });
}

MatrixData builtin_matrix(const std::string& name, const LoadOptions& options) {
  const Document document{{}, name};
  if (!options.format.empty() || options.triplets) {
    fail(document, fmt::format("a built-in matrix has no format; leave {} and {} out", options.spelling("format"),
                               options.spelling("triplets")));
  }
  Spec spec(document, options);
  Matrix values;
  if (spec.kind() == "scalar") {
    spec.expect(2, 2, "scalar:1.0");
    values = Matrix::Constant(1, 1, spec.finite(spec.part(1), "the value"));
  } else if (spec.kind() == "isotropic") {
    spec.expect(3, 3, "isotropic:100:1.0");
    const std::uint64_t size = spec.size(spec.part(1), "the size");
    values = spec.zeros(size, size);
    values.diagonal().setConstant(spec.finite(spec.part(2), "the value"));
  } else if (spec.kind() == "gaussian") {
    spec.expect(2, 3, "gaussian:200x100:seed=7");
    const std::uint64_t seed = spec.seed(2);
    values = spec.zeros(spec.part(1));
    Generator generator(seed);
    fill_with_normals(values, generator);
  } else if (spec.kind() == "symmetric" || spec.kind() == "positive") {
    spec.expect(2, 3, spec.kind() == "positive" ? "positive:100:seed=7" : "symmetric:100:seed=7");
    const std::uint64_t size = spec.size(spec.part(1), "the size");
    const std::uint64_t seed = spec.seed(2);
    values = spec.zeros(size, size);
    if (spec.kind() == "positive") check_dense_size(document, size, 2 * size, options);
    values = spec.kind() == "positive" ? positive_matrix(std::move(values), seed)
                                       : symmetric_matrix(std::move(values), seed);
  } else {
    spec.expect(3, 4, "spectrum:300x250:1,0.5,0.2:seed=7");
    const std::uint64_t seed = spec.seed(3);
    values = spec.zeros(spec.part(1));
    add_spectrum(values, read_spectrum(spec, spec.part(2), values), seed);
    if (!values.allFinite()) {
      spec.refuse("the singular values are too large: an entry leaves the range of a double");
    }
  }
  return {std::move(values), false, name};
}

}  // namespace equipoise
