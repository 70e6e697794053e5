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
      equipoise::check_reader(data, size, [=](const equipoise::Document& document, equipoise::LoadOptions options) {
        options.triplets = triplets;
        options.duplicates = equipoise::Duplicates::mean;
        options.text.separator = separator == ',' ? ";" : " ";
        options.text.decimal = ',';
        options.text.header = triplets ? equipoise::Header::automatic : equipoise::Header::no;
        options.text.columns = triplets ? "3,1,2" : "1-";
        options.text.index_base = equipoise::IndexBase::labels;
        return equipoise::read_csv(document, separator, options);
      });
    }
  }
  return 0;
}
