// The list of procedures.
//
// Tested in tests/cli/reproduce_refused.py
#include "equipoise/paper/procedures/procedures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace equipoise {
namespace {

constexpr Procedure all_procedures[] = {
    {"balancing",
     "runs of rank one on multiples of the identity, at rates in units of h0: limits against the balancing bound",
     measure_balancing},
    {"phases", "the factor s by which the residual is multiplied at each step of such runs, and the phases it makes",
     measure_phases},
    {"general",
     "random matrices of several sizes, ranks and kinds at rates in units of 1/L: what converges, how balanced, how "
     "flat",
     measure_general},
    {"sharpness", "the sharpness at every step against 2/h", measure_sharpness},
    {"rates", "the limit's imbalance as a function of the rate, against the proved bound", measure_rates},
    {"beyond", "h mu > 1: the orbit diagram, its exponents, and the basin with its exact boundary", measure_beyond},
    {"conservation", "how much of the imbalance one step and a whole run change, down to gradient flow",
     measure_conservation},
    {"real", "a real matrix at rates in units of 1/L: steps, flatness, balance in every singular direction",
     measure_real},
};

}  // namespace

std::span<const Procedure> procedures() { return all_procedures; }

const Procedure& procedure_of(const Experiment& experiment) {
  std::vector<std::string_view> known;
  for (const Procedure& each : all_procedures) {
    if (each.name == experiment.procedure) return each;
    known.push_back(each.name);
  }
  experiment.settings.refuse("procedure", fmt::format("there is no procedure '{}'; there are {}", experiment.procedure,
                                                      fmt::join(known, ", ")));
}

}  // namespace equipoise
