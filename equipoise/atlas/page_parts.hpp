// What the files of a sweep's page share: words for axes and shares, and the sections that stand in files of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "equipoise/atlas/page.hpp"

namespace equipoise::page_of_sweep {

std::string percent(double share);  ///< "12.5 %", a dash for what is not finite
std::string axis_title(const Axis& axis);
/// Where value i of the axis stands in a figure.
double position(const Axis& axis, std::uint64_t i);
/// "mu = 1, y0 = 2": what does not vary, and where further axes are cut.
std::string fixed_in_words(const Grid& grid);

/// The look of the switch between the pictures and of their legends.
std::string style_of(const std::vector<SweepPicture>& pictures);
Page::Section pictures_section(const SweepReport& report);
Page::Section fractions_section(const SweepReport& report);
Page::Section dimension_section(const BoxCounting& boundary);

}  // namespace equipoise::page_of_sweep
