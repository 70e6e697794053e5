# Installs a build into an empty folder, then configures, builds and runs a project that finds it there.
# cmake -D BUILD=... -D GENERATOR=... -D COMPILER=... -D EIGEN=... -D VERSION=... [-D ALONE=ON] -P install_test.cmake
# ALONE: compiles each header by itself instead, which takes a minute.
set(folder "${BUILD}/tests/install/a folder with spaces")
if(ALONE)
  string(APPEND folder " for headers")
endif()
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

# Every public header is there with all that it includes; no test and no internal part is.
file(GLOB_RECURSE headers RELATIVE "${prefix}/include" "${prefix}/include/*")
set(forward "")
set(backward "")
foreach(header IN LISTS headers)
  if(NOT header MATCHES "^equipoise/[a-z]+/([a-z]+/)?[a-z_0-9]+\\.hpp$"
     OR header MATCHES "_test|/test_|-inl|_kernel|/plain/")
    message(FATAL_ERROR "'${header}' is installed as a header")
  endif()
  string(APPEND forward "#include \"${header}\"\n")
  string(PREPEND backward "#include \"${header}\"\n")
  if(ALONE)
    file(WRITE "${folder}/alone.cpp" "#include \"${header}\"\n")
    must(ignored "${COMPILER}" -std=c++20 -fsyntax-only "-I${prefix}/include" -isystem "${EIGEN}" "${folder}/alone.cpp")
  endif()
endforeach()
if(ALONE)
  file(REMOVE_RECURSE "${folder}")
  return()
endif()
# In both orders, since what stands first lends its includes to what follows.
foreach(order forward backward)
  file(WRITE "${folder}/${order}.cpp" "${${order}}")
  must(ignored "${COMPILER}" -std=c++20 -fsyntax-only "-I${prefix}/include" -isystem "${EIGEN}"
    "${folder}/${order}.cpp")
endforeach()

# consumer(COMPONENTS option...): the project in consumer/ finds those components, builds, and prints what it should.
function(consumer components)
  string(MAKE_C_IDENTIFIER "consumer_${components}" name)
  must(ignored "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${folder}/${name}" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
    "-DCONSUMER_COMPONENTS=${components}" ${ARGN})
  must(ignored "${CMAKE_COMMAND}" --build "${folder}/${name}")
  must(printed "${folder}/${name}/consumer")
  # Half the square of the smaller singular value of [2 1; 1 1], which is (3 - sqrt 5)/2.
  if(NOT printed STREQUAL "converged 0.072949")
    message(FATAL_ERROR "the consumer of '${components}' printed '${printed}', expected 'converged 0.072949'")
  endif()
endfunction()

consumer("")
# Two rooms alone ask for none of the packages of the others.
consumer("core\;problems" -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON
  -DCMAKE_DISABLE_FIND_PACKAGE_tomlplusplus=ON)

# A room that is not there is named.
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${folder}/no_such_room" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
    -DCONSUMER_COMPONENTS=attic
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE text)
if(status EQUAL 0 OR NOT text MATCHES "attic")
  message(FATAL_ERROR "find_package(equipoise COMPONENTS attic) ended with ${status} and\n${text}")
endif()
file(REMOVE_RECURSE "${folder}")
