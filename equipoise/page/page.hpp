// A report as one HTML page that opens offline: prose, figures, claims and tables, with the plotting library inside.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "equipoise/page/figure.hpp"

namespace equipoise {

/// The content in reading order. Texts are plain UTF-8 and escaped by the page, except in Markup.
struct Page {
  enum class Verdict { holds, fails, undecided };

  /// Paragraphs, one each.
  struct Prose {
    std::vector<std::string> paragraphs;
  };

  /// Side by side where the page is wide enough.
  struct Figures {
    std::vector<Figure> figures;
  };

  /// One row of a table of claims, and the standing of the whole in its caption.
  struct Claim {
    std::string claim;  ///< in words
    std::string expected, observed;
    Verdict verdict = Verdict::undecided;
    std::string why = {};     ///< the reason of a verdict that does not speak for itself
    std::string figure = {};  ///< id of the figure that shows it, on the same page
  };
  struct Claims {
    std::vector<Claim> claims;
  };

  /// Columns whose cells are all numbers are aligned right.
  struct Table {
    std::string caption;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  ///< each as long as columns
    std::string csv = {};                        ///< the same data as a file, relative to the page
  };

  /// A command to type, as it stands.
  struct Command {
    std::string text;
  };

  /// HTML that is also well-formed XML, already escaped; rules for its classes go to Page::style.
  struct Markup {
    std::string html;
  };

  using Block = std::variant<Prose, Figures, Claims, Table, Command, Markup>;

  struct Section {
    std::string id;     ///< letters, digits, '-', '_'; unique on the page; empty: no link leads here
    std::string title;  ///< empty: no heading
    std::vector<Block> blocks;
  };

  std::string title;       ///< of the window, and the heading of the page where `heading` is set
  std::string about = {};  ///< a short line above everything
  std::string lead = {};   ///< the paragraph under the heading
  bool heading = true;     ///< false: a Markup has the <h1>
  bool contents = false;   ///< a list of the sections that have an id and a title
  std::vector<Section> sections;
  std::string version;     ///< of the program, in the footer
  std::string style = {};  ///< further CSS
};

/// The whole page, about 1.5 MB of which are the plotting library. It loads nothing, follows the reader's light or dark
/// setting, fits a phone and paper, and without scripts still has its text, tables and the data of its figures. Throws
/// Error where a figure or a table is not consistent or an id is used twice.
std::string page_html(const Page& page);

/// How many of the claims on the page hold, fail, are undecided.
struct ClaimCount {
  int holds = 0, fails = 0, undecided = 0;
};
ClaimCount count_claims(const Page& page);

/// plotly.js (cartesian bundle, MIT), as it is inlined. Valid as long as the program runs.
std::string_view plotly_bundle();

}  // namespace equipoise
