// equipoise generate: a built-in matrix, written to a file.
//
// Tested in tests/cli/verbs.py
#include <memory>

#include "apps/cli/request_flags.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/io/files.hpp"

namespace equipoise::cli {
namespace {

struct GenerateFlags {
  std::string spec;
  std::string out;
};

int generate(const GenerateFlags& flags) {
  save_matrix(flags.out, load_matrix(flags.spec, load_options()));
  return 0;
}

}  // namespace

Action declare_generate(CLI::App& verb) {
  auto flags = std::make_shared<GenerateFlags>();
  verb.add_option("SPEC", flags->spec,
                  "scalar:1.0, isotropic:100:1.0, gaussian:200x100:seed=7 or spectrum:300x250:1,0.5,0.2:seed=7")
      ->required();
  verb.add_option("--out", flags->out, "a file ending in .npy, .mtx or .csv, or - for standard output")
      ->type_name("FILE")
      ->required();
  verb.footer(
      "Example: equipoise generate spectrum:30x20:1,0.5,0.2:seed=7 --out A.mtx\n"
      "The same text gives the same doubles on every platform. isotropic:100:1.0 is the matrix of the experiments in\n"
      "Wang, Chen, Zhao, Tao, ICLR 2022, arXiv 2110.03677.");
  return [flags] { return generate(*flags); };
}

}  // namespace equipoise::cli
