# For tests that are CMake scripts: a command that must succeed.

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
