// The files of the product: what a name on the command line becomes in memory, and what a run leaves on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/factors.hpp"
#include "equipoise/core/spelling.hpp"
#include "equipoise/problems/matrix_data.hpp"

namespace equipoise {

/// How the entries that a file does not name are to be read.
enum class Missing {
  zero,    ///< entries absent from a sparse file are zeros; NaN or Inf anywhere is an Error
  unknown  ///< entries absent from a sparse file, and NaN in any file, are unknown; Inf is an Error
};

/// Physical memory in bytes; 2^40 where the system does not tell.
std::uint64_t memory_of_this_machine();

/// Whether the first line of a table names its columns.
enum class Header {
  automatic,  ///< a line of names alone is a header; one that could be either is an Error that asks
  yes,
  no
};

/// How the rows and columns of triplets are numbered.
enum class IndexBase {
  one,    ///< 1, 2, ... as in Matrix Market
  zero,   ///< 0, 1, ...
  labels  ///< any text is an id; rows and columns are numbered in the order in which ids appear
};

/// What to do about an entry that a file holds more than once.
enum class Duplicates { error, sum, mean, last };

/// How tables of text are written.
struct TextOptions {
  std::string separator;  ///< "": a comma in csv, a tab in tsv; " ": any blanks
  char decimal = '.';
  Header header = Header::automatic;
  std::vector<std::string> missing_values;  ///< beside the empty cell; empty: usual_missing_values() of io/cell.hpp
  /// The columns to read, by number from 1 or by the name in the header: "2-", "1-3,5", "userId,movieId,rating".
  /// Triplets: three, in the order row, column, value. "": all of a table; of triplets by the header's names or by
  /// position.
  std::string columns;
  IndexBase index_base = IndexBase::one;
};

struct LoadOptions {
  Missing missing = Missing::zero;
  std::string format;     ///< "", "mtx", "npy", "npz", "csv", "tsv": overrides what the name's ending says
  bool triplets = false;  ///< csv and tsv hold row, column, value (1-based as in Matrix Market) instead of a table
  TextOptions text;       ///< of csv and tsv
  Duplicates duplicates = Duplicates::error;  ///< of every format
  /// Bytes that one matrix, or one unpacked file, may take; a small file that claims to be more is an Error instead of
  /// a machine that swaps. 0: the memory of this machine.
  std::uint64_t memory_limit = 0;
  bool map_large = false;       ///< a large .npy that can be read in place comes back `in_place` (io/mapped.hpp)
  Spelling spelling = as_keys;  ///< how messages name these options
};

/// Reads a matrix: a file (ending or options.format decides; gzip is unpacked), "-" for standard input (options.format
/// or its first line decides), or a built-in: "scalar:1.0", "isotropic:100:1.0" (1.0 times the identity),
/// "gaussian:200x100:seed=7" (independent standard normals, row by row), "symmetric:100:seed=7" ((G + G^T)/2 of such
/// G), "positive:100:seed=7" (G G^T/200 for such G of 100 x 200), "spectrum:300x250:1,0.5,0.2:seed=7" (given singular
/// values, random orthonormal vectors). A seed may be left out and is then 0. With Missing::unknown, a dense file with
/// NaN comes back sparse. A matrix has at least one row and one column, and at least one known entry where absent means
/// unknown. An entry that a file holds twice is an Error unless options.duplicates says what it means. Values are
/// rounded to the nearest double. Throws Error naming file, and line and column or entry (both counted from 1).
MatrixData load_matrix(const std::string& name, const LoadOptions& options = {});

/// Reads a dense two-dimensional .npy of numbers (one-dimensional: a column; no rows or columns are legal: factors may
/// have rank 0); throws Error for anything else and for non-finite entries.
Matrix load_npy(const std::filesystem::path& path);

/// Reads factors from "X.npy,Y.npy" or from a folder that holds both. Throws Error also where the ranks differ.
Factors load_factors(const std::string& name);

/// Writes through a temporary file in the same folder, fsync and a rename: whoever kills the process leaves the old
/// file or the new one. A device or a pipe is written directly, a link is followed. Throws Error where the folder is
/// not writable or the disk is full, and removes the temporary file.
void save_text(const std::filesystem::path& path, std::string_view text);
/// As float64 in C order; any shape, also empty; NaN and Inf are kept.
void save_npy(const std::filesystem::path& path, const Eigen::Ref<const Matrix>& values);
/// By ending: .npy (unknown entries as NaN), .mtx (coordinate if sparse, array if dense), .csv (a table; unknown
/// entries empty). "-" writes .mtx to standard output, where a reader that went away is no error. Numbers in text read
/// back exactly.
void save_matrix(const std::filesystem::path& path, const MatrixData& matrix);

/// Creates the folder with its parents. Throws Error where something else stands there or it cannot be written.
void make_folder(const std::filesystem::path& path);

}  // namespace equipoise
