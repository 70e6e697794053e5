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
  if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # To GNU, a .cpp that is included by the source of a unity build is a header, in which a class with a member from an
    # unnamed namespace would be a mistake.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  # There is no warning from these two; what a newer compiler says stops nobody.
  if(EQUIPOISE_WARNINGS_AS_ERRORS
     AND "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" MATCHES "^(GNU 12|Clang 14)[.]")
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(EQUIPOISE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${EQUIPOISE_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${EQUIPOISE_SANITIZE})
    # Eigen asks the address sanitizer whether malloc aligns. Files that are compiled without it
    # (core/decompositions.cpp) must get the same answer, or one file frees what another allocated in a different way.
    target_compile_definitions(${target} PRIVATE EIGEN_MALLOC_ALREADY_ALIGNED=0)
    if(EQUIPOISE_SANITIZE_NOT)
      target_compile_options(${target} PRIVATE -fno-sanitize=${EQUIPOISE_SANITIZE_NOT})
    endif()
  endif()
endfunction()

# equipoise_optimise_kernels(file...): the arithmetic that a run spends its time in.
function(equipoise_optimise_kernels)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release,RelWithDebInfo>:-O3>)
endfunction()

# equipoise_optimise_little(TARGET): for what writes and reads text, where a compiler costs more than a run gains.
function(equipoise_optimise_little target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release,RelWithDebInfo>:-O1> $<$<CONFIG:Debug>:-O0>)
endfunction()

# equipoise_add_tests(NAME [KERNELS] ROOMS room... [SOURCES] file...): one GoogleTest program named NAME, each of its
# tests known to ctest; not built unless all of these rooms are. The rooms end where the first .cpp file stands.
# KERNELS: what it tests depends on how it was optimised. The other programs are left out if EQUIPOISE_ALL_UNIT_TESTS is
# off, as in the preset release: dev runs them, under sanitizers, and building them twice costs minutes.
function(equipoise_add_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "KERNELS" "" "ROOMS")
  set(sources ${tests_ROOMS})
  list(FILTER sources INCLUDE REGEX "[.]cpp$")
  set(rooms ${tests_ROOMS})
  list(FILTER rooms EXCLUDE REGEX "[.]cpp$")
  foreach(room IN LISTS rooms)
    if(NOT room IN_LIST EQUIPOISE_ROOMS)
      return()
    endif()
  endforeach()
  if(NOT EQUIPOISE_BUILD_TESTS OR NOT (tests_KERNELS OR EQUIPOISE_ALL_UNIT_TESTS))
    return()
  endif()
  add_executable(${name} ${sources})
  equipoise_compile_settings(${name})
  equipoise_optimise_little(${name})  # a test runs once: the library is optimised, its checks need not be
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  list(TRANSFORM rooms PREPEND equipoise-)
  target_link_libraries(${name} PRIVATE ${rooms} Eigen3::Eigen fmt::fmt GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE EQUIPOISE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_dependencies(unit_tests ${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit)
endfunction()
