// Factors a 2 x 2 matrix with the installed library and prints how it ended.
#include <equipoise/core/run.hpp>
#include <equipoise/problems/dense.hpp>

#include <iostream>

int main() {
  equipoise::Matrix A(2, 2);
  A << 2, 1, 1, 1;
  equipoise::Factors start(equipoise::Shape{2, 2, 1});
  start.flat() << 1, 0.5, 0.5, 0.25;

  const equipoise::Record record = equipoise::run(*equipoise::dense_problem(A), start, 0.1);

  // The best rank-1 loss is half the square of the smaller singular value, (3 - sqrt 5)/2.
  std::cout << equipoise::name(record.verdict.outcome) << ' ' << record.loss_end << '\n';
}
