# Finds RocksDB, sees that it has what Quipu needs, and says which it is. QUIPU_ROCKSDB is then its target.
#
# What the user names (RocksDB_ROOT, RocksDB_DIR, CMAKE_PREFIX_PATH, the toolchain of vcpkg or Conan) comes first, then
# the newest that `tools/dev rocksdb` has built, then the system's. Shared and static libraries will both do.

# Compiles and links a program with RocksDB.
function(quipu_try_rocksdb result program)
  try_compile(linked SOURCE_FROM_CONTENT rocksdb_check.cc "${program}"
    LINK_LIBRARIES ${QUIPU_ROCKSDB} CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON NO_CACHE OUTPUT_VARIABLE output)
  set(${result} ${linked} PARENT_SCOPE)
  set(${result}_OUTPUT "${output}" PARENT_SCOPE)
endfunction()

# What only the library itself can tell, which is asked once.
function(quipu_check_rocksdb library)
  set(advice "build one that has it by `tools/dev rocksdb`, or name another by RocksDB_ROOT")
  quipu_try_rocksdb(links [[
#include <rocksdb/version.h>
int main() { return rocksdb::GetRocksVersionAsString(true).empty() ? 1 : 0; }
]])
  if(NOT links)
    message(FATAL_ERROR "A program with RocksDB (${library}) cannot be linked:\n${links_OUTPUT}")
  endif()
  quipu_try_rocksdb(has_rtti [[
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <typeinfo>
int main() { return typeid(rocksdb::DB) == typeid(rocksdb::Env) ? 1 : 0; }
]])
  if(NOT has_rtti)
    message(FATAL_ERROR "RocksDB (${library}) is built without run-time type information, and Quipu derives from its "
                        "classes: ${advice} (RocksDB's own option is USE_RTTI=ON)")
  endif()

  if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
    try_run(exit_code compiled SOURCE_FROM_CONTENT rocksdb_ask.cc [[
#include <rocksdb/convenience.h>
#include <rocksdb/version.h>
#include <iostream>
int main() {
  std::cout << rocksdb::GetRocksVersionAsString(true);
  for (const rocksdb::CompressionType type : rocksdb::GetSupportedCompressions()) {
    if (type == rocksdb::kLZ4Compression) std::cout << ",LZ4";
    if (type == rocksdb::kZSTD) std::cout << ",ZSTD";
  }
}
]]
      LINK_LIBRARIES ${QUIPU_ROCKSDB} CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON NO_CACHE
      RUN_OUTPUT_VARIABLE answer COMPILE_OUTPUT_VARIABLE output)
    if(NOT exit_code EQUAL 0)
      message(FATAL_ERROR "A program with RocksDB (${library}) does not run: ${exit_code}\n${output}${answer}")
    endif()
    string(REPLACE "," ";" answer "${answer}")
    list(POP_FRONT answer version)
    if(NOT version STREQUAL RocksDB_VERSION)
      message(FATAL_ERROR "RocksDB's package in ${RocksDB_DIR} is of version ${RocksDB_VERSION}, but the headers or the "
                          "library that it names (${library}) are of ${version}")
    endif()
    foreach(compression LZ4 ZSTD)
      if(NOT compression IN_LIST answer)
        message(FATAL_ERROR "RocksDB (${library}) is built without ${compression}, by which Quipu's tables are "
                            "compressed: ${advice} (RocksDB's own option is WITH_${compression}=ON)")
      endif()
    endforeach()
  endif()

  # Only builds with assertions have this class.
  quipu_try_rocksdb(has_assertions [[
namespace rocksdb { struct SyncPoint { static SyncPoint* GetInstance(); }; }
int main() { return rocksdb::SyncPoint::GetInstance() == nullptr ? 1 : 0; }
]])
  if(has_assertions)
    set(build "with assertions, which makes it slower (`tools/dev rocksdb` builds one without)")
  else()
    set(build "release build")
  endif()
  set(QUIPU_ROCKSDB_BUILD "${build}" CACHE INTERNAL "How RocksDB was built")
endfunction()

# Found in an earlier run, not named by the user: there may be another by now.
if(RocksDB_DIR AND RocksDB_DIR STREQUAL QUIPU_ROCKSDB_FOUND)
  unset(RocksDB_DIR CACHE)
endif()
set(named_dir "${RocksDB_DIR}")
# The same folder as in tools/dev.
if(NOT "$ENV{QUIPU_CACHE_DIR}" STREQUAL "")
  set(cache_dir "$ENV{QUIPU_CACHE_DIR}")
elseif(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
  set(cache_dir "$ENV{XDG_CACHE_HOME}/quipu")
else()
  set(cache_dir "$ENV{HOME}/.cache/quipu")
endif()
file(GLOB rocksdb_builds "${cache_dir}/rocksdb-[0-9]*")
list(SORT rocksdb_builds COMPARE NATURAL ORDER DESCENDING)
find_package(RocksDB CONFIG REQUIRED HINTS ${rocksdb_builds})
if(NOT named_dir)
  set(QUIPU_ROCKSDB_FOUND "${RocksDB_DIR}" CACHE INTERNAL "Where RocksDB was found")
endif()

if(RocksDB_VERSION VERSION_LESS 7.8)
  message(FATAL_ERROR "RocksDB in ${RocksDB_DIR} is of version ${RocksDB_VERSION}, and Quipu needs 7.8 or newer: build "
                      "one by `tools/dev rocksdb`, or name another by RocksDB_ROOT")
elseif(TARGET RocksDB::rocksdb-shared)
  set(QUIPU_ROCKSDB RocksDB::rocksdb-shared)
  set(rocksdb_kind "shared")
elseif(TARGET RocksDB::rocksdb)
  set(QUIPU_ROCKSDB RocksDB::rocksdb)
  set(rocksdb_kind "static")
else()
  message(FATAL_ERROR "RocksDB's package in ${RocksDB_DIR} has no target RocksDB::rocksdb-shared or RocksDB::rocksdb")
endif()
get_target_property(rocksdb_library ${QUIPU_ROCKSDB} LOCATION)
file(TIMESTAMP "${rocksdb_library}" rocksdb_time)
if(NOT QUIPU_ROCKSDB_CHECKED STREQUAL "${rocksdb_library} ${rocksdb_time}")
  quipu_check_rocksdb("${rocksdb_library}")
  set(QUIPU_ROCKSDB_CHECKED "${rocksdb_library} ${rocksdb_time}" CACHE INTERNAL "Which RocksDB was checked")
endif()
message(NOTICE "RocksDB ${RocksDB_VERSION}, ${rocksdb_kind}, ${QUIPU_ROCKSDB_BUILD}: ${rocksdb_library}")
