// PlainRefDoc: a ref doc that is new or one stored value, with all its node ids in memory. A new one is
// written as a value; a stored one, where the store has member lists, as a list.

#ifndef QUIPU_ENGINE_STORES_DOCUMENTS_PLAIN_REF_DOC_H_
#define QUIPU_ENGINE_STORES_DOCUMENTS_PLAIN_REF_DOC_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/layout/ref_doc_metadata.h"
#include "engine/stores/documents/ref_docs.h"

namespace quipu {

// The parts of a stored value, old form or new.
struct RefDocFields {
  JsonView node_ids;  // an array
  JsonView metadata;
};
Result<RefDocFields> read_ref_doc_fields(std::string_view ref_doc_id, JsonView stored);

class PlainRefDoc : public RefDoc {
 public:
  PlainRefDoc(BaseKVStore& kvstore, std::string_view collection, std::string ref_doc_id)
      : kvstore_(kvstore), collection_(collection), id_(std::move(ref_doc_id)) {}
  static Result<std::unique_ptr<RefDoc>> parse(BaseKVStore& kvstore, std::string_view collection,
                                               std::string ref_doc_id, JsonView stored);

  bool exists() const override { return exists_; }
  void add(std::string_view node_id, JsonView metadata) override;
  Result<bool> remove(std::string_view node_id) override;
  void erase() override;
  Status write(WriteBatch& batch) const override;

 private:
  void append(std::string raw_id);
  bool is_distinct_strings() const;

  BaseKVStore& kvstore_;
  const std::string_view collection_;
  const std::string id_;
  bool stored_ = false;
  bool exists_ = false;
  bool erased_ = false;
  bool touched_ = false;
  RefDocMetadata metadata_;
  // Node ids as JSON texts, empty where one was removed, and where each stands first; places_ has views of
  // them. A list written by other hands may hold an id twice, or ids that are no strings.
  std::deque<std::string> node_ids_;
  std::unordered_map<std::string_view, size_t> places_;
  size_t count_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_DOCUMENTS_PLAIN_REF_DOC_H_
