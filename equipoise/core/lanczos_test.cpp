// Extreme eigenvalues against spectra that are known: clusters, copies, budgets, interruptions, states in pieces.
#include "equipoise/core/lanczos.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/objective.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/test_thread_space.hpp"

namespace equipoise::lanczos_test {
namespace {

using equipoise::testing::in_parts;
using equipoise::testing::ThreadSpace;

Eigen::MatrixXd with_spectrum(const Vector& values, std::uint64_t seed) {
  const Eigen::MatrixXd Q = thin_qr(gaussian_factors({values.size(), 0, values.size()}, seed).X()).orthonormal;
  return Q * values.asDiagonal() * Q.transpose();
}

Vector evenly(Index size, double from, double to) { return Vector::LinSpaced(size, from, to); }

// Products with a matrix, counted.
struct Counted {
  Eigen::MatrixXd H;
  mutable int calls = 0;
  SymmetricProduct product() const {
    return [this](const double* in, double* out) {
      ++calls;
      Eigen::Map<Vector>(out, H.rows()) = H * Eigen::Map<const Vector>(in, H.rows());
    };
  }
};

SharpnessSettings thrifty(double value_tolerance = 1e-9) {
  SharpnessSettings settings;
  settings.value_tolerance = value_tolerance;
  return settings;
}

double true_residual(const Eigen::MatrixXd& H, const Eigenpairs& pairs, Index i) {
  const Vector v = pairs.vectors.row(i).transpose();
  return (H * v - pairs.values[static_cast<std::size_t>(i)] * v).norm();
}

TEST(Lanczos, ClustersCopiesAndBothEndsAgreeWithTheSpectrum) {
  Vector clustered = evenly(120, -1, 1), copies = evenly(120, -3, 1), tight = evenly(120, 0, 1);
  clustered.tail(5) << 2, 2 + 1e-6, 2 + 2e-6, 2 + 3e-6, 2 + 1e-3;
  copies.tail(4).setConstant(2);
  copies.head(3).setConstant(-4);
  tight.head(100).setZero();
  const std::vector<Vector> spectra = {
      evenly(120, -1, 1),     clustered, copies, tight, Vector::Ones(120), Vector::Constant(90, -3),
      1e-9 * evenly(70, 0, 1)};
  std::uint64_t seed = 1;
  for (const Vector& values : spectra) {
    const Counted H{with_spectrum(values, ++seed)};
    const double norm = values.cwiseAbs().maxCoeff();
    for (const double value_tolerance : {0.0, 1e-12}) {
      for (const Index count : {1, 4}) {
        SCOPED_TRACE(::testing::Message() << "seed " << seed << " count " << count << " values " << value_tolerance);
        const SharpnessSettings settings = thrifty(value_tolerance);
        const Eigenpairs top = extreme_eigenpairs_of(values.size(), H.product(), count, SpectrumEnd::largest, settings);
        const Eigenpairs low =
            extreme_eigenpairs_of(values.size(), H.product(), count, SpectrumEnd::smallest, settings);
        EXPECT_TRUE(top.converged);
        EXPECT_TRUE(low.converged);
        for (Index i = 0; i < count; ++i) {
          EXPECT_NEAR(top.values[static_cast<std::size_t>(i)], values[values.size() - 1 - i], 1e-10 * norm);
          EXPECT_NEAR(low.values[static_cast<std::size_t>(i)], values[i], 1e-10 * norm);
          EXPECT_LE(true_residual(H.H, top, i), top.residuals[static_cast<std::size_t>(i)] + 1e-12 * norm);
          EXPECT_LE(top.residuals[static_cast<std::size_t>(i)], 1e-5 * norm);
        }
      }
    }
  }
}

TEST(Lanczos, SmallSizesAndNothing) {
  for (const Index size : {0, 1, 2, 3, 49, 50}) {
    const Counted H{with_spectrum(evenly(size, 1, 3), 5)};
    for (const Index dense_below : {0, 48}) {
      for (const double value_tolerance : {0.0, 1e-12}) {
        SCOPED_TRACE(::testing::Message() << "size " << size << " dense below " << dense_below);
        SharpnessSettings settings = thrifty(value_tolerance);
        settings.dense_below = dense_below;
        const Eigenpairs top = extreme_eigenpairs_of(size, H.product(), 3, SpectrumEnd::largest, settings);
        ASSERT_EQ(top.values.size(), static_cast<std::size_t>(std::min<Index>(size, 3)));
        for (std::size_t i = 0; i < top.values.size(); ++i)
          EXPECT_NEAR(top.values[i], evenly(size, 1, 3)[size - 1 - static_cast<Index>(i)], 1e-11);
        const Counted zero{Eigen::MatrixXd::Zero(size, size)};
        for (const double value : extreme_eigenpairs_of(size, zero.product(), 2, SpectrumEnd::largest, settings).values)
          EXPECT_NEAR(value, 0, 1e-14);
      }
    }
  }
}

// A hard end: the budget must hold, the value stay below the true one, and the residual be that of the vector.
TEST(Lanczos, TheBudgetIsKeptAndWhatIsReachedIsHonest) {
  const Eigen::MatrixXd noise = gaussian_factors({400, 0, 400}, 11).X();
  const Counted H{(noise + noise.transpose()) / 2};
  const double largest = symmetric_eigenvalues(H.H).maxCoeff();
  for (const double value_tolerance : {0.0, 1e-9}) {
    for (const Index count : {1, 3}) {
      double before = -INFINITY;
      for (const int budget : {1, 2, 3, 5, 10, 24, 25, 26, 27, 40, 60, 100, 160}) {
        SCOPED_TRACE(::testing::Message() << "budget " << budget << " count " << count << " " << value_tolerance);
        SharpnessSettings settings = thrifty(value_tolerance);
        settings.max_products = budget;
        H.calls = 0;
        const Eigenpairs top = extreme_eigenpairs_of(400, H.product(), count, SpectrumEnd::largest, settings);
        EXPECT_LE(H.calls, budget);
        ASSERT_EQ(top.values.size(), static_cast<std::size_t>(count));
        if (budget < 5) continue;
        EXPECT_LE(top.values[0], largest * (1 + 1e-12));
        EXPECT_NEAR(top.residuals[0], true_residual(H.H, top, 0), 1e-9 * largest);
        if (top.converged) {
          EXPECT_GT(top.values[0], largest * (1 - 1e-8));
        }
        if (value_tolerance > 0) {
          EXPECT_GE(top.values[0], before * (1 - 1e-9));
        }
        before = top.values[0];
      }
      EXPECT_GT(before, 0.999 * largest);
    }
  }
}

TEST(Lanczos, AnEndOnRequestReturnsWhatIsReached) {
  const Eigen::MatrixXd noise = gaussian_factors({300, 0, 300}, 12).X();
  const Counted H{(noise + noise.transpose()) / 2};
  const double largest = symmetric_eigenvalues(H.H).maxCoeff();
  for (const double value_tolerance : {0.0, 1e-9}) {
    for (const int patience : {0, 1, 7, 30, 45}) {
      SCOPED_TRACE(::testing::Message() << "patience " << patience);
      SharpnessSettings settings = thrifty(value_tolerance);
      int asked = 0;
      settings.keep_going = [&] { return asked++ < patience; };
      H.calls = 0;
      const Eigenpairs top = extreme_eigenpairs_of(300, H.product(), 1, SpectrumEnd::largest, settings);
      EXPECT_EQ(asked, patience + 1);    // never again after a no
      EXPECT_EQ(H.calls, patience + 1);  // and the one that finds the scale
      EXPECT_FALSE(top.converged);
      if (patience == 0) {
        EXPECT_TRUE(std::isnan(top.values[0]));
        continue;
      }
      EXPECT_LE(top.values[0], largest * (1 + 1e-12));
      EXPECT_NEAR(top.residuals[0], true_residual(H.H, top, 0), 1e-9 * largest);
      if (patience >= 30) {
        EXPECT_GT(top.values[0], 0.9 * largest);
      }
    }
  }
}

TEST(Lanczos, AGuessSavesProductsAndAPoorOneDoesNoHarm) {
  Vector values = evenly(600, 0, 1);
  values.tail(3) << 1.002, 1.004, 1.006;
  const Counted H{with_spectrum(values, 21)};
  SharpnessSettings settings = thrifty(1e-9);
  const Eigenpairs without = extreme_eigenpairs_of(600, H.product(), 1, SpectrumEnd::largest, settings);
  settings.guess = without.vectors.row(0).transpose() + 1e-3 * gaussian_factors({600, 0, 1}, 5).flat();
  const Eigenpairs with = extreme_eigenpairs_of(600, H.product(), 1, SpectrumEnd::largest, settings);
  EXPECT_LT(with.products, without.products);
  EXPECT_NEAR(with.values[0], 1.006, 1e-8);
  for (const Vector& poor : {Vector(Vector::Zero(600)), Vector(Vector::Constant(600, NAN)), Vector(Vector::Ones(3))}) {
    settings.guess = poor;
    EXPECT_NEAR(extreme_eigenpairs_of(600, H.product(), 1, SpectrumEnd::largest, settings).values[0], 1.006, 1e-8);
  }
}

// 1/2 sum of values_i z_i^2 + weight/2 (q.z)^2, of which a part holds a piece.
class Quadratic : public Objective {
 public:
  Quadratic(Vector values, Vector q, const Space& space)
      : values_(std::move(values)), q_(std::move(q)), space_(space) {}
  Index size() const override { return values_.size(); }
  double gradient(ConstState at, State out) const override {
    hessian_product(at, at, out);
    return space_.dot(at, out) / 2;
  }
  void hessian_product(ConstState, ConstState direction, State out) const override {
    out = values_.cwiseProduct(direction) + space_.dot(q_, direction) * q_;
  }
  const Space& space() const override { return space_; }

 private:
  Vector values_, q_;
  const Space& space_;
};

TEST(Lanczos, AStateInPiecesHasTheSameEigenvaluesAndAllPartsTheSameBits) {
  for (const Index size : {Index{1}, Index{30}, Index{500}}) {
    Vector values = evenly(size, -1, 1);
    const Vector q = 0.1 * gaussian_factors({size, 0, 1}, 31).flat();
    const Quadratic whole(values, q, local_space());
    const Vector all = hessian_spectrum(whole, Vector::Zero(size));
    for (const Index first : {Index{0}, size / 3, size}) {
      for (const double value_tolerance : {0.0, 1e-12}) {
        SCOPED_TRACE(::testing::Message() << "size " << size << " first part " << first << " " << value_tolerance);
        const SharpnessSettings settings = thrifty(value_tolerance);
        const Index count = std::min<Index>(size, 2);
        std::vector<Eigenpairs> top(2), low(2);
        std::vector<Vector> spectrum(2), vectors(2);
        in_parts(2, [&](const ThreadSpace& space, std::size_t part) {
          const Index begin = part == 0 ? 0 : first, held = part == 0 ? first : size - first;
          const Quadratic piece(values.segment(begin, held), q.segment(begin, held), space);
          const Vector at = Vector::Zero(held);
          top[part] = extreme_eigenpairs(piece, at, count, SpectrumEnd::largest, settings);
          low[part] = extreme_eigenpairs(piece, at, 1, SpectrumEnd::smallest, settings);
          if (size <= 30) spectrum[part] = hessian_spectrum(piece, at);
        });
        EXPECT_EQ(top[0].values, top[1].values);
        EXPECT_EQ(top[0].residuals, top[1].residuals);
        EXPECT_EQ(low[0].values, low[1].values);
        EXPECT_TRUE(top[0].converged && top[1].converged);
        for (Index i = 0; i < count; ++i)
          EXPECT_NEAR(top[0].values[static_cast<std::size_t>(i)], all[size - 1 - i], 1e-12 * all.cwiseAbs().maxCoeff());
        EXPECT_NEAR(low[0].values[0], all[0], 1e-12 * all.cwiseAbs().maxCoeff());
        if (size <= 30) {
          EXPECT_LE((spectrum[1] - all).cwiseAbs().maxCoeff(), 1e-13);
        }
        Vector joined(size);
        joined << top[0].vectors.row(0).transpose(), top[1].vectors.row(0).transpose();
        EXPECT_NEAR(joined.norm(), 1, 1e-12);
        Vector image(size);
        whole.hessian_product(joined, joined, image);
        EXPECT_LE((image - all[size - 1] * joined).norm(), 1e-5);
      }
    }
  }
}

TEST(Lanczos, TheFirstPartAloneIsAskedWhetherToGoOn) {
  std::vector<Eigenpairs> top(2);
  in_parts(2, [&](const ThreadSpace& space, std::size_t part) {
    const Quadratic piece(evenly(200, -1, part == 0 ? 1 : 1.1), Vector::Zero(200), space);
    SharpnessSettings settings;
    int asked = 0;
    settings.keep_going = [&asked, part] { return part == 1 ? asked++ < 3 : asked++ < 20; };
    top[part] = extreme_eigenpairs(piece, Vector::Zero(200), 1, SpectrumEnd::largest, settings);
  });
  EXPECT_EQ(top[0].products, 20);
  EXPECT_EQ(top[1].products, 20);
  EXPECT_EQ(top[0].values, top[1].values);
  EXPECT_FALSE(top[0].converged);
}

}  // namespace
}  // namespace equipoise::lanczos_test
