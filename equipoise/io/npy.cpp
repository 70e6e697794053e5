// NumPy's .npy: a short header in Python's syntax, then the numbers.
#include "equipoise/io/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "equipoise/io/assemble.hpp"

namespace equipoise {

namespace {

constexpr std::string_view magic = "\x93NUMPY";

template <class T>
T item(std::string_view data, std::uint64_t i, bool big_endian) {
  std::array<char, sizeof(T)> bytes{};
  std::memcpy(bytes.data(), data.data() + i * sizeof(T), sizeof(T));
  if (big_endian != (std::endian::native == std::endian::big)) {
    std::reverse(bytes.begin(), bytes.end());
  }
  return std::bit_cast<T>(bytes);
}

// IEEE half precision: 1 sign, 5 exponent and 10 fraction bits. Every one of them is a float.
float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const float fraction = static_cast<float>(bits & 1023);
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) {
    return fraction == 0 ? sign * std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(fraction + 1024, exponent - 25);
}

// Calls use(value) with the i-th item in its own type.
template <class Use>
auto with_item(const NpyArray& array, std::uint64_t i, Use&& use) {
  const auto as = [&]<class T>(T) { return use(item<T>(array.data, i, array.big_endian)); };
  switch (array.kind) {
    case 'f':
      if (array.item_size == 2) return use(from_half(item<std::uint16_t>(array.data, i, array.big_endian)));
      return array.item_size == 4 ? as(float{}) : as(double{});
    case 'i':
      return array.item_size == 1   ? as(std::int8_t{})
             : array.item_size == 2 ? as(std::int16_t{})
             : array.item_size == 4 ? as(std::int32_t{})
                                    : as(std::int64_t{});
    case 'u':
      return array.item_size == 1   ? as(std::uint8_t{})
             : array.item_size == 2 ? as(std::uint16_t{})
             : array.item_size == 4 ? as(std::uint32_t{})
                                    : as(std::uint64_t{});
    default:
      // bool: any byte but 0 is true, as in NumPy.
      return use(static_cast<std::uint8_t>(array.data[i] != 0));
  }
}

// Reads the dictionary of a header, a small part of Python's syntax:
// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderReader {
 public:
  HeaderReader(const Document& document, std::string_view text) : document_(document), rest_(text) {}

  void read(NpyArray& array) {
    bool seen_type = false;
    bool seen_order = false;
    bool seen_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = text("the name of a field");
      expect(':');
      bool& seen = key == "descr" ? seen_type : key == "fortran_order" ? seen_order : seen_shape;
      if ((key != "descr" && key != "fortran_order" && key != "shape") || seen) {
        fail(document_, fmt::format("the .npy header has a field {} it should not have", in_quotes(key)));
      }
      seen = true;
      if (key == "descr") {
        read_type(array);
      } else if (key == "fortran_order") {
        array.fortran_order = read_truth();
      } else {
        read_shape(array);
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!rest_.empty()) {
      fail_syntax();
    }
    if (!seen_type || !seen_order || !seen_shape) {
      fail(document_, "the .npy header needs the fields 'descr', 'fortran_order' and 'shape'");
    }
  }

 private:
  [[noreturn]] void fail_syntax() const {
    fail(document_, fmt::format("the .npy header is broken at {}", rest_.empty() ? "its end" : in_quotes(rest_)));
  }
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size())); }
  bool accept(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) {
      fail_syntax();
    }
  }
  std::string_view text(std::string_view what) {
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      fail(document_, fmt::format("the .npy header is broken: {} should stand at {}", what,
                                  rest_.empty() ? "its end" : in_quotes(rest_)));
    }
    const std::string_view found = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return found;
  }
  bool read_truth() {
    skip_blanks();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return value;
      }
    }
    fail_syntax();
  }
  void read_shape(NpyArray& array) {
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      // Python 2 wrote long integers with an L.
      const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      const auto length = whole_number_from(rest_.substr(0, digits));
      if (!length) {
        fail_syntax();
      }
      rest_.remove_prefix(digits);
      accept('L');
      array.shape.push_back(*length);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }
  void read_type(NpyArray& array) {
    skip_blanks();
    if (rest_.starts_with('[')) {
      fail(document_, "the .npy holds records (a structured dtype); save one field of it as a plain array");
    }
    const std::string_view written = text("the type of the numbers");
    // "f8" without a byte order is in that of the machine.
    const bool has_order = !written.empty() && std::string_view("<>|=").find(written[0]) != std::string_view::npos;
    const std::string type = has_order ? std::string(written) : "=" + std::string(written);
    if (type.find('O') != std::string_view::npos) {
      fail(document_, "the .npy holds Python objects; save it with a dtype such as float64");
    }
    const auto size = type.size() > 2 ? whole_number_from(std::string_view(type).substr(2)) : std::nullopt;
    if (!size) {
      fail_type(written);
    }
    array.kind = type[1];
    array.item_size = *size;
    array.big_endian = type[0] == '>' || (type[0] == '=' && std::endian::native == std::endian::big);
    if (array.kind == 'c') {
      fail(document_, fmt::format("the .npy holds complex numbers ({}); entries must be real", in_quotes(written)));
    }
    const bool known =
        (array.kind == 'f' && (*size == 2 || *size == 4 || *size == 8)) ||
        ((array.kind == 'i' || array.kind == 'u') && (*size == 1 || *size == 2 || *size == 4 || *size == 8)) ||
        (array.kind == 'b' && *size == 1) || (array.kind == 'S' && *size >= 1 && *size <= 1000) ||
        (array.kind == 'U' && *size >= 1 && *size <= 1000);
    if (!known) {
      fail_type(written);
    }
    if (array.kind == 'U') {
      array.item_size *= 4;
    }
  }
  [[noreturn]] void fail_type(std::string_view type) const {
    fail(document_,
         fmt::format("the .npy holds the type {}; it should be float16, float32, float64, an integer or bool",
                     in_quotes(type)));
  }

  const Document& document_;
  std::string_view rest_;
};

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

Matrix to_matrix(const Document& document, const NpyArray& array, const LoadOptions& options) {
  if (!array.is_number()) {
    fail(document, "the .npy holds text; it should hold numbers");
  }
  if (array.shape.empty() || array.shape.size() > 2) {
    fail(document, fmt::format("the .npy has {} dimensions, shape {}; a matrix has two (one is read as a column)",
                               array.shape.size(), shape_text(array.shape)));
  }
  const std::uint64_t rows = array.shape[0];
  const std::uint64_t cols = array.shape.size() == 2 ? array.shape[1] : 1;
  if (array.size != 0) {
    check_dense_size(document, rows, cols, options);
  } else if (std::max(rows, cols) > largest_dimension) {
    fail(document, fmt::format("the shape {} is too large", shape_text(array.shape)));
  }
  Matrix values(static_cast<Index>(rows), static_cast<Index>(cols));
  std::uint64_t i = 0;
  if (array.fortran_order) {
    for (Index col = 0; col < values.cols(); ++col) {
      for (Index row = 0; row < values.rows(); ++row) {
        values(row, col) = array.number(i++);
      }
    }
  } else {
    for (; i < array.size; ++i) {
      values.data()[i] = array.number(i);
    }
  }
  return values;
}

}  // namespace

double NpyArray::number(std::uint64_t i) const {
  return with_item(*this, i, [](auto value) { return static_cast<double>(value); });
}

std::uint64_t NpyArray::index(std::uint64_t i) const {
  return with_item(*this, i, [](auto value) -> std::uint64_t {
    constexpr std::uint64_t none = ~std::uint64_t{0};
    if constexpr (std::is_floating_point_v<decltype(value)>) {
      return value >= 0 && value < 9.2e18f && value == std::floor(value) ? static_cast<std::uint64_t>(value) : none;
    } else {
      if constexpr (std::is_signed_v<decltype(value)>) {
        return value < 0 ? none : static_cast<std::uint64_t>(value);
      } else {
        return value;
      }
    }
  });
}

NpyArray parse_npy(const Document& document) {
  const std::string_view bytes = document.bytes;
  if (!bytes.starts_with(magic)) {
    fail(document, "this is no .npy: it should begin with \\x93NUMPY");
  }
  if (bytes.size() < 8) {
    fail(document, "the .npy ends within its header");
  }
  const int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3) {
    fail(document, fmt::format("the .npy has format version {}; versions 1, 2 and 3 are known", version));
  }
  const std::size_t length_size = version == 1 ? 2 : 4;
  const std::size_t before = 8 + length_size;
  if (bytes.size() < before) {
    fail(document, "the .npy ends within its header");
  }
  const std::uint64_t header_size =
      version == 1 ? item<std::uint16_t>(bytes.substr(8), 0, false) : item<std::uint32_t>(bytes.substr(8), 0, false);
  if (header_size > bytes.size() - before) {
    fail(document, "the .npy ends within its header");
  }
  NpyArray array;
  HeaderReader(document, bytes.substr(before, header_size)).read(array);
  array.data = bytes.substr(before + header_size);

  // With a zero in the shape the others may be anything; otherwise no product may pass the bytes that are there.
  const bool empty = std::find(array.shape.begin(), array.shape.end(), std::uint64_t{0}) != array.shape.end();
  array.size = empty ? 0 : 1;
  const std::uint64_t available = array.data.size() / array.item_size;
  for (const std::uint64_t length : array.shape) {
    if (!empty && length > available / array.size) {
      fail(document, fmt::format("the .npy is truncated: shape {} of {} byte items, but {} bytes of data",
                                 shape_text(array.shape), array.item_size, array.data.size()));
    }
    array.size *= empty ? 1 : length;
  }
  if (array.size > available) {
    fail(document, "the .npy is truncated: it has no data");
  }
  if (array.size * array.item_size != array.data.size()) {
    fail(document, fmt::format("the .npy holds {} bytes more than its shape {} needs",
                               array.data.size() - array.size * array.item_size, shape_text(array.shape)));
  }
  return array;
}

MatrixData read_npy(const Document& document, const LoadOptions& options) {
  return assemble_dense(document, to_matrix(document, parse_npy(document), options), options);
}

Matrix read_npy_matrix(const Document& document, const LoadOptions& options) {
  Matrix values = to_matrix(document, parse_npy(document), options);
  for (Index row = 0; row < values.rows(); ++row) {
    for (Index col = 0; col < values.cols(); ++col) {
      if (!std::isfinite(values(row, col))) {
        fail(document, fmt::format("row {}, column {} is {}; numbers must be finite", row + 1, col + 1,
                                   std::isnan(values(row, col)) ? "NaN" : "infinite"));
      }
    }
  }
  return values;
}

std::string npy_header(Index rows, Index cols) {
  return npy_header('f', sizeof(double), {static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(cols)});
}

std::string npy_header(char kind, std::size_t item_size, const std::vector<std::uint64_t>& shape) {
  const char native = std::endian::native == std::endian::big ? '>' : '<';
  const std::string_view comma = shape.size() == 1 ? "," : "";
  std::string dictionary = fmt::format("{{'descr': '{}{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                       item_size == 1 ? '|' : native, kind, item_size, fmt::join(shape, ", "), comma);
  // Magic, version, length and dictionary with its newline fill a multiple of 64 bytes, so that the data is aligned.
  constexpr std::size_t before = 10;
  const std::size_t total = (before + dictionary.size() + 1 + 63) / 64 * 64;
  dictionary.resize(total - before - 1, ' ');
  dictionary += '\n';
  std::string header(magic);
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(dictionary.size() & 0xff);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

}  // namespace equipoise
