// The async twins of BaseIndexStore.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/index_store.h"

namespace quipu {

using Store = BaseIndexStore;

std::future<Result<std::vector<IndexStruct>>> Store::async_index_structs() {
  return run_async(executor(), unowned(), &Store::index_structs);
}

std::future<Status> Store::async_add_index_struct(IndexStruct index_struct) {
  return run_async(executor(), unowned(), &Store::add_index_struct, std::move(index_struct));
}

std::future<Status> Store::adelete_index_struct(std::string key) {
  return run_async(executor(), unowned(), &Store::delete_index_struct, std::move(key));
}

std::future<Result<std::optional<IndexStruct>>> Store::aget_index_struct(
    std::optional<std::string> struct_id) {
  return run_async(executor(), unowned(), &Store::get_index_struct, std::move(struct_id));
}

}  // namespace quipu
