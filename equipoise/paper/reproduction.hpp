// Experiments that were carried out, as a page with every figure and claim, and as the files beside it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "equipoise/paper/procedures/procedures.hpp"

namespace equipoise {

struct Reproduced {
  Experiment experiment;
  Results results;
  std::vector<Judgement> judgements;  ///< one a claim
  double seconds = 0;

  std::size_t holding() const;
};

/// Carries out an experiment and judges its claims. Nothing where it was stopped. Throws Error for settings and claims
/// that make no sense.
std::optional<Reproduced> reproduce(Experiment experiment, const Laboratory& laboratory);

/// report.html. `about` says how it came about: the budget, the seconds, the processor.
std::string reproduction_html(const std::vector<Reproduced>& all, std::string_view about, std::string_view version);

/// (path relative to the page, content) of every CSV: the data of each figure, and each table of results.
std::vector<std::pair<std::string, std::string>> reproduction_files(const Reproduced& reproduced);

/// claims.json: per experiment its settings and per claim what was expected and observed.
std::string claims_json(const std::vector<Reproduced>& all, bool quick, std::string_view version);

}  // namespace equipoise
