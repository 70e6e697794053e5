// A TOML file as typed questions: every answer that does not fit is an Error that names the file, the line and what
// would be right.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/io/text.hpp"

namespace equipoise {

/// A table of a TOML document that knows its place. A value; the document lives as long as any of its tables. No header
/// of the parser is needed.
class TomlTable {
 public:
  /// Throws Error with line and column where the text is no TOML.
  static TomlTable parse(const Document& document);

  /// The keys in the order of the file.
  std::vector<std::string> keys() const;
  bool has(std::string_view key) const;
  /// Throws Error for the first key that is not among `known`, with the nearest of them.
  void allow(const std::vector<std::string>& known) const;

  /// Each throws Error where the key is missing or holds something else; `what` says what belongs there, such as "a
  /// matrix".
  std::string text(std::string_view key, std::string_view what) const;
  double number(std::string_view key, std::string_view what) const;  ///< a whole number is one, too; also inf and nan
  std::uint64_t whole(std::string_view key, std::string_view what) const;  ///< 3, but also 3.0 and 2e4; not negative
  bool yes_or_no(std::string_view key, std::string_view what) const;
  TomlTable table(std::string_view key, std::string_view what) const;
  std::vector<std::string> texts(std::string_view key, std::string_view what) const;  ///< an array, also empty
  std::vector<double> numbers(std::string_view key, std::string_view what) const;
  std::vector<TomlTable> tables(std::string_view key, std::string_view what) const;  ///< [[key]], or an array of tables

  enum class Kind { text, whole, number, yes_or_no, array, table, time };
  /// Of the value of a key that is there.
  Kind kind(std::string_view key) const;

  /// What messages call this table: "[axes]", or "the file" for the document itself.
  std::string name() const;
  /// Throws Error "FILE: line LINE: MESSAGE" with the line of the key, or of the table where the key is empty or
  /// missing.
  [[noreturn]] void fail(std::string_view key, std::string_view message) const;

 private:
  struct Node;
  explicit TomlTable(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

/// Ways to write values that TomlTable reads back exactly. Doubles keep their sign of zero and their type.
std::string toml_text(std::string_view text);
std::string toml_number(double value);

}  // namespace equipoise
