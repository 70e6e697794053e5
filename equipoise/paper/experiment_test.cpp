// Claims judged by small tables whose verdicts are known, rates as they are written, and quantiles at sizes 0 and 1.
#include "equipoise/paper/experiment.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/paper/runs.hpp"

namespace equipoise::experiment_test {
namespace {

ResultTable table() {
  using Kind = ResultTable::Column::Kind;
  return {"runs",
          "runs",
          {{"who", "who", Kind::label}, {"h", "h"}, {"value", "value"}, {"cap", "cap", Kind::bound}},
          {{std::string("a"), 1.0, 1.0, 1.0},
           {std::string("b"), 2.0, 4.0, 5.0},
           {std::string("a, \"c\""), 4.0, 16.0, 15.0},
           {std::string("d"), 8.0, nan, 1.0}}};
}

Claim claim(Quantifier quantifier, Relation relation, std::variant<double, std::string> bound) {
  Claim result;
  result.measure = "value";
  result.quantifier = quantifier;
  result.relation = relation;
  result.bound = std::move(bound);
  return result;
}

Claim::Condition where(std::string column, Relation relation, std::variant<double, std::string> value) {
  return {std::move(column), relation, {std::move(value)}};
}

TEST(Judge, WhatIsNotKnownBearsNoRelation) {
  for (const Relation relation :
       {Relation::at_most, Relation::at_least, Relation::below, Relation::above, Relation::equal}) {
    Claim each = claim(Quantifier::every, relation, 1.0);
    each.where = {where("who", Relation::equal, "d")};
    EXPECT_FALSE(judge(each, {table()}).holds);
  }
  for (const Quantifier quantifier :
       {Quantifier::median, Quantifier::lowest, Quantifier::highest, Quantifier::spread}) {
    EXPECT_FALSE(judge(claim(quantifier, Relation::at_least, 0.0), {table()}).holds)
        << "a row without the number must not be passed over";
  }
}

TEST(Judge, EveryRowAgainstItsOwnBound) {
  Claim each = claim(Quantifier::every, Relation::at_most, "cap");
  each.where = {where("h", Relation::below, 4.0)};
  const Judgement two = judge(each, {table()});
  EXPECT_TRUE(two.holds);
  EXPECT_EQ(two.rows, 2U);
  each.where = {where("h", Relation::below, 8.0)};
  const Judgement three = judge(each, {table()});
  EXPECT_FALSE(three.holds) << "16 is above 15";
  EXPECT_DOUBLE_EQ(three.value, 2.0 / 3);
  EXPECT_NE(three.observed.find("16 against 15"), std::string::npos) << three.observed;
  each.tolerance = 0.07;
  EXPECT_TRUE(judge(each, {table()}).holds);
}

TEST(Judge, SharesAndSlopes) {
  Claim share = claim(Quantifier::share, Relation::above, 2.0);
  share.where = {where("h", Relation::below, 8.0)};
  share.share = 2.0 / 3;
  EXPECT_TRUE(judge(share, {table()}).holds);
  share.share_at_most = true;
  EXPECT_TRUE(judge(share, {table()}).holds);
  share.share = 0.6;
  EXPECT_FALSE(judge(share, {table()}).holds);
  Claim slope = claim(Quantifier::slope, Relation::equal, 2.0);
  slope.against = "h";
  slope.tolerance = 1e-12;
  slope.where = {where("h", Relation::below, 8.0)};
  EXPECT_TRUE(judge(slope, {table()}).holds) << "value = h^2";
  slope.where = {where("h", Relation::equal, 1.0)};
  EXPECT_FALSE(judge(slope, {table()}).holds) << "one point has no slope";
}

TEST(Judge, WhatMakesNoSenseIsSaid) {
  EXPECT_THROW(judge(claim(Quantifier::median, Relation::at_most, "cap"), {table()}), Error);
  EXPECT_THROW(judge(claim(Quantifier::every, Relation::at_most, "nothing"), {table()}), Error);
  EXPECT_THROW(judge(claim(Quantifier::every, Relation::at_most, 1.0), {}), Error);
  Claim none = claim(Quantifier::every, Relation::at_most, 1.0);
  none.where = {where("h", Relation::above, 100.0)};
  EXPECT_THROW(judge(none, {table()}), Error) << "a claim about no run is not true, it is a mistake";
}

TEST(ResultTable, IsCsvThatReadsBack) {
  EXPECT_EQ(table_csv(table()), "who,h,value,cap\na,1,1,1\nb,2,4,5\n\"a, \"\"c\"\"\",4,16,15\nd,8,,1\n");
  EXPECT_EQ(table_csv({"empty", "rows", {{"x", "x"}}, {}}), "x\n");
}

TEST(Quantile, IsNumPys) {
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
  EXPECT_TRUE(std::isnan(quantile({nan}, 0.5)));
  EXPECT_EQ(quantile({3}, 0.9), 3);
  EXPECT_EQ(quantile({4, 1}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({10, 20, 30, 40, nan}, 0.9), 37);
  EXPECT_EQ(quantile({5, 1, 9}, 0), 1);
  EXPECT_EQ(quantile({5, 1, 9}, 1), 9);
}

TEST(RelativeRate, AsItIsWritten) {
  EXPECT_EQ(relative_rate_from("3.5/L")->value(7, 0, 1), 0.5);
  EXPECT_EQ(relative_rate_from("6/7 h0")->value(0, 82, 1), 6.0 / 7 * (4.0 / 90));
  EXPECT_EQ(relative_rate_from("0.05")->value(1, 1, 1), 0.05);
  for (const char* text : {"", "/L", "3.5/M", "h0", "7/0 h0", "-1/L", "1/2/3 h0", "nan", "inf", "0", "1e999/L", "3 /L"})
    EXPECT_FALSE(relative_rate_from(text)) << text;
}

TEST(Walk, IsTheDescentOfTheProblem) {
  // One number from (2, 3), mu = 1, h = 0.1: r = -5.
  TinyRun run = tiny_scalar(1, 2, 3, 0.1);
  run.max_steps = 1;
  std::vector<double> x;
  walk(run, [&](const PlanePoint& at, bool) {
    x.push_back(at.x[0]);
    return true;
  });
  ASSERT_EQ(x.size(), 2U);
  EXPECT_DOUBLE_EQ(x[1], 2 - 0.1 * 5 * 3);
  Thinning thinning;
  std::size_t kept = 0;
  for (std::uint64_t step = 0; step < 100000; ++step) kept += thinning(step) ? 1 : 0;
  EXPECT_GT(kept, 300U);
  EXPECT_LT(kept, 1200U);
}

}  // namespace
}  // namespace equipoise::experiment_test
