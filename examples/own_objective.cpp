// Verdicts for a function of your own: a product of depth three, f(w) = 1/2 (mu - w1 w2 w3)^2, past its edge of
// stability.
#include <cmath>
#include <cstdio>

#include "equipoise/core/lyapunov.hpp"
#include "equipoise/core/run.hpp"

namespace {

using equipoise::ConstState;
using equipoise::Index;
using equipoise::State;

// Three functions are all that must be written: how many unknowns, the loss with its gradient, a Hessian product.
class DeepProduct : public equipoise::Objective {
 public:
  explicit DeepProduct(double mu) : mu_(mu) {}

  Index size() const override { return 3; }

  double gradient(ConstState w, State out) const override {
    const double r = mu_ - w.prod();
    out << -r * w[1] * w[2], -r * w[0] * w[2], -r * w[0] * w[1];
    return r * r / 2;
  }

  void hessian_product(ConstState w, ConstState v, State out) const override {
    const double r = mu_ - w.prod();
    const Eigen::Vector3d g(w[1] * w[2], w[0] * w[2], w[0] * w[1]);
    const Eigen::Vector3d twisted(w[2] * v[1] + w[1] * v[2], w[2] * v[0] + w[0] * v[2], w[1] * v[0] + w[0] * v[1]);
    out = g * g.dot(v) - r * twisted;
  }

  // What theory adds: every minimiser has a sharpness of 3 mu^(4/3) or more, by the inequality of means. Without this
  // no run would be called chaotic; everything else stays.
  equipoise::Laws laws() const override {
    equipoise::Laws laws;
    laws.largest_stable_rate = 2 / (3 * std::pow(mu_, 4.0 / 3));
    return laws;
  }

 private:
  double mu_;
};

}  // namespace

int main() {
  const DeepProduct product(1);
  const equipoise::Vector start = equipoise::Vector::Constant(3, 1.05);
  for (const double h : {0.3, 0.75, 0.95, 3.0}) {
    const equipoise::ObjectiveRecord record = equipoise::run(product, start, h);
    std::printf("h = %.2f: %s after %llu steps, sharpness %.6g -> %.6g, exponent %.4f\n  %s\n", h,
                std::string(equipoise::name(record.verdict.outcome)).c_str(),
                static_cast<unsigned long long>(record.steps), record.sharpness_start.value, record.sharpness_end.value,
                equipoise::lyapunov(product, start, h, 20000).exponent, record.verdict.why.c_str());
  }
}
