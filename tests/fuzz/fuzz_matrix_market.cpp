// Any bytes as a Matrix Market file.
#include "equipoise/io/matrix_market.hpp"
#include "tests/fuzz/check_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  equipoise::check_reader(data, size, equipoise::read_matrix_market);
  return 0;
}
