// TableCollections: a store together with the tables beside it, as the collections that these become in a
// store without such tables:
//
//   data_essays, of vectors    vector_store/essays/embeddings, .../ref_doc_ids, .../metadata, as of a store
//                              that keeps text
//   tables of chats            chat_store/messages, chat_store/chats
//
// docs/FORMAT.md says what becomes of a row. Scans in insertion order are streams; other reads of such a
// collection cost what the table has, but for get() and for chat messages.
//
// Thread-safety: any. Lifetime: the store must outlive it.

#ifndef QUIPU_ENGINE_MIGRATE_TABLE_COLLECTIONS_H_
#define QUIPU_ENGINE_MIGRATE_TABLE_COLLECTIONS_H_

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/backend/shared_tables.h"
#include "quipu/kv_store.h"

namespace quipu {

class TableCollections : public KVReader {
 public:
  // Errors: kInvalidArgument for tables that no such collections can be made of, naming table and reason: a
  // name that is taken, a row without id or embedding, a chat that is there twice; those of reading.
  // `holds`: whether the target can hold such a collection; a table that it has no place for is left out.
  // Null: it holds all.
  using Holds = std::function<Result<bool>(const CollectionInfo& info)>;
  static Result<std::unique_ptr<TableCollections>> of(const KVReader& store, const Holds& holds = {});

  // What of the tables becomes nothing, as in "data_other (key-value data)".
  const std::vector<std::string>& left_out() const { return left_out_; }

  Result<std::optional<Json>> get(std::string_view key, std::string_view collection) const override;
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const override;
  Result<std::vector<std::optional<Json>>> multi_get(std::span<const std::string_view> keys,
                                                     std::string_view collection) const override;
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override;
  Result<bool> exists(std::string_view key, std::string_view collection) const override;
  Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                       std::string_view collection) const override;
  Result<uint64_t> count(std::string_view collection) const override;
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override;
  Result<std::vector<CollectionInfo>> collections() const override { return infos_; }
  Result<std::vector<std::string>> declared_files() const override { return store_.declared_files(); }

 private:
  enum class Part { kEmbeddings, kRefDocIds, kMetadata, kChats, kMessages };
  // A collection that is made of a table.
  struct Made {
    std::string name;
    Part part;
    std::string table;    // of vectors
    bool newest = false;  // some of its nodes have several rows
    uint64_t count = 0;
  };

  TableCollections(const KVReader& store, const TableReads* tables) : store_(store), tables_(tables) {}

  static Result<bool> can_move(const SharedTables::Named& table, const Holds& holds);
  Status add_vectors(const SharedTables::Named& found);
  Status add_chats();
  // No collection begins so, or has anything in it, and then it is replaced. `what`: the table, for messages.
  Status check_unused(std::string_view prefix, const std::string& what);

  const Made* find(std::string_view collection) const;
  Result<std::unique_ptr<KVIterator>> stream(const Made& made) const;
  Result<std::unique_ptr<KVIterator>> vectors(const Made& made,
                                              std::optional<std::string_view> node_id) const;

  const KVReader& store_;
  const TableReads* const tables_;  // null: there are none
  std::vector<CollectionInfo> infos_;
  std::vector<Made> made_;
  std::vector<std::string> chat_tables_;
  std::vector<std::string> left_out_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_TABLE_COLLECTIONS_H_
