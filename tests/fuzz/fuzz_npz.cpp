// Any bytes as a .npz of scipy.sparse; checksums are not compared, so that what lies behind them is reached.
#include "equipoise/io/npz.hpp"
#include "tests/fuzz/check_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  equipoise::check_reader(data, size, equipoise::read_npz);
  return 0;
}
