// Grid files: what is written reads back as the same grid; typed questions to a TOML table.
#include "equipoise/store/grid_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "equipoise/core/error.hpp"
#include "equipoise/io/toml.hpp"

namespace equipoise::grid_file_test {
namespace {

std::string message_of(const std::string& text) {
  try {
    read_grid({text, "g.toml"});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(GridFile, TheContractsExample) {
  const Grid grid = read_grid({R"(
[problem]                # kind = "scalar" | "vector" | "isotropic" | "matrix"
kind = "scalar"
mu   = 1.0               # isotropic: n; matrix: file or built-in name, rank
[start]                  # any of: x0, y0 (scalar) · norm_x, norm_y, seed
y0 = 1.0
[axes]                   # one to four; the first is the slowest in the output
h  = { from = 0.01, to = 1.2, count = 2000, scale = "log" }
x0 = { from = -4.0, to = 4.0, count = 2000 }
[run]
max_steps = 20000
[output]
fields = ["outcome", "period", "steps", "loss", "sharpness", "ratio", "imbalance", "lyapunov"]
)",
                               "atlas.toml"});
  EXPECT_EQ(grid.axes[0].key, "h");
  EXPECT_EQ(grid.axes[0].scale, AxisScale::log);
  EXPECT_EQ(grid.axes[1].from, -4);
  EXPECT_EQ(grid.cells(), 4000000U);
  EXPECT_EQ(grid.fields.size(), 8U);
  EXPECT_EQ(grid.fixed_value("max_steps"), 20000);
}

TEST(GridFile, WhatIsWrittenReadsBackExactly) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return std::uniform_real_distribution<double>(0, 1)(random); };
  const auto chance = [&] { return uniform() < 0.5; };
  for (int round = 0; round < 300; ++round) {
    Grid grid;
    grid.kind = static_cast<GridKind>(random() % 4);
    const bool entries = chance() && (grid.kind == GridKind::vector || grid.kind == GridKind::isotropic);
    if (grid.kind == GridKind::matrix) grid.matrix = "odd \"name\"\\ \t\x7f µ.npy";
    const auto value = [&](const Parameter& each) {
      if (each.whole) return std::floor(2 + 1e6 * uniform());
      return each.key == "cosine" || each.key == "tolerance"
                 ? uniform()
                 : (each.positive ? 1 : (uniform() < 0.2 ? -0.0 : 1)) *
                       std::ldexp(uniform() + 0.1, static_cast<int>(random() % 200) - 100);
    };
    for (const Parameter& each : parameters(grid.kind)) {
      if (each.key == "times_L" || (each.key == "cosine") ||
          (entries && (each.key == "n" || each.key == "length" || each.key == "seed")))
        continue;
      if (grid.axes.size() < 4 && (each.key == "h" || (chance() && !(entries && each.section == "start")))) {
        Axis axis{std::string(each.key), AxisScale::list, 0, 0, 1, {value(each)}};
        const double from = std::abs(value(each)), to = from * (1 + uniform());
        if (!each.whole && chance() && to > from && to <= each.highest)
          axis = {
              std::string(each.key), chance() ? AxisScale::log : AxisScale::linear, from, to, 2 + random() % 50, {}};
        if (axis.scale == AxisScale::log && !(from > 0)) axis.scale = AxisScale::linear;
        grid.axes.push_back(axis);
      } else if (!(entries && each.section == "start")) {
        grid.fixed.push_back({std::string(each.key), value(each)});
      }
    }
    if (entries) {
      grid.start_x = {0.1, -0.0, 1e-300};
      grid.start_y = {uniform(), 3, 2};
    }
    if (grid.kind != GridKind::matrix && chance()) {
      grid.output = OutputKind::orbit;
      grid.last = 1 + random() % 3;
    } else {
      for (const FieldInfo& each : field_list()) {
        if (chance()) grid.fields.push_back(each.field);
      }
    }
    grid = resolved(grid);
    const std::string text = grid_toml(grid);
    SCOPED_TRACE(text);
    const Grid back = read_grid({text, "back"});
    ASSERT_EQ(back, grid);
    ASSERT_EQ(difference(back, grid), "");
    ASSERT_EQ(grid_toml(back), text);  // -0.0 is equal to 0.0, but its text is not
  }
}

TEST(GridFile, MessagesNameFileAndLine) {
  EXPECT_EQ(message_of("[problem]\nkind = \"scalar\"\nmu = 1\n[axes]\nh = { from = 1, to = 2, count = 0 }"),
            "g.toml: line 5: axis h has a count of 0; it needs at least one value");
  EXPECT_EQ(message_of("[problem]\nkind = \"scalar\"\nmu = 1\n[run]\nmaxsteps = 3\n[axes]\nh = [1]"),
            "g.toml: line 5: [run] knows no 'maxsteps'; did you mean max_steps?");
  EXPECT_NE(message_of("[problem\n").find("g.toml: line 1, column"), std::string::npos);
  EXPECT_NE(message_of(std::string("[problem]\nkind = \"sc\0lar\"", 24)), "");
  EXPECT_NE(message_of("\xff\xfe"), "");
  EXPECT_EQ(message_of("\xef\xbb\xbf[problem]\nkind = \"scalar\"\nmu = 1\n[start]\nx0 = 1\ny0 = 2\n[axes]\nh = [1]"),
            "");
}

TEST(GridFile, MutatedTextsAreRefusedOrReadBack) {
  const std::string sound =
      "[problem]\nkind = \"vector\"\nmu = 1.5\n[start]\nx0 = [2, 0.5]\ny0 = [-1e0, 3]\n[axes]\nh = { from = 0.1, to = "
      "2, count = 30, scale = \"log\" }\n"
      "norm_x = [1, 2]\n[run]\nmax_steps = 2e4\n[output]\nfields = [\"steps\", \"loss\"]\n";
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = sound;
    for (std::uint64_t k = 0; k <= random() % 3; ++k) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = static_cast<char>(random());
      } else {
        text.insert(at, text.substr(random() % text.size(), random() % 12));
      }
    }
    try {
      const Grid grid = read_grid({text, "mutated.toml"});
      ++accepted;
      ASSERT_EQ(read_grid({grid_toml(grid), "back"}), grid) << text;
    } catch (const Error& error) {
      ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(accepted, 10);
}

TEST(GridFile, Windows) {
  const std::vector<Window> windows = read_windows(" h=0.1:0.2 , x0=-1e0:+1:400");
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].key, "h");
  EXPECT_EQ(windows[0].to, 0.2);
  EXPECT_EQ(windows[0].count, 0U);
  EXPECT_EQ(windows[1].from, -1);
  EXPECT_EQ(windows[1].count, 400U);
  for (const char* text : {"", "h", "h=", "h=1", "=1:2", "h=1:2,", "h=1:2:3:4", "h=nan:2", "h=1:2:-3", "h:1=2"})
    EXPECT_THROW(read_windows(text), Error) << text;
}

TEST(Toml, TypedQuestions) {
  const std::string text =
      "name = \"x\"\ncount = 3\nfloat = 2e4\nwrong = -1\nyes = true\nlist = [1, 2.5]\nwords = [\"a\", \"b\"]\nwhen = "
      "1979-05-27\n[inner.deep]\nz = 1\na = 2\n[[claim]]\nid = 1\n[[claim]]\nid = 2\n";
  const TomlTable file = TomlTable::parse({text, "t.toml"});
  EXPECT_EQ(file.text("name", "a name"), "x");
  EXPECT_EQ(file.whole("float", "a number"), 20000U);
  EXPECT_EQ(file.number("count", "a number"), 3);
  EXPECT_TRUE(file.yes_or_no("yes", "true or false"));
  EXPECT_EQ(file.numbers("list", "numbers"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(file.texts("words", "words"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(file.kind("when"), TomlTable::Kind::time);
  const TomlTable deep = file.table("inner", "a table").table("deep", "a table");
  EXPECT_EQ(deep.keys(), (std::vector<std::string>{"z", "a"}));
  EXPECT_EQ(deep.name(), "[inner.deep]");
  const std::vector<TomlTable> claims = file.tables("claim", "claims");
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_EQ(claims[1].whole("id", "a number"), 2U);
  const auto message = [](const auto& action) -> std::string {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([&] { claims[1].number("di", "a number"); }),
            "t.toml: line 14: [claim] has no di; it should be a number");
  EXPECT_EQ(message([&] { file.whole("wrong", "a count"); }), "t.toml: line 4: wrong is -1; it should be a count");
  EXPECT_EQ(message([&] { file.text("count", "a name"); }),
            "t.toml: line 2: count should be a name in quotes, not a whole number");
  EXPECT_EQ(message([&] { file.texts("list", "names"); }),
            "t.toml: line 6: list should be names, but one entry is a whole number");
  EXPECT_EQ(message([&] { deep.allow({"a", "zz"}); }), "t.toml: line 10: [inner.deep] knows no 'z'; did you mean zz?");
}

}  // namespace
}  // namespace equipoise::grid_file_test
