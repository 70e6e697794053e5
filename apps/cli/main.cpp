// The command equipoise: picks the verb, and turns every mistake into one line and exit code 2.
//
// Tested in tests/cli/bad_input.py
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <csignal>
#include <memory>
#include <new>
#include <optional>

#include "apps/cli/help.hpp"
#include "apps/cli/output.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/setting.hpp"
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
    for (const CLI::App* each : app.get_subcommands({})) known.push_back(each->get_name());
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

// "--json factor A.mtx": the flag is one of a verb's.
std::optional<std::string> flag_before_verb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] != '-') return std::nullopt;
  const std::string word = std::string(argv[1]).substr(0, std::string_view(argv[1]).find('='));
  for (const CLI::Option* option : app.get_options()) {
    if (option->check_name(word)) return std::nullopt;
  }
  for (const CLI::App* verb : app.get_subcommands({})) {
    if (std::find(argv + 2, argv + argc, verb->get_name()) == argv + argc) continue;
    for (const CLI::Option* option : verb->get_options()) {
      if (option->check_name(word))
        return fmt::format("'{}' belongs after the verb: equipoise {} {} ...", word, verb->get_name(), word);
    }
  }
  return std::nullopt;
}

// Verbs about the command itself.
void declare_help(CLI::App& app, Action& chosen) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* help = app.add_subcommand("help", "help of the command or of a verb");
  help->add_option("VERB", *words, "a verb; without one the verbs are listed")->expected(0, 1);
  help->callback([&app, &chosen, words] {
    chosen = [&app, words] {
      const CLI::App* verb = nullptr;
      if (!words->empty()) {
        std::vector<std::string> known;
        for (const CLI::App* each : app.get_subcommands({})) {
          known.push_back(each->get_name());
          if (each->get_name() == words->front()) verb = each;
        }
        if (verb == nullptr) word_of("the verb", words->front(), known);
      }
      print(help_text(app, verb, help_width()));
      return 0;
    };
  });
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "a script that completes the command in a shell");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")->required();
  completion->footer("Example: source <(equipoise completion bash)");
  completion->callback([&app, &chosen, shell] {
    chosen = [&app, shell] {
      print(completion_script(app, word_of("the shell", *shell, {"bash", "zsh", "fish"})));
      return 0;
    };
  });
  CLI::App* manual = app.add_subcommand("manual", "the manual page in roff");
  manual->footer("Example: equipoise manual | man -l -");
  manual->callback([&app, &chosen] {
    chosen = [&app] {
      print(manual_page(app));
      return 0;
    };
  });
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
  std::signal(SIGXFSZ, SIG_IGN);  // past a limit of file sizes writing fails, and says so
  CLI::App app("Gradient descent with large learning rates on f(X, Y) = 1/2 |A - X Y^T|_F^2", "equipoise");
  app.footer(
      "Exit codes: 0 the verb did its work, any verdict is a result; 1 an expectation failed; 2 usage, file or "
      "configuration\n"
      "error; 130 interrupted.\nExample: equipoise factor data/digits.mtx --rank 8 --rate 3.5/L --start-norms 430,48 "
      "--out digits");
  bool version = false;
  app.add_flag("-V,--version", version, "version, compiler, SIMD targets and threads");
  app.require_subcommand(0, 1);
  Action chosen;
  for (const Verb& verb : verbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    sub->allow_extras();  // collected, then refused below with the nearest name
    const Action action = verb.declare(*sub);
    sub->callback([&chosen, action] { chosen = action; });
  }
  declare_help(app, chosen);
  app.allow_extras();
  if (const std::optional<std::string> mistake = flag_before_verb(app, argc, argv)) return fail(*mistake);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(help_text(app, app.get_subcommands().empty() ? nullptr : app.get_subcommands().front(), help_width()));
    return 0;
  } catch (const CLI::ParseError& error) {
    return fail(error.what());
  }
  std::vector<std::string> extras = app.remaining(true);
  // CLI11 lists the "--" that ended the flags, too.
  if (const auto mark = std::find(extras.begin(), extras.end(), "--"); mark != extras.end()) extras.erase(mark);
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
