// The whole of an input as bytes in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace equipoise {

/// Reads a file, a pipe or a device to its end. Throws Error naming it where it is missing, a folder, not readable, or
/// longer than `limit` bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit);

/// Reads standard input to its end. Throws Error as read_file() does.
std::string read_standard_input(std::uint64_t limit);

}  // namespace equipoise
