#include "engine/stores/documents/ref_docs.h"

#include <optional>
#include <utility>
#include <vector>

#include "engine/stores/documents/listed_ref_doc.h"
#include "engine/stores/documents/plain_ref_doc.h"

namespace quipu {

Json RefDocInfo::to_dict() const {
  std::string text = "{\"node_ids\": [";
  for (size_t i = 0; i < node_ids.size(); ++i) {
    if (i != 0) text += ", ";
    append_json_string(node_ids[i], text);
  }
  return Json::from_canonical(text + "], \"metadata\": " + metadata.text() + "}");
}

Result<RefDocInfo> parse_ref_doc_info(std::string_view ref_doc_id, JsonView stored) {
  QUIPU_ASSIGN_OR_RETURN(RefDocFields fields, read_ref_doc_fields(ref_doc_id, stored));
  RefDocInfo info;
  info.metadata = Json::from_canonical(std::string(fields.metadata.text()));
  for (JsonView id : fields.node_ids.elements()) {
    if (!id.is_string()) {
      return Status::invalid_argument("ref doc " + std::string(ref_doc_id) + ": a node id is not a string");
    }
    info.node_ids.push_back(id.string());
  }
  return info;
}

Result<RefDoc*> RefDocs::load(std::string_view ref_doc_id) {
  if (const auto found = loaded_.find(ref_doc_id); found != loaded_.end()) return found->second.get();
  std::string id(ref_doc_id);
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<RefDoc> ref_doc, open(id));
  RefDoc* const loaded = ref_doc.get();
  loaded_.insert_or_assign(std::move(id), std::move(ref_doc));
  return loaded;
}

Status RefDocs::load_all(std::span<const std::string_view> ref_doc_ids) {
  MemberLists& lists = kvstore_.member_lists();
  std::vector<std::string_view> plain;
  for (const std::string_view id : ref_doc_ids) {
    if (loaded_.find(id) != loaded_.end()) continue;
    QUIPU_ASSIGN_OR_RETURN(std::optional<MemberLists::Info> info, lists.list_info(collection_, id));
    std::unique_ptr<RefDoc> listed;
    if (info) {
      listed = std::make_unique<ListedRefDoc>(lists, collection_, std::string(id), *std::move(info));
    } else {
      plain.push_back(id);
    }
    loaded_.insert_or_assign(std::string(id), std::move(listed));  // in this order; plain ones follow
  }
  if (plain.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> stored,
                         kvstore_.multi_get(plain, collection_));
  for (size_t i = 0; i < plain.size(); ++i) {
    std::unique_ptr<RefDoc>& ref_doc = loaded_.find(plain[i])->second;
    std::string id(plain[i]);
    if (!stored[i]) {
      ref_doc = std::make_unique<PlainRefDoc>(kvstore_, collection_, std::move(id));
    } else {
      QUIPU_ASSIGN_OR_RETURN(ref_doc, PlainRefDoc::parse(kvstore_, collection_, std::move(id), *stored[i]));
    }
  }
  return Status::ok();
}

Result<RefDoc*> RefDocs::load_whole(std::string_view ref_doc_id, JsonView stored) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<RefDoc> ref_doc,
                         PlainRefDoc::parse(kvstore_, collection_, std::string(ref_doc_id), stored));
  RefDoc* const loaded = ref_doc.get();
  loaded_.insert_or_assign(std::string(ref_doc_id), std::move(ref_doc));
  return loaded;
}

Result<std::unique_ptr<RefDoc>> RefDocs::open(const std::string& ref_doc_id) {
  MemberLists& lists = kvstore_.member_lists();
  QUIPU_ASSIGN_OR_RETURN(std::optional<MemberLists::Info> info, lists.list_info(collection_, ref_doc_id));
  if (info) return std::make_unique<ListedRefDoc>(lists, collection_, ref_doc_id, *std::move(info));
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> stored, kvstore_.get(ref_doc_id, collection_));
  if (stored) return PlainRefDoc::parse(kvstore_, collection_, ref_doc_id, *stored);
  return std::make_unique<PlainRefDoc>(kvstore_, collection_, ref_doc_id);
}

Status RefDocs::write(WriteBatch& batch) const {
  for (const auto& [id, ref_doc] : loaded_) QUIPU_RETURN_IF_ERROR(ref_doc->write(batch));
  return Status::ok();
}

}  // namespace quipu
