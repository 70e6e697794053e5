// From the colours of cells to rows of pixels, fewer or more of them.
//
// Tested in equipoise/atlas/picture_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "equipoise/atlas/picture.hpp"
#include "equipoise/core/error.hpp"

namespace equipoise {

void paint_rows(const Painting& painting, const Plane& plane, std::uint64_t top, std::span<std::uint8_t> out) {
  if (plane.width == 0 || out.empty()) return;
  const std::uint64_t rows = out.size() / plane.width;
  if (top + rows > plane.height)
    throw Error(fmt::format("a picture of {} rows has no row {}", plane.height, top + rows));
  // In squares that fit the first cache, since memory runs along y here and along x there.
  constexpr std::uint64_t side = 64;
  for (std::uint64_t i0 = 0; i0 < rows; i0 += side) {
    const std::uint64_t i1 = std::min(rows, i0 + side);
    for (std::uint64_t x0 = 0; x0 < plane.width; x0 += side) {
      const std::uint64_t x1 = std::min(plane.width, x0 + side);
      for (std::uint64_t x = x0; x < x1; ++x) {
        for (std::uint64_t i = i0; i < i1; ++i)
          out[i * plane.width + x] = painting.index(plane.cell(x, plane.height - 1 - top - i));
      }
    }
  }
}

Reducer::Reducer(const Painting& painting, const Plane& plane, std::uint64_t longest)
    : width_(plane.width), height_(plane.height) {
  const std::uint64_t side = std::max(width_, height_);
  if (width_ == 0 || height_ == 0 || longest == 0) {
    height_ = 0;
    return;
  }
  block_ = (side - 1) / longest + 1;
  raster_ = {(width_ - 1) / block_ + 1, (height_ - 1) / block_ + 1, {}};
  raster_.pixels.reserve(raster_.width * raster_.height);
  for (std::size_t i = 0, group = 0; i < 256; ++i) {
    while (group + 1 < painting.groups.size() && i >= painting.groups[group + 1]) ++group;
    group_of_[i] = static_cast<std::uint8_t>(group);
    if (first_of_group_.size() <= group) first_of_group_.resize(group + 1, i);
  }
}

void Reducer::add(std::span<const std::uint8_t> rows) {
  for (std::size_t at = 0; at < rows.size() && next_ < height_; at += width_) {
    const std::span<const std::uint8_t> row = rows.subspan(at, width_);
    if (block_ == 1) {
      raster_.pixels.insert(raster_.pixels.end(), row.begin(), row.end());
      ++next_;
      continue;
    }
    held_.insert(held_.end(), row.begin(), row.end());
    ++next_;
    if ((height_ - next_) % block_ == 0) finish_blocks();  // blocks begin at the lower left corner
  }
}

void Reducer::finish_blocks() {
  const std::size_t rows = held_.size() / width_;
  std::array<std::uint32_t, 256> counts{}, in_group{};
  for (std::uint64_t left = 0; left < width_; left += block_) {
    const std::uint64_t right = std::min(width_, left + block_);
    const auto each = [&](auto&& visit) {
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::uint64_t x = left; x < right; ++x) visit(held_[i * width_ + x]);
      }
    };
    const std::uint8_t first = held_[left];
    bool even = true;
    each([&](std::uint8_t index) { even = even && index == first; });
    if (even) {
      raster_.pixels.push_back(first);
      continue;
    }
    each([&](std::uint8_t index) {
      ++counts[index];
      ++in_group[group_of_[index]];
    });
    const std::span<const std::uint32_t> groups(in_group.data(), first_of_group_.size());
    const auto best = static_cast<std::size_t>(std::ranges::max_element(groups) - groups.begin());
    std::size_t median = first_of_group_[best];
    for (std::uint32_t so_far = counts[median]; 2 * so_far < in_group[best]; so_far += counts[++median]) {
    }
    raster_.pixels.push_back(static_cast<std::uint8_t>(median));
    // Of 256 counts a square touches a few: they alone are cleared.
    each([&](std::uint8_t index) { counts[index] = in_group[group_of_[index]] = 0; });
  }
  held_.clear();
}

Raster reduced(const Painting& painting, const Plane& plane, std::uint64_t longest) {
  Reducer reducer(painting, plane, longest);
  const std::uint64_t most = plane.width > 0 ? std::max<std::uint64_t>(1, (std::uint64_t{1} << 20) / plane.width) : 0;
  std::vector<std::uint8_t> band;
  for (std::uint64_t top = 0; plane.width > 0 && top < plane.height; top += most) {
    band.resize(std::min(most, plane.height - top) * plane.width);
    paint_rows(painting, plane, top, band);
    reducer.add(band);
  }
  return reducer.raster();
}

Raster enlarged(const Raster& raster, std::uint64_t shortest) {
  if (raster.pixels.empty()) return raster;
  const std::uint64_t across = (std::max(shortest, raster.width) - 1) / raster.width + 1,
                      down = (std::max(shortest, raster.height) - 1) / raster.height + 1;
  Raster result{raster.width * across, raster.height * down, {}};
  result.pixels.reserve(result.width * result.height);
  for (std::uint64_t row = 0; row < result.height; ++row) {
    for (std::uint64_t column = 0; column < result.width; ++column)
      result.pixels.push_back(raster.pixels[row / down * raster.width + column / across]);
  }
  return result;
}

}  // namespace equipoise
