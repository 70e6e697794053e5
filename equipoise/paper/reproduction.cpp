// The page of the experiments and the files beside it.
//
// Tested in tests/cli/reproduce.py
#include "equipoise/paper/reproduction.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <set>

#include "equipoise/core/error.hpp"
#include "equipoise/page/json-inl.hpp"

namespace equipoise {
namespace {

std::string basis_words(const Claim& claim) {
  if (claim.statement.empty()) return std::string(name(claim.basis));
  return fmt::format("{}: {}", name(claim.basis), claim.statement);
}

Page::Claims claims_block(const Reproduced& each) {
  Page::Claims block;
  for (std::size_t i = 0; i < each.experiment.claims.size(); ++i) {
    const Claim& claim = each.experiment.claims[i];
    const Judgement& judgement = each.judgements[i];
    Page::Claim shown;
    shown.claim = fmt::format("{} ({})", claim.text, basis_words(claim));
    shown.expected = judgement.expected;
    shown.observed = judgement.observed;
    shown.verdict = judgement.holds ? Page::Verdict::holds : Page::Verdict::fails;
    shown.figure = claim.figure;
    block.claims.push_back(std::move(shown));
  }
  return block;
}

template <class Visit>
void for_each_figure(const Results& results, Visit&& visit) {
  for (const Page::Block& block : results.blocks) {
    if (const auto* figures = std::get_if<Page::Figures>(&block)) {
      for (const Figure& figure : figures->figures) visit(figure);
    }
  }
}

std::string figure_path(const Reproduced& each, const Figure& figure) {
  return fmt::format("{}/{}.csv", each.experiment.name, figure.id);
}
std::string table_path(const Reproduced& each, const ResultTable& table) {
  return fmt::format("{}/{}.csv", each.experiment.name, table.id);
}

Page::Section section_of(const Reproduced& each) {
  Page::Section section{each.experiment.name, each.experiment.title, {}};
  Page::Prose prose{{each.experiment.question}};
  if (!each.experiment.paper.empty()) prose.paragraphs.push_back("The paper: " + each.experiment.paper);
  if (!each.experiment.reading.empty()) prose.paragraphs.push_back(each.experiment.reading);
  section.blocks.emplace_back(std::move(prose));
  section.blocks.emplace_back(claims_block(each));
  for (const Page::Block& block : each.results.blocks) {
    section.blocks.push_back(block);
    if (auto* figures = std::get_if<Page::Figures>(&section.blocks.back())) {
      for (Figure& figure : figures->figures) figure.csv = figure_path(each, figure);
    }
  }
  Page::Table settings{"Settings of this experiment", {"setting", "value"}, {}};
  for (const auto& [key, value] : each.experiment.settings.as_text()) settings.rows.push_back({key, value});
  section.blocks.emplace_back(std::move(settings));
  Page::Table files{"Every run as data", {"table", "a row is", "rows", "columns"}, {}};
  for (const ResultTable& table : each.results.tables) {
    std::string columns;
    for (const ResultTable::Column& column : table.columns) columns += (columns.empty() ? "" : ", ") + column.key;
    files.rows.push_back(
        {table_path(each, table), "one of the " + table.rows_are, fmt::format("{}", table.rows.size()), columns});
  }
  section.blocks.emplace_back(std::move(files));
  return section;
}

Page::Table overview(const std::vector<Reproduced>& all) {
  Page::Table table{"The experiments", {"experiment", "claims that hold", "seconds"}, {}};
  for (const Reproduced& each : all) {
    table.rows.push_back({each.experiment.title, fmt::format("{} of {}", each.holding(), each.judgements.size()),
                          fmt::format("{:.1f}", each.seconds)});
  }
  return table;
}

}  // namespace

std::size_t Reproduced::holding() const {
  std::size_t count = 0;
  for (const Judgement& judgement : judgements) count += judgement.holds ? 1 : 0;
  return count;
}

std::optional<Reproduced> reproduce(Experiment experiment, const Laboratory& laboratory) {
  const auto began = std::chrono::steady_clock::now();
  std::optional<Results> results = procedure_of(experiment).run(experiment, laboratory);
  if (!results) return std::nullopt;
  Reproduced reproduced;
  std::set<std::string> ids;
  for_each_figure(*results, [&](const Figure& figure) { ids.insert(figure.id); });
  for (const Claim& claim : experiment.claims) {
    if (!claim.figure.empty() && !ids.contains(claim.figure)) {
      std::string known;
      for (const std::string& id : ids) known += (known.empty() ? "" : ", ") + id;
      const std::string message = fmt::format("there is no figure '{}'; there are {}", claim.figure, known);
      if (claim.complain) claim.complain("figure", message);
      throw Error(message);
    }
    reproduced.judgements.push_back(judge(claim, results->tables));
  }
  reproduced.experiment = std::move(experiment);
  reproduced.results = std::move(*results);
  reproduced.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return reproduced;
}

std::string reproduction_html(const std::vector<Reproduced>& all, std::string_view about, std::string_view version) {
  std::size_t claims = 0, holding = 0;
  for (const Reproduced& each : all) claims += each.judgements.size(), holding += each.holding();
  Page page;
  page.title = "Large learning rates: the experiments of the paper, reproduced";
  page.about = std::string(about);
  page.lead = fmt::format("{} of {} claims hold.", holding, claims);
  page.contents = true;
  page.version = std::string(version);
  Page::Section opening{"", "", {}};
  opening.blocks.emplace_back(
      Page::Prose{{"Gradient descent with a constant rate h on f(X, Y) = ½|A − XYᵀ|²_F, from factors of very different "
                   "norms. L is the sharpness (largest Hessian eigenvalue) at the start; "
                   "the classical theory asks for h < 2/L. The paper (Wang, Chen, Zhao, Tao: Large Learning Rate Tames "
                   "Homogeneity: Convergence and Balancing Effect, ICLR 2022, "
                   "arXiv 2110.03677) shows that descent still converges up to about 4/L, and that the factors then "
                   "end with similar norms. Mind the ½: papers without it have half of our rates.",
                   "Each claim says on what it stands: a theorem of docs/theory.md, proved there; the experiments of "
                   "the paper; or what was first seen here. Only the first kind must hold for "
                   "every run, and then for almost every start, since exceptional starts exist. What was seen holds "
                   "for the matrices, starts and seeds named beside it and is no more than that."}});
  opening.blocks.emplace_back(overview(all));
  page.sections.push_back(std::move(opening));
  for (const Reproduced& each : all) page.sections.push_back(section_of(each));
  return page_html(page);
}

std::vector<std::pair<std::string, std::string>> reproduction_files(const Reproduced& reproduced) {
  std::vector<std::pair<std::string, std::string>> files;
  for_each_figure(reproduced.results, [&](const Figure& figure) {
    files.emplace_back(figure_path(reproduced, figure), figure_csv(figure));
  });
  for (const ResultTable& table : reproduced.results.tables)
    files.emplace_back(table_path(reproduced, table), table_csv(table));
  return files;
}

std::string claims_json(const std::vector<Reproduced>& all, bool quick, std::string_view version) {
  Json experiments = Json::array();
  bool every = true;
  for (const Reproduced& each : all) {
    Json settings = Json::object(), claims = Json::array(), tables = Json::array(), figures = Json::array();
    for (const auto& [key, value] : each.experiment.settings.as_text()) settings[key] = value;
    for (std::size_t i = 0; i < each.judgements.size(); ++i) {
      const Claim& claim = each.experiment.claims[i];
      const Judgement& judgement = each.judgements[i];
      every = every && judgement.holds;
      claims.push_back(
          {{"text", claim.text},
           {"basis", claim.basis == Basis::proved ? "proved" : (claim.basis == Basis::paper ? "paper" : "seen")},
           {"statement", claim.statement.empty() ? Json(nullptr) : Json(claim.statement)},
           {"table", claim.table},
           {"measure", claim.measure},
           {"rows", judgement.rows},
           {"expected", judgement.expected},
           {"observed", judgement.observed},
           {"value", number_or_null(judgement.value)},
           {"holds", judgement.holds}});
    }
    for (const ResultTable& table : each.results.tables) tables.push_back(table_path(each, table));
    for_each_figure(each.results, [&](const Figure& figure) { figures.push_back(figure_path(each, figure)); });
    experiments.push_back({{"name", each.experiment.name},
                           {"title", each.experiment.title},
                           {"procedure", each.experiment.procedure},
                           {"settings", settings},
                           {"tables", tables},
                           {"figures", figures},
                           {"seconds", number_or_null(each.seconds)},
                           {"claims", claims}});
  }
  const Json result = {{"equipoise", version}, {"quick", quick}, {"holds", every}, {"experiments", experiments}};
  return result.dump(2) + "\n";
}

}  // namespace equipoise
