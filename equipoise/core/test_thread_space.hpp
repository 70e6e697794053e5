// A state in pieces, each in a thread of its own: the Space that tests use in place of many machines.
#pragma once

#include <algorithm>
#include <barrier>
#include <cmath>
#include <thread>
#include <vector>

#include "equipoise/core/space.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise::testing {

/// Where the parts meet.
struct MeetingPlace {
  explicit MeetingPlace(std::size_t count) : parts(count), here(static_cast<std::ptrdiff_t>(count)), said(count) {}
  const std::size_t parts;
  std::barrier<> here;
  std::vector<std::vector<double>> said;
};

/// Sums run over the parts in their order, so that all get the same bits.
class ThreadSpace : public Space {
 public:
  ThreadSpace(MeetingPlace& meeting, std::size_t part) : meeting_(meeting), part_(part) {}

  bool spread() const override { return true; }
  double dot(ConstState a, ConstState b) const override { return total(a.dot(b)); }
  double squared_norm(ConstState a) const override { return total(a.squaredNorm()); }
  double norm(ConstState a) const override {
    const double most = largest(a);
    return most > 0 && std::isfinite(most) ? most * std::sqrt(total((a / most).squaredNorm())) : most;
  }
  bool finite(ConstState a) const override { return total(a.allFinite() ? 0 : 1) == 0; }
  double largest(ConstState a) const override {
    double most = 0;
    for (const std::vector<double>& each : heard({a.size() > 0 ? a.cwiseAbs().maxCoeff() : 0}))
      most = std::max(most, each[0]);
    return most;
  }
  Vector dots(const Eigen::Ref<const Eigen::MatrixXd>& columns, ConstState b) const override {
    return summed(columns.transpose() * b);
  }
  Eigen::MatrixXd all_dots(const Eigen::Ref<const Eigen::MatrixXd>& a,
                           const Eigen::Ref<const Eigen::MatrixXd>& b) const override {
    return summed(a.transpose() * b);
  }
  Eigen::MatrixXd gram(const Matrix& a, const Matrix& b) const override { return summed(a.transpose() * b); }
  void sum(std::span<double> partial) const override {
    const auto all = heard(std::vector<double>(partial.begin(), partial.end()));
    std::fill(partial.begin(), partial.end(), 0.0);
    for (const std::vector<double>& each : all) {
      for (std::size_t i = 0; i < partial.size(); ++i) partial[i] += each[i];
    }
  }
  Index whole(Index here) const override { return static_cast<Index>(total(static_cast<double>(here))); }
  Index before(Index here) const override {
    const auto all = heard({static_cast<double>(here)});
    double sum = 0;
    for (std::size_t i = 0; i < part_; ++i) sum += all[i][0];
    return static_cast<Index>(sum);
  }
  bool decided(bool here) const override { return heard({here ? 1.0 : 0.0})[0][0] != 0; }
  void gaussian(State out, std::uint64_t seed) const override {
    const Index first = before(out.size());
    out = gaussian_factors({first + out.size(), 0, 1}, seed).flat().tail(out.size());
  }

 private:
  Eigen::MatrixXd summed(Eigen::MatrixXd partial) const {
    sum({partial.data(), static_cast<std::size_t>(partial.size())});
    return partial;
  }
  std::vector<std::vector<double>> heard(std::vector<double> mine) const {
    meeting_.said[part_] = std::move(mine);
    meeting_.here.arrive_and_wait();
    auto all = meeting_.said;
    meeting_.here.arrive_and_wait();
    return all;
  }
  double total(double mine) const {
    double sum = 0;
    for (const std::vector<double>& each : heard({mine})) sum += each[0];
    return sum;
  }

  MeetingPlace& meeting_;
  std::size_t part_;
};

/// Calls body(space, part) in a thread for each part, and waits for all.
template <class Body>
void in_parts(std::size_t parts, const Body& body) {
  MeetingPlace meeting(parts);
  std::vector<std::jthread> threads;
  for (std::size_t part = 0; part < parts; ++part) {
    threads.emplace_back([&meeting, &body, part] { body(ThreadSpace(meeting, part), part); });
  }
}

}  // namespace equipoise::testing
