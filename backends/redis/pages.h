// Pages: the answers that a collection is read by, as rows.
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_BACKENDS_REDIS_PAGES_H_
#define QUIPU_BACKENDS_REDIS_PAGES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/redis/client/client.h"
#include "backends/redis/layout/names.h"
#include "backends/redis/reader.h"

namespace quipu::redis {

// A number of an order, as Redis writes it.
std::optional<uint64_t> number_of(std::string_view text);

class Pages {
 public:
  Pages(Client& client, CollectionKeys keys, std::string collection)
      : client_(&client), keys_(std::move(keys)), collection_(std::move(collection)) {}

  // All rows in insertion order, of one moment; nothing where they are too many for one answer.
  Result<std::optional<std::vector<Row>>> whole(bool keys_only) const;

  // Some rows in insertion order, or the other way round. `after` is where to go on: empty at first, and
  // after the last of them.
  Result<std::vector<Row>> in_order(std::string& after, bool reverse, bool keys_only) const;

  // All keys of the hash, sorted.
  Result<std::vector<std::string>> keys() const;
  // The rows of the first of `keys`, and of how many; those that are not there are left out.
  Result<std::pair<std::vector<Row>, size_t>> of_keys(std::span<const std::string> keys) const;

  // Whether each key of the hash has a number, by their counts.
  Result<bool> is_numbered() const;

 private:
  Result<Reply> run(const Script& script, const Command& call) const;
  Result<Row> row_of(std::string_view key, std::string_view number, std::string_view text,
                     bool keys_only) const;

  Client* client_;
  CollectionKeys keys_;
  std::string collection_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_PAGES_H_
