#include "quipu/graph_store.h"

#include <algorithm>
#include <unordered_set>

#include "engine/json_file/json_file.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/element_lists.h"
#include "engine/stores/graphs/rel_map_walk.h"
#include "engine/stores/saved_dict.h"
#include "quipu/backend/key_locks.h"
#include "quipu/memory_kv_store.h"

namespace quipu {
namespace {

constexpr size_t kMostAhead = 1000;  // subjects whose edges are read at once

std::string edge_text(std::string_view rel, std::string_view obj) {
  std::string text = "[";
  append_json_string(rel, text);
  text += ", ";
  append_json_string(obj, text);
  return text += ']';
}

Status declare(BaseKVStore& store, const std::string& collection) {
  static const CollectionOptions options{std::string(GRAPH_STORE_PERSIST_FNAME), ""};
  return store.declare_collection(collection, options);
}

Status malformed(std::string_view subj) {
  return Status::invalid_argument("graph store: subject " + Json::from_string(subj).text() +
                                  " is not a list of [relation, object] pairs of strings");
}

Result<GraphEdge> parse_edge(std::string_view subj, JsonView edge) {
  if (!edge.is_array()) return malformed(subj);
  std::vector<std::string> parts;
  for (const JsonView part : edge.elements()) {
    if (!part.is_string()) return malformed(subj);
    parts.push_back(part.string());
  }
  if (parts.size() != 2) return malformed(subj);
  return GraphEdge{std::move(parts[0]), std::move(parts[1])};
}

// Of a subject's value, which may be absent.
Result<std::vector<GraphEdge>> parse_edges(std::string_view subj, const std::optional<Json>& stored) {
  std::vector<GraphEdge> edges;
  if (!stored) return edges;
  const std::optional<JsonView> array = stored->view().find(kEdges);
  if (!array || !array->is_array()) return malformed(subj);
  for (const JsonView element : array->elements()) {
    QUIPU_ASSIGN_OR_RETURN(GraphEdge edge, parse_edge(subj, element));
    edges.push_back(std::move(edge));
  }
  return edges;
}

Result<std::vector<std::vector<GraphEdge>>> read_edges(const BaseKVStore& kvstore,
                                                       std::string_view collection,
                                                       std::span<const std::string_view> subjs) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> stored, kvstore.multi_get(subjs, collection));
  std::vector<std::vector<GraphEdge>> all;
  for (size_t i = 0; i < subjs.size(); ++i) {
    QUIPU_ASSIGN_OR_RETURN(std::vector<GraphEdge> edges, parse_edges(subjs[i], stored[i]));
    all.push_back(std::move(edges));
  }
  return all;
}

}  // namespace

Result<std::string> GraphStore::get_schema(bool /*refresh*/) const {
  return Status::not_supported("SimpleGraphStore does not support get_schema");
}

Result<Json> GraphStore::query(std::string_view /*query*/, JsonView /*param_map*/) {
  return Status::not_supported("SimpleGraphStore does not support query");
}

KVGraphStore::KVGraphStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns)
    : kvstore_(std::move(kvstore)), collection_(ns.empty() ? kGraphStoreNamespace : ns) {
  collection_ += kDataEnding;
}

Result<std::vector<GraphEdge>> KVGraphStore::get(std::string_view subj) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, kvstore_->get(subj, collection_));
  return parse_edges(subj, stored);
}

Result<GraphRelMap> KVGraphStore::get_rel_map(std::optional<std::span<const std::string>> subjs, int depth,
                                              int limit) const {
  std::vector<std::string> subjects;
  if (subjs) {
    std::unordered_set<std::string_view> seen;
    for (const std::string& subj : *subjs) {
      if (seen.insert(subj).second) subjects.push_back(subj);
    }
  } else {
    ScanOptions keys;
    keys.keys_only = true;
    keys.order = ScanOptions::Order::kInsertion;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(keys, collection_));
    while (it->next()) subjects.emplace_back(it->key());
    QUIPU_RETURN_IF_ERROR(it->status());
  }
  WalkEdges edges([this](std::span<const std::string_view> several) {
    return read_edges(*kvstore_, collection_, several);
  });
  const bool reads_ahead = kvstore_->capabilities().round_trips;
  GraphRelMap map;
  int64_t left = limit;
  size_t ahead = 0;
  for (size_t i = 0; i < subjects.size(); ++i) {
    // One more than fits shows that the subject overflows; nothing behind it can be in the answer.
    const int64_t at_most = std::max<int64_t>(left, 0) + 1;
    if (reads_ahead && i == ahead) {
      const auto some = std::span(subjects).subspan(i).first(
          std::min({subjects.size() - i, static_cast<size_t>(at_most), kMostAhead}));
      QUIPU_RETURN_IF_ERROR(edges.read_ahead(some, depth, limit, static_cast<size_t>(at_most)));
      ahead += some.size();
    }
    QUIPU_ASSIGN_OR_RETURN(std::vector<GraphTriplet> found,
                           walk_rel_map(edges, subjects[i], depth, limit, at_most));
    const bool overflows = static_cast<int64_t>(found.size()) > left;
    if (overflows) found.resize(static_cast<size_t>(std::max<int64_t>(left, 0)));
    left -= static_cast<int64_t>(found.size());
    map.emplace_back(subjects[i], std::move(found));
    if (overflows) break;
  }
  return map;
}

Status KVGraphStore::upsert_triplet(std::string_view subj, std::string_view rel, std::string_view obj) {
  QUIPU_RETURN_IF_ERROR(declare(*kvstore_, collection_));
  LockSet lock_set;
  lock_set.add(collection_, subj);
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, kvstore_->lock(lock_set));
  ElementLists edges(*kvstore_, collection_, kEdges);
  const std::string edge = edge_text(rel, obj);
  WriteBatch batch;
  edges.add_unseen(subj, edge, batch);
  const Status added = kvstore_->write(batch, {.held = &locks});
  if (added.code() != StatusCode::kInvalidArgument) return added;
  batch.clear();
  QUIPU_RETURN_IF_ERROR(edges.add(subj, edge).status());
  QUIPU_RETURN_IF_ERROR(edges.write(batch));
  return kvstore_->write(batch, {.held = &locks});
}

Status KVGraphStore::delete_(std::string_view subj, std::string_view rel, std::string_view obj) {
  LockSet lock_set;
  lock_set.add(collection_, subj);
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, kvstore_->lock(lock_set));
  ElementLists edges(*kvstore_, collection_, kEdges);
  QUIPU_RETURN_IF_ERROR(edges.remove(subj, edge_text(rel, obj)).status());
  WriteBatch batch;
  QUIPU_RETURN_IF_ERROR(edges.write(batch));
  return kvstore_->write(batch, {.held = &locks});
}

Result<Json> KVGraphStore::to_dict() const {
  std::string text = "{\"graph_dict\": ";
  QUIPU_RETURN_IF_ERROR(append_collection(*kvstore_, collection_, kEdges, text));
  return Json::from_canonical(text + "}");
}

Status KVGraphStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  QUIPU_ASSIGN_OR_RETURN(const Json dict, to_dict());
  return write_text_file(persist_path, dict.text(), fs);
}

Status KVGraphStore::load(JsonView save_dict) {
  const std::optional<JsonView> graph_dict = save_dict.find(kGraphDict);
  if (!save_dict.is_object() || (graph_dict && !graph_dict->is_object())) {
    return Status::invalid_argument("graph store: not an object with an object \"graph_dict\"");
  }
  if (!graph_dict) return Status::ok();
  WriteBatch batch;
  for (const JsonMember& member : graph_dict->members()) {
    const std::string subj = member.key();
    if (!member.value.is_array()) return malformed(subj);
    for (const JsonView edge : member.value.elements()) {
      QUIPU_RETURN_IF_ERROR(parse_edge(subj, edge).status());
    }
    batch.put(collection_, subj, wrapped(kEdges, member.value));
  }
  QUIPU_RETURN_IF_ERROR(declare(*kvstore_, collection_));
  return kvstore_->write(batch);
}

SimpleGraphStore::SimpleGraphStore() : KVGraphStore(std::make_shared<MemoryKVStore>()) {}

Result<SimpleGraphStore> SimpleGraphStore::from_persist_dir(const std::string& persist_dir,
                                                            const FileSystem& fs) {
  return from_persist_path(path_in(persist_dir, GRAPH_STORE_PERSIST_FNAME), fs);
}

Result<SimpleGraphStore> SimpleGraphStore::from_persist_path(const std::string& persist_path,
                                                             const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> saved, read_json_file(persist_path, fs));
  if (!saved) return SimpleGraphStore();
  return from_saved_dict<SimpleGraphStore>(persist_path, *saved);
}

Result<SimpleGraphStore> SimpleGraphStore::from_dict(JsonView save_dict) {
  SimpleGraphStore store;
  QUIPU_RETURN_IF_ERROR(store.load(save_dict));
  return store;
}

}  // namespace quipu
