// Reports: every outcome and every odd record gives a well-formed page that says what is known and nothing else.
#include "equipoise/solve/run_page.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/page.hpp"
#include "equipoise/page/test_page_check.hpp"

namespace equipoise::report_test {
namespace {

using Json = nlohmann::ordered_json;

Json check(const char* text, Json value, Json bound, const char* holds) {
  return {{"text", text}, {"value", std::move(value)}, {"bound", std::move(bound)}, {"holds", holds}};
}

/// A complete record as the contract has it.
Json record() {
  Json finding = {{"statement", "scalar.critical-rate"},
                  {"source", "docs/theory.md, theorem 2"},
                  {"standing", "proved"},
                  {"says", "converges for almost every start"},
                  {"applies", "yes"},
                  {"confirmed", "yes"},
                  {"assumptions", Json::array({check("δ < 2", 1.25, 2.0, "yes")})},
                  {"predictions", Json::array({check("sharpness ≤ 2/h", 4.5, 5.0, "yes")})}};
  Json balance = {{"norm_x", 9.0}, {"norm_y", 1.0}, {"imbalance", 80.0}, {"ratio", 9.0}};
  return {
      {"equipoise", "0.1.0"},
      {"settings",
       {{"matrix", "scalar:1.0"}, {"seed", 7}, {"max_steps", 1000}, {"tolerance", 1e-12}, {"time_limit", nullptr}}},
      {"matrix", {{"rows", 1}, {"cols", 1}, {"entries", 1}, {"norm", 1.0}, {"sigma1", 1.0}}},
      {"rank", 1},
      {"learning_rate",
       {{"requested", "3.5/L"}, {"value", 0.4}, {"times_L", 3.5}, {"limit_2_over_L", 0.2285}, {"why", "as given"}}},
      {"sharpness", {{"start", 8.75}, {"end", 4.5}, {"residual", 1e-13}, {"stability_limit", 5.0}}},
      {"balance", {{"start", balance}, {"end", balance}}},
      {"loss", {{"start", 32.0}, {"end", 1e-26}, {"relative", 2e-26}, {"excess", nullptr}, {"excess_error", nullptr}}},
      {"validation_rmse", nullptr},
      {"verdict",
       {{"outcome", "converged"},
        {"limit", "minimiser"},
        {"step", 123},
        {"period", 0},
        {"multiplier", 0.8},
        {"lyapunov", nullptr},
        {"lyapunov_error", nullptr},
        {"evidence", 3e-13},
        {"threshold", 1e-12},
        {"proved", false},
        {"growth", 2.5},
        {"reproducible", true},
        {"why", "the gradient is small"}}},
      {"findings", Json::array({finding})},
      {"steps", 123},
      {"seconds", 0.5},
      {"steps_per_second", 246.0}};
}

std::vector<Sample> samples(std::size_t count) {
  std::vector<Sample> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double decay = std::exp(-std::min(0.01 * static_cast<double>(i), 30.0));
    out[i] = {i, 32 * decay * decay, 8 * decay, 1 + 8 * decay, 1 + decay, 80 * decay, {}};
  }
  if (count > 0) out.front().eigenvalues = {8.75, 1.5};
  if (count > 1) out.back().eigenvalues = {4.5, 0.5};
  return out;
}

bool holds(const std::string& page, std::string_view text) { return page.find(text) != std::string::npos; }

void expect_sound(const std::string& page) {
  EXPECT_EQ(faults_of_page(page), "");
  // Everything above the script and below the style is about the run: no number there may be a NaN or an infinity.
  const std::size_t begin = page.find("<main>"), end = page.find("</main>");
  ASSERT_LT(begin, end);
  for (const char* word : {">nan", ">-nan", ">inf<", ">-inf", "\"nan", "\"inf\"", "\"-inf", " nan", "nan%", "inf%",
                           ":nan", ",nan", ",inf", "[inf"}) {
    EXPECT_FALSE(holds(page.substr(begin, end - begin), word)) << word;
  }
}

TEST(Report, CompletePageInTheOrderPromised) {
  Json full = record();
  full["settings"]["command"] = "equipoise factor scalar:1.0 --rank 1 --rate 3.5/L";
  const std::string page = report_html(full.dump(), samples(124));
  expect_sound(page);
  std::size_t at = 0;
  for (const char* part : {"<!DOCTYPE html>",
                           "<h1>Converged to a minimiser at step 123</h1>",
                           "the gradient is small",
                           "Learning rate h",
                           "Classical limit 2/L",
                           "1.75 times this limit",
                           "Sharpness, start to end",
                           "90 %",
                           "Ratio of norms",
                           "Loss, start",
                           "id=\"steps-log\"",
                           "id=\"loss\"",
                           "scalar:1.0, 1 × 1, rank 1; h = 0.4 = 3.5/L; seed 7.",
                           "id=\"sharpness\"",
                           "2/h = 5",
                           "id=\"norms\"",
                           "id=\"imbalance\"",
                           "id=\"gradient\"",
                           "Findings",
                           "scalar.critical-rate",
                           "δ &#60; 2",
                           "prediction",
                           "Settings",
                           "tolerance",
                           "1e-12",
                           "time_limit",
                           "not set",
                           "Matrix",
                           "sigma1",
                           "equipoise factor scalar:1.0 --rank 1",
                           "ICLR 2022",
                           "2110.03677",
                           "equipoise 0.1.0"}) {
    const std::size_t next = page.find(part, at);
    ASSERT_NE(next, std::string::npos) << part;
    at = next;
  }
  EXPECT_TRUE(holds(page, "prefers-color-scheme: dark"));
  EXPECT_TRUE(holds(page, "@media print"));
}

TEST(Report, EveryOutcomeHasItsSentence) {
  struct Case {
    const char *outcome, *limit, *sentence, *cls;
  };
  for (const Case& c :
       {Case{"converged", "minimiser", "Converged to a minimiser", "verdict converged\""},
        Case{"converged", "saddle", "to a saddle: no minimiser", "verdict converged saddle\""},
        Case{"converged", "undetermined", "whether it is a minimiser is undetermined", "verdict converged\""},
        Case{"periodic", "undetermined", "cycle of period 6", "verdict periodic\""},
        Case{"chaotic", "undetermined", "Chaotic", "verdict chaotic\""},
        Case{"diverged", "undetermined", "Diverged", "verdict diverged\""},
        Case{"exhausted", "undetermined", "before a verdict", "verdict exhausted\""},
        Case{"stopped", "undetermined", "Stopped at step", "verdict stopped\""}}) {
    SCOPED_TRACE(c.sentence);
    Json r = record();
    r["verdict"]["outcome"] = c.outcome;
    r["verdict"]["limit"] = c.limit;
    r["verdict"]["period"] = 6;
    const std::string page = report_html(r.dump(), samples(30));
    expect_sound(page);
    EXPECT_TRUE(holds(page, c.sentence));
    EXPECT_TRUE(holds(page, c.cls));
    EXPECT_FALSE(holds(page, "decided by a theorem"));
  }
}

TEST(Report, AHeuristicIsNeverCalledAProof) {
  Json r = record();
  EXPECT_TRUE(holds(report_html(r.dump(), {}), "numerical evidence, not a proof"));
  r["verdict"]["proved"] = true;
  EXPECT_TRUE(holds(report_html(r.dump(), {}), "decided by a theorem"));
  r["verdict"]["reproducible"] = false;
  r["verdict"]["growth"] = 46.0;
  const std::string page = report_html(r.dump(), {});
  EXPECT_TRUE(holds(page, "depends on rounding"));
  EXPECT_TRUE(holds(page, "20 decimal digits"));
  r["findings"][0]["standing"] = "conjecture";
  const std::string conjecture = report_html(r.dump(), {});
  EXPECT_TRUE(holds(conjecture, "<div class=\"group conjecture\">"));
  EXPECT_FALSE(holds(conjecture, "<div class=\"group proved\">"));
}

TEST(Report, AfterDivergenceSharpnessIsNotANumber) {
  Json r = record();
  r["verdict"]["outcome"] = "diverged";
  r["sharpness"]["end"] = nullptr;
  r["sharpness"]["residual"] = nullptr;
  std::vector<Sample> rows = samples(20);
  rows.back() = {19, infinity, nan, 1e308, infinity, nan, {nan}};
  const std::string page = report_html(r.dump(), rows);
  expect_sound(page);
  EXPECT_TRUE(holds(page, "not a number of this run: diverged"));
  EXPECT_TRUE(holds(page, "not finite are left out"));
  r["sharpness"] = nullptr;  // the whole of it unknown
  r["balance"]["end"] = nullptr;
  expect_sound(report_html(r.dump(), rows));
}

TEST(Report, EverythingIsEscaped) {
  const std::string evil = "</td><script>alert(1)</script> & \"quotes\" 'single' \x01 <!-- ]]> \xE2\x80\xAE";
  Json r = record();
  r["equipoise"] = evil;
  r["settings"]["matrix"] = evil;
  r["settings"][evil] = evil;
  r["settings"]["command"] = Json::array({"equipoise", "factor", "a b'c.mtx", evil});
  r["matrix"]["name"] = evil;
  r["learning_rate"]["requested"] = evil;
  r["learning_rate"]["why"] = evil;
  r["verdict"]["why"] = evil;
  for (const char* key : {"statement", "source", "says"}) r["findings"][0][key] = evil;
  r["findings"][0]["assumptions"][0]["text"] = evil;
  r["findings"][0]["predictions"][0]["text"] = evil;
  const std::string page = report_html(r.dump(), samples(5));
  expect_sound(page);
  EXPECT_FALSE(holds(page, "<script>alert"));
  EXPECT_FALSE(holds(page, "</td><script"));
  EXPECT_TRUE(holds(page, "&#60;script&#62;alert"));
  EXPECT_TRUE(holds(page, "&#39;a b&#39;\\&#39;&#39;c.mtx&#39;")) << "an argument is quoted for the shell";
}

TEST(Report, OddSamples) {
  const std::string text = record().dump();
  EXPECT_TRUE(holds(report_html(text, {}), "No samples were recorded"));
  expect_sound(report_html(text, {}));
  expect_sound(report_html(text, samples(1)));
  expect_sound(report_html(text, samples(2)));

  std::vector<Sample> rows = samples(50);
  for (std::size_t i = 10; i < 20; ++i) rows[i].loss = 0;
  rows[30].loss = -1e-17;
  std::string page = report_html(text, rows);
  expect_sound(page);
  EXPECT_TRUE(holds(page, "\"part\":\"foot\"")) << "zeros are marked";
  EXPECT_TRUE(holds(page, "is a triangle at the foot"));

  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double huge = i % 3 == 0 ? 1e300 : i % 3 == 1 ? 1e-300 : nan;
    rows[i] = {1000000 * i,
               huge,
               1 / huge,
               i % 7 == 0 ? infinity : huge,
               5e-324,
               -huge,
               {i % 2 == 0 ? huge : infinity, nan, -1.0}};
  }
  expect_sound(report_html(text, rows));
  for (Sample& row : rows) row = {row.step, nan, nan, nan, nan, nan, {}};
  page = report_html(text, rows);
  expect_sound(page);
  EXPECT_TRUE(holds(page, "curve: no finite value."));

  for (Sample& row : rows) row = {row.step, 0, 0, 0, 0, 0, std::vector<double>(50, 0.0)};
  expect_sound(report_html(text, rows));
}

TEST(Report, ManySamplesAreThinnedAndThePageSaysSo) {
  std::vector<Sample> rows = samples(100000);
  rows[77777].loss = 1e200;  // a lone spike must survive
  const std::string page = report_html(record().dump(), rows);
  expect_sound(page);
  EXPECT_LT(page.size(), 900000u + plotly_bundle().size());
  EXPECT_TRUE(holds(page, "100\u202F000 samples"));
  EXPECT_TRUE(holds(page, "the first, the last, the lowest and the highest value"));
  EXPECT_TRUE(holds(page, "highest 10²⁰⁰ at step 77777"));
  const std::size_t begin = page.find("id=\"loss-data\"");
  const std::string drawn = page.substr(begin, page.find("</script>", begin) - begin);
  EXPECT_TRUE(holds(drawn, ",1e+200,")) << "the spike is drawn";
  EXPECT_LE(std::count(drawn.begin(), drawn.end(), ','), 2 * 2000 + 100);
  EXPECT_FALSE(holds(report_html(record().dump(), samples(2000)), "To keep the page small"));
}

TEST(Report, NullsAndExtremesInTheRecord) {
  // Every leaf that may be null, one at a time and all together; and huge, tiny and negative numbers in their place.
  const Json whole = record();
  Json all = whole;
  const Json flat = whole.flatten();
  for (const auto& [path, value] : flat.items()) {
    if (path.ends_with("/outcome") || path.ends_with("/standing")) continue;
    SCOPED_TRACE(path);
    const Json::json_pointer at(path);
    Json one = whole;
    one[at] = nullptr;
    all[at] = nullptr;
    EXPECT_NO_THROW(report_html(one.dump(), samples(3)));
  }
  expect_sound(report_html(all.dump(), samples(3)));
  for (const double value : {1e300, -1e300, 1e-300, 5e-324, 0.0, 1.7976931348623157e308}) {
    SCOPED_TRACE(value);
    Json r = whole;
    for (const auto& [path, leaf] : flat.items()) {
      if (leaf.is_number_float()) r[Json::json_pointer(path)] = value;
    }
    expect_sound(report_html(r.dump(), samples(3)));
  }
  Json r = whole;
  r["findings"] = Json::array();
  EXPECT_TRUE(holds(report_html(r.dump(), {}), "No statement of the theory"));
  r["balance"]["end"] = {{"norm_x", 3.0}, {"norm_y", 0.0}, {"imbalance", 9.0}, {"ratio", nullptr}};
  EXPECT_TRUE(holds(report_html(r.dump(), {}), "unbounded"));
}

std::string complaint(const std::string& text, const std::vector<Sample>& rows = {}) {
  try {
    report_html(text, rows);
  } catch (const Error& e) {
    return e.what();
  }
  return "no Error";
}

TEST(Report, AnythingElseIsOneLineOfError) {
  const std::string good = record().dump();
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("\n\n\"a\nb"), std::string("[]"), std::string("null"),
        std::string("{\"equipoise\": NaN}"), std::string("\xff\xfe"), std::string("{\"a\":1e999}"),
        good.substr(0, good.size() / 2), std::string(100000, '['), std::string("12")}) {
    const std::string said = complaint(text);
    EXPECT_TRUE(said.starts_with("record.json")) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos);
    EXPECT_LE(said.size(), 220u);
  }
}

TEST(Report, DepthIsBounded) {
  std::string deep = record().dump();
  const std::string nest = std::string(200000, '[') + std::string(200000, ']');
  deep.insert(deep.find("\"max_steps\""), "\"deep\":" + nest + ",");
  EXPECT_NE(complaint(deep).find("nested deeper"), std::string::npos) << complaint(deep);
}

/// Calls visit(path of keys) for every object key of the record, nested ones too.
void each_key(const Json& value, const std::string& path,
              const std::function<void(const std::string&, const std::string&)>& visit) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) each_key(value[i], path + "/" + std::to_string(i), visit);
  }
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.items()) {
    visit(path, key);
    each_key(item, path + "/" + key, visit);
  }
}

TEST(Report, EveryMissingKeyIsNamed) {
  const Json whole = record();
  int keys = 0;
  each_key(whole, "", [&](const std::string& path, const std::string& key) {
    if (path == "/settings") return;  // which settings there are is the program's affair
    Json r = whole;
    r[Json::json_pointer(path)].erase(key);
    const std::string said = complaint(r.dump());
    EXPECT_TRUE(said.find(key) != std::string::npos && said.find("missing") != std::string::npos)
        << path << ' ' << key << ": " << said;
    EXPECT_EQ(said.find('\n'), std::string::npos);
    ++keys;
  });
  EXPECT_GT(keys, 60);
}

TEST(Report, WrongTypesAndWordsAreNamed) {
  Json r = record();
  r["verdict"]["outcome"] = "fine";
  EXPECT_NE(complaint(r.dump()).find("verdict.outcome is \"fine\"; it should be one of converged, periodic"),
            std::string::npos)
      << complaint(r.dump());
  for (const std::string& word : {std::string("two\nlines"), std::string(1000, 'x'), std::string("é\0", 3)}) {
    r["verdict"]["outcome"] = word;
    const std::string said = complaint(r.dump());
    EXPECT_TRUE(said.starts_with("record.json: verdict.outcome is ")) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos);
  }
  r = record();
  r["verdict"]["step"] = -3;
  EXPECT_NE(complaint(r.dump()).find("verdict.step is -3"), std::string::npos);
  r["verdict"]["step"] = 2.5;
  EXPECT_NE(complaint(r.dump()).find("verdict.step is 2.5"), std::string::npos);
  r = record();
  r["loss"] = 3;
  EXPECT_NE(complaint(r.dump()).find("loss is number"), std::string::npos) << complaint(r.dump());
  r = record();
  r["findings"][0]["assumptions"][0]["value"] = "x";
  EXPECT_NE(complaint(r.dump()).find("findings[0].assumptions[0].value is string"), std::string::npos);
  std::vector<Sample> rows = samples(4);
  std::swap(rows[1].step, rows[2].step);
  EXPECT_NE(complaint(record().dump(), rows).find("row 3 has step 1 after step 2"), std::string::npos)
      << complaint(record().dump(), rows);
}

}  // namespace
}  // namespace equipoise::report_test
