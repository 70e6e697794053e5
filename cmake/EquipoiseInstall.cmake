# What `cmake --install` lays down: command, libraries, headers, licence, and a package for find_package(equipoise).
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/equipoise)

# Every room exports itself, so that find_package(equipoise COMPONENTS core problems) asks for nothing that others need.
set(equipoise_dependencies "")
foreach(room IN LISTS EQUIPOISE_ROOMS)
  install(TARGETS equipoise-${room} EXPORT equipoise-${room} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT equipoise-${room} NAMESPACE equipoise:: DESTINATION ${package_folder})
  string(APPEND equipoise_dependencies "set(equipoise_on_${room} \"${equipoise_on_${room}}\")\n")
  string(APPEND equipoise_dependencies "set(equipoise_packages_${room} \"${equipoise_packages_${room}}\")\n")
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET equipoise-cli)
  install(TARGETS equipoise-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # `equipoise reproduce` looks for its experiments, and for the data that they name, in ../share/equipoise.
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/equipoise
    FILES_MATCHING PATTERN "*.toml")
  install(FILES ${PROJECT_SOURCE_DIR}/data/digits.mtx ${PROJECT_SOURCE_DIR}/data/digits.md
    DESTINATION ${CMAKE_INSTALL_DATADIR}/equipoise/data)
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/equipoiseConfig.cmake.in
  ${PROJECT_BINARY_DIR}/equipoiseConfig.cmake INSTALL_DESTINATION ${package_folder})
# Before 1.0 a new minor version may change an interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/equipoiseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/equipoiseConfig.cmake ${PROJECT_BINARY_DIR}/equipoiseConfigVersion.cmake
  DESTINATION ${package_folder})
# plotly.js is inside the library, so its licence goes with it.
if("page" IN_LIST EQUIPOISE_ROOMS AND NOT EQUIPOISE_PLOTLY)
  install(FILES ${PROJECT_BINARY_DIR}/plotly/node_modules/plotly.js-cartesian-dist-min/LICENSE
    DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.plotly)
endif()
