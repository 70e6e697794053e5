// The rows of the table, and what makes a text or a number one of a setting's values.
#include "equipoise/solve/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

constexpr double largest_finite = std::numeric_limits<double>::max();
constexpr std::int64_t largest_whole = std::numeric_limits<std::int64_t>::max();

std::vector<Setting> rows_of_requests() {
  using Kind = Setting::Kind;
  const auto any = static_cast<double>(largest_whole);
  return {
      {"rank", "", Kind::whole, 1, 1e9, {}, "", "columns of X and Y"},
      {"rate",
       "",
       Kind::text,
       0,
       0,
       {},
       "auto",
       "learning rate h (also written eta): auto (default), 0.05, or 3.5/L with L the sharpness at the start"},
      {"start",
       "",
       Kind::text,
       0,
       0,
       {},
       "gaussian",
       "initial factors: gaussian (default), spectral, X.npy,Y.npy or a folder with both"},
      {"start_norms",
       "",
       Kind::number,
       0,
       largest_finite,
       {},
       "",
       "scale the start to these Frobenius norms of X and Y, such as 9,1"},
      {"seed", "", Kind::whole, 0, any, {}, "0", "of the Gaussian start"},
      {"balance",
       "",
       Kind::word,
       0,
       0,
       {"implicit", "exact"},
       "implicit",
       "implicit (default): left to the learning rate; exact: rebalance the start by QR"},
      {"ridge", "", Kind::number, 0, largest_finite, {}, "0", "adds ridge/2 (|X|^2 + |Y|^2) to the loss"},
      {"coordinates",
       "",
       Kind::word,
       0,
       0,
       {"auto", "plain", "spectral"},
       "auto",
       "auto (default: from shape and steps), plain, or spectral: one SVD, then O((m+n) d^2) a step"},
      {"precision",
       "",
       Kind::word,
       0,
       0,
       {"float64", "float32"},
       "float64",
       "how A is stored: float64 (default) or float32; arithmetic is always double"},
      {"threads", "", Kind::whole, 0, 4096, {}, "0", "most threads to use (default 0: all)"},
  };
}

std::vector<Setting> rows_of_runs() {
  std::vector<Setting> rows;
  const RunSettings defaults;
  describe(defaults, [&](const SettingInfo& info, const auto& field) {
    Setting row{std::string(info.key), std::string(info.unit), Setting::Kind::whole, info.lowest, info.highest, {}, "",
                std::string(info.help)};
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, Sensitivity>) {
      row.kind = Setting::Kind::word;
      row.words = {"auto", "always", "never"};
      row.standard = name(field);
    } else {
      if (std::is_floating_point_v<Field>) row.kind = Setting::Kind::number;
      row.standard = fmt::format("{}", field);
    }
    rows.push_back(std::move(row));
  });
  return rows;
}

Error no_number(std::string_view name, std::string_view text, double lowest, double highest) {
  return Error(fmt::format("{} '{}' is not a number; write one from {} to {}", name, text, lowest, highest));
}

FactorNorms two_norms(std::string_view text, const Spelling& spelling) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) {
    throw Error(
        fmt::format("{} '{}' is not two numbers; write them with a comma, such as 9,1", spelling("start_norms"), text));
  }
  return {number("start_norms", text.substr(0, comma), spelling),
          number("start_norms", text.substr(comma + 1), spelling)};
}

}  // namespace

std::span<const Setting> request_settings() {
  static const std::vector<Setting> rows = rows_of_requests();
  return rows;
}

std::span<const Setting> run_settings() {
  static const std::vector<Setting> rows = rows_of_runs();
  return rows;
}

const Setting& setting(std::string_view key) { return setting_in({request_settings(), run_settings()}, key); }

std::int64_t whole_number(std::string_view key, std::string_view text, const Spelling& spelling) {
  const Setting& row = setting(key);
  return whole_number_in(spelling(key), text, whole_limit(row.lowest), whole_limit(row.highest));
}

double number(std::string_view key, std::string_view text, const Spelling& spelling) {
  const Setting& row = setting(key);
  return number_in(spelling(key), text, row.lowest, row.highest);
}

std::string word(std::string_view key, std::string_view text, const Spelling& spelling) {
  return word_of(spelling(key), text, setting(key).words);
}

void require_whole(std::string_view key, std::int64_t value, const Spelling& spelling) {
  const Setting& row = setting(key);
  require_between(spelling(key), value, whole_limit(row.lowest), whole_limit(row.highest));
}
void require_whole(std::string_view key, std::uint64_t value, const Spelling& spelling) {
  const Setting& row = setting(key);
  require_between(spelling(key), value, whole_limit(row.lowest), whole_limit(row.highest));
}
void require_whole(std::string_view key, std::uint32_t value, const Spelling& spelling) {
  require_whole(key, std::uint64_t{value}, spelling);
}

void require_number(std::string_view key, double value, const Spelling& spelling) {
  const Setting& row = setting(key);
  if (std::isnan(value)) throw no_number(spelling(key), "nan", row.lowest, row.highest);
  require_between(spelling(key), value, row.lowest, row.highest);
}

void set(Request& request, std::string_view key, std::string_view text) {
  const Spelling& spell = request.spelling;
  if (key == "rank") {
    request.rank = whole_number(key, text, spell);
  } else if (key == "rate") {
    request.rate = parse_rate(text);
  } else if (key == "start") {
    if (word_of(spell(key), text, {"gaussian", "spectral"}) == "spectral") {
      request.start = SpectralStart{};
    } else if (!std::holds_alternative<GaussianStart>(request.start)) {
      request.start = GaussianStart{};
    }
  } else if (key == "start_norms") {
    request.start_norms = two_norms(text, spell);
  } else if (key == "seed") {
    const auto seed = static_cast<std::uint64_t>(whole_number(key, text, spell));
    if (auto* gaussian = std::get_if<GaussianStart>(&request.start)) gaussian->seed = seed;
  } else if (key == "balance") {
    request.balance = word(key, text, spell) == "exact" ? StartBalance::exact : StartBalance::implicit;
  } else if (key == "ridge") {
    request.ridge = number(key, text, spell);
  } else if (key == "coordinates") {
    const std::string chosen = word(key, text, spell);
    request.coordinates = chosen == "auto"    ? Coordinates::automatic
                          : chosen == "plain" ? Coordinates::plain
                                              : Coordinates::spectral;
  } else if (key == "precision") {
    request.precision = word(key, text, spell) == "float32" ? Precision::float32 : Precision::float64;
  } else if (key == "threads") {
    request.threads = whole_number(key, text, spell);
  } else {
    throw Error(fmt::format("'{}' is no setting of a request but of its run", setting(key).key));
  }
}

void set(RunSettings& settings, std::string_view key, std::string_view text, const Spelling& spelling) {
  bool found = false;
  describe(settings, [&](const SettingInfo& info, auto& field) {
    if (info.key != key) return;
    found = true;
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, Sensitivity>) {
      field = sensitivity_from(word(key, text, spelling));
    } else if constexpr (std::is_floating_point_v<Field>) {
      field = number(key, text, spelling);
    } else {
      field = static_cast<Field>(whole_number(key, text, spelling));
    }
  });
  if (!found) throw Error(fmt::format("'{}' is no setting of a run but of its request", setting(key).key));
}

void check(const RunSettings& settings, const Spelling& spelling) {
  describe(settings, [&](const SettingInfo& info, const auto& field) {
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_floating_point_v<Field>) {
      require_number(info.key, field, spelling);
    } else if constexpr (!std::is_same_v<Field, Sensitivity>) {
      require_whole(info.key, field, spelling);
    }
  });
}

void check(const Rate& rate) {
  if (rate.kind != Rate::Kind::automatic) parse_rate(written(rate));
}

ResolvedSettings resolved(const RunSettings& settings) {
  ResolvedSettings result;
  describe(settings, [&](const SettingInfo& info, const auto& field) {
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, Sensitivity>) {
      result.emplace_back(info.key, std::string(name(field)));
    } else if constexpr (std::is_floating_point_v<Field>) {
      result.emplace_back(info.key, field);
    } else {
      result.emplace_back(info.key, static_cast<std::int64_t>(field));
    }
  });
  return result;
}

}  // namespace equipoise
