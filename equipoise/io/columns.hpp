// Which columns of a table are read: "2-", "1-3,5", "userId,movieId,rating".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "equipoise/core/spelling.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

class ColumnChoice {
 public:
  /// `text` names columns by number from 1, by range, or by their name in `header`, in the order in which they are
  /// read; empty: all `count` of them. Throws Error for anything else, and for a column that is named twice; messages
  /// name the setting `columns` in that spelling.
  ColumnChoice(const Document& document, const std::string& text, const std::vector<std::string>& header,
               std::size_t count, const Spelling& spelling);

  /// From 0.
  const std::vector<std::size_t>& columns() const { return columns_; }
  void leave_out(std::size_t column);

 private:
  std::vector<std::size_t> columns_;
};

}  // namespace equipoise
