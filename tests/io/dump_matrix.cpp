// Prints what load_matrix() made of a file as JSON, for comparison with other programs' reading of it.
// Usage: dump_matrix NAME [--missing unknown] [--format FORMAT] [--triplets] [--save FILE]
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "equipoise/core/error.hpp"
#include "equipoise/io/files.hpp"

namespace {

using equipoise::Index;
using equipoise::Matrix;
using equipoise::SparseMatrix;

void print_entries(const Matrix& values) {
  for (Index row = 0; row < values.rows(); ++row) {
    for (Index col = 0; col < values.cols(); ++col) {
      fmt::print("{}[{},{},{}]", row + col > 0 ? "," : "", row, col, values(row, col));
    }
  }
}

void print_entries(const SparseMatrix& values) {
  bool first = true;
  for (Index row = 0; row < values.rows(); ++row) {
    for (SparseMatrix::InnerIterator entry(values, row); entry; ++entry) {
      fmt::print("{}[{},{},{}]", first ? "" : ",", row, entry.col(), entry.value());
      first = false;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  equipoise::LoadOptions options;
  std::string name;
  std::string output;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--triplets") {
      options.triplets = true;
    } else if (flag == "--missing" && i + 1 < argc) {
      options.missing = std::string_view(argv[++i]) == "unknown" ? equipoise::Missing::unknown : equipoise::Missing::zero;
    } else if (flag == "--format" && i + 1 < argc) {
      options.format = argv[++i];
    } else if (flag == "--save" && i + 1 < argc) {
      output = argv[++i];
    } else {
      name = flag;
    }
  }
  try {
    const equipoise::LoadedMatrix matrix = equipoise::load_matrix(name, options);
    if (!output.empty()) {
      equipoise::save_matrix(output, matrix);
    }
    fmt::print("{{\"rows\":{},\"cols\":{},\"sparse\":{},\"has_unknown\":{},\"entries\":[", matrix.rows(), matrix.cols(),
               std::holds_alternative<SparseMatrix>(matrix.values), matrix.has_unknown);
    std::visit([](const auto& values) { print_entries(values); }, matrix.values);
    fmt::print("]}}\n");
    return 0;
  } catch (const equipoise::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
