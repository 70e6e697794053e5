// The .npz of scipy.sparse, a zip archive with one .npy for each array of a sparse matrix; or of one dense array.
#include "equipoise/io/npz.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "equipoise/io/assemble.hpp"
#include "equipoise/io/npy.hpp"
#include "equipoise/io/zip.hpp"

namespace equipoise {

namespace {

// One array of the archive; owns the bytes that `array` points into.
struct Member {
  std::string name;
  std::string bytes;
  NpyArray array;
};

class Archive {
 public:
  Archive(const Document& document, const LoadOptions& options)
      : document_(document), directory_(zip_directory(document)), limit_(memory_limit(options)) {}

  bool has(std::string_view name) const {
    const std::string file = std::string(name) + ".npy";
    return std::any_of(directory_.begin(), directory_.end(),
                       [&](const ZipMember& member) { return member.name == file; });
  }
  // The names of the arrays, without their ending.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const ZipMember& member : directory_) {
      if (member.name.ends_with(".npy")) all.emplace_back(member.name.substr(0, member.name.size() - 4));
    }
    return all;
  }

  Member read(std::string_view name) const {
    const std::string file = std::string(name) + ".npy";
    const auto found = std::find_if(directory_.begin(), directory_.end(),
                                    [&](const ZipMember& member) { return member.name == file; });
    if (found == directory_.end()) {
      fail(document_, fmt::format("the .npz has no {}; it should be one that scipy.sparse.save_npz wrote", file));
    }
    Member member{fmt::format("{}({})", document_.name, file), unpack_member(document_, *found, limit_), {}};
    member.array = parse_npy({member.bytes, member.name});
    return member;
  }

  // An array of numbers with one dimension.
  Member read_list(std::string_view name) const {
    Member member = read(name);
    if (!member.array.is_number() || member.array.shape.size() != 1) {
      fail({{}, member.name}, "should be a list of numbers");
    }
    return member;
  }

 private:
  const Document& document_;
  std::vector<ZipMember> directory_;
  std::uint64_t limit_;
};

// SciPy stores the name of the format as bytes ('S'), before version 1.0 also as text ('U').
std::string format_name(const Archive& archive) {
  const Member member = archive.read("format");
  if (member.array.is_number() || member.array.size != 1) {
    fail({{}, member.name}, "should be the name of a sparse format");
  }
  std::string name;
  const std::size_t step = member.array.kind == 'U' ? 4 : 1;
  for (std::size_t i = 0; i < member.array.data.size(); i += step) {
    const std::string_view character = member.array.data.substr(i, step);
    const char c = member.array.big_endian ? character.back() : character.front();
    if (c != '\0') {
      name += c;
    }
  }
  return name;
}

void check_length(const Member& member, std::uint64_t expected, std::string_view why) {
  if (member.array.size != expected) {
    fail({{}, member.name}, fmt::format("has {} items, it should have {}, {}", member.array.size, expected, why));
  }
}

std::uint32_t index_below(const Member& member, std::uint64_t i, std::uint64_t size) {
  const std::uint64_t index = member.array.index(i);
  if (index >= size) {
    fail({{}, member.name}, fmt::format("item {} is outside 0 to {}", i + 1, size - 1));
  }
  return static_cast<std::uint32_t>(index);
}

std::vector<Entry> coordinate_entries(const Archive& archive, std::uint64_t rows, std::uint64_t cols) {
  const Member data = archive.read_list("data");
  const Member row = archive.read_list("row");
  const Member col = archive.read_list("col");
  check_length(row, data.array.size, "as many as the data");
  check_length(col, data.array.size, "as many as the data");
  std::vector<Entry> entries;
  entries.reserve(data.array.size);
  for (std::uint64_t i = 0; i < data.array.size; ++i) {
    entries.push_back({index_below(row, i, rows), index_below(col, i, cols), data.array.number(i)});
  }
  return entries;
}

// Compressed along rows (csr), or along columns (csc): `major` counts the compressed ones.
std::vector<Entry> compressed_entries(const Archive& archive, std::uint64_t major, std::uint64_t minor, bool by_rows) {
  const Member data = archive.read_list("data");
  const Member indices = archive.read_list("indices");
  const Member starts = archive.read_list("indptr");
  check_length(indices, data.array.size, "as many as the data");
  check_length(starts, major + 1, by_rows ? "one more than rows" : "one more than columns");
  std::vector<Entry> entries;
  entries.reserve(data.array.size);
  if (starts.array.index(0) != 0) {
    fail({{}, starts.name}, "item 1 should be 0");
  }
  std::uint64_t i = 0;
  for (std::uint64_t at = 0; at < major; ++at) {
    const std::uint64_t end = starts.array.index(at + 1);
    if (end < i || end > data.array.size) {
      fail({{}, starts.name}, fmt::format("item {} should be from {} to {}", at + 2, i, data.array.size));
    }
    for (; i < end; ++i) {
      const std::uint32_t other = index_below(indices, i, minor);
      const auto along = static_cast<std::uint32_t>(at);
      entries.push_back({by_rows ? along : other, by_rows ? other : along, data.array.number(i)});
    }
  }
  if (i != data.array.size) {
    fail({{}, starts.name},
         fmt::format("the last item is {}, but there are {} entries; SciPy's prune() drops the others", i,
                     data.array.size));
  }
  return entries;
}

// Blocks of b x c: data holds them one after the other, indices the block column of each.
std::vector<Entry> block_entries(const Archive& archive, std::uint64_t rows, std::uint64_t cols) {
  const Member data = archive.read("data");
  const Member indices = archive.read_list("indices");
  const Member starts = archive.read_list("indptr");
  const std::vector<std::uint64_t>& shape = data.array.shape;
  if (!data.array.is_number() || shape.size() != 3 || shape[1] == 0 || shape[2] == 0 || rows % shape[1] != 0 ||
      cols % shape[2] != 0 || data.array.fortran_order) {
    fail({{}, data.name}, "should hold blocks that fill the matrix, three dimensions in C order");
  }
  const std::uint64_t height = shape[1], width = shape[2];
  check_length(indices, shape[0], "as many as there are blocks");
  check_length(starts, rows / height + 1, "one more than rows of blocks");
  std::vector<Entry> entries;
  entries.reserve(data.array.size);
  std::uint64_t block = 0;
  for (std::uint64_t along = 0; along < rows / height; ++along) {
    const std::uint64_t end = starts.array.index(along + 1);
    if (end < block || end > shape[0]) {
      fail({{}, starts.name}, fmt::format("item {} should be from {} to {}", along + 2, block, shape[0]));
    }
    for (; block < end; ++block) {
      const std::uint32_t across = index_below(indices, block, cols / width);
      for (std::uint64_t k = 0; k < height * width; ++k) {
        const double value = data.array.number(block * height * width + k);
        if (value == 0) continue;  // a block is filled up with zeros
        entries.push_back({static_cast<std::uint32_t>(along * height + k / width),
                           static_cast<std::uint32_t>(across * width + k % width), value});
      }
    }
  }
  return entries;
}

// Diagonals: row k of data is the diagonal offsets[k], its item j standing in column j.
std::vector<Entry> diagonal_entries(const Archive& archive, std::uint64_t rows, std::uint64_t cols) {
  const Member data = archive.read("data");
  const Member offsets = archive.read_list("offsets");
  const std::vector<std::uint64_t>& shape = data.array.shape;
  if (!data.array.is_number() || shape.size() != 2 || data.array.fortran_order)
    fail({{}, data.name}, "should hold a row for each diagonal, in C order");
  check_length(offsets, shape[0], "as many as there are diagonals");
  std::vector<Entry> entries;
  for (std::uint64_t k = 0; k < shape[0]; ++k) {
    const double offset = offsets.array.number(k);
    for (std::uint64_t col = 0; col < std::min(shape[1], cols); ++col) {
      const double row = static_cast<double>(col) - offset;
      const double value = data.array.number(k * shape[1] + col);
      if (!(row >= 0 && row < static_cast<double>(rows)) || value == 0) continue;
      entries.push_back({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(col), value});
    }
  }
  return entries;
}

MatrixData read_dense_member(const Document& document, const Archive& archive, const LoadOptions& options) {
  const std::vector<std::string> names = archive.names();
  if (names.size() != 1) {
    fail(document,
         fmt::format("the .npz holds {} arrays ({}); it should hold one, or be one that scipy.sparse.save_npz "
                     "wrote",
                     names.size(), on_one_line(fmt::format("{}", fmt::join(names, ", "))).substr(0, 100)));
  }
  const Member member = archive.read(names.front());
  return read_npy({member.bytes, member.name}, options);
}

}  // namespace

MatrixData read_npz(const Document& document, const LoadOptions& options) {
  const Archive archive(document, options);
  const bool scipys = archive.has("indices") || archive.has("data") || archive.names().empty();
  if (!archive.has("format") && !scipys) return read_dense_member(document, archive, options);
  const std::string format = format_name(archive);
  if (format != "csr" && format != "csc" && format != "coo" && format != "bsr" && format != "dia") {
    fail(document,
         fmt::format("the .npz holds the sparse format {}; it should be csr, csc, coo, bsr or dia", in_quotes(format)));
  }
  const Member shape = archive.read_list("shape");
  check_length(shape, 2, "rows and columns");
  const std::uint64_t rows = shape.array.index(0);
  const std::uint64_t cols = shape.array.index(1);
  check_sparse_size(document, rows, cols, 0, options);
  std::vector<Entry> entries = format == "coo"   ? coordinate_entries(archive, rows, cols)
                               : format == "bsr" ? block_entries(archive, rows, cols)
                               : format == "dia" ? diagonal_entries(archive, rows, cols)
                               : format == "csr" ? compressed_entries(archive, rows, cols, true)
                                                 : compressed_entries(archive, cols, rows, false);
  MatrixData matrix = assemble_sparse(document, rows, cols, Symmetry::general, std::move(entries), options,
                                      [](std::size_t n) { return fmt::format("item {}", n + 1); });
  if (options.missing == Missing::unknown && (format == "bsr" || format == "dia"))
    matrix.notes.push_back(fmt::format("the format {} fills up with zeros: zeros are read as unknown", format));
  return matrix;
}

}  // namespace equipoise
