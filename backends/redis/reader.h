// Reader: what a store reads of its collections.
//
// A collection that is small enough for one answer is read at one moment. Of a larger one each page is of a
// moment of its own: keys that stay there are seen once, those that come, change or go meanwhile as they are
// when they are reached.
//
// Thread-safety: any number of threads.

#ifndef QUIPU_BACKENDS_REDIS_READER_H_
#define QUIPU_BACKENDS_REDIS_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/redis/client/client.h"
#include "backends/redis/layout/names.h"
#include "quipu/kv_store.h"

namespace quipu::redis {

// An answer has at most so many keys, and about so many bytes of keys and values.
inline constexpr size_t kWholeKeys = 10'000;
inline constexpr size_t kPageKeys = 1'000;
inline constexpr size_t kPageBytes = size_t{4} << 20;

struct Row {
  std::string key;
  std::optional<uint64_t> order;  // none: somebody else has written it
  Json val;
};

class Reader {
 public:
  Reader(Client& client, const Names& names) : client_(client), names_(names) {}

  Result<std::optional<Json>> get(std::string_view key, std::string_view collection) const;
  Result<std::vector<std::optional<Json>>> multi_get(std::span<const std::string_view> keys,
                                                     std::string_view collection) const;
  Result<bool> exists(std::string_view key, std::string_view collection) const;
  Result<uint64_t> count(std::string_view collection) const;
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const;
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options, std::string_view collection) const;
  // Nothing for keys without a number.
  Result<std::vector<std::optional<uint64_t>>> numbers(std::span<const std::string_view> keys,
                                                       std::string_view collection) const;

 private:
  Result<Reply> run(const CollectionKeys& keys, const Command& command) const;

  Client& client_;
  const Names& names_;
};

// What a hash holds under a key. Errors: kCorruption for what is no JSON object.
Result<Json> value_of(std::string_view text, std::string_view collection, std::string_view key);

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_READER_H_
