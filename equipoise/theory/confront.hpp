// How a statement meets a situation and a record: one function per statement, and the few words they share.
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>

#include "equipoise/theory/knowledge.hpp"

namespace equipoise {

/// Fills says, assumptions and predictions; `record` is null before a run.
using Confront = void (*)(const Knowledge&, const Record* record, Finding&);

void confront_classical(const Knowledge&, const Record*, Finding&);
void confront_necessary_rate(const Knowledge&, const Record*, Finding&);
void confront_frobenius_rate(const Knowledge&, const Record*, Finding&);
void confront_divergence(const Knowledge&, const Record*, Finding&);

void confront_minimiser_sharpness(const Knowledge&, const Record*, Finding&);
void confront_flatness(const Knowledge&, const Record*, Finding&);
void confront_balance(const Knowledge&, const Record*, Finding&);

void confront_imbalance_step(const Knowledge&, const Record*, Finding&);
void confront_rank1_sharpness(const Knowledge&, const Record*, Finding&);
void confront_gradient_basin(const Knowledge&, const Record*, Finding&);
void confront_exact_fit_basin(const Knowledge&, const Record*, Finding&);

void confront_scalar_rate(const Knowledge&, const Record*, Finding&);
void confront_scalar_minimiser(const Knowledge&, const Record*, Finding&);
void confront_scalar_beyond(const Knowledge&, const Record*, Finding&);
void confront_scalar_cycles(const Knowledge&, const Record*, Finding&);

void confront_isotropic_rate(const Knowledge&, const Record*, Finding&);
void confront_isotropic_minimiser(const Knowledge&, const Record*, Finding&);
void confront_isotropic_norms(const Knowledge&, const Record*, Finding&);

/// A prediction about the outcome: yes for the outcomes in `agree`, `otherwise` for the remaining endings, and always
/// unknown for a run that was exhausted or stopped.
Check outcome_is(std::string text, const Record* record, std::initializer_list<Outcome> agree,
                 Answer otherwise = Answer::no);
/// "The limit is a global minimiser" of a converged run; a saddle answers `at_saddle`.
Check limit_is_minimiser(const Record* record, Answer at_saddle);
/// yes: the run converged to a minimiser; unknown before a run and where the limit is undetermined.
Answer reached_minimiser(const Record* record);
/// The last iterate is finite and worth looking at: there is a run and it did not diverge.
bool has_limit(const Record* record);
/// "delta < 1 makes descent converge to a global minimiser surely": the start is asked, then the last iterate.
/// `delta_of` gives the delta of factors; `off_saddle` and `on_saddle` are what the statement calls those two in its
/// own letters.
void confront_sure_minimiser(double h, const Delta& start, const std::function<Delta(ConstFactors)>& delta_of,
                             std::string_view off_saddle, std::string_view on_saddle, const Record* record,
                             Finding& finding);

}  // namespace equipoise
