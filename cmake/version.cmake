# The version stands in project() and, for C++, in include/quipu/version.h. Both must say the same.
set(version_header ${PROJECT_SOURCE_DIR}/include/quipu/version.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${version_header})
file(READ ${version_header} version_text)
string(REGEX MATCH "#define QUIPU_VERSION_MAJOR ([0-9]+)\n#define QUIPU_VERSION_MINOR ([0-9]+)\n#define QUIPU_VERSION_PATCH ([0-9]+)\n#define QUIPU_VERSION \"([0-9.]+)\"\n"
       found "${version_text}")
set(version_numbers ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3})
if(NOT found OR NOT version_numbers STREQUAL PROJECT_VERSION OR NOT CMAKE_MATCH_4 STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "CMakeLists.txt has version ${PROJECT_VERSION}, but include/quipu/version.h "
                      "${version_numbers} in numbers and \"${CMAKE_MATCH_4}\" as text")
endif()
