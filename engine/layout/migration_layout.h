// Names of what marks a persist directory or a store into which a migration has not been completed.

#ifndef QUIPU_ENGINE_LAYOUT_MIGRATION_LAYOUT_H_
#define QUIPU_ENGINE_LAYOUT_MIGRATION_LAYOUT_H_

#include <string>
#include <string_view>

#include "quipu/status.h"

namespace quipu {

inline constexpr std::string_view kMigrationFile = "quipu_migration.json";
inline constexpr std::string_view kMigrationCollection = "quipu/migration";
inline constexpr std::string_view kMigrationKey = "mark";

// What is said of a place that has a mark to who wants to read it.
inline Status incomplete_migration(const std::string& place) {
  return Status::invalid_argument(place +
                                  " holds a part of a migration that was interrupted; the same migration "
                                  "again completes it");
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_MIGRATION_LAYOUT_H_
