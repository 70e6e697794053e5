// load -> units -> problem -> start -> coordinates -> learning rate.
#include "apps/cli/setup.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "apps/cli/flags.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/exact/excess.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/parallel/threads.hpp"
#include "equipoise/problems/ridge.hpp"
#include "equipoise/problems/sparse.hpp"

namespace equipoise::cli {
namespace {

void change_units(MatrixData& loaded, Units units) {
  if (units.exponent == 0) return;
  if (Matrix* dense = std::get_if<Matrix>(&loaded.values)) {
    *dense = dense->unaryExpr([&](double value) { return units.matrix(value); });
  } else {
    for (double& value : std::get<SparseMatrix>(loaded.values).coeffs()) value = units.matrix(value);
  }
}

Matrix as_dense(MatrixData&& loaded) {
  if (Matrix* dense = std::get_if<Matrix>(&loaded.values)) return std::move(*dense);
  return Matrix(std::get<SparseMatrix>(loaded.values));
}

MatrixF narrowed(const MatrixData& loaded) {
  MatrixF narrow = loaded.in_place ? MatrixF(std::get<DenseView<double>>(loaded.in_place->view).matrix().cast<float>())
                                   : MatrixF(std::get<Matrix>(loaded.values).cast<float>());
  if (!narrow.allFinite())
    throw Error("--precision float32 cannot hold this matrix: an entry is beyond 3.4e38; use float64");
  return narrow;
}

std::unique_ptr<Problem> make_problem(MatrixData&& loaded, bool single_precision) {
  if (loaded.in_place) {
    // Entries that are stored in float32 are read as they are: in double they would be the same numbers.
    if (auto* narrow = std::get_if<DenseView<float>>(&loaded.in_place->view)) return dense_problem(std::move(*narrow));
    if (single_precision) return single_precision_dense_problem(narrowed(loaded));
    return dense_problem(std::move(std::get<DenseView<double>>(loaded.in_place->view)));
  }
  if (SparseMatrix* sparse = std::get_if<SparseMatrix>(&loaded.values)) {
    if (single_precision)
      throw Error("--precision float32 is for complete dense matrices; leave it out for sparse or observed ones");
    return loaded.has_unknown ? observed_problem(std::move(*sparse)) : sparse_problem(std::move(*sparse));
  }
  if (single_precision) return single_precision_dense_problem(narrowed(loaded));
  return dense_problem(std::move(std::get<Matrix>(loaded.values)));
}

// All singular values of a complete A, for the statements that need more than the largest. Past this many
// multiplications the SVD would cost more than most runs, and those statements then answer unknown.
bool singular_values_are_affordable(const MatrixData& loaded) {
  constexpr double most_work = 1e9;
  const auto rows = static_cast<double>(loaded.rows());
  const auto cols = static_cast<double>(loaded.cols());
  return !loaded.has_unknown && rows * cols * std::min(rows, cols) <= most_work;
}

std::optional<Vector> affordable_singular_values(const MatrixData& loaded) {
  if (!singular_values_are_affordable(loaded)) return std::nullopt;
  const Matrix dense = std::holds_alternative<Matrix>(loaded.values) ? std::get<Matrix>(loaded.values)
                                                                     : Matrix(std::get<SparseMatrix>(loaded.values));
  return singular_values(dense);
}

// A copy for the excess, which needs the numbers that the problem holds. In the user's units, exactly: powers of two
// lead there.
Matrix as_stored(const MatrixData& loaded, bool single_precision, Units units) {
  Matrix dense = std::holds_alternative<Matrix>(loaded.values) ? std::get<Matrix>(loaded.values)
                                                               : Matrix(std::get<SparseMatrix>(loaded.values));
  if (single_precision) dense = dense.cast<float>().cast<double>().eval();
  return dense.unaryExpr([&](double value) { return units.matrix_to_users(value); });
}

bool is_named_start(const DescentFlags& flags) {
  return flags.start_flag == "--start" && (flags.start == "gaussian" || flags.start == "spectral");
}

Factors load_start(const DescentFlags& flags) {
  if (flags.start.find(',') == std::string::npos && !std::filesystem::is_directory(flags.start)) {
    throw Error(fmt::format("{} '{}' is {}two files X.npy,Y.npy nor a folder that holds both", flags.start_flag,
                            flags.start, flags.start_flag == "--start" ? "neither gaussian, spectral, " : "neither "));
  }
  return load_factors(flags.start);
}

// A start so far beyond the matrix that its squares, or the rate in its units, leave the range of double.
void require_range(const DescentFlags& flags, const Setup& setup) {
  const double S = setup.units.matrix_to_users(setup.start.flat().squaredNorm());
  const double L = setup.units.matrix_to_users(setup.known.sharpness.value);
  const double h = setup.rate.value > 0 ? setup.run_rate() : 1;
  if (std::isfinite(S) && std::isfinite(L) && std::isfinite(h) && h > 0) return;
  throw Error(fmt::format(
      "{} is too large beside the matrix for double: its squares or the learning rate in its units overflow; choose a "
      "start with norms near sqrt(sigma_1) = {:.3g}",
      flags.start_norms.empty() ? flags.start_flag : "--start-norms", std::sqrt(setup.matrix.sigma1)));
}

Factors make_start(const DescentFlags& flags, const Problem& problem, const std::optional<Factors>& given, Units units,
                   Index rank) {
  Factors start;
  if (given) {
    start = *given;
    for (double& value : start.flat()) value = units.factor(value);
  } else if (flags.start == "gaussian") {
    const auto seed = whole_number("--seed", flags.seed, 0, std::numeric_limits<std::int64_t>::max());
    start = gaussian_start(problem, rank, static_cast<std::uint64_t>(seed));
  } else {
    start = spectral_start(problem, rank);
  }
  if (!flags.start_norms.empty()) {
    const auto [norm_x, norm_y] = two_numbers("--start-norms", flags.start_norms, 0);
    start = with_norms(start, units.factor(norm_x), units.factor(norm_y));
  }
  return flags.balance == "exact" ? rebalanced(start) : start;
}

// What --coordinates auto means here.
CoordinatesChoice coordinates_for(const MatrixData& loaded, Shape shape, double ridge, const std::string& precision,
                                  const DescentFlags& flags) {
  if (flags.top_eigenvalues > 1)
    return {false, "plain coordinates: spectral ones drop copies of eigenvalues, and several are to be measured"};
  if (loaded.has_unknown) return {false, "plain coordinates: entries are unknown"};
  if (!loaded.in_place && !std::holds_alternative<Matrix>(loaded.values))
    return {false, "plain coordinates: the matrix is sparse"};
  if (ridge > 0) return {false, "plain coordinates: there is a ridge"};
  if (precision != "float64") return {false, "plain coordinates: A is stored in float32"};
  std::optional<double> identity_times;
  if (!loaded.in_place) identity_times = multiple_of_identity(std::get<Matrix>(loaded.values));
  return choose_coordinates(shape, flags.expected_steps, identity_times);
}

Index resolve_rank(const DescentFlags& flags, const std::optional<Factors>& given) {
  if (flags.rank.empty()) {
    if (given) return given->shape().rank;
    throw Error("--rank is missing; write how many columns the factors have, such as --rank 8");
  }
  const Index rank = whole_number("--rank", flags.rank, 1, 1'000'000'000);
  if (given && given->shape().rank != rank) {
    throw Error(fmt::format("--rank {} does not fit --start {}, whose factors have {} columns", rank, flags.start,
                            given->shape().rank));
  }
  return rank;
}

// A descent holds some thirty arrays of the size of the factors: iterates, gradient, tangent, and the basis of an
// eigensolver. This is asked beforehand, since Linux grants memory that it has not got and ends the program when that
// shows.
void require_room(Index rows, Index cols, Index rank) {
  const double needed =
      30 * sizeof(double) * (static_cast<double>(rows) + static_cast<double>(cols)) * static_cast<double>(rank);
  const auto there = static_cast<double>(memory_of_this_machine());
  if (needed <= there) return;
  throw Error(
      fmt::format("a {} x {} matrix at rank {} needs about {:.3g} GB for its factors and what is made of them, and "
                  "this machine has "
                  "{:.3g} GB of memory; choose a smaller matrix or rank",
                  rows, cols, rank, needed / 1e9, there / 1e9));
}

}  // namespace

void MatrixFlags::declare(CLI::App& verb) {
  verb.add_option("MATRIX", name,
                  "a file (.mtx .npy .npz .csv .tsv, text also .gz), - for standard input, or a built-in such as "
                  "gaussian:200x100:seed=7")
      ->required();
  verb.add_option("--missing", missing, "what absent entries are: zero (default) or unknown");
  verb.add_option("--format", format, "mtx, npy, npz, csv or tsv, where the name does not end in it");
  verb.add_flag("--triplets", triplets, "csv and tsv hold rows of: row, column, value (counted from 1)");
}

MatrixData MatrixFlags::load(bool map_large) const {
  LoadOptions options;
  options.map_large = map_large;
  options.missing = one_of("--missing", missing, {"zero", "unknown"}) == "unknown" ? Missing::unknown : Missing::zero;
  options.format = format.empty() ? "" : one_of("--format", format, {"mtx", "npy", "npz", "csv", "tsv"});
  options.triplets = triplets;
  return load_matrix(name, options);
}

void DescentFlags::declare(CLI::App& verb) {
  matrix.declare(verb);
  verb.add_option("--rank", rank, "columns of X and Y");
  verb.add_option(
      "--rate,--lr", rate,
      "learning rate h (also written eta): auto (default), 0.05, or 3.5/L with L the sharpness at the start");
  verb.add_option("--start", start, "initial factors: gaussian (default), spectral, X.npy,Y.npy or a folder with both");
  verb.add_option("--start-norms", start_norms, "scale the start to these Frobenius norms of X and Y, such as 9,1");
  verb.add_option("--seed", seed, "of the Gaussian start (default 0)");
  verb.add_option("--balance", balance,
                  "implicit (default): left to the learning rate; exact: rebalance the start by QR");
  verb.add_option("--ridge", ridge, "adds ridge/2 (|X|^2 + |Y|^2) to the loss (default 0)");
  verb.add_option("--coordinates", coordinates,
                  "auto (default: from shape and steps), plain, or spectral: one SVD, then O((m+n) d^2) a step");
  verb.add_option("--precision", precision,
                  "how A is stored: float64 (default) or float32; arithmetic is always double");
  verb.add_option("--threads", threads, "most threads to use (default 0: all)");
}

Record Setup::in_users_coordinates(Record record) const {
  if (coordinates) record.last = coordinates->restore(record.last);
  return record;
}

Approximate Setup::excess(ConstFactors at) const {
  if (!stored) return {NAN, NAN};
  std::optional<Vector> users_values;
  if (excess_values)
    users_values = excess_values->unaryExpr([&](double value) { return units.matrix_to_users(value); });
  return equipoise::excess(*stored, at, ridge, users_values);
}

Setup set_up(const DescentFlags& flags) {
  Setup setup;
  // Words and numbers first: a mistyped flag must not wait for a large file.
  const Rate rate = parse_rate(flags.rate);
  const double ridge = number("--ridge", flags.ridge, 0, largest_double);
  const std::string balance = one_of("--balance", flags.balance, {"implicit", "exact"});
  const std::string coordinates = one_of("--coordinates", flags.coordinates, {"auto", "plain", "spectral"});
  const std::string precision = one_of("--precision", flags.precision, {"float64", "float32"});
  const std::int64_t threads = whole_number("--threads", flags.threads, 0, 4096);
  const std::int64_t seed = whole_number("--seed", flags.seed, 0, std::numeric_limits<std::int64_t>::max());
  if (!flags.rank.empty()) whole_number("--rank", flags.rank, 1, 1'000'000'000);
  if (!flags.start_norms.empty()) two_numbers("--start-norms", flags.start_norms, 0);
  bool spectral = coordinates == "spectral";
  if (spectral && precision == "float32")
    throw Error("--coordinates spectral keeps no A to store in float32; leave --precision out");
  if (spectral && flags.top_eigenvalues > 1) {
    throw Error(
        "--coordinates spectral drops copies of eigenvalues, which --top-eigenvalues counts; use --coordinates plain");
  }
  if (spectral && ridge > 0)
    throw Error("--coordinates spectral is for a ridge of 0; use --coordinates plain with --ridge");
  if (threads > 0) {
    setup.threads = std::make_shared<ThreadLimit>(static_cast<int>(threads));
  }

  std::optional<Factors> given;
  if (!is_named_start(flags)) given = load_start(flags);

  MatrixData loaded = flags.matrix.load(true);
  const Index rank = resolve_rank(flags, given);
  require_room(loaded.rows(), loaded.cols(), rank);
  if (given && (given->shape().rows != loaded.rows() || given->shape().cols != loaded.cols())) {
    throw Error(fmt::format(
        "{} {} has X of {} rows and Y of {} rows, but the matrix is {} x {}; X needs a row for every row of it "
        "and Y one for every column",
        flags.start_flag, flags.start, given->shape().rows, given->shape().cols, loaded.rows(), loaded.cols()));
  }
  if (spectral && loaded.has_unknown)
    throw Error("--coordinates spectral needs every entry of the matrix; this one has unknown entries");

  if (coordinates == "auto") {
    const CoordinatesChoice choice =
        coordinates_for(loaded, {loaded.rows(), loaded.cols(), rank}, ridge, precision, flags);
    spectral = choice.spectral;
    setup.coordinates_why = choice.why;
  } else {
    setup.coordinates_why = fmt::format("{} coordinates, as asked for", coordinates);
  }

  const double largest_z = given && given->shape().size() > 0 ? given->flat().cwiseAbs().maxCoeff() : 0;
  setup.units = natural_units(loaded.largest(), largest_z);
  if (loaded.in_place && (spectral || setup.units.exponent != 0 || singular_values_are_affordable(loaded))) {
    loaded.values = loaded.in_place->copied();  // something needs a matrix to change or to decompose
    loaded.in_place.reset();
  }
  setup.matrix.held = loaded.in_place ? "the file, read in place" : "memory";
  const bool loaded_has_unknown = loaded.has_unknown;
  setup.matrix.name = flags.matrix.name;
  setup.matrix.rows = loaded.rows();
  setup.matrix.cols = loaded.cols();
  change_units(loaded, setup.units);
  setup.singular_values = affordable_singular_values(loaded);
  setup.ridge = ridge;
  const bool single_precision = precision == "float32";
  // The singular values are those of A before it is rounded to single precision.
  if (!single_precision) setup.excess_values = setup.singular_values;
  if (!loaded.has_unknown && !loaded.in_place &&
      excess_is_affordable({loaded.rows(), loaded.cols(), rank}, ridge, setup.excess_values.has_value())) {
    setup.stored = as_stored(loaded, single_precision, setup.units);
  }

  if (spectral) {
    const auto dense = std::make_shared<const Matrix>(as_dense(std::move(loaded)));
    setup.users_problem =
        dense_problem(DenseView<double>{dense->data(), dense->rows(), dense->cols(), dense->cols(), dense});
    setup.users_start = make_start(flags, *setup.users_problem, given, setup.units, rank);
    setup.matrix.entries = setup.users_problem->entries();
    setup.coordinates = spectral_coordinates(*dense, setup.users_start);
    if (const std::string reduction = setup.coordinates->reduction(); !reduction.empty())
      setup.coordinates_why += "; " + reduction;
    setup.start = setup.coordinates->start;
  } else {
    std::unique_ptr<Problem> base = make_problem(std::move(loaded), precision == "float32");
    setup.matrix.entries = base->entries();
    setup.start = make_start(flags, *base, given, setup.units, rank);
    setup.plain_problem = ridge > 0 ? ridge_problem(std::move(base), setup.units.matrix(ridge)) : std::move(base);
  }

  setup.known = measure_start(setup.problem(), setup.start);
  const auto users = [&](double value) { return setup.units.matrix_to_users(value); };
  setup.matrix.norm = users(setup.known.norm);
  setup.matrix.sigma1 = users(setup.known.sigma1);
  require_range(flags, setup);
  setup.rate = resolve_rate(rate, flags.rate,
                            {users(setup.known.sharpness.value), setup.matrix.sigma1,
                             users(setup.start.flat().squaredNorm()), ridge, !loaded_has_unknown});
  require_range(flags, setup);

  const bool generated = flags.start == "gaussian";
  setup.settings = {
      {"matrix", flags.matrix.name},
      {"format", flags.matrix.format.empty() ? SettingValue() : SettingValue(flags.matrix.format)},
      {"missing", flags.matrix.missing},
      {"triplets", flags.matrix.triplets},
      {"rank", std::int64_t{rank}},
      {"rate", setup.rate.value},
      {"start", flags.start},
      {"start_norms", flags.start_norms.empty() ? SettingValue() : SettingValue(flags.start_norms)},
      {"seed", generated ? SettingValue(seed) : SettingValue()},
      {"balance", balance},
      {"ridge", ridge},
      {"coordinates", spectral ? "spectral" : "plain"},
      {"precision", precision},
      {"threads", std::int64_t{threads}},
  };
  return setup;
}

}  // namespace equipoise::cli
