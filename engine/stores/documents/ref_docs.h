// The ref docs that one mutation of a document store touches: each is loaded once, changed in memory, and
// written into the mutation's batch at the end.
//
// Two forms of a stored ref doc exist. It is written first as one value, {"node_ids": [...], "metadata":
// {...}} (an imported one may be in the older form, {"doc_ids": ..., "extra_info": ...}): most ref docs are
// added by one call and never changed. The first change after that makes its node ids members of a list, on a
// store that has member lists, so that adding or removing a node costs O(1) from then on.
//
// REQUIRES: the caller holds the locks of every ref doc it loads.

#ifndef QUIPU_ENGINE_STORES_DOCUMENTS_REF_DOCS_H_
#define QUIPU_ENGINE_STORES_DOCUMENTS_REF_DOCS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "quipu/document_store.h"
#include "quipu/kv_store.h"
#include "quipu/ordered_map.h"
#include "quipu/write_batch.h"

namespace quipu {

// A stored value as the reference reads it (_remove_legacy_info): node ids and metadata.
// Errors: kInvalidArgument for a value that is neither form.
Result<RefDocInfo> parse_ref_doc_info(std::string_view ref_doc_id, JsonView stored);

class RefDoc {
 public:
  virtual ~RefDoc() = default;

  // False for one that the reference takes for missing: absent, or stored as {}.
  virtual bool exists() const = 0;
  // Appends a node unless it is listed. Metadata counts as long as the ref doc had none before.
  virtual void add(std::string_view node_id, JsonView metadata) = 0;
  // Takes a node out; true when none is left. REQUIRES: exists().
  virtual Result<bool> remove(std::string_view node_id) = 0;
  // Removes the whole entry.
  virtual void erase() = 0;
  virtual Status write(WriteBatch& batch) const = 0;
};

class RefDocs {
 public:
  RefDocs(BaseKVStore& kvstore, std::string_view collection) : kvstore_(kvstore), collection_(collection) {}

  // The ref doc, loaded at first use.
  Result<RefDoc*> load(std::string_view ref_doc_id);
  // Loads those of many that have not been, in one look-up where the store has no lists of them.
  Status load_all(std::span<const std::string_view> ref_doc_ids);
  // The same with all node ids in memory, for a mutation that goes through all of them.
  Result<RefDoc*> load_whole(std::string_view ref_doc_id, JsonView stored);

  // Writes what was loaded, in the order of loading.
  Status write(WriteBatch& batch) const;

 private:
  Result<std::unique_ptr<RefDoc>> open(const std::string& ref_doc_id);

  BaseKVStore& kvstore_;
  const std::string_view collection_;
  OrderedMap<std::unique_ptr<RefDoc>> loaded_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_DOCUMENTS_REF_DOCS_H_
