// The files of a run, and samples.csv line by line.
//
// Tested in tests/cli/verbs.py
#include "equipoise/store/run_folder.hpp"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <string>
#include <string_view>

#include "equipoise/core/error.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/solve/run_page.hpp"
#include "equipoise/solve/run_record.hpp"

namespace equipoise {
namespace {

double field(std::string_view text, std::string_view place) {
  double value = 0;
  const auto [end, code] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    throw Error(fmt::format("{}: '{}' is not a number", place, text));
  }
  return value;
}

// An id with a comma, a quotation mark or a line end is quoted as RFC 4180 says.
std::string ids_csv(const std::vector<std::string>& ids) {
  std::string text = "position,id\n";
  for (std::size_t i = 0; i < ids.size(); ++i) {
    text += fmt::format("{},", i + 1);
    if (ids[i].find_first_of(",\"\r\n") == std::string::npos) {
      text += ids[i];
    } else {
      text += '"';
      for (const char c : ids[i]) text.append(c == '"' ? 2 : 1, c);
      text += '"';
    }
    text += '\n';
  }
  return text;
}

}  // namespace

void save_run(const std::filesystem::path& folder, std::string_view record_json, const Record& record,
              const FactorIds& ids) {
  if (!ids.rows.empty()) save_text(folder / "rows.csv", ids_csv(ids.rows));
  if (!ids.columns.empty()) save_text(folder / "columns.csv", ids_csv(ids.columns));
  save_npy(folder / "X.npy", record.last.X());
  save_npy(folder / "Y.npy", record.last.Y());
  save_text(folder / "samples.csv", samples_csv(record.samples));
  save_text(folder / "report.html", report_html(record_json, record.samples));
  save_text(folder / "record.json", record_json);
}

std::vector<Sample> read_samples_csv(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(fmt::format("{}: cannot be read; a run's folder holds samples.csv", path.string()));
  std::string line;
  std::getline(file, line);
  if (!line.starts_with(sample_columns)) {
    throw Error(
        fmt::format("{}: line 1 is not '{}...', so these are not the samples of a run", path.string(), sample_columns));
  }
  std::vector<Sample> samples;
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    const std::string place = fmt::format("{}: line {}", path.string(), number);
    std::vector<double> cells;
    std::string_view rest = line;
    for (bool more = true; more;) {
      const std::size_t comma = rest.find(',');
      more = comma != std::string_view::npos;
      const std::string_view text = rest.substr(0, comma);
      cells.push_back(text.empty() ? std::nan("") : field(text, place));
      if (more) rest.remove_prefix(comma + 1);
    }
    if (cells.size() < 6) throw Error(fmt::format("{}: {} columns instead of at least 6", place, cells.size()));
    Sample sample{static_cast<std::uint64_t>(cells[0]), cells[1], cells[2], cells[3], cells[4], cells[5], {}};
    for (std::size_t i = 6; i < cells.size() && !std::isnan(cells[i]); ++i) sample.eigenvalues.push_back(cells[i]);
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace equipoise
