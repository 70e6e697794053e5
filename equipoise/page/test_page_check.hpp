// A page held against report_check.py, which parses it as HTML and as XML and knows nothing of how it was made.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace equipoise {

/// Empty where all is well.
inline std::string faults_of_page(const std::string& page) {
#ifdef EQUIPOISE_PYTHON
  static int number = 0;
  const std::string stem =
      ::testing::TempDir() + "equipoise_report_" + std::to_string(::getpid()) + "_" + std::to_string(number++);
  std::ofstream(stem + ".html", std::ios::binary) << page;
  const std::string command =
      std::string("'" EQUIPOISE_PYTHON "' '" EQUIPOISE_SOURCE_DIR "/equipoise/solve/report_check.py' '") + stem +
      ".html' > '" + stem + ".txt' 2>&1";
  const int status = std::system(command.c_str());
  std::ifstream file(stem + ".txt");
  std::string said((std::istreambuf_iterator<char>(file)), {});
  if (status != 0 && said.empty()) said = "report_check.py failed without a word";
  std::remove((stem + ".html").c_str());
  std::remove((stem + ".txt").c_str());
  return said;
#else
  (void)page;
  return {};
#endif
}

}  // namespace equipoise
