// ListedRefDoc: a ref doc whose node ids are stored as a member list.

#ifndef QUIPU_ENGINE_STORES_DOCUMENTS_LISTED_REF_DOC_H_
#define QUIPU_ENGINE_STORES_DOCUMENTS_LISTED_REF_DOC_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/layout/ref_doc_metadata.h"
#include "engine/stores/documents/ref_docs.h"
#include "quipu/backend/features.h"

namespace quipu {

// The text of a ref doc's list around its node ids.
std::string_view ref_doc_list_head();
std::string ref_doc_list_tail(std::string_view metadata);

class ListedRefDoc : public RefDoc {
 public:
  ListedRefDoc(const MemberLists& lists, std::string_view collection, std::string ref_doc_id,
               const MemberLists::Info& info);

  bool exists() const override { return !erased_; }
  void add(std::string_view node_id, JsonView metadata) override;
  Result<bool> remove(std::string_view node_id) override;
  void erase() override;
  Status write(WriteBatch& batch) const override;

 private:
  Status rewrite(WriteBatch& batch) const;

  const MemberLists& lists_;
  const std::string_view collection_;
  const std::string id_;
  bool erased_ = false;
  uint64_t count_ = 0;  // kept up by remove() only
  RefDocMetadata metadata_;
  std::vector<std::string> added_;  // as JSON strings
  std::set<std::string> removed_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_DOCUMENTS_LISTED_REF_DOC_H_
