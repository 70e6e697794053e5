// From flags to a problem, a start and a learning rate: the first half of every verb that descends.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <optional>
#include <string>

#include "equipoise/core/rate.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/units.hpp"
#include "equipoise/exact/exact.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/problems/spectral.hpp"
#include "equipoise/solve/run_record.hpp"

namespace equipoise::cli {

/// Which matrix, and how to read it.
struct MatrixFlags {
  std::string name;
  std::string missing = "zero";
  std::string format;
  bool triplets = false;

  void declare(CLI::App& verb);
  /// map_large: a large .npy may come back as MatrixData::mapped.
  MatrixData load(bool map_large = false) const;
};

/// Which factorization of it, from where, how fast.
struct DescentFlags {
  MatrixFlags matrix;
  std::string rank;
  std::string rate = "auto";
  std::string start = "gaussian";
  std::string start_flag = "--start";  ///< what messages about the start call it
  std::string start_norms;
  std::string seed = "0";
  std::string balance = "implicit";
  std::string ridge = "0";
  std::string coordinates = "auto";
  std::uint64_t expected_steps = 0;  ///< how many steps are to come; decides --coordinates auto
  std::uint32_t top_eigenvalues =
      1;  ///< how many eigenvalues are measured along the way; several need plain coordinates
  std::string precision = "float64";
  std::string threads = "0";

  void declare(CLI::App& verb);
};

/// A descent that is ready to go. The run sees its own units and coordinates; in_users_coordinates() and units lead
/// back.
struct Setup {
  MatrixFacts matrix;
  Units units;
  std::optional<SpectralCoordinates> coordinates;
  std::string coordinates_why;             ///< what was chosen, and why
  std::unique_ptr<Problem> plain_problem;  ///< in the user's coordinates; not set where `coordinates` is
  std::unique_ptr<Problem>
      users_problem;    ///< where `coordinates` is set: the same in the user's coordinates, for theory
  Factors users_start;  ///< where `coordinates` is set, in the run's units
  Factors start;        ///< in the run's coordinates and units
  StartMeasures known;  ///< in the run's units
  std::optional<Vector> singular_values;  ///< all of a complete A where they are affordable, in the run's units
  double ridge = 0;                       ///< in the user's units
  std::optional<Vector> excess_values;    ///< the singular values of `stored` in the run's units, where known
  std::optional<Matrix> stored;           ///< A as it is stored, in the user's units, where the excess is affordable
  LearningRate rate;                      ///< in the user's units
  ResolvedSettings settings;
  std::shared_ptr<void> threads;  ///< holds the limit on threads as long as the setup lives

  const Problem& problem() const { return coordinates ? *coordinates->problem : *plain_problem; }
  double run_rate() const { return units.rate(rate.value); }
  /// What theory is asked about: the user's matrix and start, unrounded by a change of coordinates, and the rate, in
  /// the run's units.
  Situation situation() const {
    if (coordinates)
      return {*users_problem, users_start, run_rate(), known.sharpness.value, known.sigma1, singular_values};
    return {problem(), start, run_rate(), known.sharpness.value, known.sigma1, singular_values};
  }
  /// How far the loss of these factors, in the user's units and coordinates, is above the best; NaN where not known.
  Approximate excess(ConstFactors at) const;
  /// A record of the run with its factors in the user's coordinates, still in the run's units.
  Record in_users_coordinates(Record record) const;
};

/// Throws Error for everything that a user can get wrong.
Setup set_up(const DescentFlags& flags);

}  // namespace equipoise::cli
