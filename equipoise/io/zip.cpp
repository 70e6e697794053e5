// Zip archives and gzip files in memory: the containers that matrices arrive in.
//
// Tested in equipoise/io/npz_test.cpp
#include "equipoise/io/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace equipoise {

namespace {

enum class Inflated { complete, truncated, damaged, too_large };

// Owns zlib's state. window_bits as inflateInit2 takes them: 15 + 16 for gzip, -15 for a bare deflate stream.
class Inflater {
 public:
  explicit Inflater(int window_bits) : ready_(inflateInit2(&stream_, window_bits) == Z_OK) {}
  ~Inflater() {
    if (ready_) {
      inflateEnd(&stream_);
    }
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Unpacks one stream from the front of `input`, taking it off, and appends to `output` until that has `limit` bytes.
  Inflated run(std::string_view& input, std::string& output, std::uint64_t limit) {
    if (!ready_) {
      return Inflated::damaged;
    }
    std::string chunk(std::size_t{1} << 16, '\0');
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      const auto given = static_cast<uInt>(std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max()));
      // zlib does not write to its input, but its interface is older than const in C.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
      stream_.avail_in = given;
      stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        return Inflated::damaged;
      }
      input.remove_prefix(given - stream_.avail_in);
      const std::size_t made = chunk.size() - stream_.avail_out;
      if (made > limit - std::min<std::uint64_t>(limit, output.size())) {
        return Inflated::too_large;
      }
      output.append(chunk.data(), made);
      if (status != Z_STREAM_END && made == 0 && input.empty()) {
        return Inflated::truncated;
      }
    }
    return Inflated::complete;
  }

 private:
  z_stream stream_{};
  bool ready_;
};

// Little-endian fields of a zip structure that is known to be there.
std::uint64_t field(std::string_view bytes, std::size_t offset, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return value;
}

constexpr std::uint64_t directory_end_size = 22;
constexpr std::uint64_t locator64_size = 20;
constexpr std::uint64_t directory_end64_size = 56;
constexpr std::uint64_t directory_entry_size = 46;
constexpr std::uint64_t local_header_size = 30;
constexpr std::uint64_t in_64_bit_field = 0xffffffffu;

struct Directory {
  std::uint64_t count;
  std::uint64_t offset;
};

// The end of the directory stands at the end of the archive, before a comment of at most 65535 bytes.
Directory find_directory(const Document& document) {
  const std::string_view bytes = document.bytes;
  const std::size_t end = bytes.rfind("PK\x05\x06");
  if (end == std::string_view::npos || bytes.size() - end < directory_end_size) {
    fail(document, "the .npz has no zip directory at its end; it is truncated or no .npz");
  }
  Directory directory{field(bytes, end + 10, 2), field(bytes, end + 16, 4)};
  if (end < locator64_size || bytes.substr(end - locator64_size, 4) != "PK\x06\x07") {
    return directory;
  }
  const std::uint64_t end64 = field(bytes, end - locator64_size + 8, 8);
  if (end64 > bytes.size() || bytes.size() - end64 < directory_end64_size || bytes.substr(end64, 4) != "PK\x06\x06") {
    fail(document, "the zip directory of the .npz is damaged");
  }
  return {field(bytes, end64 + 32, 8), field(bytes, end64 + 48, 8)};
}

// The 64-bit extension holds, in this order, those of the three numbers that did not fit in 32 bits.
void read_64_bit_fields(std::string_view extra, ZipMember& member) {
  while (extra.size() >= 4) {
    const std::uint64_t id = field(extra, 0, 2);
    const std::uint64_t length = field(extra, 2, 2);
    std::string_view content = extra.substr(4, length);
    if (id == 1) {
      for (std::uint64_t* const number : {&member.size, &member.packed_size, &member.offset}) {
        if (*number == in_64_bit_field && content.size() >= 8) {
          *number = field(content, 0, 8);
          content.remove_prefix(8);
        }
      }
      return;
    }
    extra.remove_prefix(std::min<std::size_t>(extra.size(), 4 + length));
  }
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string unpack_gzip(const Document& document, std::uint64_t limit) {
  std::string output;
  std::string_view rest = document.bytes;
  do {
    if (!is_gzip(rest)) {
      fail(document, rest.size() == document.bytes.size() ? "this is no gzip file"
                                                          : "something that is not gzip follows the gzip data");
    }
    switch (Inflater(15 + 16).run(rest, output, limit)) {
      case Inflated::complete:
        break;
      case Inflated::truncated:
        fail(document, "the gzip file is truncated");
      case Inflated::damaged:
        fail(document, "the gzip file is damaged");
      case Inflated::too_large:
        fail(document, fmt::format("unpacked it would take more than {} bytes of memory", limit));
    }
  } while (!rest.empty());
  return output;
}

std::vector<ZipMember> zip_directory(const Document& document) {
  const std::string_view bytes = document.bytes;
  const Directory directory = find_directory(document);
  std::vector<ZipMember> members;
  std::uint64_t position = directory.offset;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    if (position > bytes.size() || bytes.size() - position < directory_entry_size ||
        bytes.substr(position, 4) != "PK\x01\x02") {
      fail(document, "the zip directory of the .npz is damaged");
    }
    const std::string_view entry = bytes.substr(position);
    ZipMember member;
    member.flags = static_cast<std::uint16_t>(field(entry, 8, 2));
    member.method = static_cast<std::uint16_t>(field(entry, 10, 2));
    member.crc = static_cast<std::uint32_t>(field(entry, 16, 4));
    member.packed_size = field(entry, 20, 4);
    member.size = field(entry, 24, 4);
    member.offset = field(entry, 42, 4);
    const std::uint64_t name_size = field(entry, 28, 2);
    const std::uint64_t extra_size = field(entry, 30, 2);
    const std::uint64_t comment_size = field(entry, 32, 2);
    if (entry.size() - directory_entry_size < name_size + extra_size + comment_size) {
      fail(document, "the zip directory of the .npz is damaged");
    }
    member.name = entry.substr(directory_entry_size, name_size);
    read_64_bit_fields(entry.substr(directory_entry_size + name_size, extra_size), member);
    members.push_back(member);
    position += directory_entry_size + name_size + extra_size + comment_size;
  }
  return members;
}

std::string unpack_member(const Document& document, const ZipMember& member, std::uint64_t limit) {
  const std::string_view bytes = document.bytes;
  const auto fail_member = [&](std::string_view what) {
    fail(document, fmt::format("the member {} of the .npz {}", in_quotes(member.name), what));
  };
  if ((member.flags & 1) != 0) {
    fail_member("is encrypted");
  }
  if (member.size > limit) {
    fail_member(fmt::format("would take more than {} bytes of memory", limit));
  }
  if (member.offset > bytes.size() || bytes.size() - member.offset < local_header_size ||
      bytes.substr(member.offset, 4) != "PK\x03\x04") {
    fail_member("has a damaged header");
  }
  // The local header repeats name and extra field, with lengths of its own.
  const std::string_view local = bytes.substr(member.offset);
  const std::uint64_t skipped = local_header_size + field(local, 26, 2) + field(local, 28, 2);
  if (skipped > local.size() || member.packed_size > local.size() - skipped) {
    fail_member("is truncated");
  }
  std::string_view packed = local.substr(skipped, member.packed_size);
  std::string output;
  if (member.method == 0) {
    output = packed;
  } else if (member.method == 8) {
    const Inflated result = Inflater(-MAX_WBITS).run(packed, output, member.size);
    if (result == Inflated::truncated) {
      fail_member("is truncated");
    }
    if (result != Inflated::complete || !packed.empty()) {
      fail_member("is damaged");
    }
  } else {
    fail_member(fmt::format("is packed with method {}; stored and deflated members can be read", member.method));
  }
  if (output.size() != member.size) {
    fail_member("is damaged: its length is not that in the directory");
  }
  // A fuzzer cannot guess checksums; without this it would never see the code behind them.
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(output.data()), output.size());
  if (crc != member.crc) {
    fail_member("is damaged: its checksum is wrong");
  }
#endif
  return output;
}

}  // namespace equipoise
