// PostgresReader: a KVReader over a session.
//
// Thread-safety: any. Lifetime: keeps its session.

#ifndef QUIPU_BACKENDS_POSTGRES_READ_READER_H_
#define QUIPU_BACKENDS_POSTGRES_READ_READER_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/postgres/database/session.h"
#include "quipu/kv_store.h"

namespace quipu::postgres {

// Which of the keys are there whose places in insertion order these are.
std::vector<bool> with_order(std::span<const std::optional<uint64_t>> orders);

class PostgresReader : public KVReader {
 public:
  explicit PostgresReader(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  Result<std::optional<Json>> get(std::string_view key, std::string_view collection) const override;
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const override;
  Result<std::vector<std::optional<Json>>> multi_get(std::span<const std::string_view> keys,
                                                     std::string_view collection) const override;
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override;
  Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                       std::string_view collection) const override;
  Result<uint64_t> count(std::string_view collection) const override;
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override;
  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> declared_files() const override;

  // By key, all entries whose value may have this string in it, and some others.
  Result<std::vector<KVEntry>> values_like(std::string_view collection, std::string_view text) const;

  // Of each id the keys of the relations at either end of which it is, as Adjacency has them, by one
  // statement; of each way no more than `at_most`, 0: all.
  using Keys = std::vector<std::vector<std::string>>;
  Result<Keys> adjacent(std::span<const std::string_view> ids, std::string_view collection,
                        uint64_t at_most) const;
  // kNotSupported where a graph is not in the table where it is looked for.
  Status check_graphs() const;

  // Of each key a text that is another one after every change, nothing where it is absent.
  Result<std::vector<std::optional<std::string>>> versions(std::span<const std::string_view> keys,
                                                           std::string_view collection) const;
  // A text that is another one after every change of the collection.
  Result<std::string> digest(std::string_view collection) const;

 private:
  // The table of a collection that can be there; nothing where it cannot.
  struct Place {
    const TableSql* sql;
    TableState state;
  };
  Result<std::optional<Place>> place_of(std::string_view collection) const;
  // A look-up of `keys`, whose row i is theirs[i].
  Result<std::optional<ResultSet>> look_up(std::string TableSql::*sql, std::span<const std::string_view> keys,
                                           std::string_view collection, std::vector<size_t>& theirs) const;

  const std::shared_ptr<Session> session_;
};

// A value as it is stored, which others may have written in another form, as JSON of ours.
Result<Json> stored_value(std::string_view text, std::string_view key, std::string_view collection);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_READ_READER_H_
