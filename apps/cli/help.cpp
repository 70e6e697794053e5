// Flags in two columns cut to the width, in roff, and as words for shells.
//
// Tested in tests/cli/as_typed.py
#include "apps/cli/help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "equipoise/core/error.hpp"

namespace equipoise::cli {
namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& command) { return command.get_subcommands({}); }

// "--rate,--lr X", "-h,--help", "MATRIX".
std::string names_of(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name();
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  const bool takes_value = option.get_items_expected_max() > 0;
  return fmt::format("{}{}", fmt::join(names, ", "), takes_value ? " " + option.get_type_name() : "");
}

// Options by group, in the order in which they were declared; what is to be typed without a flag first.
struct Group {
  std::string title;
  std::vector<const CLI::Option*> options;
};
std::vector<Group> groups_of(const CLI::App& app) {
  std::vector<Group> groups;
  const auto put = [&](const std::string& title, const CLI::Option* option) {
    auto found = std::find_if(groups.begin(), groups.end(), [&](const Group& each) { return each.title == title; });
    if (found == groups.end()) found = groups.insert(groups.end(), {title, {}});
    found->options.push_back(option);
  };
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) put("Arguments", option);
  }
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional() && option->get_name() != "-h,--help" && !option->get_group().empty())
      put(option->get_group(), option);
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_name() == "-h,--help") put("Options", option);
  }
  return groups;
}

// Lines of at most `width` columns; a word that is longer is cut, and blanks at the beginning of a line stay.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view rest = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t blanks = std::min(rest.find_first_not_of(' '), rest.size());
    std::string line(blanks < width / 2 ? blanks : 0, ' ');
    bool begun = false;
    while (!rest.empty()) {
      const std::size_t stop = std::min(rest.find(' '), rest.size());
      std::string_view word = rest.substr(0, stop);
      rest.remove_prefix(std::min(stop + 1, rest.size()));
      if (word.empty()) continue;
      if (begun && line.size() + 1 + word.size() > width) {
        lines.push_back(std::exchange(line, ""));
        begun = false;
      }
      while (line.size() + word.size() > width) {
        const std::size_t room = width - line.size();
        lines.push_back(std::exchange(line, "") + std::string(word.substr(0, room)));
        word.remove_prefix(room);
      }
      if (begun) line += ' ';
      line += word;
      begun = true;
    }
    lines.push_back(line);
  }
  return lines;
}

std::string paragraph(std::string_view text, std::size_t width) {
  std::string result;
  for (const std::string& line : wrapped(text, width)) result += line + "\n";
  return result;
}

// A name, and beside it or below it what it is.
std::string entry(const std::string& name, const std::string& about, std::size_t width) {
  constexpr std::size_t margin = 2, column = 28, least_beside = 30;
  const bool beside = width >= column + least_beside;
  const std::size_t indent = beside ? column : std::min<std::size_t>(6, width / 4);
  std::string text;
  for (const std::string& line : wrapped(name, width - margin)) text += std::string(margin, ' ') + line + "\n";
  const std::vector<std::string> lines = wrapped(about, width - indent);
  std::size_t next = 0;
  if (beside && name.size() + margin < column && !lines.empty()) {
    text.pop_back();
    text += std::string(column - margin - name.size(), ' ') + lines[next++] + "\n";
  }
  for (; next < lines.size(); ++next) text += std::string(indent, ' ') + lines[next] + "\n";
  return text;
}

std::string usage(const CLI::App* verb) {
  if (verb == nullptr) return "Usage: equipoise [OPTIONS] VERB";
  std::string text = fmt::format("Usage: equipoise {} [OPTIONS]", verb->get_name());
  for (const CLI::Option* option : verb->get_options()) {
    if (!option->get_positional()) continue;
    const std::string several = option->get_items_expected_max() > 1 ? "..." : "";
    text += option->get_required() ? fmt::format(" {}{}", option->get_name(), several)
                                   : fmt::format(" [{}{}]", option->get_name(), several);
  }
  return text;
}

// A line of roff that begins with a dot or a quotation mark would be a request; a hyphen would be typographic.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = i == 0 || text[i - 1] == '\n';
    if (begins && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    if (text[i] == '\\') {
      out += "\\e";
    } else if (text[i] == '-') {
      out += "\\-";
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Words {
  std::string verb;
  std::vector<std::string> flags;
  std::vector<std::pair<std::string, std::string>> choices;  // of flags that take one of some words
};
std::vector<Words> words_of(const CLI::App& command) {
  std::vector<Words> all;
  for (const CLI::App* verb : verbs_of(command)) {
    Words words{verb->get_name(), {}, {}};
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        words.flags.push_back("--" + name);
        std::string choices = option->get_type_name();
        if (option->get_items_expected_max() == 0 || choices.find('|') == std::string::npos) continue;
        std::replace(choices.begin(), choices.end(), '|', ' ');
        words.choices.emplace_back("--" + name, choices);
      }
    }
    all.push_back(std::move(words));
  }
  return all;
}

std::string names_of_verbs(const std::vector<Words>& all) {
  std::vector<std::string> names;
  for (const Words& each : all) names.push_back(each.verb);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string for_bash(const std::vector<Words>& all) {
  std::string text =
      "# bash completion of equipoise; load it with: source <(equipoise completion bash)\n"
      "_equipoise() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}\n"
      "  COMPREPLY=()\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n";
  text += fmt::format("    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$current\"))\n    return\n  fi\n",
                      names_of_verbs(all));
  text += "  local flags=''\n  case $verb in\n";
  for (const Words& each : all) {
    text += fmt::format("    {})\n      flags='{}'\n", each.verb, fmt::join(each.flags, " "));
    if (!each.choices.empty()) {
      text += "      case $before in\n";
      for (const auto& [flag, words] : each.choices)
        text += fmt::format("        {}) COMPREPLY=($(compgen -W '{}' -- \"$current\")); return ;;\n", flag, words);
      text += "      esac\n";
    }
    if (each.verb == "help")
      text +=
          fmt::format("      COMPREPLY=($(compgen -W \"{}\" -- \"$current\"))\n      return\n", names_of_verbs(all));
    text += "      ;;\n";
  }
  text +=
      "  esac\n"
      "  if [[ $current == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$flags\" -- \"$current\"))\n"
      "  else\n"
      "    compopt -o filenames 2>/dev/null\n"
      "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "  fi\n"
      "}\n"
      "complete -F _equipoise equipoise\n";
  return text;
}

std::string for_zsh(const std::vector<Words>& all) {
  std::string text =
      "#compdef equipoise\n"
      "# zsh completion of equipoise; load it with: source <(equipoise completion zsh)\n"
      "_equipoise() {\n"
      "  local -a flags\n"
      "  if (( CURRENT == 2 )); then\n";
  text += fmt::format("    compadd -- {} --help --version\n    return\n  fi\n", names_of_verbs(all));
  text += "  case $words[2] in\n";
  for (const Words& each : all) {
    text += fmt::format("    {})\n      flags=({})\n", each.verb, fmt::join(each.flags, " "));
    if (!each.choices.empty()) {
      text += "      case $words[CURRENT-1] in\n";
      for (const auto& [flag, words] : each.choices)
        text += fmt::format("        {}) compadd -- {}; return ;;\n", flag, words);
      text += "      esac\n";
    }
    if (each.verb == "help") text += fmt::format("      compadd -- {}; return\n", names_of_verbs(all));
    text += "      ;;\n";
  }
  text +=
      "  esac\n"
      "  if [[ $words[CURRENT] == -* ]]; then compadd -- $flags; else _files; fi\n"
      "}\n"
      "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _equipoise \"$@\"; else compdef _equipoise equipoise; fi\n";
  return text;
}

std::string for_fish(const std::vector<Words>& all, const CLI::App& command) {
  std::string text = "# fish completion of equipoise; load it with: equipoise completion fish | source\n";
  const auto quoted = [](std::string_view words) {
    std::string out = "'";
    for (const char c : words) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    return out + "'";
  };
  for (const CLI::App* verb : verbs_of(command)) {
    text += fmt::format("complete -c equipoise -n __fish_use_subcommand -f -a {} -d {}\n", verb->get_name(),
                        quoted(verb->get_description()));
  }
  for (const CLI::App* verb : verbs_of(command)) {
    const auto words =
        std::find_if(all.begin(), all.end(), [&](const Words& each) { return each.verb == verb->get_name(); });
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        text += fmt::format("complete -c equipoise -n '__fish_seen_subcommand_from {}' -l {} -d {}", verb->get_name(),
                            name, quoted(option->get_description()));
        const auto choice = std::find_if(words->choices.begin(), words->choices.end(),
                                         [&](const auto& each) { return each.first == "--" + name; });
        if (choice != words->choices.end()) text += fmt::format(" -x -a {}", quoted(choice->second));
        else if (option->get_items_expected_max() > 0) text += " -r";
        text += '\n';
      }
    }
  }
  text += fmt::format("complete -c equipoise -n '__fish_seen_subcommand_from help' -f -a {}\n",
                      quoted(names_of_verbs(all)));
  return text;
}

}  // namespace

std::string value_name(const Setting& setting) {
  switch (setting.kind) {
    case Setting::Kind::whole:
      return "N";
    case Setting::Kind::number:
      return "X";
    case Setting::Kind::word:
      return fmt::format("{}", fmt::join(setting.words, "|"));
    case Setting::Kind::text:
      break;
  }
  return "TEXT";
}

std::size_t help_width() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? std::clamp<std::size_t>(size.ws_col, 16, 120) : 80;
}

std::string help_text(const CLI::App& command, const CLI::App* verb, std::size_t width) {
  const CLI::App& app = verb == nullptr ? command : *verb;
  std::string text = paragraph(app.get_description(), width) + paragraph(usage(verb), width);
  if (verb == nullptr) {
    text += "\nVerbs:\n";
    for (const CLI::App* each : verbs_of(command)) text += entry(each->get_name(), each->get_description(), width);
  }
  for (const Group& group : groups_of(app)) {
    text += "\n" + paragraph(group.title + ":", width);
    for (const CLI::Option* option : group.options) text += entry(names_of(*option), option->get_description(), width);
  }
  if (!app.get_footer().empty()) text += "\n" + paragraph(app.get_footer(), width);
  return text;
}

std::string manual_page(const CLI::App& command) {
  std::string text = fmt::format(
      ".TH EQUIPOISE 1 \"\" \"equipoise {}\" \"User Commands\"\n"
      ".SH NAME\nequipoise \\- gradient descent with large learning rates on matrix factorizations\n"
      ".SH SYNOPSIS\n.B equipoise\n.I VERB\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n{}.\n.SH VERBS\n",
      EQUIPOISE_VERSION, roff(command.get_description()));
  for (const CLI::App* verb : verbs_of(command)) {
    text += fmt::format(".SS {}\n{}.\n.PP\n{}\n", verb->get_name(), roff(verb->get_description()), roff(usage(verb)));
    for (const Group& group : groups_of(*verb)) {
      for (const CLI::Option* option : group.options)
        text += fmt::format(".TP\n.B {}\n{}\n", roff(names_of(*option)), roff(option->get_description()));
    }
    if (!verb->get_footer().empty()) text += fmt::format(".PP\n{}\n", roff(verb->get_footer()));
  }
  text +=
      ".SH EXIT STATUS\n"
      ".TP\n.B 0\nThe verb did its work; any verdict is a result.\n"
      ".TP\n.B 1\nThe verdict is not the one of \\-\\-expect, or a claim of reproduce fails.\n"
      ".TP\n.B 2\nA mistake in flags, files or numbers: one line on standard error.\n"
      ".TP\n.B 130\nInterrupted.\n";
  return text;
}

std::string completion_script(const CLI::App& command, std::string_view shell) {
  const std::vector<Words> all = words_of(command);
  if (shell == "bash") return for_bash(all);
  if (shell == "zsh") return for_zsh(all);
  return for_fish(all, command);
}

}  // namespace equipoise::cli
