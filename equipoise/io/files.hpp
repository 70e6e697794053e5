// The files of the product: what a name on the command line becomes in memory, and what a run leaves on disk.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "equipoise/core/factors.hpp"
#include "equipoise/problems/sparse.hpp"

namespace equipoise {

/// How the entries that a file does not name are to be read.
enum class Missing {
  zero,    ///< entries absent from a sparse file are zeros; NaN or Inf anywhere is an Error
  unknown  ///< entries absent from a sparse file, and NaN in a dense one, are unknown; Inf is an Error
};

struct LoadOptions {
  Missing missing = Missing::zero;
  std::string format;     ///< "", "mtx", "npy", "npz", "csv", "tsv": overrides what the name's ending says
  bool triplets = false;  ///< csv and tsv hold row, column, value (1-based as in Matrix Market) instead of a table
};

/// A as it was loaded. `entries` holds a value for every entry (dense) or for the stored ones (sparse).
/// With Missing::unknown, absent from a sparse one means unknown; a dense file with NaN comes back sparse.
struct LoadedMatrix {
  std::variant<Matrix, SparseMatrix> values;
  bool has_unknown = false;  ///< absent = unknown (observed), not zero
  std::string source;        ///< the name as given

  Index rows() const;
  Index cols() const;
  Index entries() const;  ///< stored entries if sparse, rows * cols if dense
};

/// Reads a matrix: a file (ending or options.format decides; a ".gz" on any text format is unpacked), "-" for standard
/// input (needs options.format or a recognisable first line), or a built-in: "scalar:1.0", "isotropic:100:1.0",
/// "gaussian:200x100:seed=7", "spectrum:300x250:1,0.5,0.2:seed=7". Throws Error naming file, line and column or entry.
LoadedMatrix load_matrix(const std::string& name, const LoadOptions& options = {});

/// Reads a dense two-dimensional .npy of numbers (one-dimensional: a column); throws Error for anything else and for non-finite entries.
Matrix load_npy(const std::filesystem::path& path);

/// Reads factors from "X.npy,Y.npy" or from a folder that holds both.
Factors load_factors(const std::string& name);

/// Writes through a temporary file in the same folder, fsync and a rename: whoever kills the process leaves the old file
/// or the new one. Throws Error where the folder is not writable or the disk is full, and removes the temporary file.
void save_text(const std::filesystem::path& path, std::string_view text);
void save_npy(const std::filesystem::path& path, const Eigen::Ref<const Matrix>& values);
/// By ending: .npy, .mtx (coordinate if sparse, array if dense), .csv. "-" writes to standard output (mtx).
void save_matrix(const std::filesystem::path& path, const LoadedMatrix& matrix);

/// Creates the folder with its parents. Throws Error where something else stands there or it cannot be written.
void make_folder(const std::filesystem::path& path);

}  // namespace equipoise
