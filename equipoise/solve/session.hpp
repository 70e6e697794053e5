// A matrix, its start and its rate, ready to be asked: each thing is measured at the first question, and once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "equipoise/core/run.hpp"
#include "equipoise/core/units.hpp"
#include "equipoise/exact/exact.hpp"
#include "equipoise/problems/spectral.hpp"
#include "equipoise/solve/request.hpp"
#include "equipoise/solve/run_record.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {

/// Who hears what is being measured, and may call it off. Both may be left out.
struct Listener {
  std::function<void(std::string_view what)> begins;  ///< "the sharpness at the start"
  /// Asked now and then; false: the measuring ends with Cancelled.
  std::function<bool()> keep_going;
};

/// A measuring that its listener called off. No mistake, hence no Error.
struct Cancelled : std::runtime_error {
  Cancelled() : std::runtime_error("called off while measuring") {}
};

/// Numbers and factors are in the user's units and coordinates, unless a name says otherwise. What a question needs is
/// measured when it is asked, and kept: asking twice costs nothing, and whoever asks for the norm alone pays for no
/// start. For one thread.
class Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  const Request& request() const;  ///< as it was given, but for the matrix, which the session holds in its own way
  Index rows() const;
  Index cols() const;
  /// Throws Error where the request has neither a rank nor factors.
  Index rank() const;
  /// Entries of the loss: rows * cols, or the observed ones.
  Index entries() const;
  bool every_entry_known() const;
  /// Stored entries of a sparse matrix, whether the others are zero or unknown; 0 if it is dense.
  Index stored_sparsely() const;
  /// Which coordinates are used, and why: "plain coordinates: ...". Needs a rank. Where they are spectral, this finds
  /// them: one SVD.
  const std::string& coordinates();

  double norm();    ///< |A|_F over the entries of the loss; one pass
  double sigma1();  ///< the largest singular value of A, whatever the ridge; some tens of products
  /// What the record says of the matrix; measures norm and sigma_1.
  MatrixFacts matrix();
  /// Names of the rows and columns of A, in order, if its file names them; else empty.
  const std::vector<std::string>& row_ids() const;
  const std::vector<std::string>& col_ids() const;
  const std::vector<std::string>& notes() const;  ///< MatrixFacts::notes
  Factors start();
  Sharpness sharpness();       ///< at the start
  const LearningRate& rate();  ///< throws Error where a multiple of 1/L needs L > 0, or the start is out of range
  /// How far the loss of these factors is above the best; NaN where not known (exact/excess.hpp).
  Approximate excess(ConstFactors at);

  // For whoever runs it: the session's own units and coordinates, in which squares stay in range and steps are cheap.
  const Units& units() const;
  const Problem& problem();         ///< in the coordinates of the run
  const Factors& start_in_run();    ///< in the coordinates and units of the run
  const StartMeasures& measured();  ///< in the units of the run
  double rate_in_run();
  bool is_spectral() const;
  /// Factors of the run in the user's coordinates; units stay.
  Factors restored(ConstFactors in_run) const;
  /// What theory is asked about: the user's coordinates, the units of the run. Holds references into the session.
  Situation situation();
  /// All singular values of a complete A where they are affordable, in the units of the run.
  const std::optional<Vector>& singular_values();
  /// A as a problem in units in which its own squares are in range, and those units.
  const Problem& matrix_problem() const;
  const Units& matrix_units() const;

  /// Measures all that a run and its findings need, so that whoever asks later waits for nothing.
  void get_ready();
  /// Calls `measure` with what an eigensolver may ask between its products, and gives back what it gives; the listener
  /// hears what is measured. Throws Cancelled where the listener called it off.
  template <class Measure>
  auto measuring(std::string_view what, const Measure& measure) {
    begin(what);
    auto result = measure(keep_going());
    end();
    return result;
  }

  double seconds() const;  ///< spent on measuring so far
  /// Work that must not be done twice.
  struct Counts {
    int decompositions = 0;    ///< SVDs of A
    int largest_singular = 0;  ///< searches for sigma_1
  };
  Counts counts() const;

 private:
  friend Session prepare(Request request, Listener listener);
  class Work;
  explicit Session(std::unique_ptr<Work> work);
  void begin(std::string_view what);
  std::function<bool()> keep_going();
  void end();
  std::unique_ptr<Work> work_;
};

/// Checks the request and takes its matrix over. Throws Error for everything that a user can get wrong, in one line
/// that names settings as request.spelling has them.
Session prepare(Request request, Listener listener = {});

}  // namespace equipoise
