// IndexStruct: what an index remembers of its nodes, as an index store keeps it.
//
// Stored as {"__type__": "vector_store", "__data__": "<JSON text>"}; __data__ as an object is read too. The
// stored text is kept as it is; a backend with composed values (backend/features.h) keeps each member of its
// dicts and lists under a key of its own. Thread-safety: immutable.

#ifndef QUIPU_INDEX_STORE_H_
#define QUIPU_INDEX_STORE_H_

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/memory_kv_store.h"
#include "quipu/status.h"

namespace quipu {

class IndexStruct {
 public:
  // The types that the reference registers: "tree", "list", "keyword_table", "vector_store", ....
  static std::span<const std::string_view> types();

  // The reference's json_to_index_struct. Errors: kInvalidArgument that begins with Python's exception, for
  // example "KeyError: 'dict'" for an unknown type, "JSONDecodeError: ..." for data that is no JSON.
  static Result<IndexStruct> from_json(Json stored);

  // A struct of a registered type, written as index_struct_to_json writes it. `data` is the object under
  // __data__; it must have "index_id". Errors: kInvalidArgument.
  static Result<IndexStruct> create(std::string_view type, const Json& data);

  // The text that a store keeps.
  const Json& to_json() const { return json_; }

  const std::string& type() const { return type_; }
  const std::string& index_id() const { return index_id_; }
  std::optional<std::string> summary() const;
  // The object under __data__. Views into it live as long as the struct.
  JsonView data() const { return data_; }

 private:
  IndexStruct(Json json, std::string type, Json data, std::string index_id)
      : json_(std::move(json)),
        type_(std::move(type)),
        data_(std::move(data)),
        index_id_(std::move(index_id)) {}

  Json json_;
  std::string type_;
  Json data_;
  std::string index_id_;
};

// A struct as it is stored, and the number of that state: another one after each change of it, never seen
// before in its store. No number: the store keeps the struct as one value.
struct StoredIndexStruct {
  std::string id;
  Json value;
  std::optional<uint64_t> revision;
};

// IndexStructChange: what has changed in the dicts and lists of a struct since a revision.
//
//   IndexStructChange change(*revision);
//   change.put("nodes_dict", "node-1", Json::from_string("node-1"));
//   change.erase("nodes_dict", "node-0");
//   auto now = index_store.update_index_struct("index-1", change);
//
// Copies what it is given. Thread-safety: one thread at a time.
class IndexStructChange {
 public:
  explicit IndexStructChange(uint64_t revision) : revision_(revision) {}

  // A member of a dict: over one of that key, in its place, or at the end.
  void put(std::string_view field, std::string_view key, JsonView value);
  void erase(std::string_view field, std::string_view key);
  // An element at the end of a list.
  void append(std::string_view field, JsonView value);

  uint64_t revision() const { return revision_; }
  struct Step {
    enum class Kind { kPut, kErase, kAppend } kind;
    std::string field;
    std::string key;  // as it is quoted in JSON
    Json value;
  };
  const std::vector<Step>& steps() const { return steps_; }

 private:
  uint64_t revision_;
  std::vector<Step> steps_;
};

// Index stores: the index structs of LlamaIndex's indexes, by id.
//
//   KVIndexStore index_store(kv);
//   index_store.add_index_struct(index_struct);
//   auto found = index_store.get_index_struct("index-1");   // Result<std::optional<IndexStruct>>
//
// Methods and behaviour are those of the reference's BaseIndexStore and KVIndexStore. Stored text is kept as
// it was given. Thread-safety and lifetime: as document stores (document_store.h).

class BaseIndexStore {
 public:
  virtual ~BaseIndexStore() = default;

  // All structs in insertion order.
  virtual Result<std::vector<IndexStruct>> index_structs() const = 0;
  // Stores a struct under its index_id, over one of that id. Writes nothing when the one that is there is
  // equal as the reference compares them: sets have no order, and fields that an older version did not write
  // have their defaults. Cost: O(struct) to compare; only what differs is written, where the backend keeps
  // composed values (backend/features.h) and the struct has been changed before.
  virtual Status add_index_struct(const IndexStruct& index_struct) = 0;
  // Removes a struct; an unknown key is fine.
  virtual Status delete_index_struct(std::string_view key) = 0;
  // The struct; nothing when there is none of that id. Without an id, the only one: kInvalidArgument
  // "AssertionError: ..." unless exactly one is stored.
  virtual Result<std::optional<IndexStruct>> get_index_struct(
      std::optional<std::string_view> struct_id = std::nullopt) const = 0;

  // The reference's async twins: each call of the same name, on threads of the store; see backend/executor.h.
  std::future<Result<std::vector<IndexStruct>>> async_index_structs();
  std::future<Status> async_add_index_struct(IndexStruct index_struct);
  std::future<Status> adelete_index_struct(std::string key);
  std::future<Result<std::optional<IndexStruct>>> aget_index_struct(
      std::optional<std::string> struct_id = std::nullopt);

  // Writes the store's persist file, replacing it atomically; makes its directory when missing. Error:
  // kIoError.
  virtual Status persist(const std::string& persist_path = "./storage/index_store.json",
                         const FileSystem& fs = local_file_system()) const = 0;

 protected:
  // What the async twins run on: a store like this one that does not own its key-value store, and threads.
  virtual std::shared_ptr<BaseIndexStore> unowned() const = 0;
  virtual Executor& executor() const = 0;
};

class KVIndexStore : public BaseIndexStore {
 public:
  // The collection is ns + collection_suffix; empty strings mean the defaults.
  explicit KVIndexStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns = {},
                        std::string_view collection_suffix = {});

  Result<std::vector<IndexStruct>> index_structs() const override;
  Status add_index_struct(const IndexStruct& index_struct) override;
  Status delete_index_struct(std::string_view key) override;
  Result<std::optional<IndexStruct>> get_index_struct(
      std::optional<std::string_view> struct_id = std::nullopt) const override;

  Status persist(const std::string& persist_path = "./storage/index_store.json",
                 const FileSystem& fs = local_file_system()) const override;

  // add_index_struct(), which also tells the struct's revision.
  Result<std::optional<uint64_t>> add_revised(const IndexStruct& index_struct);
  // A struct, and all in insertion order, with their revisions.
  Result<std::optional<StoredIndexStruct>> stored_struct(std::string_view struct_id) const;
  Result<std::vector<StoredIndexStruct>> stored_structs() const;
  // Applies a change to the struct that it was taken from, and tells the new revision: O(change), whatever
  // the size of the struct. Nothing, and nothing is written, where the struct has another revision by now, is
  // not there, or has no such field: it has to be added whole.
  Result<std::optional<uint64_t>> update_index_struct(std::string_view struct_id,
                                                      const IndexStructChange& change);

  BaseKVStore& kvstore() const { return *kvstore_; }
  const std::string& collection() const { return collection_; }

 protected:
  std::shared_ptr<BaseIndexStore> unowned() const override;
  Executor& executor() const override { return kvstore_->executor(); }

 private:
  std::shared_ptr<BaseKVStore> kvstore_;
  std::string collection_;
};

// The reference's SimpleIndexStore: in memory, saved as one JSON file.
class SimpleIndexStore : public KVIndexStore {
 public:
  explicit SimpleIndexStore(std::shared_ptr<MemoryKVStore> kvstore = nullptr);

  // Reads persist_dir/index_store.json, or any file. Errors: kIoError, kInvalidArgument.
  static Result<SimpleIndexStore> from_persist_dir(const std::string& persist_dir = "./storage",
                                                   const FileSystem& fs = local_file_system());
  static Result<SimpleIndexStore> from_persist_path(const std::string& persist_path,
                                                    const FileSystem& fs = local_file_system());
  static Result<SimpleIndexStore> from_dict(JsonView save_dict);

  Status persist(const std::string& persist_path = "./storage/index_store.json",
                 const FileSystem& fs = local_file_system()) const override;
  Json to_dict() const { return simple_kvstore_->to_dict(); }

 private:
  struct Made {
    std::shared_ptr<MemoryKVStore> kvstore;
  };
  explicit SimpleIndexStore(const Made& made) : KVIndexStore(made.kvstore), simple_kvstore_(made.kvstore) {}

  std::shared_ptr<MemoryKVStore> simple_kvstore_;
};

}  // namespace quipu

#endif  // QUIPU_INDEX_STORE_H_
