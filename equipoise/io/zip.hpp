// Zip archives and gzip files in memory: the containers that matrices arrive in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/io/text.hpp"

namespace equipoise {

bool is_gzip(std::string_view bytes);

/// Unpacks a gzip file of one or more members (RFC 1952). Throws Error where it is cut short, damaged, followed by
/// something else, or larger than `limit` bytes.
std::string unpack_gzip(const Document& document, std::uint64_t limit);

/// One file of a zip archive, not yet unpacked.
struct ZipMember {
  std::string_view name;
  std::uint16_t method = 0;  ///< 0 stored, 8 deflated
  std::uint16_t flags = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  ///< of its local header
};

/// The directory of a zip archive (PKWARE APPNOTE 6.3, with the 64-bit extension, without splitting and encryption).
/// Throws Error where the directory is damaged.
std::vector<ZipMember> zip_directory(const Document& document);
/// Unpacks a member and checks its length and CRC-32. Throws Error where it is damaged or larger than `limit` bytes.
std::string unpack_member(const Document& document, const ZipMember& member, std::uint64_t limit);

}  // namespace equipoise
