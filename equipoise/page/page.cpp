// A report as one HTML page that opens offline.
#include "equipoise/page/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "equipoise/core/error.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/page/page_assets.hpp"

// The page is written as HTML that is also well-formed XML (every element closed, every attribute quoted), so that a
// strict parser can check it.
namespace equipoise {
namespace {

// ---- Figures ----

/// Curves with the same x stand in one table, a column each.
struct ValueTable {
  const std::vector<double>* x;
  std::vector<const Figure::Curve*> curves;
};

std::vector<ValueTable> value_tables(const Figure& figure) {
  std::vector<ValueTable> out;
  for (const Figure::Panel& panel : figure.panels) {
    for (const Figure::Curve& curve : panel.curves) {
      const auto same =
          std::find_if(out.begin(), out.end(), [&](const ValueTable& table) { return *table.x == curve.x; });
      if (same != out.end()) {
        same->curves.push_back(&curve);
      } else if (!curve.x.empty()) {
        out.push_back({&curve.x, {&curve}});
      }
    }
  }
  return out;
}

std::string value_cell(double value) {
  return std::isfinite(value) ? number_html(value, 6) : std::string("<span class=\"muted\">—</span>");
}

/// All rows where they are few; otherwise some that are spread evenly, some logarithmically, and the extremes of every
/// curve.
std::vector<std::size_t> rows_shown(const ValueTable& table) {
  constexpr std::size_t few = 30, spread = 12;
  const std::size_t n = table.x->size();
  std::set<std::size_t> rows;
  if (n <= few) {
    for (std::size_t i = 0; i < n; ++i) rows.insert(i);
    return {rows.begin(), rows.end()};
  }
  for (std::size_t k = 0; k <= spread; ++k) {
    const double part = static_cast<double>(k) / spread;
    rows.insert(static_cast<std::size_t>(std::round(part * static_cast<double>(n - 1))));
    rows.insert(static_cast<std::size_t>(std::round(std::pow(static_cast<double>(n), part))) - 1);
  }
  for (const Figure::Curve* curve : table.curves) {
    std::size_t low = n, high = n;
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isfinite(curve->y[i])) continue;
      if (low == n || curve->y[i] < curve->y[low]) low = i;
      if (high == n || curve->y[i] > curve->y[high]) high = i;
    }
    if (low < n) rows.insert({low, high});
  }
  return {rows.begin(), rows.end()};
}

std::string value_table_html(const Figure& figure, const ValueTable& table) {
  const std::vector<std::size_t> rows = rows_shown(table);
  std::string head =
      fmt::format("<th scope=\"col\" class=\"number\">{}</th>", escaped(figure.x.title.empty() ? "x" : figure.x.title));
  for (const Figure::Curve* curve : table.curves) {
    const std::string name = escaped(curve->name.empty() ? figure.title : curve->name);
    head += fmt::format("<th scope=\"col\" class=\"number\">{}</th>", name);
    if (!curve->low.empty())
      head += "<th scope=\"col\" class=\"number\">low</th><th scope=\"col\" class=\"number\">high</th>";
  }
  std::string body;
  for (const std::size_t i : rows) {
    body += fmt::format("<tr><td class=\"number\">{}</td>", value_cell((*table.x)[i]));
    for (const Figure::Curve* curve : table.curves) {
      body += fmt::format("<td class=\"number\">{}</td>", value_cell(curve->y[i]));
      if (!curve->low.empty()) {
        body += fmt::format("<td class=\"number\">{}</td><td class=\"number\">{}</td>", value_cell(curve->low[i]),
                            value_cell(curve->high[i]));
      }
    }
    body += "</tr>\n";
  }
  const std::string caption =
      rows.size() < table.x->size()
          ? fmt::format("<caption>{} of {} rows, extremes among them</caption>", readable(std::uint64_t{rows.size()}),
                        readable(std::uint64_t{table.x->size()}))
          : "";
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\"><table>{}<thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n",
      caption, head, body);
}

std::string figure_html(const Figure& figure) {
  const std::string id = escaped(figure.id);
  const std::string data = plotly_json(figure);  // checks the figure, its id too
  std::string out = fmt::format(
      "<figure class=\"figure{}\" id=\"{}\"{}><figcaption>{}</figcaption>\n<div class=\"drawing\" role=\"img\" "
      "aria-label=\"{}\" "
      "aria-describedby=\"{}-words\"></div>\n<p class=\"hidden\" id=\"{}-words\">{}</p>\n",
      figure.wide ? " wide" : "", id,
      figure.linked.empty() ? "" : fmt::format(" data-linked=\"{}\"", escaped(figure.linked)), escaped(figure.title),
      escaped(figure.title), id, id, escaped(described(figure)));
  if (!figure.caption.empty()) out += fmt::format("<p class=\"caption\">{}</p>\n", escaped(figure.caption));
  out +=
      "<div class=\"tools\"><button type=\"button\" data-format=\"svg\">Save SVG</button><button type=\"button\" "
      "data-format=\"png\">Save PNG</button>";
  if (!figure.csv.empty()) out += fmt::format("<a href=\"{}\">Data (CSV)</a>", escaped(figure.csv));
  out += "</div>\n";
  std::string tables;
  for (const ValueTable& table : value_tables(figure)) tables += value_table_html(figure, table);
  if (!tables.empty()) out += "<details><summary>Values</summary>\n" + tables + "</details>\n";
  if (!figure.command.empty()) out += "<pre><code>" + escaped(figure.command) + "</code></pre>\n";
  return out + fmt::format("<script type=\"application/json\" id=\"{}-data\">{}</script></figure>\n", id, data);
}

/// The switch of the axis of steps, before the first figure that has one.
std::string steps_choice(Figure::Scale first) {
  std::string out = "<fieldset class=\"choice\"><legend>Steps:</legend>";
  for (const auto& [id, text, checked] : {std::tuple{"linear", "linear", first == Figure::Scale::linear},
                                          std::tuple{"log", "logarithmic", first == Figure::Scale::log}}) {
    out += fmt::format("<label><input type=\"radio\" name=\"steps\" id=\"steps-{}\"{}/> {}</label>", id,
                       checked ? " checked=\"checked\"" : "", text);
  }
  return out + "</fieldset>\n";
}

// ---- Tables ----

bool looks_like_number(std::string_view cell) {
  if (cell.starts_with("−")) cell.remove_prefix(std::string_view("−").size());
  if (cell.starts_with('-') || cell.starts_with('+')) cell.remove_prefix(1);
  return cell.empty() || cell == "—" || (cell[0] >= '0' && cell[0] <= '9');
}

std::string table_html(const Page::Table& table) {
  const auto numeric = [&](std::size_t column) {
    return !table.rows.empty() &&
           std::all_of(table.rows.begin(), table.rows.end(),
                       [&](const std::vector<std::string>& row) { return looks_like_number(row[column]); });
  };
  for (const std::vector<std::string>& row : table.rows) {
    if (row.size() != table.columns.size()) {
      throw Error(fmt::format("table '{}': a row has {} cells, it should have {}", table.caption, row.size(),
                              table.columns.size()));
    }
  }
  std::vector<std::string_view> marks;
  std::string out = "<div class=\"scroll values\" tabindex=\"0\"><table>";
  if (!table.caption.empty()) out += "<caption>" + escaped(table.caption) + "</caption>";
  out += "<thead><tr>";
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    marks.push_back(numeric(j) ? " class=\"number\"" : "");
    out += fmt::format("<th scope=\"col\"{}>{}</th>", marks[j], escaped(table.columns[j]));
  }
  out += "</tr></thead><tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    out += "<tr>";
    for (std::size_t j = 0; j < row.size(); ++j) out += fmt::format("<td{}>{}</td>", marks[j], escaped(row[j]));
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (!table.csv.empty())
    out += fmt::format("<div class=\"tools\"><a href=\"{}\">Data (CSV)</a></div>\n", escaped(table.csv));
  return out;
}

// ---- Claims ----

struct VerdictText {
  std::string_view cls, mark, word;
};
VerdictText verdict_text(Page::Verdict verdict) {
  switch (verdict) {
    case Page::Verdict::holds:
      return {"yes", "✓", "holds"};
    case Page::Verdict::fails:
      return {"no", "✗", "fails"};
    case Page::Verdict::undecided:
      break;
  }
  return {"unknown", "?", "not decided"};
}

void count(ClaimCount& total, const std::vector<Page::Claim>& claims) {
  for (const Page::Claim& claim : claims) {
    total.holds += claim.verdict == Page::Verdict::holds;
    total.fails += claim.verdict == Page::Verdict::fails;
    total.undecided += claim.verdict == Page::Verdict::undecided;
  }
}

std::string claims_html(const Page::Claims& list, const std::set<std::string>& ids) {
  ClaimCount total;
  count(total, list.claims);
  std::string out = fmt::format(
      "<div class=\"scroll values\"><table class=\"checks claims\"><caption>{} {}: {} hold, {} fail, {} not "
      "decided</caption><thead><tr>"
      "<th scope=\"col\">Claim</th><th scope=\"col\">Expected</th><th scope=\"col\">Observed</th><th "
      "scope=\"col\">Verdict</th></tr></thead>"
      "<tbody>\n",
      list.claims.size(), list.claims.size() == 1 ? "claim" : "claims", total.holds, total.fails, total.undecided);
  for (const Page::Claim& claim : list.claims) {
    const VerdictText verdict = verdict_text(claim.verdict);
    std::string words = escaped(claim.claim);
    if (!claim.figure.empty()) {
      if (!ids.contains(claim.figure)) {
        throw Error(fmt::format("page: the claim '{}' names the figure '{}', which is not on the page", claim.claim,
                                claim.figure));
      }
      words += fmt::format(" <a href=\"#{}\">figure</a>", escaped(claim.figure));
    }
    out += fmt::format(
        "<tr class=\"{0}\"><td class=\"text\">{1}</td><td data-label=\"expected\">{2}</td><td "
        "data-label=\"observed\">{3}</td><td>"
        "<span class=\"mark\" aria-hidden=\"true\">{4}</span> <strong>{5}</strong>{6}</td></tr>\n",
        verdict.cls, words, escaped(claim.expected), escaped(claim.observed), verdict.mark, verdict.word,
        claim.why.empty() ? "" : "<br/>" + escaped(claim.why));
  }
  return out + "</tbody></table></div>\n";
}

// ---- The whole ----

template <typename Visit>
void each_figure(const Page& page, Visit visit) {
  for (const Page::Section& section : page.sections) {
    for (const Page::Block& block : section.blocks) {
      if (const auto* group = std::get_if<Page::Figures>(&block)) {
        for (const Figure& figure : group->figures) visit(figure);
      }
    }
  }
}

/// Of figures and sections, each once.
std::set<std::string> all_ids(const Page& page) {
  std::set<std::string> ids;
  const auto add = [&](const std::string& id) {
    if (!id.empty() && !ids.insert(id).second) throw Error(fmt::format("page: the id '{}' is used twice", id));
  };
  for (const Page::Section& section : page.sections) add(section.id);
  each_figure(page, [&](const Figure& figure) { add(figure.id); });
  return ids;
}

class Writer {
 public:
  explicit Writer(const std::set<std::string>& ids) : ids_(ids) {}

  void operator()(const Page::Prose& prose) {
    for (const std::string& paragraph : prose.paragraphs) out += "<p>" + escaped(paragraph) + "</p>\n";
  }
  void operator()(const Page::Figures& group) {
    const auto steps =
        std::find_if(group.figures.begin(), group.figures.end(), [](const Figure& f) { return f.linked == "steps"; });
    if (steps != group.figures.end() && !has_choice_) {
      out += steps_choice(steps->x.scale);
      has_choice_ = true;
    }
    out += "<div class=\"figures\">\n";
    for (const Figure& figure : group.figures) out += figure_html(figure);
    out += "</div>\n";
  }
  void operator()(const Page::Claims& claims) { out += claims_html(claims, ids_); }
  void operator()(const Page::Table& table) { out += table_html(table); }
  void operator()(const Page::Command& command) { out += "<pre><code>" + escaped(command.text) + "</code></pre>\n"; }
  void operator()(const Page::Markup& markup) { out += markup.html; }

  std::string out;

 private:
  const std::set<std::string>& ids_;
  bool has_choice_ = false;
};

}  // namespace

ClaimCount count_claims(const Page& page) {
  ClaimCount total;
  for (const Page::Section& section : page.sections) {
    for (const Page::Block& block : section.blocks) {
      if (const auto* list = std::get_if<Page::Claims>(&block)) count(total, list->claims);
    }
  }
  return total;
}

std::string page_html(const Page& page) {
  const std::set<std::string> ids = all_ids(page);
  bool figures = false;
  each_figure(page, [&](const Figure&) { figures = true; });

  Writer writer(ids);
  std::string& out = writer.out;
  out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" class=\"without-script\"><head><meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      // Nothing may be fetched; a saved PNG is painted from a blob.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; "
      "img-src data: blob:; base-uri 'none'; form-action "
      "'none'\"/>\n<title>{}</title>\n<style>{}{}</style></head>\n<body><main>\n",
      escaped(page.title), page_assets::style(), page.style);
  if (!page.about.empty()) out += "<p class=\"about\">" + escaped(page.about) + "</p>\n";
  if (page.heading) out += "<h1>" + escaped(page.title) + "</h1>\n";
  if (!page.lead.empty()) out += "<p class=\"lead\">" + escaped(page.lead) + "</p>\n";
  if (figures) {
    out +=
        "<noscript><p>The figures are drawn by a script inside this page, and scripts are off. The values of each are "
        "in the table or "
        "the file below its caption.</p></noscript>\n";
  }
  if (page.contents) {
    out += "<nav aria-label=\"Contents\"><ul class=\"contents\">";
    for (const Page::Section& section : page.sections) {
      if (section.id.empty() || section.title.empty()) continue;
      out += fmt::format("<li><a href=\"#{}\">{}</a></li>", escaped(section.id), escaped(section.title));
    }
    out += "</ul></nav>\n";
  }
  for (const Page::Section& section : page.sections) {
    out += section.id.empty() ? "<section>" : fmt::format("<section id=\"{}\">", escaped(section.id));
    if (!section.title.empty()) out += "<h2>" + escaped(section.title) + "</h2>";
    out += '\n';
    for (const Page::Block& block : section.blocks) std::visit(writer, block);
    out += "</section>\n";
  }
  out += fmt::format(
      "</main>\n<footer><p>Background: Yuqing Wang, Minshuo Chen, Tuo Zhao, Molei Tao, “Large Learning Rate Tames "
      "Homogeneity: Convergence and Balancing Effect”, ICLR 2022, <a href=\"https://arxiv.org/abs/2110.03677\">arXiv "
      "2110.03677</a>.</p><p>Written by equipoise {}. The page loads nothing from elsewhere{}.</p></footer>\n",
      page.version.empty() ? "of unknown version" : escaped(page.version),
      figures ? "; its figures are drawn by plotly.js, which it holds (MIT licence)" : "");
  if (figures) {
    out += fmt::format("<script type=\"application/json\" id=\"palettes\">{{\"light\":{},\"dark\":{}}}</script>\n",
                       palette_json(false), palette_json(true));
    out += "<script id=\"plotly\">";
    out += plotly_bundle();  // the one part of the page that is not well-formed XML
    out += "</script>\n<script>";
    out += page_assets::script();
    out += "</script>\n";
  }
  return out + "</body></html>\n";
}

}  // namespace equipoise
