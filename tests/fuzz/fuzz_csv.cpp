// Any bytes as a table of numbers: with commas and with tabs, as a table and as triplets.
#include "equipoise/io/csv.hpp"
#include "tests/fuzz/check_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const char separator : {',', '\t'}) {
    for (const bool triplets : {false, true}) {
      equipoise::check_reader(data, size, [=](const equipoise::Document& document, equipoise::LoadOptions options) {
        options.triplets = triplets;
        return equipoise::read_csv(document, separator, options);
      });
    }
  }
  return 0;
}
