// An experiment as data: its question, what its procedure is told, and the claims that its tables must bear out.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "equipoise/page/page.hpp"

namespace equipoise {

/// Throws Error with the place of `key` in the file that it came from.
using Complain = std::function<void(std::string_view key, std::string_view message)>;

/// A learning rate as an experiment writes it: "3.5/L", "7/7 h0" with h0 = 4/(|X|^2 + |Y|^2 + 8 sigma_1) at the start,
/// or "0.05".
struct RelativeRate {
  enum class Unit { absolute, over_L, h0 };
  std::string text;
  double multiple = 0;
  Unit unit = Unit::absolute;

  /// The rate for a start with sharpness L and S = |X|_F^2 + |Y|_F^2.
  double value(double L, double S, double sigma1) const;
};
/// Empty where the text is none, or its number is not positive and finite.
std::optional<RelativeRate> relative_rate_from(std::string_view text);

/// |X|_F and |Y|_F of a start, written "9,1".
struct StartNorms {
  std::string text;
  double x = 0, y = 0;
};

/// What a procedure is told, by key. Each question throws Error, in one line with its place, where the key is missing
/// or its value does not fit; finish() does so for a key that nobody has asked for.
class ExperimentSettings {
 public:
  using Value = std::variant<double, std::string, std::vector<double>, std::vector<std::string>>;

  ExperimentSettings() = default;
  explicit ExperimentSettings(Complain complain) : complain_(std::move(complain)) {}

  /// Replaces the value of a key that is there.
  void set(std::string key, Value value, Complain complain);
  bool has(std::string_view key) const;

  double number(std::string_view key, double lowest, double highest) const;
  std::uint64_t whole(std::string_view key, std::uint64_t lowest, std::uint64_t highest) const;
  std::vector<double> numbers(std::string_view key, double lowest, double highest) const;
  std::vector<std::uint64_t> wholes(std::string_view key, std::uint64_t lowest, std::uint64_t highest) const;
  std::string text(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;  ///< at least one
  std::vector<StartNorms> norms(std::string_view key) const;
  std::vector<RelativeRate> rates(std::string_view key) const;
  /// One of `words`.
  std::string one_of(std::string_view key, const std::vector<std::string>& words) const;
  /// Throws Error unless each of these lists, with their lengths, is as long as that of `key`.
  void require_one_each(std::string_view key, std::size_t length,
                        std::initializer_list<std::pair<std::string_view, std::size_t>> lists) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view message) const;
  void finish() const;

  /// Every setting as text, in the order of the file.
  std::vector<std::pair<std::string, std::string>> as_text() const;

 private:
  struct Entry {
    std::string key;
    Value value;
    Complain complain;
  };
  const Entry& entry(std::string_view key, std::string_view what) const;

  std::vector<Entry> entries_;
  Complain complain_;
  mutable std::set<std::string, std::less<>> asked_;
};

enum class Relation { at_most, at_least, below, above, equal };
std::string_view sign(Relation relation);                      ///< "≤"
std::optional<Relation> relation_from(std::string_view sign);  ///< "<=", ">=", "<", ">", "="

/// What must be true of the measures of the rows that a claim selects.
enum class Quantifier {
  every,  ///< each row bears the relation
  share,  ///< the fraction of rows that bear it is at least, or at most, `share`
  median,
  lowest,
  highest,  ///< this number of the measures bears it
  spread,   ///< the 90 % quantile over the 10 % quantile bears it
  slope     ///< d log measure / d log `against`, by least squares, bears it
};
std::optional<Quantifier> quantifier_from(std::string_view word);

/// Where a claim comes from: a theorem, the paper's experiments, or what was seen here.
enum class Basis { proved, paper, seen };
std::string_view name(Basis basis);

/// One claim: `quantifier` rows of `table` that meet `where` have `measure` `relation` `bound`.
struct Claim {
  struct Condition {
    std::string column;
    Relation relation = Relation::equal;
    std::vector<std::variant<double, std::string>> values;  ///< equal: one of them; otherwise one number
  };
  std::string text;
  Basis basis = Basis::seen;
  std::string statement;  ///< of docs/theory.md, where proved
  std::string table = "runs";
  std::vector<Condition> where;
  std::string measure;
  Quantifier quantifier = Quantifier::every;
  Relation relation = Relation::at_most;
  std::variant<double, std::string> bound;  ///< a number, a column of the table, or a word such as "converged"
  /// "=": how far from the bound is still equal, in units of the measure. Otherwise what rounding may add, relative to
  /// the bound.
  double tolerance = 0;
  double share = 1;
  bool share_at_most = false;
  std::string against;  ///< slope: the other column
  std::string figure;   ///< the id of the figure that shows it
  Complain complain;
};

struct Experiment {
  std::string name;  ///< of the file without its ending
  std::string title;
  double order = 0;  ///< of all experiments together
  std::string question;
  std::string paper;    ///< what the paper says of it
  std::string reading;  ///< how to read the figures
  std::string procedure;
  ExperimentSettings settings;
  std::vector<Claim> claims;
};

/// What was measured, a row a run. Claims refer to columns by their keys.
struct ResultTable {
  using Cell = std::variant<double, std::string>;
  struct Column {
    enum class Kind {
      label,  ///< says which run it is
      measure,
      bound  ///< what a theorem says of a measure
    };
    std::string key;
    std::string words;  ///< for people: "|x - y|² at the end"
    Kind kind = Kind::measure;
  };
  std::string id;
  std::string rows_are = "runs";  ///< what one row is, in the plural
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;

  std::optional<std::size_t> column(std::string_view key) const;
};

/// Header and rows; numbers read back exactly, one that is not finite is an empty cell.
std::string table_csv(const ResultTable& table);

struct Results {
  std::vector<ResultTable> tables;
  std::vector<Page::Block> blocks;  ///< figures and tables in reading order
};

struct Judgement {
  std::string expected, observed;
  bool holds = false;
  std::size_t rows = 0;  ///< that were judged
  double value = 0;      ///< the number that was compared, or the share of rows; NaN where there is none
};

/// Throws Error, with the place in the file, for a claim that makes no sense: an unknown table, column or bound, words
/// where numbers are needed, or no row at all.
Judgement judge(const Claim& claim, const std::vector<ResultTable>& tables);

/// The quantile q in [0, 1] of the values that are finite, linear between neighbours as in NumPy; NaN where there is
/// none.
double quantile(std::vector<double> values, double q);

}  // namespace equipoise
