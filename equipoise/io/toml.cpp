// The one file that knows the TOML parser; the library's own compiled form is linked.
//
// Tested in equipoise/store/grid_file_test.cpp
#include "equipoise/io/toml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "equipoise/core/error.hpp"

namespace equipoise {

struct TomlTable::Node {
  std::shared_ptr<const toml::table> document;  // owns everything below it
  std::shared_ptr<const std::string> file;
  const toml::table* table = nullptr;
  std::string name;  // "axes.h"; empty for the document
  std::uint64_t line = 0;
};

namespace {

std::uint64_t line_of(const toml::node& node) { return node.source().begin.line; }

TomlTable::Kind kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return TomlTable::Kind::text;
    case toml::node_type::integer:
      return TomlTable::Kind::whole;
    case toml::node_type::floating_point:
      return TomlTable::Kind::number;
    case toml::node_type::boolean:
      return TomlTable::Kind::yes_or_no;
    case toml::node_type::array:
      return TomlTable::Kind::array;
    case toml::node_type::table:
      return TomlTable::Kind::table;
    default:
      return TomlTable::Kind::time;
  }
}

std::string_view words_for(TomlTable::Kind kind) {
  switch (kind) {
    case TomlTable::Kind::text:
      return "a text";
    case TomlTable::Kind::whole:
      return "a whole number";
    case TomlTable::Kind::number:
      return "a number";
    case TomlTable::Kind::yes_or_no:
      return "true or false";
    case TomlTable::Kind::array:
      return "a list";
    case TomlTable::Kind::table:
      return "a table";
    case TomlTable::Kind::time:
      break;
  }
  return "a date or a time";
}

std::optional<double> number_in(const toml::node& node) {
  if (node.is_integer()) return static_cast<double>(node.as_integer()->get());
  if (node.is_floating_point()) return node.as_floating_point()->get();
  return std::nullopt;
}

std::string lowered(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

TomlTable TomlTable::parse(const Document& document) {
  auto node = std::make_shared<Node>();
  node->file = std::make_shared<const std::string>(document.name);
  node->line = 1;
  try {
    node->document = std::make_shared<const toml::table>(toml::parse(without_byte_order_mark(document), document.name));
  } catch (const toml::parse_error& error) {
    const toml::source_position place = error.source().begin;
    equipoise::fail(document, place.line, place.column,
                    fmt::format("this is no TOML: {}", lowered(std::string(error.description()))));
  }
  node->table = node->document.get();
  return TomlTable(node);
}

std::string TomlTable::name() const { return node_->name.empty() ? "the file" : fmt::format("[{}]", node_->name); }

void TomlTable::fail(std::string_view key, std::string_view message) const {
  std::uint64_t line = node_->line;
  for (const auto& [each, value] : *node_->table) {
    if (each.str() != key) continue;
    line = each.source().begin.line;
    if (line == 0) line = line_of(value);
  }
  equipoise::fail(Document{{}, *node_->file}, line, message);
}

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, std::string>> found;  // the parser sorts by name
  for (const auto& [key, value] : *node_->table) {
    const toml::source_position place = key.source().begin;
    found.emplace_back(std::pair{place.line, place.column}, std::string(key.str()));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> result;
  for (auto& each : found) result.push_back(std::move(each.second));
  return result;
}

bool TomlTable::has(std::string_view key) const { return node_->table->contains(key); }

void TomlTable::allow(const std::vector<std::string>& known) const {
  for (const std::string& key : keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::optional<std::string> close = nearest(key, known);
    fail(key, fmt::format("{} knows no {}; {}", name(), in_quotes(key),
                          close ? fmt::format("did you mean {}?", *close)
                                : fmt::format("it may hold {}", fmt::join(known, ", "))));
  }
}

namespace {

template <class Answer>
[[noreturn]] void fail_type(const TomlTable& table, std::string_view key, std::string_view what, const Answer& node) {
  table.fail(key, fmt::format("{} should be {}, not {}", key, what, words_for(kind_of(node))));
}

}  // namespace

TomlTable::Kind TomlTable::kind(std::string_view key) const {
  const toml::node* found = node_->table->get(key);
  if (found == nullptr) fail("", fmt::format("{} has no {}", name(), key));
  return kind_of(*found);
}

namespace {

const toml::node& need(const toml::table& table, const TomlTable& self, std::string_view key, std::string_view what) {
  const toml::node* found = table.get(key);
  if (found == nullptr) {
    const std::string shown = what.starts_with("a table") ? fmt::format("[{}]", key) : std::string(key);
    self.fail("", fmt::format("{} has no {}; it should be {}", self.name(), shown, what));
  }
  return *found;
}

}  // namespace

std::string TomlTable::text(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  if (!node.is_string()) fail_type(*this, key, fmt::format("{} in quotes", what), node);
  return node.as_string()->get();
}

double TomlTable::number(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  const std::optional<double> value = number_in(node);
  if (!value) fail_type(*this, key, what, node);
  return *value;
}

std::uint64_t TomlTable::whole(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  const std::optional<double> value = number_in(node);
  if (!value) fail_type(*this, key, what, node);
  if (node.is_integer() && node.as_integer()->get() >= 0) return static_cast<std::uint64_t>(node.as_integer()->get());
  if (!(*value >= 0) || *value != std::floor(*value) || *value > 9007199254740992.0) {
    fail(key, fmt::format("{} is {}; it should be {}", key, *value, what));
  }
  return static_cast<std::uint64_t>(*value);
}

bool TomlTable::yes_or_no(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  if (!node.is_boolean()) fail_type(*this, key, what, node);
  return node.as_boolean()->get();
}

TomlTable TomlTable::table(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  if (!node.is_table()) fail_type(*this, key, what, node);
  auto inner = std::make_shared<Node>(*node_);
  inner->table = node.as_table();
  inner->name = node_->name.empty() ? std::string(key) : fmt::format("{}.{}", node_->name, key);
  if (line_of(node) != 0) inner->line = line_of(node);
  return TomlTable(inner);
}

std::vector<std::string> TomlTable::texts(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  if (!node.is_array()) fail_type(*this, key, what, node);
  std::vector<std::string> result;
  for (const toml::node& each : *node.as_array()) {
    if (!each.is_string())
      fail(key, fmt::format("{} should be {}, but one entry is {}", key, what, words_for(kind_of(each))));
    result.push_back(each.as_string()->get());
  }
  return result;
}

std::vector<double> TomlTable::numbers(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  if (!node.is_array()) fail_type(*this, key, what, node);
  std::vector<double> result;
  for (const toml::node& each : *node.as_array()) {
    const std::optional<double> value = number_in(each);
    if (!value) fail(key, fmt::format("{} should be {}, but one entry is {}", key, what, words_for(kind_of(each))));
    result.push_back(*value);
  }
  return result;
}

std::vector<TomlTable> TomlTable::tables(std::string_view key, std::string_view what) const {
  const toml::node& node = need(*node_->table, *this, key, what);
  if (!node.is_array()) fail_type(*this, key, what, node);
  std::vector<TomlTable> result;
  for (const toml::node& each : *node.as_array()) {
    if (!each.is_table())
      fail(key, fmt::format("{} should be {}, but one entry is {}", key, what, words_for(kind_of(each))));
    auto inner = std::make_shared<Node>(*node_);
    inner->table = each.as_table();
    inner->name = node_->name.empty() ? std::string(key) : fmt::format("{}.{}", node_->name, key);
    if (line_of(each) != 0) inner->line = line_of(each);
    result.push_back(TomlTable(inner));
  }
  return result;
}

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (code < 0x20 || code == 0x7f) {
      quoted += fmt::format("\\u{:04X}", code);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string toml_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace equipoise
