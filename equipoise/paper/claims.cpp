// Judging the claims of an experiment by its tables.
//
// Tested in equipoise/paper/experiment_test.cpp
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/atlas/fractions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/paper/experiment.hpp"

namespace equipoise {

// ---- words

std::string_view sign(Relation relation) {
  switch (relation) {
    case Relation::at_most:
      return "≤";
    case Relation::at_least:
      return "≥";
    case Relation::below:
      return "<";
    case Relation::above:
      return ">";
    case Relation::equal:
      break;
  }
  return "=";
}

std::optional<Relation> relation_from(std::string_view text) {
  if (text == "<=") return Relation::at_most;
  if (text == ">=") return Relation::at_least;
  if (text == "<") return Relation::below;
  if (text == ">") return Relation::above;
  if (text == "=") return Relation::equal;
  return std::nullopt;
}

std::optional<Quantifier> quantifier_from(std::string_view word) {
  if (word == "every") return Quantifier::every;
  if (word == "share") return Quantifier::share;
  if (word == "median") return Quantifier::median;
  if (word == "lowest") return Quantifier::lowest;
  if (word == "highest") return Quantifier::highest;
  if (word == "spread") return Quantifier::spread;
  if (word == "slope") return Quantifier::slope;
  return std::nullopt;
}

std::string_view name(Basis basis) {
  switch (basis) {
    case Basis::proved:
      return "proved";
    case Basis::paper:
      return "the paper's experiments";
    case Basis::seen:
      break;
  }
  return "seen here";
}

// ---- tables

std::optional<std::size_t> ResultTable::column(std::string_view key) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].key == key) return i;
  }
  return std::nullopt;
}

std::string table_csv(const ResultTable& table) {
  const auto quoted = [](const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string result = "\"";
    for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + '"';
  };
  std::string text;
  for (std::size_t i = 0; i < table.columns.size(); ++i) text += (i > 0 ? "," : "") + quoted(table.columns[i].key);
  text += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      if (const auto* word = std::get_if<std::string>(&row[i])) {
        text += quoted(*word);
      } else if (const double value = std::get<double>(row[i]); std::isfinite(value)) {
        text += fmt::format("{}", value);
      }
    }
    text += '\n';
  }
  return text;
}

double quantile(std::vector<double> values, double q) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return nan;
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

// ---- claims

namespace {

std::string cell_text(const ResultTable::Cell& cell) {
  if (const auto* word = std::get_if<std::string>(&cell)) return *word;
  const double value = std::get<double>(cell);
  return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{:.0f}", value) : readable(value);
}

class Judge {
 public:
  Judge(const Claim& claim, const std::vector<ResultTable>& tables) : claim_(claim), table_(find_table(tables)) {
    measure_ = find_column("measure", claim.measure);
    select_rows();
    find_bound();
  }

  Judgement judge() const {
    switch (claim_.quantifier) {
      case Quantifier::every:
        return judge_every();
      case Quantifier::share:
        return judge_share();
      default:
        return judge_number();
    }
  }

 private:
  [[noreturn]] void refuse(std::string_view key, const std::string& message) const {
    if (claim_.complain) claim_.complain(key, message);
    throw Error(message);
  }

  const ResultTable& find_table(const std::vector<ResultTable>& tables) const {
    std::vector<std::string> known;
    for (const ResultTable& table : tables) {
      if (table.id == claim_.table) return table;
      known.push_back(table.id);
    }
    refuse("table",
           fmt::format("there is no table '{}'; this procedure makes {}", claim_.table, fmt::join(known, ", ")));
  }

  std::size_t find_column(std::string_view key, const std::string& name) const {
    if (const std::optional<std::size_t> found = table_.column(name)) return *found;
    std::vector<std::string> known;
    for (const ResultTable::Column& column : table_.columns) known.push_back(column.key);
    refuse(key, fmt::format("the table '{}' has no column '{}'; it has {}", table_.id, name, fmt::join(known, ", ")));
  }

  bool meets(const std::vector<ResultTable::Cell>& row, const Claim::Condition& condition, std::size_t column) const {
    const ResultTable::Cell& cell = row[column];
    return std::any_of(condition.values.begin(), condition.values.end(), [&](const auto& wanted) {
      if (cell.index() != wanted.index()) {
        refuse("where", fmt::format("the column '{}' holds {}", condition.column,
                                    cell.index() == 0 ? "numbers" : "texts; write the value in quotes"));
      }
      if (const auto* word = std::get_if<std::string>(&wanted)) {
        if (condition.relation != Relation::equal)
          refuse("where", fmt::format("texts such as those of '{}' have no order", condition.column));
        return std::get<std::string>(cell) == *word;
      }
      return compare(std::get<double>(cell), condition.relation, std::get<double>(wanted), 0);
    });
  }

  void select_rows() {
    std::vector<std::size_t> columns;
    for (const Claim::Condition& condition : claim_.where) columns.push_back(find_column("where", condition.column));
    for (const auto& row : table_.rows) {
      bool all = true;
      for (std::size_t i = 0; all && i < columns.size(); ++i) all = meets(row, claim_.where[i], columns[i]);
      if (all) selected_.push_back(&row);
    }
    if (selected_.empty())
      refuse("where", fmt::format("no row of '{}' is selected, so there is nothing to judge", table_.id));
  }

  void find_bound() {
    if (const auto* word = std::get_if<std::string>(&claim_.bound)) {
      const bool words = std::holds_alternative<std::string>((*selected_.front())[measure_]);
      if (words) {
        if (claim_.relation != Relation::equal)
          refuse("relation", fmt::format("'{}' is a word, so the relation should be \"=\"", claim_.measure));
        if (claim_.quantifier != Quantifier::every && claim_.quantifier != Quantifier::share) {
          refuse("quantifier",
                 fmt::format("'{}' is a word, so the quantifier should be \"every\" or \"share\"", claim_.measure));
        }
      } else {
        bound_ = find_column("bound", *word);
        if (std::holds_alternative<std::string>((*selected_.front())[*bound_]))
          refuse("bound", fmt::format("the column '{}' holds words", *word));
      }
    } else if (std::holds_alternative<std::string>((*selected_.front())[measure_])) {
      refuse("bound", fmt::format("'{}' is a word, so the bound should be one in quotes", claim_.measure));
    }
    if (bound_ && claim_.quantifier != Quantifier::every && claim_.quantifier != Quantifier::share) {
      refuse("bound", "a bound that differs from row to row needs the quantifier \"every\" or \"share\"");
    }
  }

  static bool compare(double value, Relation relation, double bound, double tolerance) {
    switch (relation) {
      case Relation::at_most:
        return value <= bound + tolerance * std::abs(bound);
      case Relation::at_least:
        return value >= bound - tolerance * std::abs(bound);
      case Relation::below:
        return value < bound;
      case Relation::above:
        return value > bound;
      case Relation::equal:
        break;
    }
    return std::abs(value - bound) <= tolerance;
  }

  double bound_of(const std::vector<ResultTable::Cell>& row) const {
    return bound_ ? std::get<double>(row[*bound_]) : std::get<double>(claim_.bound);
  }
  bool is_word() const { return std::holds_alternative<std::string>((*selected_.front())[measure_]); }
  bool bears(const std::vector<ResultTable::Cell>& row) const {
    if (is_word()) return std::get<std::string>(row[measure_]) == std::get<std::string>(claim_.bound);
    return compare(std::get<double>(row[measure_]), claim_.relation, bound_of(row), claim_.tolerance);
  }

  std::string bound_words() const {
    if (const auto* word = std::get_if<std::string>(&claim_.bound))
      return bound_ ? table_.columns[*bound_].words : *word;
    return readable(std::get<double>(claim_.bound), 6);
  }
  std::string relation_words() const {
    std::string words = fmt::format("{} {} {}", table_.columns[measure_].words, sign(claim_.relation), bound_words());
    if (claim_.relation == Relation::equal && claim_.tolerance > 0)
      words += fmt::format(" ± {}", readable(claim_.tolerance, 3));
    return words;
  }
  std::string which(const std::vector<ResultTable::Cell>& row) const {
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      if (table_.columns[i].kind != ResultTable::Column::Kind::label) continue;
      const bool number = std::holds_alternative<double>(row[i]);
      labels.push_back(number ? fmt::format("{} {}", table_.columns[i].words, cell_text(row[i])) : cell_text(row[i]));
    }
    return fmt::format("{}", fmt::join(labels, ", "));
  }

  // How near a row comes to breaking the claim; larger is nearer.
  double closeness(const std::vector<ResultTable::Cell>& row) const {
    const double value = std::get<double>(row[measure_]), bound = bound_of(row);
    if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
    const double scale = bound != 0 ? std::abs(bound) : 1;
    switch (claim_.relation) {
      case Relation::at_most:
      case Relation::below:
        return (value - bound) / scale;
      case Relation::at_least:
      case Relation::above:
        return (bound - value) / scale;
      case Relation::equal:
        break;
    }
    return std::abs(value - bound);
  }

  Judgement counted() const {
    Judgement result;
    result.rows = selected_.size();
    const auto count = static_cast<std::size_t>(
        std::count_if(selected_.begin(), selected_.end(), [&](const auto* row) { return bears(*row); }));
    result.value = static_cast<double>(count) / static_cast<double>(selected_.size());
    result.holds = count == selected_.size();
    result.observed = fmt::format("{} of {} {}", count, selected_.size(), table_.rows_are);
    return result;
  }

  Judgement judge_every() const {
    Judgement result = counted();
    result.expected = fmt::format("{}, in every one", relation_words());
    if (is_word()) {
      for (const auto* row : selected_) {
        if (bears(*row)) continue;
        result.observed += fmt::format("; not {}: it is {}", which(*row), cell_text((*row)[measure_]));
        break;
      }
      return result;
    }
    const auto* nearest = *std::max_element(selected_.begin(), selected_.end(), [&](const auto* a, const auto* b) {
      return closeness(*a) < closeness(*b);
    });
    result.observed += fmt::format(
        "; {} {}{} ({})", result.holds ? "nearest" : "worst", readable(std::get<double>((*nearest)[measure_]), 6),
        bound_ ? fmt::format(" against {}", readable(bound_of(*nearest), 6)) : "", which(*nearest));
    return result;
  }

  Judgement judge_share() const {
    Judgement result = counted();
    const Share interval = wilson_interval(
        static_cast<std::uint64_t>(std::llround(result.value * static_cast<double>(result.rows))), result.rows);
    result.expected = fmt::format("{}, in {} {:.4g} % of them", relation_words(),
                                  claim_.share_at_most ? "at most" : "at least", 100 * claim_.share);
    result.observed += fmt::format(", {:.1f} % (95 % interval {:.1f} to {:.1f} %)", 100 * result.value,
                                   100 * interval.low, 100 * interval.high);
    result.holds = claim_.share_at_most ? result.value <= claim_.share : result.value >= claim_.share;
    return result;
  }

  // Least squares through the logarithms of the rows where both are positive.
  double slope() const {
    const std::size_t against = find_column("against", claim_.against);
    double n = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    for (const auto* row : selected_) {
      const auto* x = std::get_if<double>(&(*row)[against]);
      if (x == nullptr) refuse("against", fmt::format("the column '{}' holds words", claim_.against));
      const double y = std::get<double>((*row)[measure_]);
      if (!(*x > 0) || !(y > 0) || !std::isfinite(y)) continue;
      const double log_x = std::log(*x), log_y = std::log(y);
      n += 1, sum_x += log_x, sum_y += log_y, sum_xx += log_x * log_x, sum_xy += log_x * log_y;
    }
    const double spread = n * sum_xx - sum_x * sum_x;
    return spread > 0 ? (n * sum_xy - sum_x * sum_y) / spread : nan;
  }

  Judgement judge_number() const {
    std::vector<double> values;
    for (const auto* row : selected_) values.push_back(std::get<double>((*row)[measure_]));
    const bool all_finite =
        std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
    Judgement result;
    result.rows = selected_.size();
    std::string what;
    switch (claim_.quantifier) {
      case Quantifier::median:
        what = "the median of ", result.value = quantile(values, 0.5);
        break;
      case Quantifier::lowest:
        what = "the lowest ", result.value = quantile(values, 0);
        break;
      case Quantifier::highest:
        what = "the highest ", result.value = quantile(values, 1);
        break;
      case Quantifier::spread:
        what = "the 90 % over the 10 % quantile of ";
        result.value = quantile(values, 0.9) / quantile(values, 0.1);
        break;
      default:
        what = fmt::format("the logarithmic slope against {} of ",
                           table_.columns[find_column("against", claim_.against)].words),
        result.value = slope();
    }
    // A median of what is known would hide runs that have no number at all.
    result.holds =
        all_finite && compare(result.value, claim_.relation, std::get<double>(claim_.bound), claim_.tolerance);
    result.expected = what + relation_words();
    result.observed = fmt::format("{}, from {} {}", readable(result.value, 6), selected_.size(), table_.rows_are);
    if (!all_finite) result.observed += ", some of which have no such number";
    return result;
  }

  const Claim& claim_;
  const ResultTable& table_;
  std::size_t measure_ = 0;
  std::optional<std::size_t> bound_;
  std::vector<const std::vector<ResultTable::Cell>*> selected_;
};

}  // namespace

Judgement judge(const Claim& claim, const std::vector<ResultTable>& tables) { return Judge(claim, tables).judge(); }

}  // namespace equipoise
