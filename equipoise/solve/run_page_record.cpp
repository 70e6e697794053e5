// record.json read back, strictly.
//
// Tested in equipoise/solve/run_page_test.cpp
#include "equipoise/solve/run_page_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/json-inl.hpp"

namespace equipoise {
namespace {

constexpr int deepest = 32;  // a record is four deep; the bound keeps a hostile file from exhausting the stack

/// One line of at most 200 bytes, whatever a file put into it.
std::string one_line(std::string_view text) {
  if (text.size() > 200) {
    std::size_t end = 200;  // not inside a character of several bytes
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

[[noreturn]] void wrong(const std::string& path, std::string_view found, std::string_view wanted) {
  throw Error(one_line(fmt::format("record.json: {} is {}; it should be {}", path, found, wanted)));
}

/// A value with the path that leads to it, so that every complaint can name the key.
struct Node {
  const Json& value;
  std::string path;

  Node operator[](const char* key) const {
    const std::string at = path.empty() ? key : path + "." + key;
    if (!value.is_object()) wrong(path.empty() ? "the record" : path, value.type_name(), "an object");
    const auto found = value.find(key);
    if (found == value.end()) {
      throw Error(fmt::format("record.json: the key {} is missing; write null where a value is not known", at));
    }
    return {*found, at};
  }

  double number() const {
    if (value.is_null()) return nan;
    if (!value.is_number()) wrong(path, value.type_name(), "a number or null");
    return value.get<double>();
  }
  /// A whole number from 0 to `most`; 0 where null.
  std::uint64_t count(std::uint64_t most) const {
    if (value.is_null()) return 0;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
      wrong(path, value.is_number() ? value.dump() : value.type_name(),
            fmt::format("a whole number from 0 to {}", most));
    }
    return value.get<std::uint64_t>();
  }
  std::string text() const {
    if (value.is_null()) return {};
    if (!value.is_string()) wrong(path, value.type_name(), "a text or null");
    return value.get<std::string>();
  }
  bool flag(bool where_null) const {
    if (value.is_null()) return where_null;
    if (!value.is_boolean()) wrong(path, value.type_name(), "true, false or null");
    return value.get<bool>();
  }
  /// The value that the text names.
  template <class Enum>
  Enum word(std::initializer_list<std::pair<std::string_view, Enum>> words) const {
    std::string list;
    for (const auto& [name, meaning] : words) {
      if (value.is_string() && value.get_ref<const std::string&>() == name) return meaning;
      list += (list.empty() ? "" : ", ") + std::string(name);
    }
    const std::string found = value.is_string() ? value.get<std::string>() : "";
    const std::string shown = found.size() > 60 ? "an unknown word" : '"' + found + '"';
    wrong(path, value.is_string() ? shown : value.type_name(), "one of " + list);
  }
  Answer answer() const {
    if (value.is_null()) return Answer::unknown;
    if (value.is_boolean()) return value.get<bool>() ? Answer::yes : Answer::no;
    return word<Answer>({{"yes", Answer::yes}, {"no", Answer::no}, {"unknown", Answer::unknown}});
  }
  std::vector<Node> items() const {
    if (value.is_null()) return {};
    if (!value.is_array()) wrong(path, value.type_name(), "a list");
    std::vector<Node> out;
    for (std::size_t i = 0; i < value.size(); ++i) out.push_back({value[i], fmt::format("{}[{}]", path, i)});
    return out;
  }
};

/// A scalar as a person would type it; lists joined with commas.
std::string plain(const Json& value) {
  if (value.is_null()) return "not set";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value) out += (out.empty() ? "" : ", ") + plain(item);
    return out.empty() ? "none" : out;
  }
  return value.dump();
}

void flatten(const Json& value, const std::string& prefix, NamedValues& out) {
  for (const auto& [key, item] : value.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (item.is_object() && !item.empty()) {
      flatten(item, name, out);
    } else {
      out.emplace_back(name, plain(item));
    }
  }
}

NamedValues named_values(const Node& node) {
  if (!node.value.is_object()) wrong(node.path, node.value.type_name(), "an object");
  NamedValues out;
  flatten(node.value, "", out);
  return out;
}

/// An argument as a POSIX shell must see it to read it back unchanged.
std::string shell_word(const std::string& word) {
  const auto plain_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:,=+@%").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain_character)) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string command_line(const Node& node) {
  if (!node.value.is_array()) return node.text();
  std::string out;
  for (const Node& word : node.items()) {
    if (!out.empty()) out += ' ';
    out += shell_word(word.text());
  }
  return out;
}

Balance read_balance(const Node& node) {
  if (node.value.is_null()) return {nan, nan, nan, nan};
  return {node["norm_x"].number(), node["norm_y"].number(), node["imbalance"].number(), node["ratio"].number()};
}

Check read_check(const Node& node) {
  Check check;
  check.text = node["text"].text();
  check.value = node["value"].number();
  check.bound = node["bound"].number();
  check.margin = nan;
  check.holds = node["holds"].answer();
  return check;
}

Finding read_finding(const Node& node) {
  Finding finding;
  finding.statement = node["statement"].text();
  finding.source = node["source"].text();
  finding.says = node["says"].text();
  finding.standing = node["standing"].word<Standing>({{"proved", Standing::proved},
                                                      {"classical", Standing::classical},
                                                      {"conjecture", Standing::conjecture},
                                                      {"numerical", Standing::numerical}});
  finding.applies = node["applies"].answer();
  finding.confirmed = node["confirmed"].answer();
  for (const Node& check : node["assumptions"].items()) finding.assumptions.push_back(read_check(check));
  for (const Node& check : node["predictions"].items()) finding.predictions.push_back(read_check(check));
  return finding;
}

Verdict read_verdict(const Node& node) {
  Verdict verdict;
  verdict.outcome = node["outcome"].word<Outcome>({{"converged", Outcome::converged},
                                                   {"periodic", Outcome::periodic},
                                                   {"chaotic", Outcome::chaotic},
                                                   {"diverged", Outcome::diverged},
                                                   {"exhausted", Outcome::exhausted},
                                                   {"stopped", Outcome::stopped}});
  const Node limit = node["limit"];
  verdict.limit =
      limit.value.is_null()
          ? Limit::undetermined
          : limit.word<Limit>(
                {{"minimiser", Limit::minimiser}, {"saddle", Limit::saddle}, {"undetermined", Limit::undetermined}});
  verdict.step = node["step"].count(std::numeric_limits<std::uint64_t>::max());
  verdict.period = static_cast<std::uint32_t>(node["period"].count(std::numeric_limits<std::uint32_t>::max()));
  verdict.multiplier = node["multiplier"].number();
  verdict.lyapunov = node["lyapunov"].number();
  verdict.lyapunov_error = node["lyapunov_error"].number();
  verdict.evidence = node["evidence"].number();
  verdict.threshold = node["threshold"].number();
  verdict.growth = node["growth"].number();
  verdict.proved = node["proved"].flag(false);
  verdict.reproducible = node["reproducible"].flag(true);
  verdict.why = node["why"].text();
  return verdict;
}

Json parse(std::string_view text) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) {
    if (depth > deepest)
      throw Error(fmt::format("record.json is nested deeper than {} levels; a record has four", deepest));
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), shallow);
  } catch (const nlohmann::json::exception& e) {
    std::string_view what = e.what();
    if (const auto end = what.find("] "); what.starts_with('[') && end != std::string_view::npos)
      what.remove_prefix(end + 2);
    throw Error(one_line(fmt::format("record.json is not JSON as a run writes it: {}", what)));
  }
}

}  // namespace

ReportRecord read_report_record(std::string_view json) {
  const Json parsed = parse(json);
  const Node root{parsed, ""};
  ReportRecord out;
  out.version = root["equipoise"].text();

  const Node settings = root["settings"];
  out.settings = named_values(settings);
  std::erase_if(out.settings, [](const auto& pair) { return pair.first == "command"; });
  if (settings.value.contains("command")) out.command = command_line(settings["command"]);

  const Node matrix = root["matrix"];
  for (const char* key : {"rows", "cols", "entries", "norm", "sigma1"}) matrix[key].number();
  out.matrix = named_values(matrix);
  out.rank = root["rank"].number();

  const Node rate = root["learning_rate"];
  const Json& requested = rate["requested"].value;
  out.rate_requested = requested.is_null() ? "" : plain(requested);
  out.rate = rate["value"].number();
  out.rate_times_L = rate["times_L"].number();
  out.rate_limit = rate["limit_2_over_L"].number();
  out.rate_why = rate["why"].text();

  const Node sharpness = root["sharpness"];
  const bool measured = !sharpness.value.is_null();
  out.sharpness_start = measured ? sharpness["start"].number() : nan;
  out.sharpness_end = measured ? sharpness["end"].number() : nan;
  out.sharpness_residual = measured ? sharpness["residual"].number() : nan;
  out.stability_limit = measured ? sharpness["stability_limit"].number() : 2 / out.rate;

  out.balance_start = read_balance(root["balance"]["start"]);
  out.balance_end = read_balance(root["balance"]["end"]);

  const Node loss = root["loss"];
  out.loss_start = loss["start"].number();
  out.loss_end = loss["end"].number();
  out.loss_relative = loss["relative"].number();
  out.loss_excess = loss["excess"].number();
  out.loss_excess_error = loss["excess_error"].number();

  out.validation_rmse = root["validation_rmse"].number();
  out.verdict = read_verdict(root["verdict"]);
  const Node findings = root["findings"];
  out.examined = !findings.value.is_null();
  for (const Node& finding : findings.items()) out.findings.push_back(read_finding(finding));
  out.steps = root["steps"].number();
  out.seconds = root["seconds"].number();
  out.steps_per_second = root["steps_per_second"].number();
  return out;
}

}  // namespace equipoise
