// The .npz of scipy.sparse: a zip archive with one .npy for each array of a sparse matrix.
#include "equipoise/io/npz.hpp"

#include <fmt/format.h>

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

}  // namespace

MatrixData read_npz(const Document& document, const LoadOptions& options) {
  const Archive archive(document, options);
  const std::string format = format_name(archive);
  if (format != "csr" && format != "csc" && format != "coo") {
    fail(document, fmt::format("the .npz holds the sparse format {}; it should be csr, csc or coo", in_quotes(format)));
  }
  const Member shape = archive.read_list("shape");
  check_length(shape, 2, "rows and columns");
  const std::uint64_t rows = shape.array.index(0);
  const std::uint64_t cols = shape.array.index(1);
  check_sparse_size(document, rows, cols, 0, options);
  std::vector<Entry> entries = format == "coo"   ? coordinate_entries(archive, rows, cols)
                               : format == "csr" ? compressed_entries(archive, rows, cols, true)
                                                 : compressed_entries(archive, cols, rows, false);
  return assemble_sparse(document, rows, cols, Symmetry::general, std::move(entries), options,
                         [](std::size_t n) { return fmt::format("item {}", n + 1); });
}

}  // namespace equipoise
