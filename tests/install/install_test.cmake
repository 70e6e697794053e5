# Installs a build into an empty folder, then configures, builds and runs a project that finds it there.
# cmake -D BUILD=... -D GENERATOR=... -D COMPILER=... -D EIGEN=... -D VERSION=... -P install_test.cmake
set(folder "${BUILD}/tests/install/a folder with spaces")
set(prefix "${folder}/prefix")
file(REMOVE_RECURSE "${folder}")
file(MAKE_DIRECTORY "${folder}")

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

must(ignored "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${prefix}")

must(version "${prefix}/bin/equipoise" --version)
if(NOT version MATCHES "equipoise ${VERSION}")
  message(FATAL_ERROR "the installed command says it is '${version}', expected equipoise ${VERSION}")
endif()
# The experiments and the data that they name are found beside the command, wherever it was installed.
must(listed "${prefix}/bin/equipoise" reproduce --list)
if(NOT listed MATCHES "balancing")
  message(FATAL_ERROR "the installed command lists no experiments: '${listed}'")
endif()
must(ignored "${prefix}/bin/equipoise" reproduce digits --quick --quiet --out "${folder}/paper")
file(GLOB_RECURSE licence "${prefix}/share/*/LICENSE")
if(NOT licence)
  message(FATAL_ERROR "LICENSE is not installed")
endif()

# Every header is there with all that it includes, and no test is.
file(GLOB_RECURSE headers RELATIVE "${prefix}/include" "${prefix}/include/*")
set(all_headers "")
foreach(header IN LISTS headers)
  if(NOT header MATCHES "^equipoise/[a-z]+/[a-z_0-9]+\\.hpp$" OR header MATCHES "_test|/test_")
    message(FATAL_ERROR "'${header}' is installed as a header")
  endif()
  string(APPEND all_headers "#include \"${header}\"\n")
endforeach()
file(WRITE "${folder}/all_headers.cpp" "${all_headers}")
must(ignored "${COMPILER}" -std=c++20 -fsyntax-only "-I${prefix}/include" -isystem "${EIGEN}" "${folder}/all_headers.cpp")

must(ignored "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${folder}/consumer" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
must(ignored "${CMAKE_COMMAND}" --build "${folder}/consumer")
must(printed "${folder}/consumer/consumer")
# Half the square of the smaller singular value of [2 1; 1 1], which is (3 - sqrt 5)/2.
if(NOT printed STREQUAL "converged 0.072949")
  message(FATAL_ERROR "the consumer printed '${printed}', expected 'converged 0.072949'")
endif()
file(REMOVE_RECURSE "${folder}")
