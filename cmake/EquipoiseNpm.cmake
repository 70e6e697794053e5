# What comes from npm, pinned by lock files in this tree: plotly.js inside the library, and what tests in a browser
# need.
set(EQUIPOISE_PLOTLY "" CACHE FILEPATH "plotly-cartesian.min.js to put into reports; empty: npm fetches it")

# equipoise_npm_ci(OUTPUT FROM INTO NAME): the file INTO/NAME, whose path OUTPUT gets, is what `npm ci` makes there of
# the lock file in FROM. It runs once per build folder, and again when the lock file changes.
function(equipoise_npm_ci output from into name)
  find_program(EQUIPOISE_NPM npm)
  if(NOT EQUIPOISE_NPM)
    message(FATAL_ERROR "npm is missing, by which ${from}/package-lock.json is installed; get it with scripts/setup or "
      "apt-get install npm")
  endif()
  add_custom_command(OUTPUT ${into}/${name}
    COMMAND ${CMAKE_COMMAND} -D NPM=${EQUIPOISE_NPM} -D FROM=${from} -D INTO=${into}
      -P ${PROJECT_SOURCE_DIR}/cmake/npm_ci.cmake
    COMMAND ${CMAKE_COMMAND} -E touch ${into}/${name}
    DEPENDS ${from}/package-lock.json ${from}/package.json ${PROJECT_SOURCE_DIR}/cmake/npm_ci.cmake
    COMMENT "Installing ${name} with npm" VERBATIM)
  set(${output} ${into}/${name} PARENT_SCOPE)
endfunction()

# equipoise_embed_plotly(SOURCE): SOURCE is compiled with EQUIPOISE_PLOTLY_FILE as the path of plotly-cartesian.min.js.
function(equipoise_embed_plotly source)
  if(EQUIPOISE_PLOTLY)
    get_filename_component(bundle ${EQUIPOISE_PLOTLY} ABSOLUTE BASE_DIR ${CMAKE_BINARY_DIR})
    if(NOT EXISTS ${bundle})
      message(FATAL_ERROR "EQUIPOISE_PLOTLY is ${bundle}, which does not exist; it should be plotly-cartesian.min.js")
    endif()
  else()
    equipoise_npm_ci(bundle ${PROJECT_SOURCE_DIR}/cmake/plotly ${PROJECT_BINARY_DIR}/plotly
      node_modules/plotly.js-cartesian-dist-min/plotly-cartesian.min.js)
  endif()
  set_property(SOURCE ${source} APPEND PROPERTY OBJECT_DEPENDS ${bundle})
  set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS EQUIPOISE_PLOTLY_FILE="${bundle}")
endfunction()
