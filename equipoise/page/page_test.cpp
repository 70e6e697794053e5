// Pages: sound HTML that loads nothing, whatever stands in them, and claims in words.
#include "equipoise/page/page.hpp"

#include <gtest/gtest.h>

#include "equipoise/core/error.hpp"
#include "equipoise/page/test_page_check.hpp"

namespace equipoise::page_test {
namespace {

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Figure figure(std::string id) {
  Figure out;
  out.id = std::move(id);
  out.title = "Loss";
  out.caption = "gaussian:3x3, seed 7";
  out.command = "equipoise factor 'a b.mtx'";
  out.csv = "figures/loss.csv";
  out.panels = {{{"f"}, {{"a", {1, 2}, {3, 4}}, {"b", {1, 2}, {5, 6}}, {"c", {1}, {7}}}}};
  return out;
}

Page page() {
  Page out;
  out.title = "A title";
  out.lead = "A lead.";
  out.contents = true;
  out.version = "0.1.0";
  out.sections = {
      {"one",
       "First",
       {Page::Prose{{"Words.", "More."}}, Page::Figures{{figure("loss")}}, Page::Command{"equipoise --version"}}},
      {"two",
       "Second",
       {Page::Claims{{{"h < 2/L converges", "converged", "converged at 12", Page::Verdict::holds, "", "loss"},
                      {"it balances", "ratio ≤ 2", "3.5", Page::Verdict::fails, "far off"},
                      {"it is chaotic", "yes", "—", Page::Verdict::undecided}}},
        Page::Table{"Rates", {"name", "h"}, {{"a", "0.1"}, {"b", "−2×10⁻³"}}, "rates.csv"}}}};
  return out;
}

TEST(Page, IsSoundAndHoldsEverythingInOrder) {
  const std::string html = page_html(page());
  EXPECT_EQ(faults_of_page(html), "");
  std::size_t at = 0;
  for (const char* part : {"<!DOCTYPE html>",
                           "default-src 'none'",
                           "<title>A title</title>",
                           "<h1>A title</h1>",
                           "A lead.",
                           "<noscript>",
                           "href=\"#one\"",
                           "<section id=\"one\"><h2>First</h2>",
                           "Words.",
                           "id=\"loss\"",
                           "gaussian:3x3, seed 7",
                           "Save SVG",
                           "href=\"figures/loss.csv\"",
                           "<details>",
                           "equipoise factor &#39;a b.mtx&#39;",
                           "id=\"loss-data\"",
                           "equipoise --version",
                           "3 claims: 1 hold, 1 fail, 1 not decided",
                           "h &#60; 2/L converges",
                           "href=\"#loss\"",
                           "<strong>holds</strong>",
                           "<strong>fails</strong>",
                           "far off",
                           "<strong>not decided</strong>",
                           "class=\"number\">h<",
                           "equipoise 0.1.0",
                           "plotly.js (cartesian - minified) v",
                           "Licensed under the MIT license"}) {
    const std::size_t next = html.find(part, at);
    ASSERT_NE(next, std::string::npos) << part;
    at = next;
  }
  EXPECT_FALSE(holds(html, "<fieldset")) << "only figures over steps have the switch";
  const ClaimCount count = count_claims(page());
  EXPECT_EQ(count.holds, 1);
  EXPECT_EQ(count.fails, 1);
  EXPECT_EQ(count.undecided, 1);
}

TEST(Page, CurvesOfTheSameXShareATable) {
  const std::string html = page_html(page());
  const std::string details = html.substr(html.find("<details>"), html.find("</details>") - html.find("<details>"));
  EXPECT_EQ(std::string::npos, details.find("of 2 rows"));
  std::size_t tables = 0;
  for (std::size_t at = 0; (at = details.find("<table>", at)) != std::string::npos; ++at) ++tables;
  EXPECT_EQ(tables, 2u);

  Page many = page();
  Figure& f = std::get<Page::Figures>(many.sections[0].blocks[1]).figures[0];
  f.panels[0].curves.resize(1);
  for (int i = 0; i < 5000; ++i) f.panels[0].curves[0].x.push_back(i + 3), f.panels[0].curves[0].y.push_back(i);
  EXPECT_TRUE(holds(page_html(many), "of 5002 rows, extremes among them"));
}

TEST(Page, TheBundleCanStandInAScript) {
  const std::string_view bundle = plotly_bundle();
  EXPECT_GT(bundle.size(), 500000u);
  EXPECT_TRUE(bundle.starts_with("/**"));
  // Any of these would end the script, or make the parser of HTML skip its end.
  for (const char* word : {"</script", "</SCRIPT", "<!--", "<script"}) EXPECT_FALSE(holds(bundle, word)) << word;
  EXPECT_EQ(bundle.find('\0'), std::string_view::npos);
}

TEST(Page, OddOnes) {
  Page odd;
  EXPECT_EQ(faults_of_page(page_html(odd)), "");
  EXPECT_FALSE(holds(page_html(odd), "plotly")) << "a page without figures does not carry the library";
  odd.sections = {
      {"",
       "",
       {Page::Prose{}, Page::Figures{}, Page::Claims{}, Page::Table{"", {}, {}}, Page::Command{""}, Page::Markup{""}}}};
  EXPECT_EQ(faults_of_page(page_html(odd)), "");

  const std::string evil = "</td><script>alert(1)</script> & \"quotes\" 'single' \x01 ]]> <!--";
  odd = page();
  odd.title = odd.about = odd.lead = odd.version = odd.sections[0].title = evil;
  Figure& f = std::get<Page::Figures>(odd.sections[0].blocks[1]).figures[0];
  f.title = f.caption = f.command = f.x.title = f.panels[0].curves[0].name = f.linked = evil;
  Page::Claim& claim = std::get<Page::Claims>(odd.sections[1].blocks[0]).claims[0];
  claim.claim = claim.expected = claim.observed = claim.why = evil;
  Page::Table& table = std::get<Page::Table>(odd.sections[1].blocks[1]);
  table.caption = table.columns[0] = table.rows[0][1] = evil;
  const std::string html = page_html(odd);
  EXPECT_EQ(faults_of_page(html), "");
  EXPECT_FALSE(holds(html, "<script>alert"));
}

std::string complaint(const Page& p) {
  try {
    page_html(p);
  } catch (const Error& e) {
    return e.what();
  }
  return "no Error";
}

TEST(Page, InconsistentOnesAreNamed) {
  Page p = page();
  p.sections[1].id = "loss";
  EXPECT_EQ(complaint(p), "page: the id 'loss' is used twice");
  p = page();
  std::get<Page::Claims>(p.sections[1].blocks[0]).claims[0].figure = "lost";
  EXPECT_TRUE(holds(complaint(p), "the figure 'lost', which is not on the page"));
  p = page();
  std::get<Page::Table>(p.sections[1].blocks[1]).rows[0].pop_back();
  EXPECT_EQ(complaint(p), "table 'Rates': a row has 1 cells, it should have 2");
}

}  // namespace
}  // namespace equipoise::page_test
