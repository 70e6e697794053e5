// Units, coordinates, start, measures and rate: what a request becomes, piece by piece and each piece once.
#include "equipoise/solve/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/exact/excess.hpp"
#include "equipoise/problems/parallel/threads.hpp"
#include "equipoise/problems/ridge.hpp"
#include "equipoise/solve/coordinates.hpp"
#include "equipoise/solve/held_matrix.hpp"
#include "equipoise/solve/measures.hpp"

namespace equipoise {
namespace {

Factors times_power(const Factors& factors, int exponent) {
  Factors result = factors;
  if (exponent == 0) return result;
  for (double& value : result.flat()) value = std::scalbn(value, exponent);
  return result;
}

// All singular values of a complete A, for the statements that need more than the largest. Past this many
// multiplications the SVD would cost more than most runs, and those statements then answer unknown.
constexpr double most_work_of_values = 1e9;
double work_of_values(Index rows, Index cols) {
  return static_cast<double>(rows) * static_cast<double>(cols) * static_cast<double>(std::min(rows, cols));
}

bool small_for_theory(Index rows, Index cols) { return rows == 0 || cols <= most_entries_for_theory / rows; }

}  // namespace

class Session::Work {
 public:
  Work(Request request, Listener listener);

  // What a question needs is measured between these two. Of measures within a measure the outer one counts.
  void begin(std::string_view what) {
    if (listener_.begins) listener_.begins(what);
    if (depth_++ == 0) began_ = std::chrono::steady_clock::now();
  }
  void end() {
    depth_ = std::max(0, depth_ - 1);
    if (depth_ == 0) seconds += since_began();
    if (listener_.keep_going && !listener_.keep_going()) throw Cancelled();
    if (depth_ == 0 && seconds > request.time_limit) cut_short = true;
  }
  template <class Measure>
  auto measuring(std::string_view what, const Measure& measure) {
    begin(what);
    try {
      auto result = measure();
      end();
      return result;
    } catch (...) {
      depth_ = 0;
      throw;
    }
  }
  // What an eigensolver asks between its products.
  std::function<bool()> keep_going() {
    if (!listener_.keep_going && std::isinf(request.time_limit)) return {};
    return [this] {
      const double spent = seconds + (depth_ > 0 ? since_began() : 0);
      return spent <= request.time_limit && (!listener_.keep_going || listener_.keep_going());
    };
  }

  Shape shape() const { return {rows, cols, rank.value()}; }
  const Problem& matrix_problem() const { return own ? *own->problem : problem->without_ridge(); }
  // From units in which A's squares are in range to those of the run.
  int own_to_run() const { return own_units.exponent - units.exponent; }

  Index required_rank() const;
  void find_coordinates();
  const Factors& users_start();  // in the units of the run
  double sigma1_in_own();
  double norm_in_own();
  const StartMeasures& measure();
  const LearningRate& find_rate();
  const std::optional<Vector>& all_values();
  double norm_in_users();
  double sigma1_in_users();

  Request request;
  Index rows = 0, cols = 0, entries = 0, stored_sparsely = 0;
  std::optional<Index> rank;
  bool every_entry_known = true, in_place = false, affordable_values = false, spectral = false;
  Units units, own_units;
  double largest = 0;      // |entry|, in the user's units
  bool cut_short = false;  // a measure ended at the time limit, with what it had
  std::string source, held_where, why_coordinates;
  std::vector<std::string> notes, row_ids, col_ids;
  HeldMatrix held;
  std::optional<HeldMatrix> own;  // where the units of the run would lose A
  std::unique_ptr<Problem> problem;

  std::optional<SpectralCoordinates> coordinates;
  std::optional<Factors> start;           // in the user's coordinates
  std::optional<SingularTriplets> first;  // in A's own units
  std::optional<double> own_norm;
  std::optional<StartMeasures> known;
  std::optional<LearningRate> rate;
  std::optional<Matrix> theorys_A;
  std::optional<std::optional<Vector>> values;
  Vector decomposed;  // singular values that came with the coordinates
  Counts counts;
  double seconds = 0;
  std::shared_ptr<ThreadLimit> threads;

 private:
  double since_began() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

  void choose_coordinates_for(const MatrixData& data);
  Factors made_start();

  Listener listener_;
  int depth_ = 0;  // of measures within measures
  std::chrono::steady_clock::time_point began_;
};

Session::Work::Work(Request given, Listener listener) : request(std::move(given)), listener_(std::move(listener)) {
  check(request);
  check_fit(request);
  if (request.threads > 0) threads = std::make_shared<ThreadLimit>(static_cast<int>(request.threads));
  MatrixData data = std::move(request.matrix);
  request.matrix = MatrixData();
  rows = data.rows();
  cols = data.cols();
  source = data.source;
  notes = std::move(data.notes);
  row_ids = std::move(data.row_ids);
  col_ids = std::move(data.col_ids);
  every_entry_known = !data.has_unknown;
  stored_sparsely = data.is_sparse() ? data.entries() : 0;
  entries = every_entry_known ? rows * cols : data.entries();
  rank = request.rank;
  if (const GivenStart* from = given_start(request); from != nullptr && !rank) rank = from->factors.shape().rank;
  if (rank) choose_coordinates_for(data);

  largest = data.largest();
  own_units = natural_units(largest, 0);
  units = natural_units(std::max(largest, request.ridge), largest_of_start(request));
  affordable_values = every_entry_known && work_of_values(rows, cols) <= most_work_of_values;
  if (rank && data.in_place && (spectral || affordable_values)) {
    data.values = data.in_place->copied();  // something needs a matrix to decompose
    data.in_place.reset();
  }
  if (own_units.exponent != units.exponent) {
    MatrixData copy = data;
    change_units(copy, own_units);
    own = hold(std::move(copy), request.precision, {.descent = false}, request.spelling);
  }
  change_units(data, units);
  held_where = data.in_place ? "the file, read in place" : "memory";
  Uses uses{.descent = rank.has_value()};
  if (rank && every_entry_known) {
    uses.entries = affordable_values || small_for_theory(rows, cols) ||
                   excess_is_affordable(shape(), request.ridge, affordable_values);
  }
  held = hold(std::move(data), request.precision, uses, request.spelling);
  problem = std::move(held.problem);
  if (request.ridge > 0) problem = ridge_problem(std::move(problem), units.matrix(request.ridge));
}

// What Coordinates::automatic means here.
void Session::Work::choose_coordinates_for(const MatrixData& data) {
  if (request.coordinates != Coordinates::automatic) {
    spectral = request.coordinates == Coordinates::spectral;
    why_coordinates = fmt::format("{} coordinates, as asked for", name(request.coordinates));
    return;
  }
  const auto choice = [&]() -> CoordinatesChoice {
    if (request.top_eigenvalues > 1)
      return {false, "plain coordinates: spectral ones drop copies of eigenvalues, and several are to be measured"};
    if (!every_entry_known) return {false, "plain coordinates: entries are unknown"};
    if (data.is_sparse()) return {false, "plain coordinates: the matrix is sparse"};
    if (request.ridge > 0) return {false, "plain coordinates: there is a ridge"};
    if (request.precision != Precision::float64) return {false, "plain coordinates: A is stored in float32"};
    std::optional<double> identity_times;
    if (!data.in_place) identity_times = multiple_of_identity(std::get<Matrix>(data.values));
    return choose_coordinates(shape(), request.expected_steps, identity_times);
  }();
  spectral = choice.spectral;
  why_coordinates = choice.why;
}

void Session::Work::find_coordinates() {
  if (!spectral || coordinates) return;
  const Factors& from = users_start();
  coordinates = measuring("the singular value decomposition", [&] {
    const Matrix& A = *held.dense;
    if (const std::optional<double> mu = multiple_of_identity(A); mu && 2 * shape().rank + 1 < rows) {
      decomposed = Vector::Constant(rows, std::abs(*mu));
      return spectral_coordinates(A, from);
    }
    ++counts.decompositions;
    const SpectralBasis basis = spectral_basis(A);
    decomposed = basis.all_values;
    return spectral_coordinates(basis, from);
  });
  if (const std::string reduction = coordinates->reduction(); !reduction.empty()) why_coordinates += "; " + reduction;
}

Index Session::Work::required_rank() const {
  if (rank) return *rank;
  throw Error(fmt::format("{} is missing; write how many columns the factors have, such as {}",
                          request.spelling("rank"), request.spelling("rank", "8")));
}

// The record tells what the run was told; before a start is measured, A alone is asked.
double Session::Work::norm_in_users() {
  return known && !own ? units.matrix_to_users(known->norm) : own_units.matrix_to_users(norm_in_own());
}
double Session::Work::sigma1_in_users() {
  return known && !own ? units.matrix_to_users(known->sigma1) : own_units.matrix_to_users(sigma1_in_own());
}

const Factors& Session::Work::users_start() {
  if (!start) start = made_start();
  return *start;
}

Factors Session::Work::made_start() {
  Factors made;
  if (const GivenStart* from = given_start(request)) {
    made = times_power(from->factors, -units.exponent);
  } else if (const auto* gaussian = std::get_if<GaussianStart>(&request.start)) {
    made = times_power(gaussian_start(shape(), gaussian->seed, sigma1_in_own()), own_to_run());
  } else {
    made = measuring("the spectral start",
                     [&] { return times_power(spectral_start(matrix_problem(), shape().rank), own_to_run()); });
  }
  if (request.start_norms) {
    made = with_norms(made, units.factor(request.start_norms->x), units.factor(request.start_norms->y));
  }
  return request.balance == StartBalance::exact ? rebalanced(made) : made;
}

double Session::Work::sigma1_in_own() {
  if (!first) {
    first = measuring("the largest singular value", [&] {
      ++counts.largest_singular;
      return first_singular_triplet(matrix_problem(), keep_going());
    });
  }
  return first_value(*first);
}

double Session::Work::norm_in_own() {
  if (!own_norm) own_norm = norm_of(matrix_problem());
  return *own_norm;
}

const StartMeasures& Session::Work::measure() {
  if (known) return *known;
  find_coordinates();
  const Problem& of_run = coordinates ? *coordinates->problem : *problem;
  const Factors& at = coordinates ? coordinates->start : users_start();
  StartMeasures found;
  SingularTriplets along;
  if (coordinates && !own) {
    ++counts.largest_singular;
    along = first_singular_triplet(of_run, keep_going());
    found.sigma1 = first_value(along);
    found.norm = norm_of(of_run);
  } else {
    found.sigma1 = std::scalbn(sigma1_in_own(), 2 * own_to_run());
    found.norm = std::scalbn(norm_in_own(), 2 * own_to_run());
    along = *first;
    along.values *= std::scalbn(1.0, 2 * own_to_run());
  }
  found.sharpness =
      measuring("the sharpness at the start", [&] { return sharpness_for_a_rate(of_run, at, along, keep_going()); });
  known = found;
  return *known;
}

const LearningRate& Session::Work::find_rate() {
  if (rate) return *rate;
  const StartMeasures& found = measure();
  const Factors& at = coordinates ? coordinates->start : users_start();
  const double S = units.matrix_to_users(at.flat().squaredNorm());
  const double L = units.matrix_to_users(found.sharpness.value);
  const double sigma1 = units.matrix_to_users(found.sigma1);
  const bool loses_A = largest > 0 && !std::isnormal(units.matrix(largest)) && std::isnormal(largest);
  const auto out_of_range = [&] {
    const GivenStart* from = given_start(request);
    const std::string setting = request.spelling(request.start_norms ? std::string_view("start_norms")
                                                 : from != nullptr   ? from->setting
                                                                     : std::string_view("start"));
    return Error(
        fmt::format("{} is too large beside the matrix for double: its squares or the learning rate in its units "
                    "overflow; choose a start with norms near sqrt(sigma_1) = {:.3g}",
                    setting, std::sqrt(own_units.matrix_to_users(sigma1_in_own()))));
  };
  if (cut_short && std::isnan(L)) {
    throw Error(fmt::format("{} ended the measuring at the start before it had found the sharpness; allow more time",
                            request.spelling("time_limit", fmt::format("{}", request.time_limit))));
  }
  if (!std::isfinite(S) || !std::isfinite(L) || loses_A) throw out_of_range();
  LearningRate resolved =
      resolve_rate(request.rate, written(request.rate), {L, sigma1, S, request.ridge, every_entry_known});
  const double in_run = units.rate(resolved.value);
  if (!std::isfinite(in_run) || !(in_run > 0)) throw out_of_range();
  if (cut_short) resolved.why += "; the time limit cut the measuring at the start short";
  rate = std::move(resolved);
  return *rate;
}

const std::optional<Vector>& Session::Work::all_values() {
  if (values) return *values;
  find_coordinates();
  std::optional<Vector> found;
  if (affordable_values && coordinates) {
    found = decomposed;
  } else if (affordable_values && held.keeps_entries()) {
    found = measuring("the singular values", [&] {
      ++counts.decompositions;
      return held.dense ? equipoise::singular_values(*held.dense) : equipoise::singular_values(held.entries());
    });
  }
  values = std::move(found);
  return *values;
}

Session::Session(std::unique_ptr<Work> work) : work_(std::move(work)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Session prepare(Request request, Listener listener) {
  return Session(std::make_unique<Session::Work>(std::move(request), std::move(listener)));
}

const Request& Session::request() const { return work_->request; }
Index Session::rows() const { return work_->rows; }
Index Session::cols() const { return work_->cols; }
Index Session::entries() const { return work_->entries; }
bool Session::every_entry_known() const { return work_->every_entry_known; }
Index Session::stored_sparsely() const { return work_->stored_sparsely; }
Index Session::rank() const { return work_->required_rank(); }

const std::string& Session::coordinates() {
  work_->required_rank();
  work_->find_coordinates();
  return work_->why_coordinates;
}

double Session::norm() { return work_->norm_in_users(); }
double Session::sigma1() { return work_->sigma1_in_users(); }
MatrixFacts Session::matrix() {
  return {work_->source, work_->rows, work_->cols, work_->entries, norm(), sigma1(), work_->held_where, work_->notes};
}

Factors Session::start() {
  work_->required_rank();
  return times_power(work_->users_start(), work_->units.exponent);
}

Sharpness Session::sharpness() {
  const Sharpness found = measured().sharpness;
  return {units().matrix_to_users(found.value), units().matrix_to_users(found.residual)};
}

const LearningRate& Session::rate() {
  work_->required_rank();
  return work_->find_rate();
}

Approximate Session::excess(ConstFactors at) {
  const Work& work = *work_;
  const bool known_values = work.affordable_values && work.request.precision == Precision::float64;
  if (!work.every_entry_known || !work.held.keeps_entries() ||
      !excess_is_affordable(work.shape(), work.request.ridge, known_values))
    return {nan, nan};
  const auto in_users = [&](double value) { return work.units.matrix_to_users(value); };
  std::optional<Vector> values;
  if (known_values) values = singular_values()->unaryExpr(in_users);
  if (work.held.dense && work.units.exponent == 0)
    return equipoise::excess(*work.held.dense, at, work.request.ridge, values);
  Matrix A = work.held.entries();
  for (double& entry : std::span(A.data(), static_cast<std::size_t>(A.size()))) entry = in_users(entry);
  return equipoise::excess(A, at, work.request.ridge, values);
}

const std::vector<std::string>& Session::row_ids() const { return work_->row_ids; }
const std::vector<std::string>& Session::col_ids() const { return work_->col_ids; }
const std::vector<std::string>& Session::notes() const { return work_->notes; }

const Units& Session::units() const { return work_->units; }
const Problem& Session::problem() {
  work_->find_coordinates();
  return work_->coordinates ? *work_->coordinates->problem : *work_->problem;
}
const Factors& Session::start_in_run() {
  work_->required_rank();
  work_->find_coordinates();
  return work_->coordinates ? work_->coordinates->start : work_->users_start();
}
const StartMeasures& Session::measured() {
  work_->required_rank();
  return work_->measure();
}
double Session::rate_in_run() { return units().rate(rate().value); }
bool Session::is_spectral() const { return work_->spectral; }
Factors Session::restored(ConstFactors in_run) const {
  return work_->coordinates ? work_->coordinates->restore(in_run) : Factors(in_run);
}
const std::optional<Vector>& Session::singular_values() { return work_->all_values(); }
const Problem& Session::matrix_problem() const { return work_->matrix_problem(); }
const Units& Session::matrix_units() const { return work_->own_units; }
void Session::get_ready() {
  rate();
  singular_values();
}
void Session::begin(std::string_view what) { work_->begin(what); }
std::function<bool()> Session::keep_going() { return work_->keep_going(); }
void Session::end() { work_->end(); }
double Session::seconds() const { return work_->seconds; }
Session::Counts Session::counts() const { return work_->counts; }

Situation Session::situation() {
  Work& work = *work_;
  const StartMeasures& found = measured();
  Situation situation{*work.problem, work.users_start(), rate_in_run(), found.sharpness.value,
                      found.sigma1,  singular_values(),  nullptr};
  if (work.every_entry_known && work.held.keeps_entries() && small_for_theory(work.rows, work.cols)) {
    if (!work.theorys_A) work.theorys_A = work.held.entries();
    situation.A = &*work.theorys_A;
  }
  return situation;
}

}  // namespace equipoise
