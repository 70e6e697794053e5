// What is asked: a matrix, and how it is to be factored; typed, and in the user's units.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "equipoise/core/factors.hpp"
#include "equipoise/core/rate.hpp"
#include "equipoise/core/spelling.hpp"
#include "equipoise/problems/matrix_data.hpp"

namespace equipoise {

/// Whether the start is rebalanced by QR (`exact`) or balance is left to the learning rate (`implicit`).
enum class StartBalance { implicit, exact };
/// In which coordinates steps are taken; the results are the same up to rounding. `automatic` weighs the cost of an SVD
/// against what it saves.
enum class Coordinates { automatic, plain, spectral };
/// How A is stored; arithmetic is always double.
enum class Precision { float64, float32 };
std::string_view name(StartBalance balance);
std::string_view name(Coordinates coordinates);
std::string_view name(Precision precision);

/// Independent normal entries, scaled to |X|_F = |Y|_F = sqrt(sigma_1).
struct GaussianStart {
  std::uint64_t seed = 0;
};
/// The top singular triplets: for a complete A the balanced global minimiser.
struct SpectralStart {};
/// The user's own factors.
struct GivenStart {
  Factors factors;
  std::string source = {};             ///< where they come from, for messages and records
  std::string_view setting = "start";  ///< the setting that messages name
};
using StartChoice = std::variant<GaussianStart, SpectralStart, GivenStart>;

/// Frobenius norms of X and Y.
struct FactorNorms {
  double x = 0, y = 0;
};

/// Everything that prepare() (solve/session.hpp) needs to know. Whoever asks about the matrix alone leaves out what
/// concerns a start and a rate.
///
///   Request request;
///   request.matrix.values = A;
///   request.rank = 8;
///   request.rate = parse_rate("3.5/L");
///   Session session = prepare(std::move(request));
///   const Solution solution = solve(session, RunSettings{});
struct Request {
  MatrixData matrix;
  std::optional<Index> rank = std::nullopt;  ///< may be left out where the start gives it
  Rate rate = {};
  StartChoice start = GaussianStart{};
  std::optional<FactorNorms> start_norms = std::nullopt;  ///< the start is scaled to these
  StartBalance balance = StartBalance::implicit;
  double ridge = 0;  ///< adds ridge/2 (|X|_F^2 + |Y|_F^2) to the loss
  Coordinates coordinates = Coordinates::automatic;
  Precision precision = Precision::float64;
  std::int64_t threads = 0;  ///< the most that are used while the session lives; 0: all
  /// How many steps are to come; decides Coordinates::automatic.
  std::uint64_t expected_steps = 0;
  /// How many eigenvalues are measured along the way; several need plain coordinates.
  std::uint32_t top_eigenvalues = 1;
  /// Seconds after which measuring ends with what it has.
  double time_limit = std::numeric_limits<double>::infinity();
  std::uint64_t memory = 0;     ///< bytes that the machine has, to refuse what cannot fit; 0: not asked
  Spelling spelling = as_keys;  ///< how messages write settings
};

/// Throws Error for a setting outside its limits (solve/settings.hpp), and for two that contradict each other. Looks at
/// no data; prepare() calls it.
void check(const Request& request);
/// Throws Error where the matrix, the given factors, the rank and the memory do not fit each other.
void check_fit(const Request& request);

/// The factors that the request starts from, null if it does not give them.
const GivenStart* given_start(const Request& request);
/// The largest |entry| or norm that the request gives its start, 0 if it gives none.
double largest_of_start(const Request& request);

}  // namespace equipoise
