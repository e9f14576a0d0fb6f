#include "engine/stores/documents/plain_ref_doc.h"

#include <utility>

#include "engine/stores/documents/listed_ref_doc.h"

namespace quipu {

Result<RefDocFields> read_ref_doc_fields(std::string_view ref_doc_id, JsonView stored) {
  const auto fail = [&](std::string_view what) {
    return Status::invalid_argument("ref doc " + std::string(ref_doc_id) + ": " + std::string(what));
  };
  std::optional<JsonView> node_ids = stored.find("node_ids");
  std::optional<JsonView> metadata = stored.find("metadata");
  if (const std::optional<JsonView> doc_ids = stored.find("doc_ids")) {
    node_ids = doc_ids;
    metadata = stored.find("extra_info");
    if (!metadata) return fail("KeyError: 'extra_info'");
  }
  RefDocFields fields{node_ids.value_or(JsonView::from_canonical("[]")),
                      metadata.value_or(JsonView::from_canonical("{}"))};
  if (!fields.node_ids.is_array()) return fail("node_ids is not a list");
  if (!fields.metadata.is_object()) return fail("metadata is not an object");
  return fields;
}

Result<std::unique_ptr<RefDoc>> PlainRefDoc::parse(BaseKVStore& kvstore, std::string_view collection,
                                                   std::string ref_doc_id, JsonView stored) {
  auto ref_doc = std::make_unique<PlainRefDoc>(kvstore, collection, std::move(ref_doc_id));
  if (!stored.truthy()) return ref_doc;
  QUIPU_ASSIGN_OR_RETURN(RefDocFields fields, read_ref_doc_fields(ref_doc->id_, stored));
  ref_doc->stored_ = ref_doc->exists_ = true;
  ref_doc->metadata_ = RefDocMetadata(fields.metadata);
  for (JsonView id : fields.node_ids.elements()) ref_doc->append(std::string(id.text()));
  return ref_doc;
}

void PlainRefDoc::append(std::string raw_id) {
  node_ids_.push_back(std::move(raw_id));
  places_.try_emplace(node_ids_.back(), node_ids_.size() - 1);
  ++count_;
}

void PlainRefDoc::add(std::string_view node_id, JsonView metadata) {
  exists_ = true;
  touched_ = true;
  metadata_.merge(metadata);
  std::string raw_id;
  append_json_string(node_id, raw_id);
  if (!places_.contains(raw_id)) append(std::move(raw_id));
}

Result<bool> PlainRefDoc::remove(std::string_view node_id) {
  touched_ = true;
  std::string raw_id;
  append_json_string(node_id, raw_id);
  if (const auto place = places_.find(raw_id); place != places_.end()) {
    const bool distinct = count_ == places_.size();
    size_t at = place->second;
    places_.erase(place);  // first: its key is a view of the id
    node_ids_[at].clear();
    --count_;
    if (!distinct) {
      while (at < node_ids_.size() && node_ids_[at] != raw_id) ++at;
      if (at < node_ids_.size()) places_.emplace(node_ids_[at], at);
    }
  }
  return count_ == 0;
}

void PlainRefDoc::erase() {
  exists_ = false;
  erased_ = true;
}

bool PlainRefDoc::is_distinct_strings() const {
  if (count_ != places_.size()) return false;
  for (const std::string& id : node_ids_) {
    if (!id.empty() && id.front() != '"') return false;
  }
  return true;
}

Status PlainRefDoc::write(WriteBatch& batch) const {
  if (erased_) {
    batch.delete_(collection_, id_);
    return Status::ok();
  }
  if (!touched_) return Status::ok();
  if (stored_ && is_distinct_strings()) {
    batch.put_list(collection_, id_, ref_doc_list_head(), ref_doc_list_tail(metadata_.text()));
    for (const std::string& raw_id : node_ids_) {
      if (!raw_id.empty()) batch.add_member(collection_, id_, raw_id);
    }
    return Status::ok();
  }
  std::string value(ref_doc_list_head());
  bool first = true;
  for (const std::string& raw_id : node_ids_) {
    if (raw_id.empty()) continue;
    if (!first) value += ", ";
    first = false;
    value += raw_id;
  }
  value += ref_doc_list_tail(metadata_.text());
  batch.put(collection_, id_, JsonView::from_canonical(value));
  return Status::ok();
}

}  // namespace quipu
