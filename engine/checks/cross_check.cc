#include "engine/checks/cross_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "engine/checks/index_references.h"
#include "engine/layout/storage_layout.h"
#include "engine/node/node_metadata.h"
#include "quipu/graph_store.h"
#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"

namespace quipu {
namespace {

constexpr size_t kLongestShown = 200;
// graph_stores/types.py, VECTOR_SOURCE_KEY.
constexpr std::string_view kVectorSource = "vector_source_id";

std::string shown(std::string_view id) { return Json::from_string(id.substr(0, kLongestShown)).text(); }

// "1 node", "28 nodes"
std::string counted(uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

Fault note(const std::string& collection, std::string_view key, std::string message) {
  return {collection, std::string(key), std::move(message), Severity::kNote};
}

// How many distinct ids of a kind an index names, and how many of them are not there.
struct Named {
  uint64_t total = 0;
  MissingIds missing;
};

using Has = std::function<Result<bool>(std::string_view id)>;

// Most indexes miss nothing: the first walk ends at the first id that is missing, and only then a second one
// counts. `enough`: one that is there is enough.
Result<Named> count_missing(const IndexStruct& index, Referent referent, const Has& has, bool enough) {
  bool passed = true;
  QUIPU_RETURN_IF_ERROR(for_each_reference(index, referent, [&](const std::string& id) -> Result<bool> {
    QUIPU_ASSIGN_OR_RETURN(passed, has(id));
    return passed != enough;
  }));
  Named named;
  if (passed) return named;
  std::unordered_set<std::string> seen;
  QUIPU_RETURN_IF_ERROR(for_each_reference(index, referent, [&](const std::string& id) -> Result<bool> {
    if (!seen.insert(id).second) return true;
    ++named.total;
    QUIPU_ASSIGN_OR_RETURN(const bool there, has(id));
    if (!there) named.missing.add(id, {});
    return true;
  }));
  return named;
}

// The check of one index struct.
class IndexCheck {
 public:
  IndexCheck(const IdPlaces& places, const std::string& collection, std::string_view key,
             const IndexStruct& index, const TakeNote& take)
      : places_(places), collection_(collection), key_(key), index_(index), take_(take) {}

  Status run() const {
    QUIPU_RETURN_IF_ERROR(
        check(Referent::kNode, "document store", [&](std::string_view id) { return places_.has_node(id); }));
    QUIPU_RETURN_IF_ERROR(check(Referent::kVector, "vector store",
                                [&](std::string_view id) { return places_.has_vector(id); }));
    QUIPU_RETURN_IF_ERROR(check_subjects());
    if (!is_of_property_graph(index_)) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(const bool graph, places_.has_property_graph());
    return graph ? Status::ok() : say(" is kept in a property graph, and there is no property graph store");
  }

 private:
  Status say(const std::string& what) const {
    return take_(note(collection_, key_, "index " + shown(key_) + what));
  }

  Status check(Referent referent, const std::string& kept_in, const Has& has) const {
    QUIPU_ASSIGN_OR_RETURN(const Named named, count_missing(index_, referent, has, /*enough=*/false));
    if (named.missing.count == 0) return Status::ok();
    const bool all = named.missing.count == named.total;
    const std::string which = !all               ? std::to_string(named.missing.count) + " of them"
                              : named.total == 1 ? "it"
                                                 : "them";
    return say(" names " + counted(named.total, "node") + "; no " + kept_in + " has " + which + ", such as " +
               shown(named.missing.id));
  }

  // A keyword may be an object only, or be given by a caller; that none is a subject tells of another graph.
  Status check_subjects() const {
    const auto has = [&](std::string_view id) { return places_.has_subject(id); };
    QUIPU_ASSIGN_OR_RETURN(const Named named,
                           count_missing(index_, Referent::kSubject, has, /*enough=*/true));
    if (named.total == 0) return Status::ok();
    return say(" names " + counted(named.total, "keyword") +
               "; no graph store has a triplet of them, such as " + shown(named.missing.id));
  }

  const IdPlaces& places_;
  const std::string& collection_;
  const std::string_view key_;
  const IndexStruct& index_;
  const TakeNote& take_;
};

Status note_listed(const std::string& ref_docs, const MissingIds& ids, const std::string& what,
                   const TakeNote& take) {
  if (ids.count == 0) return Status::ok();
  return take(
      note(ref_docs, ids.owner,
           "ref docs list " + counted(ids.count, "node") + " " + what + ", such as " + shown(ids.id)));
}

}  // namespace

CollectionRole role_of(std::string_view collection, std::string_view persist_file) {
  const auto ends = [&](std::string_view end) { return collection.ends_with(end); };
  if (collection.starts_with(kVectorStorePrefix)) {
    if (ends(kEmbeddingsEnding)) return CollectionRole::kVectors;
    return ends(kMetadataEnding) ? CollectionRole::kVectorMetadata : CollectionRole::kOther;
  }
  if (persist_file == GRAPH_STORE_PERSIST_FNAME) return CollectionRole::kSubjects;
  if (persist_file == PG_STORE_PERSIST_FNAME) {
    return ends(graph_collection({}, kNodes)) ? CollectionRole::kGraphNodes : CollectionRole::kOther;
  }
  if (ends(kMetadataEnding)) return CollectionRole::kNodeMetadata;
  if (ends(kRefDocsEnding)) return CollectionRole::kRefDocs;
  if (!ends(kDataEnding)) return CollectionRole::kOther;
  if (persist_file == INDEX_STORE_PERSIST_FNAME ||
      collection == collection_of(kIndexStoreNamespace, kDataEnding)) {
    return CollectionRole::kIndexStructs;
  }
  const bool nodes = persist_file == DOCSTORE_PERSIST_FNAME ||
                     collection == collection_of(kDocumentStoreNamespace, kDataEnding);
  return nodes ? CollectionRole::kNodes : CollectionRole::kOther;
}

StorePlaces::StorePlaces(const KVReader& store, const std::vector<CollectionInfo>& infos)
    : store_(store), is_empty_(infos.empty()) {
  std::vector<std::string> metadata;
  std::vector<std::string> indexes;
  const std::map<CollectionRole, std::vector<std::string>*> by_role = {
      {CollectionRole::kNodes, &nodes_},
      {CollectionRole::kNodeMetadata, &metadata},
      {CollectionRole::kIndexStructs, &indexes},
      {CollectionRole::kVectors, &vectors_},
      {CollectionRole::kGraphNodes, &graph_nodes_},
      {CollectionRole::kSubjects, &subjects_}};
  for (const CollectionInfo& info : infos) {
    const auto place = by_role.find(role_of(info.name, info.persist_file));
    if (place != by_role.end()) place->second->push_back(info.name);
  }
  // Metadata first: its blocks are smaller.
  nodes_.insert(nodes_.begin(), metadata.begin(), metadata.end());
  nodes_.insert(nodes_.end(), indexes.begin(), indexes.end());
}

Result<bool> StorePlaces::has_node(std::string_view id) const { return is_in(nodes_, id); }

// One that was made here has a property graph store, even when it is empty.
Result<bool> StorePlaces::has_property_graph() const {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> declared, store_.declared_files());
  if ((declared.empty() && !is_empty_) || !graph_nodes_.empty()) return true;
  return std::ranges::find(declared, PG_STORE_PERSIST_FNAME) != declared.end();
}

Result<bool> StorePlaces::is_in(const std::vector<std::string>& collections, std::string_view id) const {
  for (const std::string& collection : collections) {
    QUIPU_ASSIGN_OR_RETURN(const bool there, store_.exists(id, collection));
    if (there) return true;
  }
  return false;
}

Status check_index_struct(const IdPlaces& places, const std::string& collection, std::string_view key,
                          Json value, const TakeNote& take) {
  const Result<IndexStruct> index = IndexStruct::from_json(std::move(value));
  if (!index) {
    return take(
        note(collection, key, "LlamaIndex cannot read this index struct: " + index.error().message()));
  }
  return IndexCheck(places, collection, key, *index, take).run();
}

Result<bool> VectorsCheck::has_owner(std::string_view id) const {
  QUIPU_ASSIGN_OR_RETURN(const bool node, places_.has_node(id));
  return node ? true : places_.has_graph_node(id);
}

Status VectorsCheck::vector(std::string_view id) {
  QUIPU_ASSIGN_OR_RETURN(const bool owned, has_owner(id));
  if (!owned) missing_.add(id, {});
  return Status::ok();
}

Status VectorsCheck::metadata(std::string_view id, JsonView value) {
  if (missing_.count == 0) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(bool owned, has_owner(id));
  if (owned) return Status::ok();
  owned = value.find(kNodeContent).has_value();
  const std::optional<JsonView> source = value.find(kVectorSource);
  if (!owned && source && source->is_string()) {
    QUIPU_ASSIGN_OR_RETURN(owned, places_.has_graph_node(source->string()));
  }
  if (owned) {
    ++owned_by_metadata_;
  } else {
    after_metadata_.add(id, {});
  }
  return Status::ok();
}

Status VectorsCheck::finish(const TakeNote& take) const {
  if (missing_.count <= owned_by_metadata_) return Status::ok();
  const uint64_t count = missing_.count - owned_by_metadata_;
  const std::string& example = after_metadata_.count == 0 ? missing_.id : after_metadata_.id;
  return take(note(collection_, example,
                   counted(count, "vector") + (count == 1 ? " is" : " are") +
                       " of nodes that no document store or property graph has, such as " + shown(example)));
}

Status note_missing_nodes(const std::string& ref_docs, const MissingIds& missing, const TakeNote& take) {
  return note_listed(ref_docs, missing, missing.count == 1 ? "that does not exist" : "that do not exist",
                     take);
}

Status note_repeated_nodes(const std::string& ref_docs, const MissingIds& repeated, const TakeNote& take) {
  return note_listed(ref_docs, repeated, "twice", take);
}

Status cross_check_stores(const KVReader& store, const std::vector<CollectionInfo>& infos,
                          const TakeNote& take) {
  const StorePlaces places(store, infos);
  for (const CollectionInfo& info : infos) {
    if (role_of(info.name, info.persist_file) != CollectionRole::kIndexStructs) continue;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, info.name));
    while (it->next()) {
      QUIPU_RETURN_IF_ERROR(check_index_struct(places, info.name, it->key(),
                                               Json::from_canonical(std::string(it->val().text())), take));
    }
    QUIPU_RETURN_IF_ERROR(it->status());
  }
  for (const CollectionInfo& info : infos) {
    if (role_of(info.name, info.persist_file) != CollectionRole::kVectors) continue;
    VectorsCheck check(places, info.name);
    ScanOptions keys;
    keys.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> vectors, store.scan(keys, info.name));
    while (vectors->next()) QUIPU_RETURN_IF_ERROR(check.vector(vectors->key()));
    QUIPU_RETURN_IF_ERROR(vectors->status());
    const VectorCollections of_store(vector_namespace_of(info.name));
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> metadata, store.scan({}, of_store.metadata));
    while (metadata->next()) QUIPU_RETURN_IF_ERROR(check.metadata(metadata->key(), metadata->val()));
    QUIPU_RETURN_IF_ERROR(metadata->status());
    QUIPU_RETURN_IF_ERROR(check.finish(take));
  }
  return Status::ok();
}

}  // namespace quipu
