// From a session to factors with their verdict, and all that record.json says of them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "equipoise/core/run.hpp"
#include "equipoise/solve/run_record.hpp"
#include "equipoise/solve/session.hpp"

namespace equipoise {

/// Who looks on while a run goes, in the user's units and coordinates. Both may be left out.
struct Onlooker {
  /// Called at every sample. `factors` gives the iterate, at the price of a product with the singular vectors in
  /// spectral coordinates. A Stop ends the run at this iterate.
  std::function<std::optional<Stop>(const Sample& sample, const std::function<Factors()>& factors)> observer;
  Pulse pulse;  ///< as in Watch (core/run.hpp)
};

/// What came of a request, in the user's units and coordinates.
struct Solution {
  RunDocument document;  ///< ready for record_json(); peak_memory is for whoever knows it

  const Record& record() const { return document.record; }
  const Factors& factors() const { return document.record.last; }
  const Verdict& verdict() const { return document.record.verdict; }
};

/// Descends until a verdict is reached or the budget ends; every ending is a value. A rate of `auto` is halved where
/// the run diverges, at most 30 times. May be called again with other settings: nothing is measured twice. Throws Error
/// for settings out of their limits, and Cancelled where the session's listener calls off the measuring.
Solution solve(Session& session, const RunSettings& settings, const Onlooker& onlooker = {});

/// The same from the request on.
Solution solve(Request request, const RunSettings& settings, const Onlooker& onlooker = {});
/// Tells a request what run is to come: how many steps, how many eigenvalues are measured along the way, how long.
void expect(Request& request, const RunSettings& settings);

/// One run at any rate, in the user's units, without the way of solve() around it.
Record descend(Session& session, double learning_rate, const RunSettings& settings, const Onlooker& onlooker = {});

/// The settings of a request as they were resolved, in the order of record.json.
ResolvedSettings resolved(Session& session);

/// Replaces the value of a key, or appends it.
void put(ResolvedSettings& settings, const std::string& key, SettingValue value);

}  // namespace equipoise
