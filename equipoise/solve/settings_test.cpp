// Every setting out of its limits is refused in one line, from text and typed alike, in the caller's spelling.
#include "equipoise/solve/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "equipoise/core/test_refusal.hpp"

namespace equipoise::settings_test {
namespace {

using test_refusal::refusal;

Request small_request() {
  Request request;
  request.matrix.values = Matrix(Matrix::Identity(3, 2));
  request.rank = 1;
  return request;
}

TEST(Settings, TheTableNamesEachKeyOnceWithItsDefault) {
  std::set<std::string> keys;
  for (const auto rows : {request_settings(), run_settings()}) {
    for (const Setting& row : rows) {
      EXPECT_TRUE(keys.insert(row.key).second) << row.key;
      EXPECT_FALSE(row.help.empty()) << row.key;
      EXPECT_EQ(&setting(row.key), &row);
      if (row.kind == Setting::Kind::word) {
        EXPECT_NE(std::find(row.words.begin(), row.words.end(), row.standard), row.words.end()) << row.key;
      }
    }
  }
  for (const char* key : {"rank", "rate", "ridge", "seed", "threads", "coordinates", "precision", "start_norms",
                          "max_steps", "tolerance", "sensitivity"}) {
    EXPECT_TRUE(keys.contains(key)) << key;
  }
  EXPECT_EQ(help_line(setting("time_limit")), "the longest time to run [s] (default inf)");
  EXPECT_EQ(help_line(setting("threads")), "most threads to use (default 0: all)");
  EXPECT_EQ(refusal([] { setting("max_step"); }).substr(0, 56),
            "there is no setting 'max_step' (did you mean max_steps?)");
}

// The defaults of the table are those of the structs.
TEST(Settings, DefaultsAreThoseOfTheStructs) {
  RunSettings run;
  for (const Setting& row : run_settings()) set(run, row.key, row.standard);
  EXPECT_EQ(resolved(run), resolved(RunSettings{}));
  Request request = small_request();
  for (const Setting& row : request_settings()) {
    if (!row.standard.empty()) set(request, row.key, row.standard);
  }
  const Request untouched = small_request();
  EXPECT_EQ(request.ridge, untouched.ridge);
  EXPECT_EQ(request.coordinates, untouched.coordinates);
  EXPECT_EQ(request.precision, untouched.precision);
  EXPECT_EQ(request.balance, untouched.balance);
  EXPECT_EQ(request.threads, untouched.threads);
  EXPECT_EQ(request.rate.kind, untouched.rate.kind);
  EXPECT_EQ(std::get<GaussianStart>(request.start).seed, std::get<GaussianStart>(untouched.start).seed);
}

struct Wrong {
  const char *key, *text, *message;
};

TEST(Settings, TextsOutOfTheirLimitsAreRefusedInTheCallersWords) {
  const Wrong of_requests[] = {
      {"rank", "0", "--rank 0 is out of range; write a whole number from 1 to 1000000000"},
      {"rank", "x", "--rank 'x' is not a whole number; write one from 1 to 1000000000"},
      {"ridge", "-1", "--ridge -1 is out of range; write a number from 0 to 1.7976931348623157e+308"},
      {"ridge", "nan", "--ridge 'nan' is not a number; write one from 0 to 1.7976931348623157e+308"},
      {"seed", "-1", "--seed -1 is out of range; write a whole number from 0 to 9223372036854775807"},
      {"threads", "5000", "--threads 5000 is out of range; write a whole number from 0 to 4096"},
      {"coordinates", "spectal",
       "--coordinates 'spectal' is not known; write auto or plain or spectral (did you mean "
       "spectral?)"},
      {"precision", "half", "--precision 'half' is not known; write float64 or float32"},
      {"balance", "", "--balance '' is not known; write implicit or exact"},
      {"start", "ones", "--start 'ones' is not known; write gaussian or spectral"},
      {"start_norms", "3", "--start-norms '3' is not two numbers; write them with a comma, such as 9,1"},
      {"start_norms", "3,-1", "--start-norms -1 is out of range; write a number from 0 to 1.7976931348623157e+308"},
  };
  for (const Wrong& wrong : of_requests) {
    Request request = small_request();
    request.spelling = as_flags;
    EXPECT_EQ(refusal([&] { set(request, wrong.key, wrong.text); }), wrong.message);
  }
  const Wrong of_runs[] = {
      {"max_steps", "-5", "--max-steps -5 is out of range; write a whole number from 0 to 9000000000000000"},
      {"tolerance", "2", "--tolerance 2 is out of range; write a number from 0 to 1"},
      {"time_limit", "nan", "--time-limit 'nan' is not a number; write one from 0 to inf"},
      {"top_eigenvalues", "0", "--top-eigenvalues 0 is out of range; write a whole number from 1 to 1000"},
      {"sensitivity", "allways",
       "--sensitivity 'allways' is not known; write auto or always or never (did you mean "
       "always?)"},
  };
  for (const Wrong& wrong : of_runs) {
    RunSettings settings;
    EXPECT_EQ(refusal([&] { set(settings, wrong.key, wrong.text, as_flags); }), wrong.message);
  }
  RunSettings settings;
  EXPECT_EQ(refusal([&] { set(settings, "max_steps", "-5"); }),
            "max_steps -5 is out of range; write a whole number from 0 to 9000000000000000");
  EXPECT_FALSE(refusal([&] { set(settings, "rank", "3"); }).empty());
  Request request = small_request();
  EXPECT_FALSE(refusal([&] { set(request, "max_steps", "3"); }).empty());
}

// The same limits for whoever fills in the structs.
TEST(Settings, TypedValuesOutOfTheirLimitsAreRefused) {
  const auto refused = [](auto&& change) {
    Request request = small_request();
    change(request);
    return refusal([&] { check(request); });
  };
  EXPECT_EQ(refused([](Request&) {}), "");
  EXPECT_EQ(refused([](Request& r) { r.rank = 0; }),
            "rank 0 is out of range; write a whole number from 1 to 1000000000");
  EXPECT_EQ(refused([](Request& r) { r.ridge = -1; }),
            "ridge -1 is out of range; write a number from 0 to 1.7976931348623157e+308");
  EXPECT_EQ(refused([](Request& r) { r.ridge = std::nan(""); }),
            "ridge 'nan' is not a number; write one from 0 to 1.7976931348623157e+308");
  EXPECT_NE(refused([](Request& r) { r.ridge = std::numeric_limits<double>::infinity(); }), "");
  EXPECT_NE(refused([](Request& r) { r.threads = -1; }), "");
  EXPECT_NE(refused([](Request& r) { r.threads = 5000; }), "");
  EXPECT_NE(refused([](Request& r) { r.top_eigenvalues = 0; }), "");
  EXPECT_NE(refused([](Request& r) { r.start_norms = FactorNorms{1, -1}; }), "");
  EXPECT_NE(refused([](Request& r) { r.start = GaussianStart{std::uint64_t{1} << 63}; }), "");
  EXPECT_NE(refused([](Request& r) { r.rate = {Rate::Kind::value, -0.5}; }), "");
  EXPECT_NE(refused([](Request& r) { r.rate = {Rate::Kind::over_L, std::nan("")}; }), "");
  EXPECT_EQ(refused([](Request& r) {
              r.coordinates = Coordinates::spectral;
              r.ridge = 1;
            }),
            "coordinates = spectral is for a ridge of 0; use coordinates = plain with ridge");
  EXPECT_NE(refused([](Request& r) {
              r.coordinates = Coordinates::spectral;
              r.precision = Precision::float32;
            }),
            "");

  const auto refused_run = [](auto&& change) {
    RunSettings settings;
    change(settings);
    return refusal([&] { check(settings); });
  };
  EXPECT_EQ(refused_run([](RunSettings&) {}), "");
  EXPECT_EQ(refused_run([](RunSettings& s) { s.max_steps = static_cast<std::uint64_t>(-5); }),
            "max_steps 18446744073709551611 is out of range; write a whole number from 0 to 9000000000000000");
  EXPECT_EQ(refused_run([](RunSettings& s) { s.tolerance = 2; }),
            "tolerance 2 is out of range; write a number from 0 to 1");
  EXPECT_NE(refused_run([](RunSettings& s) { s.tolerance = std::nan(""); }), "");
  EXPECT_NE(refused_run([](RunSettings& s) { s.time_limit = -1; }), "");
  EXPECT_NE(refused_run([](RunSettings& s) { s.top_eigenvalues = 0; }), "");
}

}  // namespace
}  // namespace equipoise::settings_test
