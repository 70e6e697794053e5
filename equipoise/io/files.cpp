// From a name to a matrix: which reader a name, an ending or a first line asks for.
#include "equipoise/io/files.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/io/assemble.hpp"
#include "equipoise/io/builtin.hpp"
#include "equipoise/io/bytes.hpp"
#include "equipoise/io/csv.hpp"
#include "equipoise/io/mapped.hpp"
#include "equipoise/io/matrix_market.hpp"
#include "equipoise/io/npy.hpp"
#include "equipoise/io/npz.hpp"
#include "equipoise/io/text.hpp"
#include "equipoise/io/zip.hpp"

namespace equipoise {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view formats = "mtx, npy, npz, csv or tsv";

bool is_format(std::string_view word) {
  return word == "mtx" || word == "npy" || word == "npz" || word == "csv" || word == "tsv";
}

// "data.MTX.gz" -> {"mtx", true}
std::pair<std::string, bool> ending_of(const std::string& name) {
  fs::path path(name);
  const bool packed = same_word(path.extension().string(), ".gz");
  if (packed) {
    path = path.stem();
  }
  const std::string ending = lower_case(path.extension().string());
  return {ending.empty() ? "" : ending.substr(1), packed};
}

// What standard input holds, by its first bytes; empty where they do not tell.
std::string format_of(std::string_view bytes) {
  if (bytes.starts_with("\x93NUMPY")) {
    return "npy";
  }
  if (bytes.starts_with("PK\x03\x04")) {
    return "npz";
  }
  Lines lines(bytes.starts_with("\xef\xbb\xbf") ? bytes.substr(3) : bytes);
  std::string_view line;
  while (lines.next(line)) {
    if (same_word(line.substr(0, 14), "%%MatrixMarket") || same_word(line.substr(0, 13), "%MatrixMarket")) {
      return "mtx";
    }
    if (!trimmed(line).empty() && !line.starts_with('#')) {
      break;
    }
  }
  return line.find('\t') != std::string_view::npos ? "tsv" : line.find(',') != std::string_view::npos ? "csv" : "";
}

// What is packed in a way that is not read, with what to do about it.
void refuse_archives(const Document& document) {
  const std::string_view bytes = document.bytes;
  if (bytes.starts_with("BZh")) fail(document, "the file is packed by bzip2; unpack it (bunzip2) or pack it by gzip");
  if (bytes.starts_with("\xfd"
                        "7zXZ"))
    fail(document, "the file is packed by xz; unpack it (unxz) or pack it by gzip");
  if (bytes.starts_with("\x28\xb5\x2f\xfd"))
    fail(document, "the file is packed by zstd; unpack it (unzstd) or pack it by gzip");
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar")
    fail(document, "the file is a tar archive; take the matrix out of it (tar xf) first");
}

MatrixData read(const std::string& format, const Document& document, const LoadOptions& options) {
  if (document.bytes.empty()) {
    fail(document, "the file is empty");
  }
  if (options.triplets && format != "csv" && format != "tsv") {
    fail(document, fmt::format("triplets are read from csv and tsv, this is {}", format));
  }
  if (format == "mtx") {
    return read_matrix_market(document, options);
  }
  if (format == "npy") {
    return read_npy(document, options);
  }
  if (format == "npz") {
    return read_npz(document, options);
  }
  return read_csv(document, format == "csv" ? ',' : '\t', options);
}

}  // namespace

MatrixData load_matrix(const std::string& name, const LoadOptions& options) {
  if (!options.format.empty() && !is_format(options.format)) {
    throw Error(fmt::format("there is no format {}; it should be {}", in_quotes(options.format), formats));
  }
  if (name.empty()) {
    throw Error("the name of the matrix is empty; it should be a file, - or a built-in such as gaussian:200x100");
  }
  const bool from_input = name == "-";
  if (!from_input && is_builtin(name)) {
    return builtin_matrix(name, options);
  }
  const Document unread{{}, from_input ? std::string_view("standard input") : std::string_view(name)};
  auto [format, packed] = from_input ? std::pair<std::string, bool>() : ending_of(name);
  if (!options.format.empty()) {
    format = options.format;
  }
  std::error_code error;
  if (!from_input && !is_format(format) && fs::is_regular_file(name, error)) {
    fail(unread,
         fmt::format("the ending does not tell the format; {} should be {}", options.spelling("format"), formats));
  }
  const std::uint64_t limit = memory_limit(options);
  if (options.map_large && format == "npy" && !packed && options.missing == Missing::zero) {
    if (std::optional<DenseInPlace> mapped = map_npy(name, worth_mapping, options.spelling)) {
      MatrixData matrix;
      matrix.in_place = std::move(mapped);
      matrix.source = name;
      return matrix;
    }
  }
  std::string bytes;
  if (from_input) {
    bytes = read_standard_input(limit);
  } else if (fs::exists(name, error) || name.find(':') == std::string::npos) {
    bytes = read_file(name, limit);
  } else {
    fail(unread, fmt::format("there is no such file, and the built-in matrices are {}", builtin_examples));
  }
  // The bytes decide: a browser may have kept the data packed under a plain name. A .gz that is none is damaged.
  if (is_gzip(bytes)) {
    bytes = unpack_gzip({bytes, unread.name}, limit);
  } else if (packed && !bytes.empty()) {
    fail(unread, "the name ends in .gz, but this is no gzip file");
  }
  const Document document{bytes, unread.name};
  refuse_archives(document);
  if (format.empty() && !bytes.empty()) {
    format = format_of(bytes);
  }
  if (!is_format(format) && !bytes.empty()) {
    fail(document,
         fmt::format("the first line does not tell the format; {} should be {}", options.spelling("format"), formats));
  }
  MatrixData matrix = read(format, document, options);
  matrix.source = name;
  return matrix;
}

Matrix load_npy(const fs::path& path) {
  const LoadOptions options;
  const std::string name = path.string();
  const std::string bytes = read_file(path, memory_limit(options));
  if (bytes.empty()) {
    fail({{}, name}, "the file is empty");
  }
  return read_npy_matrix({bytes, name}, options);
}

Factors load_factors(const std::string& name) {
  fs::path left;
  fs::path right;
  std::error_code error;
  if (fs::is_directory(name, error)) {
    left = fs::path(name) / "X.npy";
    right = fs::path(name) / "Y.npy";
  } else {
    // A folder in either path may itself have a comma in its name: take the comma that leaves two files.
    for (std::size_t comma = name.find(','); comma != std::string::npos; comma = name.find(',', comma + 1)) {
      if (left.empty() || (fs::exists(name.substr(0, comma), error) && fs::exists(name.substr(comma + 1), error))) {
        left = name.substr(0, comma);
        right = name.substr(comma + 1);
      }
    }
    if (left.empty() || right.empty()) {
      throw Error(
          fmt::format("{}: factors are two files 'X.npy,Y.npy' or a folder that holds both", on_one_line(name)));
    }
  }
  const Matrix X = load_npy(left);
  const Matrix Y = load_npy(right);
  if (X.cols() != Y.cols()) {
    throw Error(fmt::format("{} has {} columns and {} has {}; both should have rank columns",
                            on_one_line(left.string()), X.cols(), on_one_line(right.string()), Y.cols()));
  }
  return {X, Y};
}

}  // namespace equipoise
