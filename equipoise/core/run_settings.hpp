// What a user decides about a run, and the one list of it that flags, files and documentation are made from.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace equipoise {

/// When a tangent vector is followed along the run, at the price of a Hessian product a step. It measures the transient
/// growth behind Verdict::reproducible and the Lyapunov exponent behind "chaotic".
enum class Sensitivity {
  automatic,  ///< always where a step is cheap (Objective::work() <= 1e5; entries * rank of factors), otherwise until
              ///< the loss has fallen 64 steps in a row
  always,
  never  ///< growth and exponent are then NaN, and no run is called chaotic
};
std::string_view name(Sensitivity sensitivity);
Sensitivity sensitivity_from(std::string_view word);

struct RunSettings {
  std::uint64_t max_steps = 100000;
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds, the measuring at the start included; the
                                                                ///< outcome is then exhausted
  double tolerance = 1e-12;           ///< on |grad f| over its natural scale; 0 never stops early
  std::uint64_t sample_every = 0;     ///< steps between samples; 0: every step to 200, then every 1 %
  std::uint64_t sharpness_every = 0;  ///< steps between measured sharpness; 0: at the start and the end alone
  std::uint32_t top_eigenvalues = 1;  ///< how many Hessian eigenvalues such a sample keeps
  Sensitivity sensitivity = Sensitivity::automatic;
};

/// The one list of the settings: name, unit, help and limits drive flags, documentation and records.
struct SettingInfo {
  std::string_view key;  ///< as in record.json and TOML: max_steps; the flag is --max-steps
  std::string_view unit;
  double lowest, highest;  ///< inclusive
  std::string_view help;
};
/// Calls visit(SettingInfo, field) for every field of a RunSettings, const or not.
template <class Settings, class Visit>
void describe(Settings& settings, Visit&& visit) {
  constexpr double forever = std::numeric_limits<double>::infinity();
  visit(SettingInfo{"max_steps", "steps", 0, 9e15, "the most steps to take"}, settings.max_steps);
  visit(SettingInfo{"time_limit", "s", 0, forever, "the longest time to run"}, settings.time_limit);
  visit(SettingInfo{"tolerance", "", 0, 1,
                    "converged when |grad f| is this small relative to its natural scale; 0 never stops early"},
        settings.tolerance);
  visit(SettingInfo{"sample_every", "steps", 0, 9e15, "steps between samples; 0: every step up to 200, then every 1 %"},
        settings.sample_every);
  visit(SettingInfo{"sharpness_every", "steps", 0, 9e15,
                    "steps between measured sharpness; 0: at the start and the end alone"},
        settings.sharpness_every);
  visit(SettingInfo{"top_eigenvalues", "", 1, 1000, "Hessian eigenvalues kept where sharpness is measured"},
        settings.top_eigenvalues);
  visit(SettingInfo{"sensitivity", "", 0, 0,
                    "follow how neighbouring runs separate: auto, always or never; one Hessian product a step"},
        settings.sensitivity);
}

}  // namespace equipoise
