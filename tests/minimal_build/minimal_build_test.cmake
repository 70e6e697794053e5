# Builds and installs two rooms without the packages that others need, and compares the bits of runs with those of
# threads.
# cmake -D SOURCE=... -D FOLDER=... -D GENERATOR=... -D COMPILER=... -D THREADED=PROGRAM -P minimal_build_test.cmake
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")

# must(OUTPUT command...): runs the command, which must succeed, and gives what it printed.
function(must output)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "exit ${status}: ${command}\n${text}")
  endif()
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

set(without "")
foreach(package ZLIB PNG tomlplusplus Boost nlohmann_json FastFloat TBB CLI11 GTest)
  list(APPEND without "-DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON")
endforeach()
# npm is asked for by find_program; this one could not be run.
list(APPEND without "-DEQUIPOISE_NPM=${FOLDER}/no-npm" "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF")

# -O1 and files together: it is compiled again for this test alone.
must(ignored "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${FOLDER}/build" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG"
  -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12
  "-DEQUIPOISE_COMPONENTS=core\;problems" -DEQUIPOISE_THREADS=OFF -DEQUIPOISE_BUILD_TESTS=OFF ${without})
must(ignored "${CMAKE_COMMAND}" --build "${FOLDER}/build")
must(ignored "${CMAKE_COMMAND}" --install "${FOLDER}/build" --prefix "${FOLDER}/prefix")
file(GLOB libraries RELATIVE "${FOLDER}/prefix/lib" "${FOLDER}/prefix/lib/*.a" "${FOLDER}/prefix/lib/*/*.a")
list(LENGTH libraries count)
if(NOT count EQUAL 2)
  message(FATAL_ERROR "two rooms were asked for, and these were installed: ${libraries}")
endif()

must(ignored "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${FOLDER}/consumer" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${FOLDER}/prefix" ${without})
must(ignored "${CMAKE_COMMAND}" --build "${FOLDER}/consumer")
must(serial "${FOLDER}/consumer/bits")
must(threaded "${THREADED}")
if(NOT serial MATCHES "^dense .*\nsparse .*\nspectral [^\n]*$")
  message(FATAL_ERROR "three runs were expected, and this was printed:\n${serial}")
endif()
if(NOT serial STREQUAL threaded)
  message(FATAL_ERROR "one thread:\n${serial}\nall threads:\n${threaded}")
endif()
file(REMOVE_RECURSE "${FOLDER}")
