// Built-in matrices: texts such as "gaussian:200x100:seed=7" that stand for a matrix.
#pragma once

#include <string>
#include <string_view>

#include "equipoise/io/files.hpp"

namespace equipoise {

inline constexpr std::string_view builtin_examples =
    "scalar:1.0, isotropic:100:1.0, gaussian:200x100:seed=7, symmetric:100:seed=7, positive:100:seed=7 and "
    "spectrum:300x250:1,0.5,0.2:seed=7";

/// True where the text begins with the name of a built-in and a colon.
bool is_builtin(std::string_view name);

/// The matrix; the same text gives the same doubles on every platform. Throws Error for a text that is not as the
/// examples. A spectrum with k values costs (rows + cols) k^2 + rows cols k multiplications.
MatrixData builtin_matrix(const std::string& name, const LoadOptions& options);

}  // namespace equipoise
