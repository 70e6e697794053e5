// The identities that the theorems stand on, at random rational points without rounding, and the product's functions
// there.
//
// Each identity is written with a sign that a mistake would turn: with +1 it must hold, with -1 it must fail.
#include <gtest/gtest.h>

#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <random>
#include <vector>

#include "equipoise/core/balance.hpp"
#include "equipoise/core/descent.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/theory/delta.hpp"
#include "equipoise/theory/scalar.hpp"

namespace equipoise::identities_test {
namespace {

using Rational = boost::multiprecision::cpp_rational;
using Rationals = std::vector<Rational>;

/// Fractions p/q with 1 <= |p|, q <= 40, so that no term vanishes by chance.
Rational fraction(std::mt19937_64& random) {
  const auto p = static_cast<int>(random() % 40) + 1;
  const auto q = static_cast<int>(random() % 40) + 1;
  return Rational(random() % 2 == 0 ? p : -p, q);
}

Rationals fractions(std::size_t size, std::mt19937_64& random) {
  Rationals v(size);
  for (Rational& entry : v) entry = fraction(random);
  return v;
}

Rational dot(const Rationals& a, const Rationals& b) {
  Rational sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// a + factor b
Rationals plus(const Rationals& a, const Rational& factor, const Rationals& b) {
  Rationals sum = a;
  for (std::size_t i = 0; i < a.size(); ++i) sum[i] += factor * b[i];
  return sum;
}

Rational squared(const Rationals& a) { return dot(a, a); }
Rational square(const Rational& a) { return a * a; }

/// The vector problem 1/2 (mu - u.v)^2 in units of the rate: m = h mu, S = h (|u|^2 + |v|^2), p = h u.v, r = m - p.
struct Vectors {
  Rational mu, h;
  Rationals u, v;

  Rational m() const { return h * mu; }
  Rational S() const { return h * (squared(u) + squared(v)); }
  Rational p() const { return h * dot(u, v); }
  Rational r() const { return m() - p(); }
  Rational a() const { return h * squared(plus(u, 1, v)); }
  Rational b() const { return h * squared(plus(u, -1, v)); }
  Rational E() const { return S() - m() * p() + m() * m() - 4; }
  Vectors next() const { return {mu, h, plus(u, r(), v), plus(v, r(), u)}; }
};

/// Calls body at random states of 1, 2, 3 and 4 numbers a factor, with its seed in every message.
template <class Body>
void at_random_states(const Body& body) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::size_t size = 1 + seed % 4;
    const Rational rate = abs(fraction(random));
    body(Vectors{fraction(random), rate, fractions(size, random), fractions(size, random)}, random);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Identities, VectorProblem) {
  at_random_states([](const Vectors& z, std::mt19937_64&) {
    const Vectors next = z.next();
    const auto holds = [&](int sign) {
      return std::array<bool, 4>{
          next.E() == (1 - sign * z.r() * z.p()) * z.E(),
          next.a() == square(1 + sign * z.r()) * z.a(),
          next.b() == square(1 - sign * z.r()) * z.b(),
          next.r() == z.r() * (1 - z.S() - sign * z.r() * z.p()),
      };
    };
    EXPECT_EQ(holds(1), (std::array<bool, 4>{true, true, true, true}));
    if (z.r() != 0 && z.p() != 0 && z.E() != 0 && z.a() != 0 && z.b() != 0) {
      EXPECT_EQ(holds(-1), (std::array<bool, 4>{false, false, false, false}));
    }
    EXPECT_EQ(z.S(), (z.a() + z.b()) / 2);
    EXPECT_EQ(z.r(), z.m() - (z.a() - z.b()) / 4);
  });
}

// delta and m are free, and t places (a, b) on the ellipse a/(delta + m) + b/(delta - m) = 4.
TEST(Identities, DeltaIsMonotone) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const Rational m = abs(fraction(random));
    const Rational delta = m + abs(fraction(random));
    const Rational t = fraction(random);
    const Rational a = 4 * t * (delta + m);
    const Rational b = 4 * (1 - t) * (delta - m);
    const Rational r = m - (a - b) / 4;
    EXPECT_EQ(r, delta * (1 - 2 * t));
    // delta is the root of its quadratic: S = (a + b)/2, p = (a - b)/4.
    EXPECT_EQ(delta * delta - delta * (a + b) / 4 + m * (a - b) / 4 - m * m, 0);
    const Rational after = square(1 + r) * a / (delta + m) + square(1 - r) * b / (delta - m);
    const auto claimed = [&](int sign) -> Rational { return 4 + sign * 4 * r * r * (delta - 2) / delta; };
    EXPECT_EQ(after, claimed(1));
    if (r != 0 && delta != 2) {
      EXPECT_NE(after, claimed(-1));
    }
  }
}

/// |mu O - x y^T|^2 / 2 with h = 1, O = I - 2 w w^T / |w|^2; y stands for itself, `turned` for O y.
TEST(Identities, IsotropicGramStateAndItsDelta) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::size_t n = 1 + seed % 4;
    const Rationals w = fractions(n, random), x = fractions(n, random), y = fractions(n, random);
    const Rational m = abs(fraction(random));
    const auto turn = [&](const Rationals& v) { return plus(v, -2 * dot(w, v) / squared(w), w); };
    // x+ = x + R y, y+ = y + R^T x with R = m O - x y^T
    const Rationals x_next = plus(plus(x, m, turn(y)), -squared(y), x);
    const Rationals y_next = plus(plus(y, m, turn(x)), -squared(x), y);

    const Rational P = squared(x), Q = squared(y), p = dot(x, turn(y));
    struct Gram {
      Rational P, Q, p;
    };
    const auto step = [](const Gram& at, const Rational& mu) {
      const Rational alpha = 1 - at.Q, beta = 1 - at.P;
      return Gram{square(alpha) * at.P + 2 * alpha * mu * at.p + square(mu) * at.Q,
                  square(beta) * at.Q + 2 * beta * mu * at.p + square(mu) * at.P,
                  (alpha * beta + mu * mu) * at.p + mu * (alpha * at.P + beta * at.Q)};
    };
    const Gram next = step({P, Q, p}, m);
    EXPECT_EQ(next.P, squared(x_next));
    EXPECT_EQ(next.Q, squared(y_next));
    EXPECT_EQ(next.p, dot(x_next, turn(y_next)));

    // With e = x + O y and g = x - O y: e+ = (1 + m - S/2) e + g (g.e)/2, the step of theorem 3'.
    const Rationals e = plus(x, 1, turn(y)), g = plus(x, -1, turn(y)), e_next = plus(x_next, 1, turn(y_next));
    const Rational S = P + Q;
    EXPECT_EQ(e_next, plus(plus(e, m - S / 2, e), dot(g, e) / 2, g));

    // Any Gram state with delta as its root: p follows from delta, m, P and Q. The identity does not ask for |p|^2 <= P
    // Q.
    const Rational delta = m + abs(fraction(random));
    const Rational p_of_delta = (m * m + delta * S / 2 - delta * delta) / m;
    const Rational r = m - p_of_delta;
    const Gram after = step({P, Q, p_of_delta}, m);
    const Rational J_after = delta * (after.P + after.Q) - 2 * m * after.p - 2 * (delta * delta - m * m);
    const Rational spread = 2 * (delta * delta - 2 * delta + m * m) * (P * Q - p_of_delta * p_of_delta);
    const Rational decrease = 2 * r * r * (2 - delta) * (delta * delta - m * m) / delta;
    EXPECT_EQ(J_after, spread - decrease);
    if (decrease != 0) {
      EXPECT_NE(J_after, spread + decrease);
    }
    if (spread != 0) {
      EXPECT_NE(J_after, -spread - decrease);
    }
  }
}

// m = t + 1/t - 1 makes the roots of the cycle rational.
TEST(Identities, TwoCycleOfTheBalancedMap) {
  for (const int numerator : {3, 4, 5, 9, 16, 31}) {
    const Rational t(numerator, 2);
    const Rational m = t + 1 / t - 1;
    const auto map = [&](const Rational& q) -> Rational { return q * square(1 + m - q); };
    const auto slope = [&](const Rational& q) -> Rational { return (1 + m - q) * (1 + m - 3 * q); };
    EXPECT_EQ(map(t), 1 / t);
    EXPECT_EQ(map(1 / t), t);
    EXPECT_EQ(slope(t) * slope(1 / t), 9 - 2 * square(1 + m));
    const TwoCycle ours = two_cycle(static_cast<double>(m));
    EXPECT_NEAR(ours.upper, static_cast<double>(t), 1e-14 * static_cast<double>(t));
    EXPECT_NEAR(ours.lower, static_cast<double>(1 / t), 1e-14);
    const auto multiplier = static_cast<double>(slope(t) * slope(1 / t));
    EXPECT_NEAR(ours.multiplier, multiplier, 1e-13 * std::abs(multiplier));
  }
}

using RationalMatrix = std::vector<Rationals>;

RationalMatrix product(const RationalMatrix& A, const RationalMatrix& B) {
  RationalMatrix C(A.size(), Rationals(B[0].size()));
  for (std::size_t i = 0; i < A.size(); ++i) {
    for (std::size_t j = 0; j < B[0].size(); ++j) {
      for (std::size_t k = 0; k < B.size(); ++k) C[i][j] += A[i][k] * B[k][j];
    }
  }
  return C;
}

RationalMatrix transposed(const RationalMatrix& A) {
  RationalMatrix T(A[0].size(), Rationals(A.size()));
  for (std::size_t i = 0; i < A.size(); ++i) {
    for (std::size_t j = 0; j < A[0].size(); ++j) T[j][i] = A[i][j];
  }
  return T;
}

RationalMatrix plus(const RationalMatrix& A, const Rational& factor, const RationalMatrix& B) {
  RationalMatrix C = A;
  for (std::size_t i = 0; i < A.size(); ++i) C[i] = plus(A[i], factor, B[i]);
  return C;
}

/// Multiples of 1/8 below 4: a step of descent on them has no rounding in double.
RationalMatrix dyadic(std::size_t rows, std::size_t cols, std::mt19937_64& random) {
  RationalMatrix A(rows, Rationals(cols));
  for (Rationals& row : A) {
    for (Rational& entry : row) entry = Rational(static_cast<int>(random() % 63) - 31, 8);
  }
  return A;
}

Matrix rounded(const RationalMatrix& A) {
  Matrix B(static_cast<Index>(A.size()), static_cast<Index>(A[0].size()));
  for (Index i = 0; i < B.rows(); ++i) {
    for (Index j = 0; j < B.cols(); ++j) {
      B(i, j) = static_cast<double>(A[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]);
    }
  }
  return B;
}

TEST(Identities, ImbalanceOfMatrices) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::size_t m = 1 + random() % 4, n = 1 + random() % 4, d = 1 + random() % 5;
    const RationalMatrix A = dyadic(m, n, random), X = dyadic(m, d, random), Y = dyadic(n, d, random);
    const Rational h(1 + static_cast<int>(random() % 31), 16);
    const RationalMatrix R = plus(A, -1, product(X, transposed(Y)));
    const RationalMatrix RY = product(R, Y), RtX = product(transposed(R), X);
    const RationalMatrix X_next = plus(X, h, RY), Y_next = plus(Y, h, RtX);

    const auto imbalance = [](const RationalMatrix& P, const RationalMatrix& Q) {
      return plus(product(transposed(P), P), -1, product(transposed(Q), Q));
    };
    const RationalMatrix after = imbalance(X_next, Y_next);
    const auto claimed = [&](int sign) { return plus(imbalance(X, Y), sign * h * h, imbalance(RY, RtX)); };
    EXPECT_EQ(after, claimed(1));
    if (imbalance(RY, RtX) != imbalance(RtX, RY)) {
      EXPECT_NE(after, claimed(-1));
    }

    // The product's descent takes the same step, here without rounding, and measures this imbalance.
    const auto problem = dense_problem(rounded(A));
    Descent descent(*problem, Factors(rounded(X), rounded(Y)), static_cast<double>(h));
    descent.step();
    EXPECT_EQ(Matrix(descent.at().X()), rounded(X_next));
    EXPECT_EQ(Matrix(descent.at().Y()), rounded(Y_next));
    const double norm = rounded(after).norm();
    const double size =
        rounded(product(transposed(X_next), X_next)).norm() + rounded(product(transposed(Y_next), Y_next)).norm();
    EXPECT_NEAR(balance(descent.at()).imbalance, norm, 1e-14 * size);
  }
}

int sign_of(const Rational& a) { return a < 0 ? -1 : a > 0 ? 1 : 0; }

/// The product's numbers and decisions at dyadic states and at their next steps, which doubles still hold.
TEST(Identities, DeltaOfTheProductFollowsThem) {
  const auto vector = [](const Rationals& v) { return Vector(rounded({v}).row(0).transpose()); };
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto few_bits = [&] { return Rational(static_cast<int>(random() % 15) - 7, 4); };
    Vectors z{few_bits(), Rational(1 + static_cast<int>(random() % 7), 8), Rationals(1 + seed % 3),
              Rationals(1 + seed % 3)};
    for (Rationals* factor : {&z.u, &z.v}) {
      for (Rational& entry : *factor) entry = few_bits();
    }
    // m, p and r are for mu > 0: the product reverses v otherwise.
    if (z.mu < 0) {
      for (Rational& entry : z.v) entry = -entry;
    }
    const auto of = [&](const Vectors& at) {
      return Delta::of_vectors(static_cast<double>(at.mu), vector(at.u), vector(at.v));
    };
    const Vectors next = z.next();
    const auto h = static_cast<double>(z.h);
    for (const Vectors& at : {z, next}) {
      const Delta ours = of(at);
      const auto near = [](double value, const Rational& truth, const Rational& size) {
        EXPECT_NEAR(value, static_cast<double>(truth), 1e-15 * static_cast<double>(abs(size)));
      };
      near(ours.m(h), abs(at.m()), at.m());
      near(ours.S(h), at.S(), at.S());
      near(ours.p(h), at.mu == 0 ? Rational(0) : Rational(at.mu < 0 ? -at.p() : at.p()), at.p());
      near(ours.E(h), at.E(), at.E());
      // delta < c by its quadratic, for c > m.
      for (const Rational& c : {Rational(1), Rational(2), Rational(7, 4)}) {
        if (abs(at.m()) >= c) continue;
        const Rational quadratic = c * c - c * at.S() / 2 + at.m() * at.p() - at.m() * at.m();
        EXPECT_EQ(ours.delta_versus(h, static_cast<double>(c)), -sign_of(quadratic));
      }
    }
    // E keeps its sign, and delta moves away from 2 or stays.
    if (abs(z.m()) < 2) {
      EXPECT_EQ(of(z).delta_versus(h, 2), sign_of(z.E()));
      EXPECT_EQ(of(next).delta_versus(h, 2), of(z).delta_versus(h, 2));
      const double before = of(z).delta(h), after = of(next).delta(h);
      if (of(z).delta_versus(h, 2) < 0) {
        EXPECT_LE(after, before * (1 + 1e-7));
      }
      if (of(z).delta_versus(h, 2) > 0) {
        EXPECT_GE(after, before * (1 - 1e-7));
      }
    }
  }
}

}  // namespace
}  // namespace equipoise::identities_test
