// The table of settings becomes flags, and their texts become a Request.
//
// Tested in tests/cli/contract.py
#include "apps/cli/request_flags.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "apps/cli/help.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/io/load_settings.hpp"
#include "equipoise/solve/solution.hpp"

namespace equipoise::cli {
namespace {

GivenStart load_start(const std::string& text, std::string_view setting) {
  if (text.find(',') == std::string::npos && !std::filesystem::is_directory(text)) {
    throw Error(fmt::format("{} '{}' is {}two files X.npy,Y.npy nor a folder that holds both", as_flags(setting), text,
                            setting == "start" ? "neither gaussian, spectral, " : "neither "));
  }
  return {load_factors(text), text, setting};
}

}  // namespace

LoadOptions load_options() {
  LoadOptions options;
  options.spelling = as_flags;
  return options;
}

void MatrixFlags::declare(CLI::App& verb) {
  verb.add_option("MATRIX", name,
                  "a file (.mtx .npy .npz .csv .tsv, text also .gz), - for standard input, or a built-in such as "
                  "gaussian:200x100:seed=7")
      ->required();
  const std::string group = "How the matrix is read";
  for (const Setting& row : load_settings()) {
    if (row.key == "triplets") {
      verb.add_flag(as_flags(row.key), triplets, help_line(row))->group(group);
    } else {
      verb.add_option(as_flags(row.key), texts[row.key], help_line(row))->type_name(value_name(row))->group(group);
    }
  }
}

MatrixData MatrixFlags::load() const {
  LoadOptions options = load_options();
  options.map_large = true;
  options.triplets = triplets;
  for (const auto& [key, text] : texts) {
    if (!text.empty()) set(options, key, text);
  }
  return load_matrix(name, options);
}

void RequestFlags::declare(CLI::App& verb, const std::string& key) {
  const std::string flag = key == "rate" ? "--rate,--lr" : as_flags(key);
  verb.add_option(flag, texts[key], help_line(setting(key)))
      ->type_name(value_name(setting(key)))
      ->group("The problem and its start");
}

void RequestFlags::declare(CLI::App& verb) {
  matrix.declare(verb);
  for (const Setting& row : request_settings()) declare(verb, row.key);
}

Request RequestFlags::read(const RunSettings& run) const {
  Request request;
  request.spelling = as_flags;
  request.memory = memory_of_this_machine();
  expect(request, run);
  std::string files;
  for (const Setting& row : request_settings()) {
    const auto text = texts.find(row.key);
    if (text == texts.end() || text->second.empty()) continue;
    const bool named = text->second == "gaussian" || text->second == "spectral";
    if (row.key == "start" && (start_setting != "start" || !named)) {
      files = text->second;
    } else {
      set(request, row.key, text->second);
    }
  }
  check(request);
  if (!files.empty()) request.start = load_start(files, start_setting);
  request.matrix = matrix.load();
  return request;
}

Request RequestFlags::read_matrix() const {
  Request request;
  request.spelling = as_flags;
  request.memory = memory_of_this_machine();
  request.matrix = matrix.load();
  return request;
}

ResolvedSettings RequestFlags::resolved(ResolvedSettings of_solution) const {
  ResolvedSettings all = {
      {"matrix", matrix.name},
      {"triplets", matrix.triplets},
  };
  for (const Setting& row : load_settings()) {
    if (row.key == "triplets") continue;
    const auto text = matrix.texts.find(row.key);
    const std::string value = text == matrix.texts.end() || text->second.empty() ? row.standard : text->second;
    all.emplace_back(row.key, value.empty() ? SettingValue() : SettingValue(value));
  }
  all.insert(all.end(), of_solution.begin(), of_solution.end());
  if (const auto norms = texts.find("start_norms"); norms != texts.end() && !norms->second.empty())
    put(all, "start_norms", norms->second);
  return all;
}

void RunFlags::declare(CLI::App& verb) {
  for (const Setting& row : run_settings()) {
    verb.add_option(as_flags(row.key), texts[row.key], help_line(row))->type_name(value_name(row))->group("The run");
  }
}

RunSettings RunFlags::read() const {
  RunSettings settings;
  for (const Setting& row : run_settings()) {
    if (const std::string& text = texts.at(row.key); !text.empty()) set(settings, row.key, text, as_flags);
  }
  return settings;
}

}  // namespace equipoise::cli
