// Rows of the table, and the words of each setting as values.
#include "equipoise/io/load_settings.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {
namespace {

std::vector<Setting> rows() {
  using Kind = Setting::Kind;
  const auto word = [](const char* key, std::vector<std::string> words, const char* standard, const char* help) {
    return Setting{key, "", Kind::word, 0, 0, std::move(words), standard, help};
  };
  const auto text = [](const char* key, const char* standard, const char* help) {
    return Setting{key, "", Kind::text, 0, 0, {}, standard, help};
  };
  return {
      word("missing", {"zero", "unknown"}, "zero", "what absent entries are: zero (default) or unknown"),
      word("format", {"mtx", "npy", "npz", "csv", "tsv"}, "", "input format, if the file name has no such extension"),
      word("triplets", {"yes", "no"}, "no", "csv and tsv hold rows of: row, column, value"),
      text("separator", "",
           "between the cells of a table: a comma in csv and a tab in tsv (default); any text, or space"),
      text("decimal", ".", "decimal mark of numbers in csv and tsv: . (default) or ,"),
      word("header", {"auto", "yes", "no"}, "auto",
           "whether the first line of csv and tsv names the columns: auto (default), yes or no"),
      text("columns", "", "columns to read, by number or name: 2- or 1-3,5; of triplets user,item,rating"),
      text("missing_values", "",
           "words that stand for no value, such as -,none; the default list: NA, NaN, null, ?, ..."),
      word("index_base", {"1", "0", "labels"}, "1", "ids of triplets: numbers from 1 (default), from 0, or any labels"),
      word("duplicates", {"error", "sum", "mean", "last"}, "error",
           "an entry that the file holds twice: error (default), sum, mean or last"),
  };
}

char mark(std::string_view name, std::string_view text) {
  if (text != "." && text != ",") throw Error(fmt::format("{} {} is not known; write . or ,", name, in_quotes(text)));
  return text[0];
}

std::string separator_from(std::string_view name, std::string_view text) {
  for (const auto& [word, meant] : {std::pair{"comma", ","}, std::pair{"semicolon", ";"}, std::pair{"tab", "\t"},
                                    std::pair{"\\t", "\t"}, std::pair{"space", " "}}) {
    if (text == word) return meant;
  }
  if (text.empty() || text.find_first_of("\n\r\"") != std::string_view::npos) {
    throw Error(
        fmt::format("{} {} cannot separate cells; write a character such as ; or one of comma, semicolon, tab, "
                    "space",
                    name, in_quotes(text)));
  }
  return std::string(text);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    words.emplace_back(trimmed(text.substr(0, comma)));
    if (more) text.remove_prefix(comma + 1);
  }
  return words;
}

}  // namespace

std::span<const Setting> load_settings() {
  static const std::vector<Setting> table = rows();
  return table;
}

void set(LoadOptions& options, std::string_view key, std::string_view text) {
  const Setting& row = setting_in({load_settings()}, key);
  const std::string name = options.spelling(key);
  const std::string word = row.kind == Setting::Kind::word ? word_of(name, text, row.words) : std::string(text);
  if (key == "missing") {
    options.missing = word == "unknown" ? Missing::unknown : Missing::zero;
  } else if (key == "format") {
    options.format = word;
  } else if (key == "triplets") {
    options.triplets = word == "yes";
  } else if (key == "separator") {
    options.text.separator = separator_from(name, text);
  } else if (key == "decimal") {
    options.text.decimal = mark(name, text);
  } else if (key == "header") {
    options.text.header = word == "yes" ? Header::yes : word == "no" ? Header::no : Header::automatic;
  } else if (key == "columns") {
    options.text.columns = word;
  } else if (key == "missing_values") {
    options.text.missing_values = words_of(text);
  } else if (key == "index_base") {
    options.text.index_base = word == "0" ? IndexBase::zero : word == "labels" ? IndexBase::labels : IndexBase::one;
  } else {
    options.duplicates = word == "sum"    ? Duplicates::sum
                         : word == "mean" ? Duplicates::mean
                         : word == "last" ? Duplicates::last
                                          : Duplicates::error;
  }
}

}  // namespace equipoise
