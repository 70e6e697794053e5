// Reading a learning rate, and resolving it against a problem and its start.
#include "equipoise/core/rate.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"

namespace equipoise {

Rate parse_rate(std::string_view text) {
  if (text == "auto") return {Rate::Kind::automatic, 0, "auto"};
  const auto refuse = [&](std::string_view what) {
    return Error(
        fmt::format("learning rate '{}' {}; write auto, a positive number such as 0.05, or a multiple of 1/L "
                    "such as 3.5/L",
                    text, what));
  };
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, number);
  if (code == std::errc::result_out_of_range) throw refuse("is outside the range of double");
  if (code != std::errc()) throw refuse("is not a number");
  const std::string_view rest(end, static_cast<std::size_t>(last - end));
  if (rest != "" && rest != "/L") throw refuse(fmt::format("ends in '{}', which means nothing here", rest));
  if (!std::isfinite(number) || number <= 0) throw refuse("is not positive and finite");
  return {rest.empty() ? Rate::Kind::value : Rate::Kind::over_L, number, std::string(text)};
}

std::string written(const Rate& rate) {
  if (!rate.text.empty()) return rate.text;
  if (rate.kind == Rate::Kind::automatic) return "auto";
  return fmt::format("{}{}", rate.number, rate.kind == Rate::Kind::over_L ? "/L" : "");
}

LearningRate resolve_rate(const Rate& rate, std::string_view requested, const RateSituation& situation) {
  const auto& [L, sigma1, S, ridge, complete] = situation;
  LearningRate result;
  result.requested = requested;
  result.limit_2_over_L = L > 0 ? 2 / L : std::numeric_limits<double>::infinity();
  switch (rate.kind) {
    case Rate::Kind::value:
      result.value = rate.number;
      result.why = "given as a number";
      break;
    case Rate::Kind::over_L:
      if (!(L > 0) || !std::isfinite(L)) {
        throw Error(
            fmt::format("learning rate '{}' needs a positive sharpness at the start, but L = {}; give the rate "
                        "as a number",
                        requested, L));
      }
      result.value = rate.number / L;
      result.why = fmt::format("{} over the sharpness at the start, L = {}", rate.number, L);
      break;
    case Rate::Kind::automatic: {
      const double scale = S + 4 * (sigma1 + ridge);
      result.value = scale > 0 ? 0.9 * 4 / scale : 1;
      if (scale == 0) {
        result.why = "1, since A and the start are zero and any rate gives the same run";
      } else if (complete && ridge == 0) {
        result.why = fmt::format(
            "0.9 * 4/(S + 4 sigma_1) with S = |X|^2 + |Y|^2 = {} and sigma_1 = {} at the start; proved sufficient for "
            "A = mu * orthogonal at rank 1, a conjecture otherwise",
            S, sigma1);
      } else {
        result.why = fmt::format(
            "0.9 * 4/(S + 4 (sigma_1 + ridge)) with S = |X|^2 + |Y|^2 = {}, sigma_1 = {} and ridge = {} at the start; "
            "a heuristic: with unknown entries or a ridge no theorem says that it converges",
            S, sigma1, ridge);
      }
      break;
    }
  }
  if (!(result.value > 0) || !std::isfinite(result.value)) {
    throw Error(fmt::format("learning rate '{}' comes out as {}, which is not positive and finite (L = {})", requested,
                            result.value, L));
  }
  result.times_L = result.value * L;
  return result;
}

}  // namespace equipoise
