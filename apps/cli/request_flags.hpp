// From flags to a typed request, once; after it nobody sees the texts of flags.
#pragma once

#include <CLI/App.hpp>
#include <map>
#include <string>
#include <string_view>

#include "equipoise/io/files.hpp"
#include "equipoise/solve/request.hpp"
#include "equipoise/solve/run_record.hpp"
#include "equipoise/solve/settings.hpp"

namespace equipoise::cli {

/// How the command reads a matrix of which only the name is given: messages name flags.
LoadOptions load_options();

/// Which matrix, and how to read it.
struct MatrixFlags {
  std::string name;
  std::map<std::string, std::string> texts;  ///< of the settings of reading, by key
  bool triplets = false;

  void declare(CLI::App& verb);
  /// A large .npy may come back as MatrixData::in_place.
  MatrixData load() const;
};

/// Which factorization of it, from where, how fast.
struct RequestFlags {
  MatrixFlags matrix;
  std::map<std::string, std::string> texts;  ///< of the request's settings, by key
  std::string start_setting = "start";       ///< the flag of given factors: start, or factors where they must be given

  /// All settings of a request.
  void declare(CLI::App& verb);
  /// One of them.
  void declare(CLI::App& verb, const std::string& key);
  /// Reads words and numbers first, since a mistyped flag must not wait for a large file; then the factors, then the
  /// matrix. `run`: what is to come, for the choice of coordinates. Throws Error for everything that a user can get
  /// wrong.
  Request read(const RunSettings& run) const;
  /// A request for the matrix alone.
  Request read_matrix() const;
  /// The settings of the matrix, those of the request and of the run, and texts as they were written.
  ResolvedSettings resolved(ResolvedSettings of_solution) const;
};

/// The settings of a run: their texts by key, and what they say.
struct RunFlags {
  std::map<std::string, std::string> texts;

  void declare(CLI::App& verb);
  RunSettings read() const;
};

}  // namespace equipoise::cli
