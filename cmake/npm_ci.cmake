# Installs what a lock file pins, by version and checksum, into a folder.
# cmake -D NPM=... -D FROM=... -D INTO=... -P npm_ci.cmake
# FROM holds package.json, package-lock.json and .npmrc; INTO gets node_modules.
file(MAKE_DIRECTORY ${INTO})
foreach(name package.json package-lock.json .npmrc)
  configure_file(${FROM}/${name} ${INTO}/${name} COPYONLY)
endforeach()
execute_process(
  COMMAND ${NPM} ci --ignore-scripts --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=2000
    --fetch-retry-maxtimeout=5000 --no-audit --no-fund --no-update-notifier --loglevel=error
  WORKING_DIRECTORY ${INTO} RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(NOT status EQUAL 0)
  file(WRITE ${INTO}/npm.log "${said}\n")
  message(FATAL_ERROR "npm could not install what ${FROM}/package-lock.json pins (is the network there?); its words are "
    "in ${INTO}/npm.log")
endif()
