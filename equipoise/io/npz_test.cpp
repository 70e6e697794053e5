// Archives of scipy.sparse, built here byte by byte, and gzip: whole, cut short and damaged.
#include "equipoise/io/npz.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "equipoise/io/test_support.hpp"
#include "equipoise/io/zip.hpp"

namespace equipoise::npz_test {
namespace {

using testing::expect_error;
using testing::sparse;
using testing::with_unknown;

// What zlib makes of `text`; window_bits 31 for gzip, -15 for the bare stream of a zip member.
std::string deflated(const std::string& text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.erase(packed.size() - stream.avail_out);  // not resize(): g++ 12 sees it grow by 2^64 under a sanitizer
  deflateEnd(&stream);
  return packed;
}

std::string number(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) {
    bytes += static_cast<char>(value >> (8 * i) & 0xff);
  }
  return bytes;
}

struct ZipStyle {
  bool packed = false;
  bool large = false;  // sizes and offsets in the 64-bit fields
};

using Files = std::vector<std::pair<std::string, std::string>>;

std::string zip(const Files& files, ZipStyle style = {}) {
  std::string archive;
  std::string directory;
  for (const auto& [name, content] : files) {
    const std::string data = style.packed ? deflated(content, -15) : content;
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const std::string sizes = style.large ? number(0xffffffff, 4) + number(0xffffffff, 4)
                                          : number(data.size(), 4) + number(content.size(), 4);
    const std::string common = number(20, 2) + number(0, 2) + number(style.packed ? 8 : 0, 2) + number(0, 4) +
                               number(crc, 4) + sizes + number(name.size(), 2);
    const std::size_t offset = archive.size();
    const std::string extra = style.large ? number(0x5455, 2) + number(1, 2) + "x" + number(1, 2) + number(24, 2) +
                                                number(content.size(), 8) + number(data.size(), 8) + number(offset, 8)
                                          : "";
    archive += "PK\x03\x04" + common + number(4, 2) + name + number(0xcafe, 2) + number(0, 2) + data;
    directory += "PK\x01\x02" + number(20, 2) + common + number(extra.size(), 2) + number(0, 2) + number(0, 2) +
                 number(0, 2) + number(0, 4) + number(style.large ? 0xffffffff : offset, 4) + name + extra;
  }
  const std::size_t start = archive.size();
  archive += directory;
  if (style.large) {
    const std::size_t end = archive.size();
    archive += "PK\x06\x06" + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 4) + number(0, 4) +
               number(files.size(), 8) + number(files.size(), 8) + number(directory.size(), 8) + number(start, 8);
    archive += "PK\x06\x07" + number(0, 4) + number(end, 8) + number(1, 4);
  }
  return archive + "PK\x05\x06" + number(0, 4) + number(files.size(), 2) + number(files.size(), 2) +
         number(directory.size(), 4) + number(style.large ? 0xffffffff : start, 4) + number(3, 2) + "end";
}

std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  const std::string dictionary = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + "}";
  return "\x93NUMPY" + std::string("\1\0", 2) + number(dictionary.size(), 2) + dictionary + data;
}
std::string integers(const std::vector<std::int64_t>& values, const std::string& type = "<i4") {
  std::string data;
  for (const std::int64_t value : values) {
    data += number(static_cast<std::uint64_t>(value), type == "<i4" ? 4 : 8);
  }
  return npy(type, "(" + std::to_string(values.size()) + ",)", data);
}
std::string doubles(const std::vector<double>& values) {
  std::string data;
  for (const double value : values) {
    data += number(std::bit_cast<std::uint64_t>(value), 8);
  }
  return npy("<f8", "(" + std::to_string(values.size()) + ",)", data);
}
std::string word(const std::string& text) { return npy("|S" + std::to_string(text.size()), "()", text); }

// [[0, 5, 0], [7, 0, 8]] in three formats.
Files csr() {
  return {{"indices.npy", integers({1, 0, 2})},
          {"indptr.npy", integers({0, 1, 3})},
          {"format.npy", word("csr")},
          {"shape.npy", integers({2, 3}, "<i8")},
          {"data.npy", doubles({5, 7, 8})}};
}
Files csc() {
  return {{"indices.npy", integers({1, 0, 1})},
          {"indptr.npy", integers({0, 1, 2, 3})},
          {"format.npy", word("csc")},
          {"shape.npy", integers({2, 3}, "<i8")},
          {"data.npy", doubles({7, 5, 8})}};
}
Files coo() {
  return {{"row.npy", integers({1, 0, 1})},
          {"col.npy", integers({2, 1, 0}, "<i8")},
          {"format.npy", word("coo")},
          {"shape.npy", integers({2, 3}, "<i8")},
          {"data.npy", doubles({8, 5, 7})}};
}
Files with(Files files, const std::string& name, const std::string& content) {
  for (auto& file : files) {
    if (file.first == name) {
      file.second = content;
    }
  }
  return files;
}
Files without(const Files& files, const std::string& name) {
  Files left;
  for (const auto& file : files) {
    if (file.first != name) {
      left.push_back(file);
    }
  }
  return left;
}

MatrixData read(const std::string& bytes, const LoadOptions& options = {}) {
  return read_npz({bytes, "a.npz"}, options);
}
void expect_bad(const std::string& bytes, std::initializer_list<std::string_view> words,
                const LoadOptions& options = {}) {
  expect_error([&] { read(bytes, options); }, {"a.npz"});
  expect_error([&] { read(bytes, options); }, words);
}
Matrix expected() {
  Matrix values(2, 3);
  values << 0, 5, 0, 7, 0, 8;
  return values;
}

TEST(Npz, FormatsStoredDeflatedAndLarge) {
  for (const Files& files : {csr(), csc(), coo()}) {
    for (const ZipStyle style : {ZipStyle{}, ZipStyle{true, false}, ZipStyle{false, true}, ZipStyle{true, true}}) {
      const MatrixData loaded = read(zip(files, style));
      EXPECT_EQ(Matrix(sparse(loaded)), expected());
      EXPECT_FALSE(loaded.has_unknown);
      EXPECT_EQ(loaded.entries(), 3);
    }
  }
}

TEST(Npz, FormatNameAsText) {
  const std::string text("c\0\0\0s\0\0\0r\0\0\0", 12);
  EXPECT_EQ(Matrix(sparse(read(zip(with(csr(), "format.npy", npy("<U3", "()", text)))))), expected());
}

TEST(Npz, MissingUnknown) {
  EXPECT_TRUE(read(zip(csr()), with_unknown()).has_unknown);
  const Files one = {{"indices.npy", integers({0})},
                     {"indptr.npy", integers({0, 1})},
                     {"format.npy", word("csr")},
                     {"shape.npy", integers({1, 1})},
                     {"data.npy", doubles({0})}};
  EXPECT_FALSE(read(zip(one), with_unknown()).has_unknown);
  EXPECT_EQ(read(zip(one), with_unknown()).entries(), 1);
  expect_bad(zip(with(one, "data.npy", doubles({std::nan("")}))), {"row 1, column 1", "NaN"});
  expect_bad(zip(with(one, "data.npy", doubles({std::nan("")}))), {"no entry is known"}, with_unknown());
  expect_bad(zip(with(one, "data.npy", doubles({HUGE_VAL}))), {"row 1, column 1", "infinite"}, with_unknown());
}

TEST(Npz, NothingStored) {
  const Files none = {{"indices.npy", integers({})},
                      {"indptr.npy", integers({0, 0, 0})},
                      {"format.npy", word("csr")},
                      {"shape.npy", integers({2, 3})},
                      {"data.npy", doubles({})}};
  EXPECT_EQ(read(zip(none)).entries(), 0);
  expect_bad(zip(none), {"no entry is known"}, with_unknown());
}

TEST(Npz, OtherArchives) {
  for (const std::string missing : {"format.npy", "shape.npy", "data.npy", "indices.npy", "indptr.npy"}) {
    expect_bad(zip(without(csr(), missing)), {missing, "save_npz"});
  }
  expect_bad(zip(without(coo(), "row.npy")), {"row.npy"});
  expect_bad(zip({}), {"format.npy"});
  expect_bad(zip(with(csr(), "format.npy", word("lil"))), {"'lil'", "csr, csc, coo, bsr or dia"});
  expect_bad(zip(with(csr(), "format.npy", word("bsr"))), {"data.npy", "blocks"});
  expect_bad(zip(with(csr(), "format.npy", word("dia"))), {"offsets.npy"});
  expect_bad(zip(with(csr(), "format.npy", integers({1}))), {"format.npy", "name"});
  expect_bad(zip(with(csr(), "data.npy", "rubbish")), {"a.npz(data.npy)", "NUMPY"});
  expect_bad(zip(with(csr(), "data.npy", npy("<c16", "(3,)", std::string(48, ' ')))), {"complex"});
  expect_bad(zip(with(csr(), "data.npy", npy("|S1", "(3,)", "abc"))), {"data.npy", "list of numbers"});
  expect_bad(zip(with(csr(), "data.npy", npy("<f8", "(1, 3)", std::string(24, ' ')))), {"list of numbers"});
}

TEST(Npz, ArraysThatDoNotFitTogether) {
  expect_bad(zip(with(csr(), "data.npy", doubles({5, 7}))), {"indices.npy", "3 items", "should have 2"});
  expect_bad(zip(with(csr(), "indptr.npy", integers({0, 3}))), {"indptr.npy", "should have 3", "rows"});
  expect_bad(zip(with(csc(), "indptr.npy", integers({0, 3}))), {"indptr.npy", "should have 4", "columns"});
  expect_bad(zip(with(csr(), "indptr.npy", integers({1, 1, 3}))), {"indptr.npy", "item 1"});
  expect_bad(zip(with(csr(), "indptr.npy", integers({0, 2, 1}))), {"indptr.npy", "item 3", "from 2 to 3"});
  expect_bad(zip(with(csr(), "indptr.npy", integers({0, 1, 4}))), {"indptr.npy", "item 3", "from 1 to 3"});
  expect_bad(zip(with(csr(), "indptr.npy", integers({0, -1, 3}))), {"indptr.npy", "item 2"});
  expect_bad(zip(with(csr(), "indptr.npy", integers({0, 1, 2}))), {"indptr.npy", "prune"});
  expect_bad(zip(with(csr(), "indices.npy", integers({1, 0, 3}))), {"indices.npy", "item 3", "0 to 2"});
  expect_bad(zip(with(csr(), "indices.npy", integers({-1, 0, 2}))), {"indices.npy", "item 1", "0 to 2"});
  expect_bad(zip(with(csr(), "indices.npy", doubles({0.5, 0, 2}))), {"indices.npy", "item 1"});
  expect_bad(zip(with(coo(), "row.npy", integers({1, 2, 1}))), {"row.npy", "item 2", "0 to 1"});
  expect_bad(zip(with(coo(), "col.npy", integers({1, 1}))), {"col.npy", "2 items", "should have 3"});
  expect_bad(zip(with(csr(), "indices.npy", integers({1, 2, 2}))), {"row 2, column 3", "twice", "item 2 and item 3"});
  expect_bad(zip(with(with(coo(), "row.npy", integers({0, 0, 1})), "col.npy", integers({1, 1, 0}))),
             {"row 1, column 2", "twice", "item 1 and item 2"});
}

TEST(Npz, Shapes) {
  expect_bad(zip(with(csr(), "shape.npy", integers({2, 3, 1}))), {"shape.npy", "3 items", "should have 2"});
  expect_bad(zip(with(csr(), "shape.npy", integers({0, 3}))), {"at least one row and one column"});
  expect_bad(zip(with(csr(), "shape.npy", integers({2, 0}))), {"at least one row and one column"});
  expect_bad(zip(with(csr(), "shape.npy", integers({-2, 3}))), {"does not fit"});
  expect_bad(zip(with(csr(), "shape.npy", integers({1000000000000000000, 3}, "<i8"))), {"does not fit"});
}

TEST(Npz, EveryTruncationAndEveryDamagedByteIsSeen) {
  const std::string whole = zip(csr(), {true, false});
  for (std::size_t size = 0; size + 3 < whole.size(); ++size) {
    SCOPED_TRACE(size);
    expect_bad(whole.substr(0, size), {".npz"});
  }
  // A damaged byte is an Error, or is one that does not matter (dates, versions): then the matrix is the same.
  for (std::size_t i = 0; i < whole.size(); ++i) {
    SCOPED_TRACE(i);
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    try {
      EXPECT_EQ(Matrix(sparse(read(damaged))), expected());
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(Npz, MembersThatCannotBeUnpacked) {
  std::string encrypted = zip(csr());
  encrypted[encrypted.find("PK\x01\x02") + 8] = 1;
  Files files = csr();
  std::swap(files[0], files[2]);
  encrypted = zip(files);
  encrypted[encrypted.find("PK\x01\x02") + 8] = 1;
  expect_bad(encrypted, {"'format.npy'", "encrypted"});
  std::string other = zip(files);
  other[other.find("PK\x01\x02") + 10] = 12;
  expect_bad(other, {"'format.npy'", "method 12", "deflated"});
  std::string longer = zip(files);
  longer[longer.find("PK\x01\x02") + 24] ^= 1;
  expect_bad(longer, {"'format.npy'", "length"});
  std::string beyond = zip(files);
  beyond[beyond.find("PK\x01\x02") + 22] = 1;
  expect_bad(beyond, {"'format.npy'", "truncated"});
  std::string wrong = zip(files);
  wrong[wrong.find("PK\x01\x02") + 16] ^= 1;
  expect_bad(wrong, {"'format.npy'", "checksum"});
  LoadOptions small;
  small.memory_limit = 40;
  expect_bad(zip(csr()), {"40 bytes"}, small);
}

TEST(Gzip, OneMemberAndSeveral) {
  const std::string long_text(200000, 'x');
  EXPECT_EQ(unpack_gzip({deflated("hello", 31), "a.gz"}, 100), "hello");
  EXPECT_EQ(unpack_gzip({deflated("", 31), "a.gz"}, 100), "");
  EXPECT_EQ(unpack_gzip({deflated(long_text, 31) + deflated("end", 31), "a.gz"}, 1000000), long_text + "end");
}

TEST(Gzip, TruncatedDamagedOrTooLarge) {
  const std::string whole = deflated("the quick brown fox jumps over the lazy dog", 31);
  const auto expect_bad_gzip = [](const std::string& bytes, std::string_view word, std::uint64_t limit = 1000) {
    expect_error([&] { unpack_gzip({bytes, "a.gz"}, limit); }, {"a.gz: ", word});
  };
  for (std::size_t size = 2; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    expect_bad_gzip(whole.substr(0, size), "truncated");
  }
  expect_bad_gzip("no gzip", "no gzip");
  expect_bad_gzip(whole + "rest", "follows");
  expect_bad_gzip(whole, "42 bytes", 42);
  EXPECT_EQ(unpack_gzip({whole, "a.gz"}, 43).size(), 43u);
  // Byte 4 to 7 is a date and byte 9 the system; a change of any byte behind the header must be seen.
  for (std::size_t i = 10; i < whole.size(); ++i) {
    SCOPED_TRACE(i);
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    expect_error([&] { unpack_gzip({damaged, "a.gz"}, 1000); }, {"a.gz: "});
  }
}

}  // namespace
}  // namespace equipoise::npz_test
