// Document stores: nodes and documents, their hashes, and which nodes came from which document.
//
//   auto kv = *RocksDBKVStore::open("/data/my-index");
//   KVDocumentStore docstore(kv);
//   docstore.add_documents(nodes);
//   auto node = docstore.get_document("n1");          // kNotFound "doc_id n1 not found."
//   docstore.delete_ref_doc("doc-7");                 // the document and all its nodes
//
// Methods, parameters, messages and behaviour are those of LlamaIndex's BaseDocumentStore and
// KVDocumentStore; docs/COMPATIBILITY.md lists the faults of the reference that are repaired here. Every
// mutation is one atomic batch over all collections it touches: after an error nothing has changed, but where
// the reference changes something and then raises (delete_document of a node stored without text), the change
// stays here too.
//
// Thread-safety: any number of threads; threads that change the same ref doc lose no update.
// Lifetime: a document store shares its key-value store; nodes that it returns are independent of it.

#ifndef QUIPU_DOCUMENT_STORE_H_
#define QUIPU_DOCUMENT_STORE_H_

#include <cstddef>
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
#include "quipu/kv_store.h"
#include "quipu/memory_kv_store.h"
#include "quipu/node.h"
#include "quipu/ordered_map.h"
#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu {

struct MetadataFilters;

using NodePtr = std::shared_ptr<const BaseNode>;

// What a store knows of a source document: its nodes in the order in which they were added, and its metadata.
struct RefDocInfo {
  std::vector<std::string> node_ids;
  Json metadata = Json::from_canonical("{}");

  Json to_dict() const;  // {"node_ids": [...], "metadata": {...}}
};

struct AddOptions {
  bool allow_update = true;
  std::optional<int> batch_size;  // absent or 0: the store's own
  // false: hash and ref doc are recorded, the node itself is not.
  bool store_text = true;
};

// Walks all nodes in insertion order: while (it->next()) use(it->id(), it->node()); then check it->status().
// Must go before its store.
class NodeIterator {
 public:
  explicit NodeIterator(std::unique_ptr<KVIterator> entries) : entries_(std::move(entries)) {}
  bool next() { return entries_->next(); }
  std::string_view id() const { return entries_->key(); }
  JsonView stored() const { return entries_->val(); }  // the node's JSON; lives until next()
  Result<NodePtr> node() const;
  Status status() const { return entries_->status(); }

 private:
  std::unique_ptr<KVIterator> entries_;
};

class BaseDocumentStore {
 public:
  virtual ~BaseDocumentStore() = default;

  // All nodes in insertion order. Holds them all in memory; see KVDocumentStore::stream_nodes.
  virtual Result<std::vector<std::pair<std::string, NodePtr>>> docs() const = 0;

  // Stores nodes, their hashes and ref docs. Errors: kAlreadyExists "node_id X already exists. Set
  // allow_update to True to overwrite."; kNotSupported for a batch_size other than 1 on a store that cannot
  // batch; kInvalidArgument for a source that is a list.
  virtual Status add_documents(std::span<const NodePtr> docs, const AddOptions& options = {}) = 0;

  // The node; when absent kNotFound "doc_id X not found.", or null without raise_error.
  virtual Result<NodePtr> get_document(std::string_view doc_id, bool raise_error = true) const = 0;
  // Removes the node, its hash, and its place in its ref doc; a ref doc left without nodes goes too.
  virtual Status delete_document(std::string_view doc_id, bool raise_error = true) = 0;
  virtual Result<bool> document_exists(std::string_view doc_id) const = 0;

  // Replaces all that is recorded beside the node by this hash; the node's ref doc is forgotten, as in the
  // reference.
  virtual Status set_document_hash(std::string_view doc_id, std::string_view doc_hash) = 0;
  virtual Status set_document_hashes(std::span<const std::pair<std::string, std::string>> doc_hashes) = 0;
  virtual Result<std::optional<std::string>> get_document_hash(std::string_view doc_id) const = 0;
  // hash -> id; of equal hashes the last id, at the first one's place; empty hashes are left out.
  virtual Result<OrderedMap<std::string>> get_all_document_hashes() const = 0;

  virtual Result<std::optional<RefDocInfo>> get_ref_doc_info(std::string_view ref_doc_id) const = 0;
  virtual Result<OrderedMap<RefDocInfo>> get_all_ref_doc_info() const = 0;
  virtual Result<bool> ref_doc_exists(std::string_view ref_doc_id) const = 0;
  // Removes the ref doc, its document and all its nodes. When absent kNotFound "ref_doc_id X not found.".
  virtual Status delete_ref_doc(std::string_view ref_doc_id, bool raise_error = true) = 0;

  // get_document under the reference's other names.
  Result<NodePtr> get_node(std::string_view node_id, bool raise_error = true) const {
    return get_document(node_id, raise_error);
  }
  // Nodes in the order of their ids; absent ones are left out without raise_error. Default: one get each.
  virtual Result<std::vector<NodePtr>> get_nodes(std::span<const std::string> node_ids,
                                                 bool raise_error = true) const;
  Result<std::vector<std::pair<int64_t, NodePtr>>> get_node_dict(
      std::span<const std::pair<int64_t, std::string>> node_id_dict) const;

  // The reference's async twins: each call of the same name, on threads of the store; see backend/executor.h.
  std::future<Status> async_add_documents(std::vector<NodePtr> docs, AddOptions options = {});
  std::future<Result<NodePtr>> aget_document(std::string doc_id, bool raise_error = true);
  std::future<Result<NodePtr>> aget_node(std::string node_id, bool raise_error = true);
  std::future<Result<std::vector<NodePtr>>> aget_nodes(std::vector<std::string> node_ids,
                                                       bool raise_error = true);
  std::future<Result<std::vector<std::pair<int64_t, NodePtr>>>> aget_node_dict(
      std::vector<std::pair<int64_t, std::string>> node_id_dict);
  std::future<Status> adelete_document(std::string doc_id, bool raise_error = true);
  std::future<Result<bool>> adocument_exists(std::string doc_id);
  std::future<Status> aset_document_hash(std::string doc_id, std::string doc_hash);
  std::future<Status> aset_document_hashes(std::vector<std::pair<std::string, std::string>> doc_hashes);
  std::future<Result<std::optional<std::string>>> aget_document_hash(std::string doc_id);
  std::future<Result<OrderedMap<std::string>>> aget_all_document_hashes();
  std::future<Result<std::optional<RefDocInfo>>> aget_ref_doc_info(std::string ref_doc_id);
  std::future<Result<OrderedMap<RefDocInfo>>> aget_all_ref_doc_info();
  std::future<Result<bool>> aref_doc_exists(std::string ref_doc_id);
  std::future<Status> adelete_ref_doc(std::string ref_doc_id, bool raise_error = true);

  // Writes the store's persist file, replacing it atomically; makes its directory when missing. Error:
  // kIoError.
  virtual Status persist(const std::string& persist_path = "./storage/docstore.json",
                         const FileSystem& fs = local_file_system()) const = 0;

 protected:
  // What the async twins run on: a store like this one that does not own its key-value store, and threads.
  virtual std::shared_ptr<BaseDocumentStore> unowned() const = 0;
  virtual Executor& executor() const = 0;
};

// The three collections of a document store are namespace + suffix.
struct DocumentStoreOptions {
  std::string ns = "docstore";  // the reference's `namespace`
  int batch_size = DEFAULT_BATCH_SIZE;
  std::string node_collection_suffix = "/data";
  std::string ref_doc_collection_suffix = "/ref_doc_info";
  std::string metadata_collection_suffix = "/metadata";
};

// A node of which it could not be found out what is to be stored, and why.
struct BadNode {
  std::string id;
  Status error;
};

// The hashes of nodes with the nodes' ids, in the order in which the nodes were added; equal hashes come as
// often as they are there. Independent of the store. Thread-safety: any number of threads may read.
class DocumentHashes {
 public:
  size_t size() const { return places_.size(); }
  // Views of this object. REQUIRES: i < size().
  std::string_view hash(size_t i) const { return {texts_.data() + places_[i].begin, places_[i].hash_size}; }
  std::string_view id(size_t i) const {
    return {texts_.data() + places_[i].begin + places_[i].hash_size, places_[i].id_size};
  }

 private:
  friend class KVDocumentStore;
  struct Place {
    uint64_t order;
    size_t begin;  // of the hash, behind which stands the id
    size_t hash_size;
    size_t id_size;
  };
  void sort();

  std::string texts_;
  std::vector<Place> places_;
};

// What search_text() looks for.
struct TextSearch {
  std::string query;
  int top_k = 10;  // 0 and less: nothing is found
  // Whether `query` is in the syntax: cat dog, "black cat", cat*, +cat, -dog, AND, OR, NOT, ( ), \x. Else it
  // is words of which any is enough, whatever characters are in it.
  bool syntax = true;
  const MetadataFilters* filters = nullptr;  // over the nodes' metadata; null: all nodes
};

struct TextMatch {
  std::string id;
  double score = 0;  // BM25 with k1 1.5 and b 0.75, as bm25s computes it ("lucene")
};

// Why a node is found.
struct TextExplanation {
  struct Part {
    std::string what;  // a term as it is indexed, or a phrase with its quotation marks
    double score = 0;
  };
  struct Place {  // bytes of `text`
    size_t begin = 0;
    size_t end = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };
  std::vector<Part> parts;    // which together are the score; none: the node does not fit
  std::string text;           // of the node, as it is indexed
  std::vector<Place> places;  // of words of the query, in order
};

// A text index of a document store.
struct TextIndexInfo {
  std::string analyser;
  bool whole = false;  // else index_text() was interrupted, and goes on
  uint64_t documents = 0;
  uint64_t tokens = 0;
};

inline constexpr std::string_view DEFAULT_TEXT_ANALYSER = "english";

// The terms that an analyser makes of each text, in order. Errors: as KVDocumentStore::index_text().
Result<std::vector<std::vector<std::string>>> text_terms(std::span<const std::string> texts,
                                                         std::string_view analyser = DEFAULT_TEXT_ANALYSER);

class KVDocumentStore : public BaseDocumentStore {
 public:
  // Empty strings in `options` mean the defaults, as in the reference.
  explicit KVDocumentStore(std::shared_ptr<BaseKVStore> kvstore, const DocumentStoreOptions& options = {});

  Result<std::vector<std::pair<std::string, NodePtr>>> docs() const override;
  Status add_documents(std::span<const NodePtr> docs, const AddOptions& options = {}) override;
  Result<NodePtr> get_document(std::string_view doc_id, bool raise_error = true) const override;
  Status delete_document(std::string_view doc_id, bool raise_error = true) override;
  Result<bool> document_exists(std::string_view doc_id) const override;
  Status set_document_hash(std::string_view doc_id, std::string_view doc_hash) override;
  Status set_document_hashes(std::span<const std::pair<std::string, std::string>> doc_hashes) override;
  Result<std::optional<std::string>> get_document_hash(std::string_view doc_id) const override;
  Result<OrderedMap<std::string>> get_all_document_hashes() const override;
  // The same without a map; O(nodes).
  Result<DocumentHashes> document_hashes() const;
  Result<std::optional<RefDocInfo>> get_ref_doc_info(std::string_view ref_doc_id) const override;
  Result<OrderedMap<RefDocInfo>> get_all_ref_doc_info() const override;
  Result<bool> ref_doc_exists(std::string_view ref_doc_id) const override;
  Status delete_ref_doc(std::string_view ref_doc_id, bool raise_error = true) override;
  Result<std::vector<NodePtr>> get_nodes(std::span<const std::string> node_ids,
                                         bool raise_error = true) const override;

  // ---- beyond the reference ----

  // add_documents for nodes that are JSON already ({"__data__": ..., "__type__": ...}): no node objects are
  // built. The ingestion path. Errors as add_documents and BaseNode::from_json.
  Status add_serialized(std::span<const JsonView> nodes, const AddOptions& options = {});
  // add_documents for a caller that knows already what is to be stored of each node, such as a binding whose
  // own node objects compute their hashes: `stored` is kept as it stands, whatever its form. `failed` is the
  // node after these, if there is one of which that could not be found out; nothing is stored then.
  Status add_facts(std::span<const NodeFacts> nodes, const AddOptions& options = {},
                   const BadNode& failed = {});
  // The nodes of many ids in one look-up; null where absent.
  Result<std::vector<NodePtr>> get_documents(std::span<const std::string> doc_ids) const;
  // All nodes, one at a time, whatever their number.
  Result<std::unique_ptr<NodeIterator>> stream_nodes() const;
  // Those of `hashes` that no node has. O(hashes) on RocksDB; O(store) elsewhere, and on a reader of a
  // database that has no index of hashes.
  Result<std::vector<std::string>> missing_hashes(std::span<const std::string> hashes) const;
  // The ids of all nodes with this hash, in byte order. O(result) on RocksDB; elsewhere as missing_hashes.
  Result<std::vector<std::string>> ids_by_hash(std::string_view doc_hash) const;

  // ---- full-text search ----

  // Makes an index of what get_content(MetadataMode.EMBED) of each node is; from then on every write to the
  // nodes is part of it in the same atomic batch, and of transactions and snapshots. `analyser`: a language
  // that Snowball knows (without its stop words, stemmed), "words" (all, as they are), "icu" (words of any
  // script) or "whitespace". Goes on where an earlier call was interrupted; cheap when there is nothing to
  // do. Writers wait for parts of it, of a fraction of a second each; open transactions over these nodes
  // conflict with it. Errors: kInvalidArgument for an unknown analyser, or another one than the index has;
  // kNotSupported where the backend keeps no text index (RocksDB does), on a reader and in a transaction.
  // Cost: 40 us a node of 60 words, and about a fifth of the text on disk. What has been made when `progress`
  // cancels it stays.
  Status index_text(std::string_view analyser = DEFAULT_TEXT_ANALYSER, const ProgressCallback& progress = {});
  // False where there is none.
  Result<bool> drop_text_index();
  Result<std::optional<TextIndexInfo>> text_index() const;
  // The nodes that fit best, best first; among equal scores the one that was written first. The first search
  // makes the index where there is none, by the default analyser; on a reader and in a transaction it is an
  // error (kInvalidArgument) that names index_text(). Errors: kInvalidArgument for a query out of the syntax,
  // with the place. Cost: a fraction of a millisecond for words among 100,000 nodes; nothing is held in
  // memory between searches.
  Result<std::vector<TextMatch>> search_text(const TextSearch& search) const;
  // What of a search a node has; filters and top_k do not matter. Errors: as search_text(), and kNotFound
  // where there is no such node.
  Result<TextExplanation> explain_text(const TextSearch& search, std::string_view id) const;

  BaseKVStore& kvstore() const { return *kvstore_; }
  Status persist(const std::string& persist_path = "./storage/docstore.json",
                 const FileSystem& fs = local_file_system()) const override;

  const std::string& node_collection() const { return node_collection_; }
  const std::string& ref_doc_collection() const { return ref_doc_collection_; }
  const std::string& metadata_collection() const { return metadata_collection_; }

 protected:
  std::shared_ptr<BaseDocumentStore> unowned() const override;
  Executor& executor() const override { return kvstore_->executor(); }

 private:
  Status insert(std::span<const NodeFacts> nodes, const BadNode& failed, const AddOptions& options);

  std::shared_ptr<BaseKVStore> kvstore_;
  int batch_size_;
  std::string node_collection_;
  std::string ref_doc_collection_;
  std::string metadata_collection_;
};

// SimpleDocumentStore: the reference's class of that name. A document store in memory, saved as one JSON
// file.

class SimpleDocumentStore : public KVDocumentStore {
 public:
  explicit SimpleDocumentStore(std::shared_ptr<MemoryKVStore> simple_kvstore = nullptr,
                               DocumentStoreOptions options = {});

  // Reads persist_dir/docstore.json, or any file. Errors: kIoError, kInvalidArgument.
  static Result<SimpleDocumentStore> from_persist_dir(const std::string& persist_dir = "./storage",
                                                      DocumentStoreOptions options = {},
                                                      const FileSystem& fs = local_file_system());
  static Result<SimpleDocumentStore> from_persist_path(const std::string& persist_path,
                                                       DocumentStoreOptions options = {},
                                                       const FileSystem& fs = local_file_system());
  static Result<SimpleDocumentStore> from_dict(JsonView save_dict, DocumentStoreOptions options = {});

  // All collections of the key-value store, as in the reference.
  Status persist(const std::string& persist_path = "./storage/docstore.json",
                 const FileSystem& fs = local_file_system()) const override {
    return simple_kvstore_->persist(persist_path, fs);
  }
  Json to_dict() const { return simple_kvstore_->to_dict(); }

 private:
  struct Made {
    std::shared_ptr<MemoryKVStore> kvstore;
  };
  SimpleDocumentStore(const Made& made, DocumentStoreOptions options)
      : KVDocumentStore(made.kvstore, std::move(options)), simple_kvstore_(made.kvstore) {}

  std::shared_ptr<MemoryKVStore> simple_kvstore_;
};

}  // namespace quipu

#endif  // QUIPU_DOCUMENT_STORE_H_
