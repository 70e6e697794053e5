// Runs of a dense, a sparse and a spectral problem, large enough for threads; prints what stands for every bit of them.
#include <cstdint>
#include <cstring>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <equipoise/core/run.hpp>
#include <equipoise/core/start.hpp>
#include <equipoise/problems/dense.hpp>
#include <equipoise/problems/sparse.hpp>
#include <equipoise/problems/spectral.hpp>

using equipoise::Index;

namespace {

/// FNV-1a over the bits of doubles, eight bytes at a time.
struct Bits {
  std::uint64_t hash = 0xcbf29ce484222325u;

  void add(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 0x100000001b3u;
  }
};

/// Integers over a power of two, so that nothing but the library rounds.
double entry(Index i, Index j) { return static_cast<double>((i * 131 + j * 71 + i * j % 97) % 257 - 128) / 64.0; }

void print(const std::string& name, const equipoise::Problem& problem, Index rank) {
  equipoise::RunSettings settings;
  settings.max_steps = 60;
  settings.sharpness_every = 40;
  const equipoise::Factors start = equipoise::gaussian_start(problem, rank, 7);
  const equipoise::Record record = equipoise::run(problem, start, 1e-4, settings);
  Bits bits;
  for (const equipoise::Sample& sample : record.samples) {
    for (const double value : {sample.loss, sample.gradient_norm, sample.norm_x, sample.norm_y, sample.imbalance}) {
      bits.add(value);
    }
    for (const double value : sample.eigenvalues) bits.add(value);
  }
  for (const double value : record.last.flat()) bits.add(value);
  bits.add(record.sigma1);
  bits.add(record.norm);
  std::cout << name << ' ' << equipoise::name(record.verdict.outcome) << ' ' << record.steps << ' ' << record.loss_end
            << ' ' << std::hex << bits.hash << std::dec << '\n';
}

}  // namespace

int main() {
  std::cout.precision(17);

  equipoise::Matrix dense(700, 500);
  for (Index i = 0; i < dense.rows(); ++i) {
    for (Index j = 0; j < dense.cols(); ++j) dense(i, j) = entry(i, j);
  }
  print("dense", *equipoise::dense_problem(std::move(dense)), 3);

  std::vector<Eigen::Triplet<double>> entries;
  for (Index i = 0; i < 4000; ++i) {
    for (Index k = 0; k < 25; ++k) entries.emplace_back(i, (i * 37 + k * 83) % 3000, entry(i, k));
  }
  equipoise::SparseMatrix sparse(4000, 3000);
  sparse.setFromTriplets(entries.begin(), entries.end());
  print("sparse", *equipoise::sparse_problem(std::move(sparse)), 4);

  equipoise::Vector values(100);
  for (Index k = 0; k < values.size(); ++k) values[k] = static_cast<double>(128 - k) / 8.0;
  print("spectral", *equipoise::spectral_problem(std::move(values), 3000, 2000), 8);
}
