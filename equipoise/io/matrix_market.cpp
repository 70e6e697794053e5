// Matrix Market: the text format of sparse and dense matrices.
#include "equipoise/io/matrix_market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "equipoise/io/assemble.hpp"

namespace equipoise {

namespace {

struct Banner {
  bool coordinate = false;
  bool pattern = false;
  Symmetry symmetry = Symmetry::general;
};

// Walks through the lines that hold data, word by word.
class Words {
 public:
  Words(const Document& document, std::string_view text) : document_(document), lines_(text) {}

  // The next line that is neither blank nor a comment; false at the end of the text.
  bool next_line() {
    while (lines_.next(line_)) {
      rest_ = line_;
      std::string_view start = trimmed(line_);
      if (!start.empty() && start.front() != '%') {
        return true;
      }
    }
    return false;
  }
  bool raw_line(std::string_view& line) { return lines_.next(line); }
  const Document& document() const { return document_; }
  std::uint64_t line_number() const { return lines_.number(); }
  std::string_view rest() const { return lines_.rest(); }

  std::string_view word(std::string_view what) {
    drop_comment();
    const std::string_view found = take_word(rest_);
    if (found.empty()) {
      fail(document_, line_number(), fmt::format("the line ends where {} should be", what));
    }
    return found;
  }
  std::uint64_t whole_number(std::string_view what) {
    const std::string_view found = word(what);
    const auto value = whole_number_from(found);
    if (!value) {
      fail_at(found, fmt::format("{} is not {}, a whole number", in_quotes(found), what));
    }
    return *value;
  }
  double number() {
    const std::string_view found = word("a value");
    const auto value = number_from(found);
    if (!value) {
      fail_at(found, fmt::format("{} is not a number", in_quotes(found)));
    }
    return *value;
  }
  bool more() {
    drop_comment();
    return !trimmed(rest_).empty();
  }
  void end_line(std::string_view expected) {
    drop_comment();
    const std::string_view extra = take_word(rest_);
    if (!extra.empty()) {
      fail_at(extra, fmt::format("{} is too much: {}", in_quotes(extra), expected));
    }
  }
  [[noreturn]] void fail_at(std::string_view word, std::string_view message) const {
    fail(document_, line_number(), static_cast<std::uint64_t>(word.data() - line_.data()) + 1, message);
  }

 private:
  // A comment may stand behind the numbers of a line, too.
  void drop_comment() {
    const std::size_t begin = rest_.find_first_not_of(" \t");
    if (begin != std::string_view::npos && rest_[begin] == '%') rest_ = {};
  }

  const Document& document_;
  Lines lines_;
  std::string_view line_;
  std::string_view rest_;
};

Banner read_banner(const Document& document, Words& words) {
  std::string_view line;
  // Some programs write one % alone.
  std::string_view first;
  if (words.raw_line(line)) first = take_word(line);
  if (!same_word(first, "%%MatrixMarket") && !same_word(first, "%MatrixMarket")) {
    fail(document, 1,
         "the first line should begin with %%MatrixMarket, such as "
         "'%%MatrixMarket matrix coordinate real general'");
  }
  const std::string object = lower_case(take_word(line));
  const std::string format = lower_case(take_word(line));
  const std::string field = lower_case(take_word(line));
  const std::string symmetry = lower_case(take_word(line));
  const auto refuse = [&](std::string_view what, const std::string& found, std::string_view allowed) {
    fail(document, 1, fmt::format("the {} is {}; it should be {}", what, in_quotes(found), allowed));
  };
  if (object != "matrix") {
    refuse("object", object, "matrix");
  }
  if (format != "coordinate" && format != "array") {
    refuse("format", format, "coordinate or array");
  }
  if (field == "complex") {
    fail(document, 1, "the matrix is complex; entries must be real, integer or pattern");
  }
  if (field != "real" && field != "double" && field != "integer" && field != "unsigned-integer" && field != "pattern") {
    refuse("field", field, "real, integer or pattern");
  }
  // A real matrix that is Hermitian is symmetric.
  if (symmetry != "general" && symmetry != "symmetric" && symmetry != "hermitian" && symmetry != "skew-symmetric") {
    refuse("symmetry", symmetry, "general, symmetric or skew-symmetric");
  }
  if (!trimmed(line).empty()) {
    fail(document, 1, fmt::format("{} is too much after the symmetry", in_quotes(trimmed(line))));
  }
  Banner banner;
  banner.coordinate = format == "coordinate";
  banner.pattern = field == "pattern";
  banner.symmetry = symmetry == "general"          ? Symmetry::general
                    : symmetry == "skew-symmetric" ? Symmetry::skew
                                                   : Symmetry::symmetric;
  if (banner.pattern && !banner.coordinate) {
    fail(document, 1, "an array cannot be a pattern; a pattern is a coordinate matrix");
  }
  if (banner.pattern && banner.symmetry == Symmetry::skew) {
    fail(document, 1, "a pattern cannot be skew-symmetric: all its entries are 1");
  }
  return banner;
}

[[noreturn]] void fail_too_few(const Document& document, std::uint64_t promised, std::uint64_t found) {
  fail(document, fmt::format("the size line promises {} entries, the file ends after {}", promised, found));
}

void check_nothing_follows(const Document& document, Words& words, std::uint64_t promised) {
  if (words.next_line()) {
    fail(document, words.line_number(), fmt::format("an entry too many: the size line promises {} entries", promised));
  }
}

void check_square(const Document& document, const Words& words, Symmetry symmetry, std::uint64_t rows,
                  std::uint64_t cols) {
  if (symmetry != Symmetry::general && rows != cols) {
    fail(document, words.line_number(),
         fmt::format("a {} matrix must be square, this one is {} x {}",
                     symmetry == Symmetry::skew ? "skew-symmetric" : "symmetric", rows, cols));
  }
}

std::uint32_t read_index(Words& words, std::string_view what, std::uint64_t size) {
  const std::uint64_t index = words.whole_number(fmt::format("a {}", what));
  if (index == 0 || index > size) {
    fail(words.document(), words.line_number(), fmt::format("{} {} is outside 1 to {}", what, index, size));
  }
  return static_cast<std::uint32_t>(index - 1);
}

// The line of the n-th entry, by walking through the file again: needed for a message only.
std::string place_of_entry(const Document& document, std::string_view text, std::size_t n) {
  Words words(document, text);
  std::string_view banner;
  words.raw_line(banner);
  words.next_line();
  for (std::size_t i = 0; i <= n; ++i) {
    words.next_line();
  }
  return fmt::format("line {}", words.line_number());
}

MatrixData read_coordinate(const Document& document, std::string_view text, Words& words, const Banner& banner,
                           const LoadOptions& options) {
  const std::uint64_t rows = words.whole_number("the number of rows");
  const std::uint64_t cols = words.whole_number("the number of columns");
  const std::uint64_t promised = words.whole_number("the number of entries");
  words.end_line("the size line is 'rows columns entries'");
  check_square(document, words, banner.symmetry, rows, cols);
  check_sparse_size(document, rows, cols, 0, options);

  // The shortest line of an entry is "1 1" and its end; a file that promises more than it can hold gets no memory for
  // it.
  std::vector<Entry> entries;
  entries.reserve(std::min(promised, words.rest().size() / 4 + 1));
  while (entries.size() < promised) {
    if (!words.next_line()) {
      fail_too_few(document, promised, entries.size());
    }
    const std::uint32_t row = read_index(words, "row", rows);
    const std::uint32_t col = read_index(words, "column", cols);
    const double value = banner.pattern ? 1.0 : words.number();
    words.end_line(banner.pattern
                       ? "an entry of a pattern is 'row column'; a file with values says 'real' in its first line"
                       : "an entry is 'row column value'");
    if (banner.symmetry == Symmetry::skew && row == col && value != 0) {
      fail(document, words.line_number(), "the diagonal of a skew-symmetric matrix is zero");
    }
    entries.push_back({row, col, value});
  }
  check_nothing_follows(document, words, promised);
  return assemble_sparse(document, rows, cols, banner.symmetry, std::move(entries), options,
                         [&](std::size_t n) { return place_of_entry(document, text, n); });
}

MatrixData read_array(const Document& document, Words& words, const Banner& banner, const LoadOptions& options) {
  const std::uint64_t rows = words.whole_number("the number of rows");
  const std::uint64_t cols = words.whole_number("the number of columns");
  words.end_line("the size line of an array is 'rows columns'");
  check_square(document, words, banner.symmetry, rows, cols);
  check_dense_size(document, rows, cols, options);
  const std::uint64_t promised = banner.symmetry == Symmetry::general     ? rows * cols
                                 : banner.symmetry == Symmetry::symmetric ? rows * (rows + 1) / 2
                                                                          : rows * (rows - 1) / 2;
  // A value takes a digit and something between it and the next one, so this much text cannot hold more of them.
  if (promised > words.rest().size() / 2 + 1) {
    std::uint64_t found = 0;
    while (words.next_line()) {
      for (; words.more(); ++found) {
        words.number();
      }
    }
    fail_too_few(document, promised, found);
  }

  Matrix values = Matrix::Zero(static_cast<Index>(rows), static_cast<Index>(cols));
  std::uint64_t found = 0;
  for (Index col = 0; col < values.cols(); ++col) {
    const Index first = banner.symmetry == Symmetry::general     ? 0
                        : banner.symmetry == Symmetry::symmetric ? col
                                                                 : col + 1;
    for (Index row = first; row < values.rows(); ++row) {
      while (!words.more()) {
        if (!words.next_line()) {
          fail_too_few(document, promised, found);
        }
      }
      const double value = words.number();
      ++found;
      values(row, col) = value;
      if (banner.symmetry != Symmetry::general) {
        values(col, row) = banner.symmetry == Symmetry::skew ? -value : value;
      }
    }
  }
  if (words.more()) {
    fail(document, words.line_number(), fmt::format("a value too many: the size line promises {} entries", promised));
  }
  check_nothing_follows(document, words, promised);
  return assemble_dense(document, std::move(values), options);
}

}  // namespace

MatrixData read_matrix_market(const Document& document, const LoadOptions& options) {
  const std::string_view text = without_byte_order_mark(document);
  Words words(document, text);
  const Banner banner = read_banner(document, words);
  if (!words.next_line()) {
    fail(document, banner.coordinate ? "the file ends where the size line 'rows columns entries' should be"
                                     : "the file ends where the size line 'rows columns' should be");
  }
  return banner.coordinate ? read_coordinate(document, text, words, banner, options)
                           : read_array(document, words, banner, options);
}

}  // namespace equipoise
