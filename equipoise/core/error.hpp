// The mistake of a caller, or a broken file, said in one sentence.
#pragma once

#include <stdexcept>
#include <string>

namespace equipoise {

/// Thrown for a caller's mistake or a broken file, always before the first step of a run.
/// The message is one line: what is wrong, where, and what would be right.
/// The ending of a run (diverged, exhausted, ...) is never an Error: it is a Verdict.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

}  // namespace equipoise
