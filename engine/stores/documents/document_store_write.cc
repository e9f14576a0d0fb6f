// The mutations of KVDocumentStore. Each one locks what it will read and write, reads, and commits one batch.

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "engine/layout/document_metadata.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/documents/ref_docs.h"
#include "quipu/backend/key_locks.h"
#include "quipu/document_store.h"
#include "quipu/persist_dir.h"
#include "quipu/write_batch.h"

namespace quipu {
namespace {

// The ref doc that a node is recorded under; an empty id counts as none, as in Python.
const std::string* recorded_ref_doc_id(const NodeFacts& node) {
  return node.ref_doc_id && !node.ref_doc_id->empty() ? &*node.ref_doc_id : nullptr;
}

// Has a text on its way from memory while the one before it is hashed; all of a large call are seldom in the
// cache.
void prefetch(std::string_view text) {
  constexpr size_t kCacheLine = 64;
  constexpr size_t kMost = 4096;
  for (size_t at = 0; at < std::min(text.size(), kMost); at += kCacheLine)
    __builtin_prefetch(text.data() + at);
}

// The id of a node whose JSON could not be read as one.
std::string id_of(JsonView node) {
  const std::optional<JsonView> data = node.find("__data__");
  const std::optional<JsonView> id = data ? data->find("id_") : std::nullopt;
  return id && id->is_string() ? id->string() : std::string();
}

Status check_absent(const KVDocumentStore& store, std::span<const std::string_view> node_ids) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<bool> exist,
                         store.kvstore().keys_exist(node_ids, store.node_collection()));
  const auto found = std::ranges::find(exist, true);
  if (found == exist.end()) return Status::ok();
  return Status::already_exists("node_id " +
                                std::string(node_ids[static_cast<size_t>(found - exist.begin())]) +
                                " already exists. Set allow_update to True to overwrite.");
}

// Brings the ref docs of these nodes to memory together.
Status load_ref_docs(std::span<const NodeFacts> nodes, RefDocs& ref_docs) {
  std::vector<std::string_view> ids;
  for (const NodeFacts& node : nodes) {
    const std::string* const id = recorded_ref_doc_id(node);
    if (id != nullptr && (ids.empty() || ids.back() != *id)) ids.emplace_back(*id);
  }
  return ids.size() < 2 ? Status::ok() : ref_docs.load_all(ids);
}

Status declare_metadata_collection(const KVDocumentStore& store) {
  return store.kvstore().declare_collection(store.metadata_collection(),
                                            {std::string(DOCSTORE_PERSIST_FNAME), std::string(kDocHash)});
}

// Makes the collections in the order in which the reference first touches them, which is their order in the
// persist file.
Status declare_collections(const KVDocumentStore& store, std::span<const NodeFacts> nodes,
                           const AddOptions& options) {
  const CollectionOptions plain{std::string(DOCSTORE_PERSIST_FNAME), ""};
  if (nodes.empty()) return Status::ok();
  if (!options.allow_update)
    QUIPU_RETURN_IF_ERROR(store.kvstore().declare_collection(store.node_collection(), plain));
  for (const NodeFacts& node : nodes) {
    if (!node.has_source) continue;
    QUIPU_RETURN_IF_ERROR(store.kvstore().declare_collection(store.ref_doc_collection(), plain));
    break;
  }
  if (options.store_text)
    QUIPU_RETURN_IF_ERROR(store.kvstore().declare_collection(store.node_collection(), plain));
  return declare_metadata_collection(store);
}

Status check_batch_size(const KVDocumentStore& store, int batch_size) {
  if (batch_size == 1 || store.kvstore().capabilities().batched_put_all) return Status::ok();
  return Status::not_supported("Batching not supported by this key-value store.");
}

// The ref doc that is recorded for a node.
Result<std::optional<std::string>> ref_doc_id_of(const KVDocumentStore& store, std::string_view doc_id) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> metadata,
                         store.kvstore().get(doc_id, store.metadata_collection()));
  const std::optional<JsonView> id = metadata ? metadata->view().find(kRefDocId) : std::nullopt;
  return id && id->is_string() ? std::optional(id->string()) : std::nullopt;
}

// Takes a node out of its ref doc; one that is left empty goes, and with it the document of its id. True when
// it went.
Result<bool> leave_ref_doc(const KVDocumentStore& store, std::string_view doc_id, std::string_view ref_doc_id,
                           RefDocs& ref_docs, WriteBatch& batch) {
  QUIPU_ASSIGN_OR_RETURN(RefDoc* const ref_doc, ref_docs.load(ref_doc_id));
  if (!ref_doc->exists()) return false;
  QUIPU_ASSIGN_OR_RETURN(const bool emptied, ref_doc->remove(doc_id));
  if (!emptied) return false;
  batch.delete_(store.metadata_collection(), ref_doc_id);
  batch.delete_(store.node_collection(), ref_doc_id);
  ref_doc->erase();
  return true;
}

}  // namespace

Status KVDocumentStore::add_documents(std::span<const NodePtr> docs, const AddOptions& options) {
  std::vector<NodeFacts> facts;
  facts.reserve(docs.size());
  BadNode failed;
  for (size_t i = 0; i < docs.size(); ++i) {
    if (i + 1 < docs.size()) prefetch(docs[i + 1]->to_json().text());
    Result<NodeFacts> fact = docs[i]->facts();
    if (!fact) {
      failed = {docs[i]->node_id(), fact.error()};
      break;
    }
    facts.push_back(*std::move(fact));
  }
  return insert(facts, failed, options);
}

Status KVDocumentStore::add_serialized(std::span<const JsonView> nodes, const AddOptions& options) {
  std::vector<NodeFacts> facts;
  facts.reserve(nodes.size());
  std::vector<NodePtr> rebuilt;  // those whose text is not in the form that is stored
  BadNode failed;
  for (const JsonView node : nodes) {
    Result<NodeFacts> fact = BaseNode::facts(node);
    if (fact && !fact->is_stored_form) {
      QUIPU_ASSIGN_OR_RETURN(rebuilt.emplace_back(),
                             BaseNode::from_json(Json::from_canonical(std::string(node.text()))));
      fact = rebuilt.back()->facts();
    }
    if (!fact) {
      failed = {id_of(node), fact.error()};
      break;
    }
    facts.push_back(*std::move(fact));
  }
  return insert(facts, failed, options);
}

Status KVDocumentStore::add_facts(std::span<const NodeFacts> nodes, const AddOptions& options,
                                  const BadNode& failed) {
  return insert(nodes, failed, options);
}

// Stores `nodes`. `failed` is the node after them, if one could not be read: its error is returned when these
// are fine, for errors come in the order of the nodes, and that a node exists already before what is wrong
// with it.
Status KVDocumentStore::insert(std::span<const NodeFacts> nodes, const BadNode& failed,
                               const AddOptions& options) {
  LockSet lock_set;
  for (const NodeFacts& node : nodes) {
    lock_set.add(node_collection_, node.id);
    lock_set.add(metadata_collection_, node.id);
    if (const std::string* ref_doc_id = recorded_ref_doc_id(node)) {
      lock_set.add(ref_doc_collection_, *ref_doc_id);
    }
  }
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, kvstore_->lock(lock_set));
  if (!options.allow_update) {
    std::vector<std::string_view> ids;
    for (const NodeFacts& node : nodes) ids.emplace_back(node.id);
    if (!failed.error.is_ok()) ids.emplace_back(failed.id);
    QUIPU_RETURN_IF_ERROR(check_absent(*this, ids));
  }
  QUIPU_RETURN_IF_ERROR(failed.error);

  WriteBatch batch;
  RefDocs ref_docs(*kvstore_, ref_doc_collection_);
  QUIPU_RETURN_IF_ERROR(load_ref_docs(nodes, ref_docs));
  for (const NodeFacts& node : nodes) {
    if (options.store_text) {
      batch.add_view({&WriteOp::kPut, node_collection_, node.id, node.stored.text()});
    }
    const std::string* const ref_doc_id = recorded_ref_doc_id(node);
    batch.put(metadata_collection_, node.id,
              document_metadata(node.hash, ref_doc_id ? node.ref_doc_id : std::nullopt));
    if (ref_doc_id != nullptr) {
      QUIPU_ASSIGN_OR_RETURN(RefDoc* const ref_doc, ref_docs.load(*ref_doc_id));
      ref_doc->add(node.id, node.metadata);
    }
  }
  QUIPU_RETURN_IF_ERROR(ref_docs.write(batch));
  const int batch_size = options.batch_size.value_or(0);
  QUIPU_RETURN_IF_ERROR(check_batch_size(*this, batch_size == 0 ? batch_size_ : batch_size));
  QUIPU_RETURN_IF_ERROR(declare_collections(*this, nodes, options));
  return kvstore_->write(batch, {.held = &locks});
}

Status KVDocumentStore::delete_document(std::string_view doc_id, bool raise_error) {
  while (true) {
    // Which ref doc to lock is known only after a look; it is looked at again under the lock.
    QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> ref_doc_id, ref_doc_id_of(*this, doc_id));
    LockSet lock_set;
    lock_set.add(node_collection_, doc_id);
    lock_set.add(metadata_collection_, doc_id);
    if (ref_doc_id) {
      for (const std::string& collection : {node_collection_, metadata_collection_, ref_doc_collection_}) {
        lock_set.add(collection, *ref_doc_id);
      }
    }
    QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, kvstore_->lock(lock_set));
    QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> still, ref_doc_id_of(*this, doc_id));
    if (still != ref_doc_id) continue;

    WriteBatch batch;
    RefDocs ref_docs(*kvstore_, ref_doc_collection_);
    bool gone = false;  // with the ref doc of its own id, as whose last node it goes
    if (ref_doc_id) {
      QUIPU_ASSIGN_OR_RETURN(const bool emptied, leave_ref_doc(*this, doc_id, *ref_doc_id, ref_docs, batch));
      gone = emptied && *ref_doc_id == doc_id;
    }
    QUIPU_ASSIGN_OR_RETURN(const bool stored, document_exists(doc_id));
    const bool existed = stored && !gone;
    batch.delete_(node_collection_, doc_id);
    batch.delete_(metadata_collection_, doc_id);
    QUIPU_RETURN_IF_ERROR(ref_docs.write(batch));
    QUIPU_RETURN_IF_ERROR(kvstore_->write(batch, {.held = &locks}));
    if (existed || !raise_error) return Status::ok();
    return Status::not_found("doc_id " + std::string(doc_id) + " not found.");
  }
}

Status KVDocumentStore::delete_ref_doc(std::string_view ref_doc_id, bool raise_error) {
  LockSet everything;  // the nodes may have moved to any other ref doc
  everything.add_all();
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, kvstore_->lock(everything));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, kvstore_->get(ref_doc_id, ref_doc_collection_));
  if (!stored || !stored->view().truthy()) {
    if (!raise_error) return Status::ok();
    return Status::not_found("ref_doc_id " + std::string(ref_doc_id) + " not found.");
  }
  QUIPU_ASSIGN_OR_RETURN(const RefDocInfo info, parse_ref_doc_info(ref_doc_id, *stored));
  const std::vector<std::string_view> ids(info.node_ids.begin(), info.node_ids.end());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> metadata,
                         kvstore_->multi_get(ids, metadata_collection_));

  WriteBatch batch;
  RefDocs ref_docs(*kvstore_, ref_doc_collection_);
  QUIPU_RETURN_IF_ERROR(ref_docs.load_whole(ref_doc_id, *stored).status());
  // As if the nodes were deleted one after the other: metadata deleted on the way is not seen again.
  std::unordered_set<std::string> gone;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (metadata[i] && !gone.contains(info.node_ids[i])) {
      const std::optional<JsonView> owner = metadata[i]->view().find(kRefDocId);
      if (owner && owner->is_string()) {
        std::string owner_id = owner->string();
        QUIPU_ASSIGN_OR_RETURN(const bool emptied, leave_ref_doc(*this, ids[i], owner_id, ref_docs, batch));
        if (emptied) gone.insert(std::move(owner_id));
      }
    }
    batch.add_view({&WriteOp::kDelete, node_collection_, ids[i]});
    batch.add_view({&WriteOp::kDelete, metadata_collection_, ids[i]});
    gone.insert(info.node_ids[i]);
  }
  QUIPU_ASSIGN_OR_RETURN(RefDoc* const ref_doc, ref_docs.load(ref_doc_id));
  ref_doc->erase();
  batch.delete_(metadata_collection_, ref_doc_id);
  batch.delete_(node_collection_, ref_doc_id);
  QUIPU_RETURN_IF_ERROR(ref_docs.write(batch));
  return kvstore_->write(batch, {.held = &locks});
}

Status KVDocumentStore::set_document_hash(std::string_view doc_id, std::string_view doc_hash) {
  QUIPU_RETURN_IF_ERROR(declare_metadata_collection(*this));
  return kvstore_->put(doc_id, document_metadata(doc_hash, std::nullopt), metadata_collection_);
}

Status KVDocumentStore::set_document_hashes(std::span<const std::pair<std::string, std::string>> doc_hashes) {
  QUIPU_RETURN_IF_ERROR(check_batch_size(*this, batch_size_));
  if (doc_hashes.empty()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(declare_metadata_collection(*this));
  WriteBatch batch;
  for (const auto& [doc_id, doc_hash] : doc_hashes) {
    batch.put(metadata_collection_, doc_id, document_metadata(doc_hash, std::nullopt));
  }
  return kvstore_->write(batch);
}

}  // namespace quipu
