// The peers: the same work in Eigen and OpenBLAS here, and in numpy, scipy and torch by a Python process that takes its
// turn when it is told to.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace equipoise::bench {

/// A child process running peers.py. One line goes there, one line comes back. Throws std::runtime_error where it ends
/// or answers "error".
class PythonPeers {
 public:
  explicit PythonPeers(const std::filesystem::path& program);
  ~PythonPeers();
  PythonPeers(const PythonPeers&) = delete;
  PythonPeers& operator=(const PythonPeers&) = delete;

  /// The folder through which arrays are handed over; removed with this object.
  const std::filesystem::path& folder() const { return folder_; }
  std::string ask(const std::string& line);
  /// Words of the answer to "versions": name=version.
  std::string versions() { return ask("versions"); }

 private:
  std::filesystem::path folder_;
  pid_t child_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

/// The bytes of an array, for numpy.fromfile.
void hand_over(const std::filesystem::path& file, const void* data, std::size_t bytes);

/// The process shared by all cases, or null where there is none.
PythonPeers* python_peers();
void set_python_peers(PythonPeers* peers);

}  // namespace equipoise::bench

/// Two products of OpenBLAS, P = A Y and Q = A^T X, and its number of threads. A: rows x cols, row-major.
extern "C" {
void openblas_pair_double(int rows, int cols, int rank, const double* A, const double* X, const double* Y, double* P,
                          double* Q);
void openblas_pair_float(int rows, int cols, int rank, const float* A, const float* X, const float* Y, float* P,
                         float* Q);
void openblas_threads(int threads);

/// The residual form in Eigen, compiled for this very processor: G = -(R Y), H = -(R^T X); returns 1/2 |R|^2. One
/// thread.
double eigen_residual_double(long rows, long cols, long rank, const double* A, const double* X, const double* Y,
                             double* G, double* H);
double eigen_residual_float(long rows, long cols, long rank, const float* A, const float* X, const float* Y, float* G,
                            float* H);
/// out = -A Y + X (Y^T Y) and its mirror image, A in CSR with 32-bit columns: what a user of Eigen would write.
double eigen_sparse(long rows, long cols, long rank, const int* outer, const int* inner, const double* values,
                    const double* X, const double* Y, double* G, double* H);
}
