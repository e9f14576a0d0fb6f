#!/usr/bin/env bash
# What cmake/find_rocksdb.cmake says of packages of RocksDB that lack something, with headers that only declare what
# it asks for, and a library that only answers.
# usage: rocksdb_package_test.sh SOURCE_DIR
set -euo pipefail
source_dir=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export QUIPU_CACHE_DIR=$folder/cache

mkdir "$folder/project"
cat >"$folder/project/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
include($source_dir/cmake/find_rocksdb.cmake)
file(WRITE "\${CMAKE_BINARY_DIR}/found" "\${QUIPU_ROCKSDB} \${RocksDB_DIR}")
TEXT

include_dir=$folder/include
mkdir -p "$include_dir/rocksdb"
cat >"$include_dir/rocksdb/version.h" <<'TEXT'
#pragma once
#include <string>
namespace rocksdb {
std::string GetRocksVersionAsString(bool with_patch);
}
TEXT
cat >"$include_dir/rocksdb/convenience.h" <<'TEXT'
#pragma once
#include <vector>
namespace rocksdb {
enum CompressionType : unsigned char { kLZ4Compression = 0x4, kZSTD = 0x7 };
std::vector<CompressionType> GetSupportedCompressions();
}
TEXT
echo 'namespace rocksdb { struct DB { virtual ~DB(); }; }' >"$include_dir/rocksdb/db.h"
echo 'namespace rocksdb { struct Env { virtual ~Env(); }; }' >"$include_dir/rocksdb/env.h"

cat >"$folder/library.cc" <<'TEXT'
#include <rocksdb/convenience.h>
#include <rocksdb/version.h>
namespace rocksdb {
std::string GetRocksVersionAsString(bool) { return VERSION; }
std::vector<CompressionType> GetSupportedCompressions() { return {COMPRESSIONS}; }
#ifdef ASSERTIONS
struct SyncPoint { static SyncPoint* GetInstance(); };
SyncPoint* SyncPoint::GetInstance() { return nullptr; }
#endif
}
#ifdef RTTI
extern "C" {
__attribute__((used)) extern const void* const type_of_db[2] __asm__("_ZTIN7rocksdb2DBE") = {nullptr, nullptr};
__attribute__((used)) extern const void* const type_of_env[2] __asm__("_ZTIN7rocksdb3EnvE") = {nullptr, nullptr};
}
#endif
TEXT

# make_package FOLDER TARGET VERSION FLAG...: the library that the flags make, as a package.
make_package() {
  local prefix=$1 target=$2 version=$3 kind=SHARED library=librocksdb.so
  shift 3
  mkdir -p "$prefix/lib/cmake/rocksdb"
  if [ "$target" = RocksDB::rocksdb ]; then
    kind=STATIC library=librocksdb.a
    c++ -std=c++20 -I"$include_dir" "$@" -c -o "$prefix/library.o" "$folder/library.cc"
    ar rc "$prefix/lib/$library" "$prefix/library.o"
  else
    c++ -std=c++20 -I"$include_dir" "$@" -shared -fPIC -o "$prefix/lib/$library" "$folder/library.cc"
  fi
  cat >"$prefix/lib/cmake/rocksdb/RocksDBConfig.cmake" <<TEXT
add_library($target $kind IMPORTED)
set_target_properties($target PROPERTIES INTERFACE_INCLUDE_DIRECTORIES $include_dir
  IMPORTED_LOCATION \${CMAKE_CURRENT_LIST_DIR}/../../$library)
TEXT
  echo "set(PACKAGE_VERSION $version)" >"$prefix/lib/cmake/rocksdb/RocksDBConfigVersion.cmake"
}

# expect NAME TEXT CMAKE_ARGUMENT...: that configuring says so.
expect() {
  local name=$1 text=$2
  shift 2
  # CMake breaks the lines of an error.
  cmake -S "$folder/project" -B "$folder/build-$name" -G Ninja "$@" 2>&1 | tr -s ' \n' ' ' >"$folder/said" || true
  grep -qF -- "$text" "$folder/said" || {
    echo "$name: expected \"$text\" in: $(cat "$folder/said")" >&2
    exit 1
  }
}

both='-DCOMPRESSIONS=kLZ4Compression,kZSTD'
shared=RocksDB::rocksdb-shared
header=9.8.7
make_package "$folder/good" $shared "$header" -DVERSION="\"$header\"" "$both" -DRTTI
make_package "$folder/static" RocksDB::rocksdb "$header" -DVERSION="\"$header\"" "$both" -DRTTI -DASSERTIONS
make_package "$folder/old" $shared 7.7.3 -DVERSION='"7.7.3"' "$both" -DRTTI
make_package "$folder/mixed" $shared 99.1.0 -DVERSION="\"$header\"" "$both" -DRTTI
make_package "$folder/rtti" $shared "$header" -DVERSION="\"$header\"" "$both" -fno-rtti
make_package "$folder/lz4" $shared "$header" -DVERSION="\"$header\"" -DCOMPRESSIONS=kZSTD -DRTTI
make_package "$folder/zstd" $shared "$header" -DVERSION="\"$header\"" -DCOMPRESSIONS=kLZ4Compression -DRTTI

expect good "RocksDB $header, shared, release build: $folder/good/lib/" -DRocksDB_ROOT="$folder/good"
expect static "RocksDB $header, static, with assertions" -DCMAKE_PREFIX_PATH="$folder/static"
expect old "is of version 7.7.3, and Quipu needs 7.8 or newer" -DRocksDB_ROOT="$folder/old"
expect mixed "is of version 99.1.0, but the headers or the library that it names" -DRocksDB_ROOT="$folder/mixed"
expect rtti "is built without run-time type information" -DRocksDB_ROOT="$folder/rtti"
expect lz4 "is built without LZ4, by which" -DRocksDB_ROOT="$folder/lz4"
expect zstd "is built without ZSTD, by which" -DRocksDB_ROOT="$folder/zstd"

# What is built later is found by the next run, the newest first; what the user names stays.
mkdir "$QUIPU_CACHE_DIR"
mv "$folder/good" "$QUIPU_CACHE_DIR/rocksdb-9.9.9"
expect built "shared, release build: $QUIPU_CACHE_DIR/rocksdb-9.9.9/lib/"
cp -R "$QUIPU_CACHE_DIR/rocksdb-9.9.9" "$QUIPU_CACHE_DIR/rocksdb-10.0.0"
expect built "shared, release build: $QUIPU_CACHE_DIR/rocksdb-10.0.0/lib/"
expect static "RocksDB $header, static, with assertions"
expect built "RocksDB $header, static, with assertions" -DRocksDB_ROOT="$folder/static"
echo "each package got its answer"
