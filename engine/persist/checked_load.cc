#include "engine/persist/checked_load.h"

#include <cstring>

#include "engine/layout/storage_layout.h"
#include "engine/stores/documents/ref_docs.h"
#include "quipu/property_graph_store.h"

namespace quipu {
namespace {

constexpr IdTable::Places kNode = 1;
constexpr IdTable::Places kVector = 2;
constexpr IdTable::Places kSubject = 4;
constexpr IdTable::Places kGraphNode = 8;

// Where the keys of a collection are; 0 where they are not looked for.
IdTable::Places place_of(CollectionRole role) {
  switch (role) {
    case CollectionRole::kNodes:
    case CollectionRole::kNodeMetadata:
    case CollectionRole::kIndexStructs: return kNode;
    case CollectionRole::kVectors: return kVector;
    case CollectionRole::kSubjects: return kSubject;
    case CollectionRole::kGraphNodes: return kGraphNode;
    default: return 0;
  }
}

}  // namespace

void CheckedLoad::RefDocs::add_missing(std::string_view id) {
  const auto size = static_cast<uint32_t>(id.size());
  ids.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(id);
}

Result<MissingIds> CheckedLoad::RefDocs::missing(const IdPlaces& places) const {
  MissingIds missing;
  for (size_t i = 0; i < unresolved.size(); ++i) {
    const size_t end = i + 1 < unresolved.size() ? unresolved[i + 1].ids_begin : ids.size();
    for (size_t at = unresolved[i].ids_begin; at < end;) {
      uint32_t size = 0;
      std::memcpy(&size, ids.data() + at, sizeof(size));
      const auto id = std::string_view(ids).substr(at + sizeof(size), size);
      QUIPU_ASSIGN_OR_RETURN(const bool passed, places.has_node(id));
      if (!passed) missing.add(id, unresolved[i].ref_doc);
      at += sizeof(size) + size;
    }
  }
  return missing;
}

Result<bool> CheckedLoad::Places::has_node(std::string_view id) const {
  return load_.ids_.has(id, kNode) ? true : store_.has_node(id);
}
Result<bool> CheckedLoad::Places::has_vector(std::string_view id) const {
  return load_.ids_.has(id, kVector) ? true : store_.has_vector(id);
}
Result<bool> CheckedLoad::Places::has_subject(std::string_view id) const {
  return load_.ids_.has(id, kSubject) ? true : store_.has_subject(id);
}
Result<bool> CheckedLoad::Places::has_graph_node(std::string_view id) const {
  return load_.ids_.has(id, kGraphNode) ? true : store_.has_graph_node(id);
}
Result<bool> CheckedLoad::Places::has_property_graph() const {
  return load_.property_graph_ ? true : store_.has_property_graph();
}

Result<std::unique_ptr<CheckedLoad>> CheckedLoad::over(std::unique_ptr<BulkLoad> load,
                                                       const BaseKVStore& store) {
  Result<std::vector<CollectionInfo>> infos = store.collections();
  if (!infos && infos.error().code() == StatusCode::kNotSupported) infos = std::vector<CollectionInfo>();
  if (!infos) return infos.error();
  return std::unique_ptr<CheckedLoad>(new CheckedLoad(std::move(load), store, StorePlaces(store, *infos)));
}

Status CheckedLoad::begin_file(std::string_view persist_file) {
  property_graph_ = property_graph_ || persist_file == PG_STORE_PERSIST_FNAME;
  return load_->begin_file(persist_file);
}

Status CheckedLoad::begin_collection(std::string_view name, const CollectionOptions& options) {
  collection_ = name;
  role_ = role_of(name, options.persist_file);
  const bool has_nodes = role_ == CollectionRole::kNodes || role_ == CollectionRole::kNodeMetadata ||
                         role_ == CollectionRole::kGraphNodes;
  nodes_came_late_ = nodes_came_late_ || (has_nodes && !vectors_.empty());
  if (role_ == CollectionRole::kIndexStructs) index_structs_[collection_].clear();
  if (role_ == CollectionRole::kRefDocs) ref_docs_[collection_] = {};
  if (role_ == CollectionRole::kVectors || role_ == CollectionRole::kVectorMetadata) {
    const std::string vectors = VectorCollections(vector_namespace_of(name)).embeddings;
    if (role_ == CollectionRole::kVectors) vectors_.erase(vectors);
    of_vectors_ = &vectors_.try_emplace(vectors, places_, vectors).first->second;
  }
  return load_->begin_collection(name, options);
}

Status CheckedLoad::put(std::string_view key, JsonView val) {
  QUIPU_RETURN_IF_ERROR(load_->put(key, val));
  return look_at(key, val);
}

Status CheckedLoad::put_vector(std::string_view key, std::span<const double> elements) {
  QUIPU_RETURN_IF_ERROR(load_->put_vector(key, elements));
  return look_at(key, JsonView());
}

Status CheckedLoad::look_at(std::string_view key, JsonView val) {
  if (const IdTable::Places place = place_of(role_); place != 0) ids_.add(key, place);
  switch (role_) {
    case CollectionRole::kIndexStructs:
      index_structs_[collection_].insert_or_assign(std::string(key),
                                                   Json::from_canonical(std::string(val.text())));
      return Status::ok();
    case CollectionRole::kRefDocs: return look_at_ref_doc(key, val);
    case CollectionRole::kVectors: return of_vectors_->vector(key);
    case CollectionRole::kVectorMetadata: return of_vectors_->metadata(key, val);
    default: return collection_ == kChats ? look_at_chat(key, val) : Status::ok();
  }
}

Status CheckedLoad::look_at_chat(std::string_view chat, JsonView val) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, store_.get(chat, kChats));
  if (!stored) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const ChatRecord before, ChatRecord::parse(chat, *stored));
  QUIPU_ASSIGN_OR_RETURN(const ChatRecord after, ChatRecord::parse(chat, val));
  if (before.end() > after.end()) {
    left_messages_.push_back({std::string(chat), {after.end(), before.end()}});
  }
  return Status::ok();
}

Status CheckedLoad::look_at_ref_doc(std::string_view key, JsonView val) {
  const Result<RefDocInfo> info = parse_ref_doc_info(key, val);
  if (!info) return Status::ok();  // verify tells
  RefDocs& ref_docs = ref_docs_[collection_];
  const size_t begin = ref_docs.ids.size();
  for (const std::string& id : info->node_ids) {
    QUIPU_ASSIGN_OR_RETURN(const bool passed, places_.has_node(id));
    if (!passed) ref_docs.add_missing(id);
  }
  if (ref_docs.ids.size() > begin) ref_docs.unresolved.push_back({std::string(key), begin});
  return Status::ok();
}

Status CheckedLoad::finish(const TakeNote& take_note) {
  const TakeNote take = [&](Fault note) {
    if (ids_.is_partial()) note.message += " (only a part of the ids was compared; verify compares all)";
    return take_note(std::move(note));
  };
  for (auto& [collection, structs] : index_structs_) {
    for (auto& [key, value] : structs) {
      QUIPU_RETURN_IF_ERROR(check_index_struct(places_, collection, key, std::move(value), take));
    }
  }
  for (const auto& [collection, ref_docs] : ref_docs_) {
    QUIPU_ASSIGN_OR_RETURN(const MissingIds missing, ref_docs.missing(places_));
    QUIPU_RETURN_IF_ERROR(note_missing_nodes(collection, missing, take));
  }
  if (nodes_came_late_) return Status::ok();
  for (const auto& [collection, check] : vectors_) QUIPU_RETURN_IF_ERROR(check.finish(take));
  return Status::ok();
}

}  // namespace quipu
