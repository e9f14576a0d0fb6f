// WatchedReader: a KVReader whose reading is work that a callback watches. What scans go over counts as done;
// once the work is cancelled they end with its Status, as all else does.

#ifndef QUIPU_ENGINE_KV_WATCHED_READER_H_
#define QUIPU_ENGINE_KV_WATCHED_READER_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/progress.h"

namespace quipu {

// Lifetime: both must outlive it.
class WatchedReader : public KVReader {
 public:
  WatchedReader(const KVReader& reader, Work& work) : reader_(reader), work_(work) {}

  Result<std::optional<Json>> get(std::string_view key, std::string_view collection) const override;
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const override;
  Result<std::vector<std::optional<Json>>> multi_get(std::span<const std::string_view> keys,
                                                     std::string_view collection) const override;
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override;
  Result<bool> exists(std::string_view key, std::string_view collection) const override;
  Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                       std::string_view collection) const override;
  Result<uint64_t> count(std::string_view collection) const override { return reader_.count(collection); }
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override;
  Result<std::vector<CollectionInfo>> collections() const override { return reader_.collections(); }
  Result<std::vector<std::string>> declared_files() const override { return reader_.declared_files(); }

 private:
  const KVReader& reader_;
  Work& work_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_KV_WATCHED_READER_H_
