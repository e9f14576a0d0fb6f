#include "engine/persist/left_out.h"

#include "quipu/backend/shared_tables.h"

namespace quipu {

Result<std::vector<std::string>> left_out(const BaseKVStore& store) {
  std::vector<std::string> names;
  const SharedTables* const shared = SharedTables::of(store);
  if (shared == nullptr) return names;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<SharedTables::Named> tables, shared->other_tables());
  for (const SharedTables::Named& table : tables) names.push_back(table.shown());
  return names;
}

}  // namespace quipu
