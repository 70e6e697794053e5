// Prints what load_matrix() makes of files as JSON, for comparison with what other programs make of them.
// Each line of standard input is a request, its words separated by tabs, answered by one line:
// NAME [--missing unknown] [--format FORMAT] [--triplets] [--header yes|no] [--columns LIST] [--separator TEXT]
// [--decimal C] [--labels] [--save FILE]
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

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

// One request: a name and flags, as they would stand on a command line.
void answer(const std::vector<std::string>& words) {
  equipoise::LoadOptions options;
  std::string name;
  std::string output;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--triplets") {
      options.triplets = true;
    } else if (words[i] == "--missing" && has_value) {
      options.missing = words[++i] == "unknown" ? equipoise::Missing::unknown : equipoise::Missing::zero;
    } else if (words[i] == "--format" && has_value) {
      options.format = words[++i];
    } else if (words[i] == "--header" && has_value) {
      options.text.header = words[++i] == "yes" ? equipoise::Header::yes : equipoise::Header::no;
    } else if (words[i] == "--columns" && has_value) {
      options.text.columns = words[++i];
    } else if (words[i] == "--separator" && has_value) {
      options.text.separator = words[++i];
    } else if (words[i] == "--decimal" && has_value) {
      options.text.decimal = words[++i][0];
    } else if (words[i] == "--labels") {
      options.text.index_base = equipoise::IndexBase::labels;
    } else if (words[i] == "--save" && has_value) {
      output = words[++i];
    } else {
      name = words[i];
    }
  }
  try {
    const equipoise::MatrixData matrix = equipoise::load_matrix(name, options);
    if (!output.empty()) {
      equipoise::save_matrix(output, matrix);
    }
    fmt::print("{{\"rows\":{},\"cols\":{},\"sparse\":{},\"has_unknown\":{},\"entries\":[", matrix.rows(), matrix.cols(),
               std::holds_alternative<SparseMatrix>(matrix.values), matrix.has_unknown);
    std::visit([](const auto& values) { print_entries(values); }, matrix.values);
    fmt::print("]}}\n");
  } catch (const equipoise::Error& error) {
    fmt::print("refused: {}\n", error.what());
  }
  std::fflush(stdout);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; std::getline(stream, word, '\t');) {
      words.push_back(word);
    }
    answer(words);
  }
  return 0;
}
