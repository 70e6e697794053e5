// style.css, script.js and plotly.js as bytes of the program: the assembler reads them, so they cost the compiler
// nothing.
//
// Tested in equipoise/page/page_test.cpp
#include "equipoise/page/page_assets.hpp"

#include "equipoise/page/page.hpp"

#if !defined(EQUIPOISE_PLOTLY_FILE) || !defined(EQUIPOISE_PAGE_FOLDER)
#error \
    "EQUIPOISE_PLOTLY_FILE is the path of plotly-cartesian.min.js, EQUIPOISE_PAGE_FOLDER this folder: see cmake/EquipoiseNpm.cmake"
#endif

// The bytes of FILE from equipoise_NAME_begin to equipoise_NAME_end. The linker alone sees these names.
#define EQUIPOISE_EMBED(NAME, FILE)                                                                                 \
  asm(".pushsection .rodata, \"a\", @progbits\n"                                                                    \
      ".globl equipoise_" #NAME "_begin, equipoise_" #NAME                                                          \
      "_end\n"                                                                                                      \
      ".hidden equipoise_" #NAME "_begin, equipoise_" #NAME                                                         \
      "_end\n"                                                                                                      \
      "equipoise_" #NAME                                                                                            \
      "_begin:\n"                                                                                                   \
      ".incbin \"" FILE                                                                                             \
      "\"\n"                                                                                                        \
      "equipoise_" #NAME                                                                                            \
      "_end:\n"                                                                                                     \
      ".popsection\n");                                                                                             \
  extern "C" {                                                                                                      \
  extern const char equipoise_##NAME##_begin[];                                                                     \
  extern const char equipoise_##NAME##_end[];                                                                       \
  }                                                                                                                 \
  namespace {                                                                                                       \
  std::string_view embedded_##NAME() {                                                                              \
    return {equipoise_##NAME##_begin, static_cast<std::size_t>(equipoise_##NAME##_end - equipoise_##NAME##_begin)}; \
  }                                                                                                                 \
  }

EQUIPOISE_EMBED(plotly, EQUIPOISE_PLOTLY_FILE)
EQUIPOISE_EMBED(page_style, EQUIPOISE_PAGE_FOLDER "/style.css")
EQUIPOISE_EMBED(page_script, EQUIPOISE_PAGE_FOLDER "/script.js")

namespace equipoise {
namespace {

// The first line, a comment, is for readers of the source: the pages do without it.
std::string_view without_first_line(std::string_view text) { return text.substr(text.find('\n')); }

}  // namespace

std::string_view plotly_bundle() { return embedded_plotly(); }
std::string_view page_assets::style() { return without_first_line(embedded_page_style()); }
std::string_view page_assets::script() { return without_first_line(embedded_page_script()); }

}  // namespace equipoise
