// The Hessian's eigenvalues where theory gives them in closed form: the largest at rank one, all of them at minimisers.
#pragma once

#include <optional>

#include "equipoise/core/sharpness.hpp"

namespace equipoise {

/// The largest Hessian eigenvalue of a complete problem at rank 1, anywhere (docs/theory.md, rank1.sharpness):
/// (|x|^2 + |y|^2)/2 + sqrt((|x|^2 - |y|^2)^2/4 + |2 x y^T - A|_2^2), with the residual of the norm in it.
/// Cost: tens of gradients of rank 2. Throws Error at another rank or where A is not complete.
Sharpness rank1_sharpness(const Problem& problem, ConstFactors at);

/// Ascending eigenvalues of [[Y^T Y, -tau I], [-tau I, X^T X]] (2d of them): the Hessian at a critical point, on the
/// directions that leave the column spaces of X and Y along one singular pair of the residual with singular value tau.
Vector leaving_eigenvalues(ConstFactors at, double tau, const Space& space = local_space());
/// The same from X^T X and Y^T Y.
Vector leaving_eigenvalues(Eigen::Ref<const Eigen::MatrixXd> gram_x, Eigen::Ref<const Eigen::MatrixXd> gram_y,
                           double tau);

/// The ends of what minimiser_spectrum() has above zero, from Grams: of the residual's singular values tau alone, the
/// largest, which leaves the smallest eigenvalue. Where that one is zero, since A has two singular values there that
/// are equal, the next of the same block is given.
struct EndsAtMinimiser {
  double largest = 0;
  double smallest = 0;  ///< equal to `largest` if there is no other
};
/// `rows`, `cols`: those of A. `gradient`: the length of the gradient that is left, which moves zeros by about
/// |grad f| / |z|; up to four times that they are taken for zeros. Cost O(rank^3).
EndsAtMinimiser ends_at_minimiser(Eigen::Ref<const Eigen::MatrixXd> gram_x, Eigen::Ref<const Eigen::MatrixXd> gram_y,
                                  Index rows, Index cols, double tau, double gradient);

/// The whole Hessian spectrum, ascending, at a global minimiser of a complete problem whose X and Y have full column
/// rank: p_i + q_j (d^2 of them), 0 (d^2), for each i > d the eigenvalues of [[Y^T Y, -s_i I], [-s_i I, X^T X]], and |m
/// - n| copies of eig(Y^T Y) if m > n, of eig(X^T X) if n > m. `singular_values`: all min(m, n) of A, descending. Cost
/// O(min(m,n) d^3). Throws Error where the shapes do not allow it (rank above a side, or too few singular values).
Vector minimiser_spectrum(const Vector& singular_values, ConstFactors at, const Space& space = local_space());

/// How far any eigenvalue of the Hessian at `at` can be from its place in minimiser_spectrum. With
/// e = |X^T R|_F / sigma_min(X) + |R Y|_F / sigma_min(Y), which is zero at a critical point, the bound is 2e and a
/// margin for rounding: dropping from R what lies in the column spaces of X and Y moves the Hessian by at most e, and
/// the singular values that are left by at most e (Weyl). Infinite where X or Y lacks full column rank, or where the
/// singular values of X Y^T do not stay above those left, sigma_d(X Y^T) > s_{d+1} + e: the point is then not near a
/// minimiser with a gap. Cost: one gradient and O((m + n) d^2).
double minimiser_spectrum_error(const Problem& problem, const Vector& singular_values, ConstFactors at);

}  // namespace equipoise
