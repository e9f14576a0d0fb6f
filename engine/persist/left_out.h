// What is beside a store and no part of it, so that an export and a migration leave it out, but not in
// silence.

#ifndef QUIPU_ENGINE_PERSIST_LEFT_OUT_H_
#define QUIPU_ENGINE_PERSIST_LEFT_OUT_H_

#include <string>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

// Tables on its server (SharedTables::other_tables), as in "data_essays (vectors)".
Result<std::vector<std::string>> left_out(const BaseKVStore& store);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_LEFT_OUT_H_
