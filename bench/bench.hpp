// What a benchmark is made of: contenders that do the same work, and the rounds in which all of them take turns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace equipoise::bench {

/// What the command line asked for.
struct Options {
  bool quick = false;  ///< fewer sizes, one call a sample: the whole of it within 5 minutes
  bool smoke = false;  ///< tiny sizes, to see that everything runs; its numbers mean nothing
  int repetitions = 11;
  std::string only;             ///< cases whose name contains this
  std::filesystem::path peers;  ///< the Python program with numpy, scipy and torch; empty: without them
};

/// Seconds of one call, by the clock on the wall and of processors spent by the whole process.
struct Seconds {
  double wall = 0, cpu = 0;
};

/// One way of doing the work of a case.
struct Contender {
  std::string name;
  double flops = 0;                            ///< of one call; 0 where it means nothing
  double bytes = 0;                            ///< read from memory by one call
  std::function<void()> call;                  ///< does the work once, or
  std::function<Seconds(double slice)> timed;  ///< measures itself: the fastest call within `slice` seconds
  double error = 0;        ///< of its result, relative to the reference; NaN where nothing is computed
  double error_limit = 0;  ///< what it may be
};

/// Contenders that take turns. `name` is that of the contract, "dense/float64/n4000/d8/threads2".
struct Case {
  std::string name;
  int threads = 1;  ///< for oneTBB, OpenBLAS and torch
  std::vector<Contender> contenders;
};

/// Cases are made one at a time, since a matrix can be large.
struct Plan {
  std::string name;
  std::function<Case()> make;
};

std::vector<Plan> dense_plans(const Options& options);
std::vector<Plan> spectral_plans(const Options& options);
std::vector<Plan> sparse_plans(const Options& options);
std::vector<Plan> sharpness_plans(const Options& options);
std::vector<Plan> tiny_plans(const Options& options);
std::vector<Plan> small_plans(const Options& options);

}  // namespace equipoise::bench
