// Prints what load_matrix() makes of files as JSON, for comparison with what other programs make of them.
// Each line of standard input is a request, its words separated by tabs, answered by one line:
// NAME, flags of how the file is read as on the command line, [--save FILE]
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/load_settings.hpp"

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
  options.spelling = equipoise::as_flags;
  std::string name;
  std::string output;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--triplets") {
      options.triplets = true;
    } else if (words[i] == "--save") {
      output = words[++i];
    } else if (words[i].starts_with("--")) {
      std::string key = words[i].substr(2);
      std::replace(key.begin(), key.end(), '-', '_');
      equipoise::set(options, key, words[++i]);
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
