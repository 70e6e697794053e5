// The fused pass over a dense A against the ceilings, two OpenBLAS products, Eigen, numpy and torch.
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "contenders.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/dense_kernel.hpp"
#include "equipoise/problems/dense_passes.hpp"
#include "peers.hpp"

namespace equipoise::bench {

namespace {

/// A matrix that needs no generator of normal numbers: entries uniform in [-1, 1).
template <class Entries>
Entries uniform_matrix(Index rows, Index cols) {
  Generator random(1);
  Entries A(rows, cols);
  for (Index i = 0; i < A.size(); ++i) A.data()[i] = static_cast<typename Entries::Scalar>(2 * random.uniform() - 1);
  return A;
}

std::unique_ptr<Problem> problem_of(Matrix A) { return dense_problem(std::move(A)); }
std::unique_ptr<Problem> problem_of(MatrixF A) { return single_precision_dense_problem(std::move(A)); }

void pair(Shape s, const double* A, const double* X, const double* Y, double* P, double* Q) {
  openblas_pair_double(static_cast<int>(s.rows), static_cast<int>(s.cols), static_cast<int>(s.rank), A, X, Y, P, Q);
}
void pair(Shape s, const float* A, const float* X, const float* Y, float* P, float* Q) {
  openblas_pair_float(static_cast<int>(s.rows), static_cast<int>(s.cols), static_cast<int>(s.rank), A, X, Y, P, Q);
}
double eigen_form(Shape s, const double* A, const double* X, const double* Y, double* G, double* H) {
  return eigen_residual_double(s.rows, s.cols, s.rank, A, X, Y, G, H);
}
double eigen_form(Shape s, const float* A, const float* X, const float* Y, float* G, float* H) {
  return eigen_residual_float(s.rows, s.cols, s.rank, A, X, Y, G, H);
}

/// |got - want| / |want| for blocks of any precision.
template <class Block>
double block_error(const Block& got, const Matrix& want) {
  return (got.template cast<double>() - want).norm() / want.norm();
}

/// A and what is built on it, kept from case to case: every rank and number of threads works on the same matrix.
template <class Entries>
struct Given {
  Entries A;
  std::shared_ptr<const Problem> fast, plain;
  const void* handed_to = nullptr;  ///< the peers that have the file already

  Given(Index rows, Index cols) : A(uniform_matrix<Entries>(rows, cols)) {
    fast = problem_of(A);
    plain = plain_dense_problem(A.template cast<double>());
  }
};

/// What keeps it.
std::shared_ptr<void>& matrix_in_use() {
  static std::shared_ptr<void> kept;
  return kept;
}

/// The one of this size; that of another precision is let go.
template <class Entries>
std::shared_ptr<Given<Entries>> given(Index rows, Index cols) {
  static std::weak_ptr<Given<Entries>> last;
  std::shared_ptr<Given<Entries>> found = last.lock();
  if (found == nullptr || found->A.rows() != rows || found->A.cols() != cols) {
    matrix_in_use().reset();
    found = std::make_shared<Given<Entries>>(rows, cols);
    last = found;
    matrix_in_use() = found;
  }
  return found;
}

/// The kernel alone over as many entries, every row of A being the same one, which stays in the first cache: what the
/// arithmetic units, the first caches and the code in between let through.
template <class Entries>
std::function<void()> kernel_in_cache(std::shared_ptr<Given<Entries>> given, Shape shape, const Factors& at,
                                      int threads) {
  const Index padded = (shape.cols + kPanelColumns - 1) / kPanelColumns * kPanelColumns;
  const Index pieces = threads == 1 ? 1 : 8;  // as the problem cuts its rows
  const Index share = (shape.rows + pieces - 1) / pieces;
  struct Arrays {
    Scratch x, yt, out_x, out_yt;
  };
  const auto arrays = std::make_shared<Arrays>(Scratch(shape.rows * shape.rank), Scratch(shape.rank * padded),
                                               Scratch(shape.rows * shape.rank), Scratch(pieces * shape.rank * padded));
  std::copy_n(at.X().data(), shape.rows * shape.rank, arrays->x.data());
  std::fill_n(arrays->yt.data(), shape.rank * padded, 0.0);
  std::copy_n(at.Y().data(), shape.cols * shape.rank, arrays->yt.data());  // in any order
  std::fill_n(arrays->out_x.data(), shape.rows * shape.rank, 0.0);
  return [=] {
    tbb::parallel_for(Index{0}, pieces, [&](Index piece) {
      const Index first = std::min(piece * share, shape.rows), count = std::min(share, shape.rows - first);
      product_pass(DensePass<typename Entries::Scalar>{
          count, shape.cols, shape.rank, given->A.data(), 0, arrays->x.data() + first * shape.rank, arrays->yt.data(),
          arrays->out_x.data() + first * shape.rank, arrays->out_yt.data() + piece * shape.rank * padded, true});
    });
  };
}

template <class Entries>
Case dense_case(const std::string& name, Shape shape, int threads, const Options& options) {
  using Scalar = typename Entries::Scalar;
  constexpr bool single = sizeof(Scalar) == 4;
  // The matrices of a case, alive as long as its contenders.
  struct Data {
    std::shared_ptr<Given<Entries>> given;
    Entries X, Y, P, Q;
  };
  const auto data = std::make_shared<Data>();
  data->given = given<Entries>(shape.rows, shape.cols);
  const Entries& A = data->given->A;
  Factors at = gaussian_factors(shape, 2);
  at.flat() *= 0.3;
  data->X = at.X().cast<Scalar>(), data->Y = at.Y().cast<Scalar>();
  at.X() = data->X.template cast<double>(), at.Y() = data->Y.template cast<double>();  // the peers' factors exactly
  data->P.setZero(shape.rows, shape.rank), data->Q.setZero(shape.cols, shape.rank);

  const Index m = shape.rows, n = shape.cols, d = shape.rank;
  const double area = static_cast<double>(m) * static_cast<double>(n), rank = static_cast<double>(d);
  // Products in single precision add up millions of squares in it: some of them were off by 1.4e-4.
  const double most_off = single ? 1e-3 : 1e-11;
  Factors reference(at.shape());
  const double loss = data->given->plain->gradient(at, reference);

  Case result{name, threads, {}};
  auto& all = result.contenders;
  const std::size_t bytes = static_cast<std::size_t>(m) * static_cast<std::size_t>(n) * sizeof(Scalar);
  all.push_back(fma_peak(threads, options));
  all.push_back(read_peak({reinterpret_cast<const std::byte*>(A.data()), bytes}, data));
  // 4 m n d flops and one read of A: two products; the loss is far from small here.
  all.push_back(own_steps(data->given->fast, at, 4 * area * rank, static_cast<double>(bytes), 1e-11, reference, loss));

  // At the lowest ranks memory is the limit, and the ceiling says how far.
  if (single || d >= 4) {
    all.push_back(limit(4 * area * rank, static_cast<double>(bytes), kernel_in_cache(data->given, shape, at, threads)));
  }

  Contender blas;
  blas.name = "openblas pair";
  blas.flops = 4 * area * rank;
  blas.bytes = 2 * static_cast<double>(bytes);
  blas.call = [=] {
    pair(shape, data->given->A.data(), data->X.data(), data->Y.data(), data->P.data(), data->Q.data());
  };
  blas.call();
  blas.error = block_error(data->P, at.X() * (at.Y().transpose() * at.Y()) - reference.X());
  blas.error_limit = most_off;
  all.push_back(blas);

  if (threads == 1 && (!options.quick || d == 8)) {
    Contender eigen;
    eigen.name = "eigen residual";
    eigen.flops = 6 * area * rank;
    eigen.call = [=] {
      eigen_form(shape, data->given->A.data(), data->X.data(), data->Y.data(), data->P.data(), data->Q.data());
    };
    eigen.call();
    eigen.error = block_error(data->P, reference.X());  // R here is X Y^T - A: the gradient itself
    eigen.error_limit = most_off;
    all.push_back(eigen);
  }

  if (PythonPeers* peers = python_peers()) {
    if (data->given->handed_to != peers) hand_over(peers->folder() / "A", A.data(), bytes);
    data->given->handed_to = peers;
    hand_over(peers->folder() / "X", data->X.data(), static_cast<std::size_t>(m * d) * sizeof(Scalar));
    hand_over(peers->folder() / "Y", data->Y.data(), static_cast<std::size_t>(n * d) * sizeof(Scalar));
    hand_over(peers->folder() / "GX", reference.data(), static_cast<std::size_t>(m * d) * sizeof(double));
    hand_over(peers->folder() / "GY", reference.data() + m * d, static_cast<std::size_t>(n * d) * sizeof(double));
    hand_over(peers->folder() / "loss", &loss, sizeof loss);
    const std::string order = std::string("dense ") + (single ? "float32 " : "float64 ") + std::to_string(m) + " " +
                              std::to_string(n) + " " + std::to_string(d);
    for (const std::string& peer : names_in(peers->ask(order))) {
      // The slow ones have no aim.
      if (options.quick && peer != "numpy residual") continue;
      const double flops = (peer == "numpy gram" ? 4 : 6) * area * rank;
      all.push_back(python_peer(peer, threads, flops, most_off));
    }
  }
  return result;
}

}  // namespace

std::vector<Plan> dense_plans(const Options& options) {
  std::vector<Plan> plans;
  const auto add = [&](bool single, Index rows, Index cols, Index d, int threads) {
    const std::string size = rows == cols ? std::to_string(rows) : std::to_string(rows) + "x" + std::to_string(cols);
    const std::string name = std::string("dense/") + (single ? "float32" : "float64") + "/n" + size + "/d" +
                             std::to_string(d) + "/threads" + std::to_string(threads);
    const Shape shape{rows, cols, d};
    plans.push_back({name, [=] {
                       return single ? dense_case<MatrixF>(name, shape, threads, options)
                                     : dense_case<Matrix>(name, shape, threads, options);
                     }});
  };
  const Index n = options.smoke ? 64 : 4000;
  for (const bool single : {false, true}) {
    for (const int threads : {1, 2}) {
      // The odd ones have nothing to do with the width of vectors; they have the aims of their neighbours.
      for (const Index d : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 64}) {
        const bool is_odd = d % 2 == 1 && d > 1;
        if (options.quick && (d == 32 || is_odd || (single && d != 2 && d != 8) || (threads == 1 && d == 64))) continue;
        if (is_odd && single) continue;
        add(single, n, n, d, threads);
      }
    }
  }
  if (options.quick || options.smoke) return plans;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1000, 1000}, {20000, 500}, {500, 20000}, {8000, 8000}}) {
    for (const int threads : {1, 2}) {
      for (const Index d : {2, 8, 16}) add(false, rows, cols, d, threads);
    }
  }
  return plans;
}

}  // namespace equipoise::bench
