// From keys to an experiment.
//
// Tested in tests/cli/reproduce_refused.py
#include "equipoise/store/experiment_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <system_error>

#include "equipoise/core/error.hpp"
#include "equipoise/io/bytes.hpp"
#include "equipoise/io/toml.hpp"

namespace equipoise {
namespace {

constexpr std::uint64_t longest_experiment = std::uint64_t{1} << 20;

Complain complain_in(const TomlTable& table) {
  return [table](std::string_view key, std::string_view message) { table.fail(key, message); };
}

bool holds_texts(const TomlTable& table, const std::string& key) {
  try {
    (void)table.texts(key, "texts");
    return true;
  } catch (const Error&) {
    return false;
  }
}

ExperimentSettings::Value setting(const TomlTable& table, const std::string& key) {
  constexpr std::string_view what = "a number, a text in quotes, or a list of one of these";
  switch (table.kind(key)) {
    case TomlTable::Kind::text:
      return table.text(key, what);
    case TomlTable::Kind::whole:
    case TomlTable::Kind::number:
      return table.number(key, what);
    case TomlTable::Kind::array:
      if (holds_texts(table, key)) return table.texts(key, what);
      return table.numbers(key, "a list of numbers, or of texts in quotes");
    default:
      break;
  }
  table.fail(key, fmt::format("{} should be {}", key, what));
}

// "> 2" is a condition on numbers; any other text is itself.
Claim::Condition condition(const TomlTable& table, const std::string& key) {
  Claim::Condition result{key, Relation::equal, {}};
  switch (table.kind(key)) {
    case TomlTable::Kind::whole:
    case TomlTable::Kind::number:
      result.values.emplace_back(table.number(key, "a number"));
      break;
    case TomlTable::Kind::text: {
      const std::string text = table.text(key, "a text");
      const std::size_t space = text.find(' ');
      const std::optional<Relation> relation = relation_from(std::string_view(text).substr(0, space));
      if (!relation) {
        result.values.emplace_back(text);
        break;
      }
      const std::optional<double> number =
          space == std::string::npos ? std::nullopt : number_from(std::string_view(text).substr(space + 1));
      if (!number) table.fail(key, fmt::format("{} is no condition; write it like \"> 2\"", in_quotes(text)));
      result.relation = *relation;
      result.values.emplace_back(*number);
      break;
    }
    case TomlTable::Kind::array:
      if (holds_texts(table, key)) {
        for (std::string& each : table.texts(key, "a list of texts")) result.values.emplace_back(std::move(each));
      } else {
        for (const double each : table.numbers(key, "a list of numbers, or of texts in quotes"))
          result.values.emplace_back(each);
      }
      if (result.values.empty())
        table.fail(key, fmt::format("{} is an empty list; it should hold what is selected", key));
      break;
    default:
      table.fail(key,
                 fmt::format("{} should be a value of that column, a list of some, or a condition like \"> 2\"", key));
  }
  return result;
}

template <class Value>
Value one_of(const TomlTable& table, std::string_view key, const std::optional<Value>& found, std::string_view words) {
  if (!found) table.fail(key, fmt::format("{} should be one of {}", key, words));
  return *found;
}

Basis basis_of(const TomlTable& table) {
  const std::string word = table.text("basis", "proved, paper or seen");
  if (word == "proved") return Basis::proved;
  if (word == "paper") return Basis::paper;
  if (word == "seen") return Basis::seen;
  table.fail("basis", fmt::format("basis is {}; it should be \"proved\", \"paper\" or \"seen\"", in_quotes(word)));
}

Claim read_claim(const TomlTable& table) {
  table.allow({"text", "basis", "statement", "table", "where", "measure", "quantifier", "relation", "bound",
               "tolerance", "at_least", "at_most", "against", "figure"});
  Claim claim;
  claim.complain = complain_in(table);
  claim.text = table.text("text", "what is claimed, in words");
  claim.basis = basis_of(table);
  if (table.has("statement")) claim.statement = table.text("statement", "the id of a statement of docs/theory.md");
  if (claim.basis == Basis::proved && claim.statement.empty())
    table.fail("basis", "what is proved needs its statement, the id in docs/theory.md");
  if (table.has("table")) claim.table = table.text("table", "the table that is looked at");
  if (table.has("where")) {
    const TomlTable where = table.table("where", "a table of columns and values");
    for (const std::string& key : where.keys()) claim.where.push_back(condition(where, key));
  }
  claim.measure = table.text("measure", "the column that is measured");
  claim.quantifier = one_of(table, "quantifier", quantifier_from(table.text("quantifier", "a quantifier")),
                            "every, share, median, lowest, highest, spread, slope");
  claim.relation = one_of(table, "relation", relation_from(table.text("relation", "a relation")), "<=, >=, <, >, =");
  constexpr std::string_view bound = "a number, the column of a bound, or a word";
  if (table.has("bound") && table.kind("bound") == TomlTable::Kind::text) {
    claim.bound = table.text("bound", bound);
  } else {
    claim.bound = table.number("bound", bound);
    if (!std::isfinite(std::get<double>(claim.bound))) table.fail("bound", "the bound should be a finite number");
  }
  if (table.has("tolerance")) {
    claim.tolerance = table.number("tolerance", "a number of at least 0");
    if (!(claim.tolerance >= 0) || !std::isfinite(claim.tolerance))
      table.fail("tolerance", "tolerance should be a number of at least 0");
    if (claim.relation == Relation::above || claim.relation == Relation::below)
      table.fail("tolerance", "a strict relation has no tolerance");
  }
  if (claim.quantifier == Quantifier::share) {
    if (table.has("at_least") == table.has("at_most"))
      table.fail("quantifier", "a share needs one of at_least and at_most, a number from 0 to 1");
    claim.share_at_most = table.has("at_most");
    const std::string_view key = claim.share_at_most ? "at_most" : "at_least";
    claim.share = table.number(key, "a number from 0 to 1");
    if (!(claim.share >= 0) || !(claim.share <= 1))
      table.fail(key, fmt::format("{} should be a number from 0 to 1", key));
  } else {
    for (const char* key : {"at_least", "at_most"}) {
      if (table.has(key)) table.fail(key, fmt::format("{} belongs to the quantifier \"share\"", key));
    }
  }
  if (claim.quantifier == Quantifier::slope) {
    claim.against = table.text("against", "the column on the other axis");
  } else if (table.has("against")) {
    table.fail("against", "against belongs to the quantifier \"slope\"");
  }
  if (table.has("figure")) claim.figure = table.text("figure", "the id of a figure");
  return claim;
}

bool has_experiments(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") return true;
  }
  return false;
}

}  // namespace

Experiment read_experiment(const Document& document, bool quick) {
  const TomlTable file = TomlTable::parse(document);
  file.allow({"title", "order", "question", "paper", "reading", "procedure", "settings", "quick", "claim"});
  Experiment experiment;
  experiment.name = std::filesystem::path(document.name).stem().string();
  experiment.title = file.text("title", "a title");
  if (file.has("order")) experiment.order = file.number("order", "a number, by which experiments are sorted");
  experiment.question = file.text("question", "the question that the experiment answers");
  if (file.has("paper")) experiment.paper = file.text("paper", "what the paper says of it");
  if (file.has("reading")) experiment.reading = file.text("reading", "how to read the figures");
  experiment.procedure = file.text("procedure", "the name of a procedure");

  const TomlTable settings = file.table("settings", "a table of what the procedure is told");
  experiment.settings = ExperimentSettings([file, settings](std::string_view key, std::string_view message) {
    (key == "procedure" ? file : settings).fail(key, message);
  });
  for (const std::string& key : settings.keys())
    experiment.settings.set(key, setting(settings, key), complain_in(settings));
  if (file.has("quick")) {
    const TomlTable replaced = file.table("quick", "a table of settings for a quick look");
    replaced.allow(settings.keys());
    for (const std::string& key : replaced.keys()) {
      ExperimentSettings::Value value = setting(replaced, key);
      if (quick) experiment.settings.set(key, std::move(value), complain_in(replaced));
    }
  }
  if (file.has("claim")) {
    for (const TomlTable& each : file.tables("claim", "a list of claims, each under [[claim]]"))
      experiment.claims.push_back(read_claim(each));
  }
  if (experiment.claims.empty()) file.fail("", "the experiment has no [[claim]], so nothing could fail");
  return experiment;
}

Experiment load_experiment(const std::filesystem::path& path, bool quick) {
  const std::string text = read_file(path, longest_experiment);
  const std::string shown = path.string();
  return read_experiment({text, shown}, quick);
}

std::filesystem::path experiments_folder() {
  std::error_code error;
  const std::filesystem::path command = std::filesystem::read_symlink("/proc/self/exe", error);
  std::vector<std::string> looked;
  if (!error) {
    const std::filesystem::path folder = command.parent_path();
    for (const char* place : {"../share/equipoise/experiments", "../../experiments", "../../../experiments"}) {
      const std::filesystem::path candidate = (folder / place).lexically_normal();
      if (has_experiments(candidate)) return candidate;
      looked.push_back(candidate.string());
    }
  }
  throw Error(fmt::format("no experiments found in {}; name their folder with --experiments", fmt::join(looked, ", ")));
}

std::vector<std::filesystem::path> experiment_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  if (files.empty())
    throw Error(
        fmt::format("{}: no experiments (.toml) there{}", folder.string(), error ? ": " + error.message() : ""));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace equipoise
