// What an action is refused with, for tests only.
#pragma once

#include <functional>
#include <string>

#include "equipoise/core/error.hpp"

namespace equipoise::test_refusal {

/// The words of the Error that it throws; empty where it throws none.
inline std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace equipoise::test_refusal
