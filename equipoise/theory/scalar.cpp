// Exact steps of the two numbers that carry a vector problem, and the closed form of its first cycle.
//
// Tested in equipoise/theory/identities_test.cpp
#include "equipoise/theory/scalar.hpp"

#include <cmath>

namespace equipoise {
namespace {

template <class Number>
struct Two {
  Number a, b;
};

// mu < 0 is mu > 0 with v reversed.
template <class Number>
Two<Number> squares(Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double direction) {
  Two<Number> result;
  for (Index i = 0; i < u.size(); ++i) {
    const Number first(u[i]);
    const Number second(direction * v[i]);
    const Number sum = first + second;
    const Number difference = first - second;
    result.a = result.a + sum * sum;
    result.b = result.b + difference * difference;
  }
  return result;
}

template <class Number>
Number residual(double mu, double h, const Two<Number>& at) {
  return Number(h) * (Number(std::abs(mu)) - (at.a - at.b) * Number(0.25));
}

template <class Number>
Two<Number> after(const Two<Number>& at, const Number& r) {
  const Number one(1);
  return {(one + r) * (one + r) * at.a, (one - r) * (one - r) * at.b};
}

// True where doubles with error bounds show that neither r nor a is zero at any of these steps. Exact numbers that
// triple their length take forty times as long, and nearly every start is far from both.
bool lands_nowhere(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double h, std::uint64_t steps) {
  Two<Approximate> at = squares<Approximate>(u, v, mu < 0 ? -1 : 1);
  for (std::uint64_t step = 0; step <= steps; ++step) {
    const Approximate r = residual(mu, h, at);
    if (!sign(r) || !sign(at.a)) return false;
    at = after(at, r);
  }
  return true;
}

}  // namespace

Region region(const Delta& state, double h) {
  if (state.m_versus(h, 2) >= 0) return state.delta_versus_m() > 0 ? Region::outside : Region::silent;
  const int side = state.delta_versus(h, 2);
  if (side != 0) {
    if (side > 0) return Region::outside;
    const int edge = state.m_versus(h, 1);
    return edge < 0 ? Region::converges : edge == 0 ? Region::marginal : Region::beyond;
  }
  return Region::curve;
}

std::optional<Landing> landing(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double h,
                               std::uint64_t steps, std::size_t longest) {
  if (lands_nowhere(mu, u, v, h, steps)) return std::nullopt;
  Two<Exact> at = squares<Exact>(u, v, mu < 0 ? -1 : 1);
  for (std::uint64_t step = 0; step <= steps; ++step) {
    const Exact r = residual(mu, h, at);
    if (r.sign() == 0) return Landing{Landing::Where::minimiser, step};
    if (at.a.sign() == 0 && mu != 0) return Landing{Landing::Where::saddle_line, step};
    if (step == steps || at.a.bits() > longest || at.b.bits() > longest || r.bits() > longest) return std::nullopt;
    at = after(at, r);
  }
  return std::nullopt;
}

bool surely_diverges(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double h) {
  Exact S;
  Exact p;
  for (Index i = 0; i < u.size(); ++i) {
    S = S + Exact(u[i]) * Exact(u[i]) + Exact(v[i]) * Exact(v[i]);
    p = p + Exact(u[i]) * Exact(v[i]);
  }
  const Exact rate(h);
  const auto magnitude = [](const Exact& number) { return number.sign() < 0 ? Exact() - number : number; };
  const Exact r = rate * magnitude(Exact(mu) - p);
  const Exact m = rate * Exact(std::abs(mu));
  return (r - m - Exact(4)).sign() >= 0 && (r * rate * magnitude(p) - Exact(2) * rate * S).sign() >= 0;
}

TwoCycle two_cycle(double m) {
  const double upper = ((m + 1) + std::sqrt((m + 3) * (m - 1))) / 2;
  return {1 / upper, upper, 9 - 2 * (1 + m) * (1 + m)};
}

}  // namespace equipoise
