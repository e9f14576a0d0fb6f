// The names in a database's directory (docs/FORMAT.md). Nothing else spells them.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_LAYOUT_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_LAYOUT_H_

#include <string>
#include <string_view>

#include "quipu/rocksdb_kv_store.h"

namespace quipu::rocks {

inline constexpr std::string_view kMarkerFile = DATABASE_MARKER_FNAME;  // its format
inline constexpr std::string_view kMarkerBeingMade = "QUIPU.tmp";
inline constexpr std::string_view kLockFile = "LOCK";
inline constexpr std::string_view kSessionFile = "SESSION";     // how far acknowledged writes have come
inline constexpr std::string_view kStatsFile = "STATS";         // what its writer has done
inline constexpr std::string_view kRocksDBFolder = "rocksdb";   // RocksDB's own files
inline constexpr std::string_view kTemporaryFolder = "tmp";     // emptied when it is opened
inline constexpr std::string_view kIndexFolder = "indexes";     // files of search graphs
inline constexpr std::string_view kQuarantineFolder = "aside";  // what repairs have taken out

inline std::string in_directory(std::string_view directory, std::string_view name) {
  std::string path(directory);
  path += '/';
  return path += name;
}

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_LAYOUT_H_
