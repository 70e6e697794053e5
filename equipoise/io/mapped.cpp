// mmap behind a shared pointer, and the checks that let its bytes be used as they are.
#include "equipoise/io/mapped.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>

#include "equipoise/io/npy.hpp"

namespace equipoise {
namespace {

struct Mapping {
  void* bytes = nullptr;
  std::size_t size = 0;

  Mapping(void* at, std::size_t length) : bytes(at), size(length) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { munmap(bytes, size); }
};

/// The whole of a regular file, read only; nothing for anything else, which the ordinary reader then names.
std::shared_ptr<const Mapping> map_file(const std::string& name, std::uint64_t least) {
  const int file = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  struct stat facts {};
  std::shared_ptr<const Mapping> mapping;
  if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0 &&
      static_cast<std::uint64_t>(facts.st_size) >= least) {
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* bytes = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (bytes != MAP_FAILED) mapping = std::make_shared<const Mapping>(bytes, size);
  }
  close(file);
  return mapping;
}

template <class Scalar>
DenseView<Scalar> view_of(const Document& document, const NpyArray& array, std::shared_ptr<const Mapping> owner,
                          const Spelling& spelling) {
  const auto rows = static_cast<Index>(array.shape[0]), cols = static_cast<Index>(array.shape[1]);
  const auto* data = reinterpret_cast<const Scalar*>(array.data.data());
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      const Scalar value = data[i * cols + j];
      if (!std::isfinite(value)) {
        fail(document, fmt::format("the entry in row {}, column {} is {}; it should be a finite number, or {}", i + 1,
                                   j + 1, value, spelling("missing", "unknown")));
      }
    }
  }
  return {data, rows, cols, cols, std::move(owner)};
}

}  // namespace

std::optional<DenseInPlace> map_npy(const std::string& name, std::uint64_t least, const Spelling& spelling) {
  std::shared_ptr<const Mapping> mapping = map_file(name, least);
  if (!mapping) return std::nullopt;
  const Document document{{static_cast<const char*>(mapping->bytes), mapping->size}, name};
  if (!document.bytes.starts_with("\x93NUMPY")) return std::nullopt;
  const NpyArray array = parse_npy(document);
  const bool as_it_is = array.kind == 'f' && !array.fortran_order && array.shape.size() == 2 && array.size > 0 &&
                        array.big_endian == (std::endian::native == std::endian::big) &&
                        reinterpret_cast<std::uintptr_t>(array.data.data()) % array.item_size == 0;
  if (!as_it_is) return std::nullopt;
  if (array.item_size == sizeof(double))
    return DenseInPlace{view_of<double>(document, array, std::move(mapping), spelling)};
  return DenseInPlace{view_of<float>(document, array, std::move(mapping), spelling)};
}

}  // namespace equipoise
