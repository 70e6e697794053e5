// The command equipoise: picks the verb, and turns every mistake into one line and exit code 2.
//
// Tested in tests/cli/bad_input.py
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <csignal>
#include <new>
#include <optional>

#include "apps/cli/output.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/spelling.hpp"

namespace equipoise::cli {
namespace {

struct Verb {
  const char* name;
  const char* help;
  Action (*declare)(CLI::App&);
};

constexpr Verb verbs[] = {
    {"factor", "one run of gradient descent on a matrix, with its verdict", declare_factor},
    {"predict", "what theory says before the run", declare_predict},
    {"sharpness", "largest Hessian eigenvalues at given factors", declare_sharpness},
    {"info", "shape, norm and singular values of a matrix", declare_info},
    {"generate", "write a built-in matrix to a file", declare_generate},
    {"sweep", "a grid of runs: every cell to its verdict", declare_sweep},
    {"merge", "put the shards of a sweep together", declare_merge},
    {"report", "rebuild the page of a run, or the pictures of a sweep, from its folder", declare_report},
    {"reproduce", "the paper's experiments and claims, in one page", declare_reproduce},
};

// Of the contract, and not built yet: a flag of a verb, or a verb.
struct Planned {
  const char* verb;
  const char* word;
  const char* what;
};
constexpr Planned planned[] = {
    {"factor", "--holdout", "held-out entries"},
    {"factor", "--validate", "held-out entries"},
    {"factor", "--patience", "early stopping on held-out entries"},
    {"factor", "--checkpoint-every", "checkpoints"},
    {"factor", "--resume", "checkpoints; --start DIR goes on from the factors of a finished run"},
    {"", "certify", "proofs in ball arithmetic"},
    {"", "verify", "proofs in ball arithmetic"},
};

int fail(const std::string& message) {
  std::string line = message;
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  fmt::print(stderr, "equipoise: {}\n", line);
  return 2;
}

// CLI11 says which argument it did not expect; what a user needs as well is the nearest one that exists.
std::string unexpected_argument(const CLI::App& app, const std::vector<std::string>& extras) {
  const CLI::App* verb = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
  std::string word = extras.empty() ? "" : extras.front();
  word = word.substr(0, word.find('='));
  for (const Planned& each : planned) {
    if (word == each.word && (verb == &app ? "" : verb->get_name()) == each.verb) {
      return fmt::format("'{}' is planned and not there yet ({}); leave it out", word, each.what);
    }
  }
  std::vector<std::string> known;
  if (verb == &app) {
    for (const Verb& each : verbs) known.emplace_back(each.name);
  }
  for (const CLI::Option* option : verb->get_options()) {
    for (const std::string& long_name : option->get_lnames()) known.push_back(fmt::format("--{}", long_name));
  }
  const std::string what =
      word.starts_with("-") ? "unknown flag" : (verb == &app ? "unknown verb" : "unexpected argument");
  const std::string where = verb == &app ? "equipoise --help" : fmt::format("equipoise {} --help", verb->get_name());
  const std::optional<std::string> close = nearest(word, known);
  return fmt::format("{} '{}'{}; {} lists what there is", what, word,
                     close ? fmt::format(", did you mean '{}'?", *close) : "", where);
}

// A variable of a script that was not set: --out "" must not lose a run.
std::optional<std::string> empty_value(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    if (std::ranges::find(option->results(), "") == option->results().end()) continue;
    return fmt::format("{} is given an empty text; write a value{}", option->get_name(),
                       option->get_positional() ? "" : " or leave the flag out");
  }
  return std::nullopt;
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Gradient descent with large learning rates on f(X, Y) = 1/2 |A - X Y^T|_F^2", "equipoise");
  app.footer(
      "Exit codes: 0 the verb did its work, any verdict is a result; 1 an expectation failed; 2 usage, file or "
      "configuration\n"
      "error; 130 interrupted.\nExample: equipoise factor data/digits.mtx --rank 8 --rate 3.5/L --start-norms 430,48 "
      "--out digits");
  bool version = false;
  app.add_flag("--version", version, "version, compiler, SIMD targets and threads");
  app.require_subcommand(0, 1);
  Action chosen;
  for (const Verb& verb : verbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    sub->allow_extras();  // collected, then refused below with the nearest name
    const Action action = verb.declare(*sub);
    sub->callback([&chosen, action] { chosen = action; });
  }
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app.get_subcommands().empty() ? app.help() : app.get_subcommands().front()->help("equipoise"));
    return 0;
  } catch (const CLI::ParseError& error) {
    return fail(error.what());
  }
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) return fail(unexpected_argument(app, extras));
  if (version) {
    print(version_text() + "\n");
    return 0;
  }
  for (const CLI::App* verb : app.get_subcommands()) {
    if (const std::optional<std::string> mistake = empty_value(*verb)) return fail(*mistake);
  }
  if (!chosen) return fail("no verb given; equipoise --help lists them, equipoise factor A.mtx --rank 8 is a start");
  return chosen();
}

}  // namespace
}  // namespace equipoise::cli

int main(int argc, char** argv) {
  using equipoise::cli::fail;
  try {
    return equipoise::cli::main(argc, argv);
  } catch (const equipoise::Error& error) {
    return fail(error.what());
  } catch (const std::bad_alloc&) {
    return fail("out of memory; the matrix or the rank is too large for this machine");
  } catch (const std::exception& error) {
    return fail(fmt::format("internal error: {}; please report it with the command", error.what()));
  }
}
