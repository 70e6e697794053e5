// The choice of coordinates by cost.
#include "equipoise/solve/coordinates.hpp"

#include <gtest/gtest.h>

namespace equipoise::coordinates_test {
namespace {

TEST(Coordinates, TheChoiceWeighsShapeAndSteps) {
  EXPECT_FALSE(choose_coordinates({10, 8, 2}, 1000000).spectral);
  EXPECT_FALSE(choose_coordinates({1000, 800, 8}, 10).spectral);
  EXPECT_TRUE(choose_coordinates({1000, 800, 8}, 10000).spectral);
  EXPECT_TRUE(choose_coordinates({1797, 64, 8}, 10000).spectral);
  EXPECT_FALSE(choose_coordinates({300, 200, 200}, 10000).spectral);  // d of the order of the sides: nothing is saved
  EXPECT_FALSE(choose_coordinates({0, 0, 1}, 10000).spectral);
  EXPECT_FALSE(choose_coordinates({1000, 800, 8}, 0).why.empty());
  // The identity: no SVD, so that the first step is already a gain; where nothing is saved it stays plain.
  EXPECT_TRUE(choose_coordinates({100, 100, 1}, 1, 1.0).spectral);
  EXPECT_FALSE(choose_coordinates({100, 100, 1}, 0, 1.0).spectral);
  EXPECT_FALSE(choose_coordinates({8, 8, 1}, 10000, 1.0).spectral);
  EXPECT_FALSE(choose_coordinates({100, 100, 1}, 1).spectral);
}

}  // namespace
}  // namespace equipoise::coordinates_test
