# Debian packages, by `cpack`: quipu has the command, libquipu-dev what programs are built with.
# Components: tools/CMakeLists.txt and cmake/install.cmake say what is in which.

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL command development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_CONTACT "The developers of Quipu <packages@quipu.invalid>")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME quipu)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION database)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_COMMAND_DESCRIPTION "The command: looks into, checks, repairs, copies and searches databases of nodes, documents, index structs, vectors and
graphs, and brings the JSON files that LlamaIndex persists into them and out again byte for byte.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libquipu-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "The library: a static library in C++20 with its headers and its package for CMake, find_package(quipu).")
# What a program that is linked with it needs: cmake/quipu-config.cmake.in.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    librocksdb-dev libsimdjson-dev libboost-filesystem-dev libexpected-dev libssl-dev libcurl4-openssl-dev
    libstemmer-dev libicu-dev)
if(QUIPU_POSTGRES)
  list(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS libpq-dev)
endif()
if(QUIPU_REDIS)
  list(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS libhiredis-dev)
endif()
list(JOIN CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)

# Debian's policy has the licence as doc/PACKAGE/copyright.
foreach(component IN ITEMS command development)
  string(TOUPPER ${component} upper)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}
          RENAME copyright COMPONENT ${component})
endforeach()
include(CPack)
