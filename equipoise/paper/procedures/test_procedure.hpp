// An experiment of this tree, carried out on a budget of a test, and its tables looked up by key.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "equipoise/io/files.hpp"
#include "equipoise/paper/procedures/procedures.hpp"
#include "equipoise/store/experiment_file.hpp"

namespace equipoise::test_procedure {

struct Measured {
  Experiment experiment;
  Results results;

  const ResultTable& table(const std::string& id = "runs") const {
    for (const ResultTable& each : results.tables) {
      if (each.id == id) return each;
    }
    ADD_FAILURE() << "no table " << id;
    return results.tables.front();
  }
};

using Row = std::vector<ResultTable::Cell>;

inline double number(const ResultTable& table, const Row& row, std::string_view key) {
  return std::get<double>(row.at(table.column(key).value()));
}
inline std::string word(const ResultTable& table, const Row& row, std::string_view key) {
  return std::get<std::string>(row.at(table.column(key).value()));
}

/// experiments/NAME.toml with its quick settings and those given here. Every row has a cell for each column, and every
/// claim that is called proved can be judged and holds.
inline Measured measured(const std::string& name,
                         std::vector<std::pair<std::string, ExperimentSettings::Value>> settings) {
  Measured result{load_experiment(EQUIPOISE_SOURCE_DIR "/experiments/" + name + ".toml", true), {}};
  for (auto& [key, value] : settings) result.experiment.settings.set(key, std::move(value), {});
  Laboratory laboratory;
  laboratory.load = [](const std::string& matrix) { return std::get<Matrix>(load_matrix(matrix).values); };
  laboratory.pulse = [](std::size_t, std::size_t) { return true; };
  laboratory.png = [](const Raster&, const std::vector<Rgb>&) { return std::string("png"); };
  result.results = procedure_of(result.experiment).run(result.experiment, laboratory).value();
  EXPECT_FALSE(result.results.tables.empty());
  EXPECT_FALSE(result.results.blocks.empty());
  for (const ResultTable& table : result.results.tables) {
    EXPECT_FALSE(table.rows.empty()) << table.id;
    for (const Row& row : table.rows) EXPECT_EQ(row.size(), table.columns.size()) << table.id;
  }
  for (const Claim& claim : result.experiment.claims) {
    if (claim.basis != Basis::proved) continue;
    const Judgement judgement = judge(claim, result.results.tables);
    EXPECT_TRUE(judgement.holds) << claim.text << ": " << judgement.observed << ", expected " << judgement.expected;
  }
  // Where it is stopped there is nothing to show.
  laboratory.pulse = [](std::size_t, std::size_t) { return false; };
  EXPECT_FALSE(procedure_of(result.experiment).run(result.experiment, laboratory).has_value());
  return result;
}

}  // namespace equipoise::test_procedure
