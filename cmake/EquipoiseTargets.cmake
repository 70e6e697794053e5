# Functions that give every target of the project the same compiler settings.

# Warnings and sanitizers. -ffp-contract=off: a fused multiply-add appears only where the source asks for one, so that
# the same formula gives the same bits in every kernel and on every compiler. x86-64-v2 is the floor of a released
# binary; whatever the processor has beyond it is used through run-time dispatch.
function(equipoise_compile_settings target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(${target} PRIVATE -march=x86-64-v2)
  endif()
  if(EQUIPOISE_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(EQUIPOISE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${EQUIPOISE_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${EQUIPOISE_SANITIZE})
    # Eigen asks the address sanitizer whether malloc aligns. Files that are compiled without it (core/decompositions.cpp)
    # must get the same answer, or one file frees what another allocated in a different way.
    target_compile_definitions(${target} PRIVATE EIGEN_MALLOC_ALREADY_ALIGNED=0)
    if(EQUIPOISE_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Checks of every pointer and every step of one cost half of the compile time. Null pointers crash without them, the address
      # sanitizer sees what lies outside, and the readers, where unaligned data comes from, are built with all checks by
      # clang in the preset fuzz.
      target_compile_options(${target} PRIVATE
        -fno-sanitize=null,alignment,pointer-overflow,object-size,vptr,nonnull-attribute,returns-nonnull-attribute,builtin)
    endif()
  endif()
endfunction()

# The precompiled headers that every test program shares, as an object library of one empty source.
function(equipoise_add_test_headers)
  file(WRITE ${PROJECT_BINARY_DIR}/generated/test_headers.cpp "// Holds the precompiled headers of the tests.\n")
  add_library(test_headers OBJECT ${PROJECT_BINARY_DIR}/generated/test_headers.cpp)
  equipoise_compile_settings(test_headers)
  target_compile_options(test_headers PRIVATE -O1)
  target_include_directories(test_headers PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(test_headers PRIVATE Eigen3::Eigen fmt::fmt GTest::gtest)
  set_target_properties(test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)  # the same flags as the programs that share it
  target_precompile_headers(test_headers PRIVATE
    <Eigen/Dense> <Eigen/SparseCore> <fmt/format.h> <gtest/gtest.h> <functional> <map> <memory> <random> <string> <vector>)
endfunction()

# equipoise_add_tests(NAME [KERNELS] file...): one GoogleTest program named NAME, each of its tests known to ctest.
# KERNELS: what it tests depends on how it was optimised. The other programs are left out where EQUIPOISE_ALL_UNIT_TESTS is
# off, as in the preset release: dev runs them, under sanitizers, and building them twice costs two minutes.
function(equipoise_add_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "KERNELS" "" "")
  if(NOT EQUIPOISE_BUILD_TESTS OR NOT (tests_KERNELS OR EQUIPOISE_ALL_UNIT_TESTS))
    return()
  endif()
  add_executable(${name} ${tests_UNPARSED_ARGUMENTS})
  equipoise_compile_settings(${name})
  target_compile_options(${name} PRIVATE -O1)  # a test runs once: the library is optimised, its checks need not be
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE equipoise Eigen3::Eigen fmt::fmt GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE EQUIPOISE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # Half of the time of a test build went into reading these headers; all test programs share one reading.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_precompile_headers(${name} REUSE_FROM test_headers)
  add_dependencies(unit_tests ${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit)
endfunction()
