include(CMakePackageConfigHelpers)

# Of the component development: what programs are built with. The command is the component command.
install(TARGETS quipu EXPORT quipu-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY include/quipu DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.h")
install(EXPORT quipu-targets NAMESPACE quipu:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quipu
        COMPONENT development)
configure_package_config_file(cmake/quipu-config.cmake.in ${PROJECT_BINARY_DIR}/quipu-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quipu)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/quipu-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/quipu-config.cmake ${PROJECT_BINARY_DIR}/quipu-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quipu COMPONENT development)
