// plotly.js as bytes of the program: the assembler reads the file, so it costs the compiler nothing.
#include "equipoise/page/page.hpp"

#ifndef EQUIPOISE_PLOTLY_FILE
#error "EQUIPOISE_PLOTLY_FILE is the path of plotly-cartesian.min.js: see cmake/EquipoiseNpm.cmake"
#endif

// The names are seen by the linker alone.
asm(".pushsection .rodata, \"a\", @progbits\n"
    ".globl equipoise_plotly_begin, equipoise_plotly_end\n"
    ".hidden equipoise_plotly_begin, equipoise_plotly_end\n"
    "equipoise_plotly_begin:\n"
    ".incbin \"" EQUIPOISE_PLOTLY_FILE
    "\"\n"
    "equipoise_plotly_end:\n"
    ".popsection\n");

extern "C" {
extern const char equipoise_plotly_begin[];
extern const char equipoise_plotly_end[];
}

namespace equipoise {

std::string_view plotly_bundle() {
  return {equipoise_plotly_begin, static_cast<std::size_t>(equipoise_plotly_end - equipoise_plotly_begin)};
}

}  // namespace equipoise
