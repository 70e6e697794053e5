// Any bytes as a .npy.
#include "equipoise/io/npy.hpp"
#include "tests/fuzz/check_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  equipoise::check_reader(data, size, equipoise::read_npy);
  return 0;
}
