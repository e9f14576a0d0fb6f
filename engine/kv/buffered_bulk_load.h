// BufferedBulkLoad: a BulkLoad for stores that have none of their own. Everything waits in memory and is
// written in one batch, so commit() is as atomic as the store's write().

#ifndef QUIPU_ENGINE_KV_BUFFERED_BULK_LOAD_H_
#define QUIPU_ENGINE_KV_BUFFERED_BULK_LOAD_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "quipu/bulk_load.h"

namespace quipu {

class BufferedBulkLoad : public BulkLoad {
 public:
  // `store` must outlive the load.
  explicit BufferedBulkLoad(BaseKVStore& store) : store_(store) {}

  Status begin_file(std::string_view persist_file) override;
  Status begin_collection(std::string_view name, const CollectionOptions& options) override;
  Status put(std::string_view key, JsonView val) override;
  Status commit() override;

 private:
  struct Collection {
    std::string name;
    CollectionOptions options;
    std::vector<KVEntry> entries;
    std::unordered_map<std::string, size_t> places;  // key -> index into entries
  };

  BaseKVStore& store_;
  std::vector<std::string> files_;
  std::vector<Collection> collections_;
  size_t current_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_KV_BUFFERED_BULK_LOAD_H_
