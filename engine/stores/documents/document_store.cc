// KVDocumentStore: construction and reading. Its mutations are in document_store_write.cc.

#include "quipu/document_store.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

#include "engine/json_file/json_file.h"
#include "engine/layout/document_metadata.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/documents/ref_docs.h"
#include "engine/stores/store_file.h"
#include "quipu/backend/executor.h"
#include "quipu/backend/features.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

constexpr size_t kUsualHashAndId = 112;  // bytes
constexpr uint64_t kMostExpected = 1 << 20;

Status doc_not_found(std::string_view doc_id) {
  return Status::not_found("doc_id " + std::string(doc_id) + " not found.");
}

Result<NodePtr> to_node(std::optional<Json> stored, std::string_view doc_id, bool raise_error) {
  if (stored) return BaseNode::from_json(*std::move(stored));
  if (raise_error) return doc_not_found(doc_id);
  return NodePtr();
}

// A top-level member of an entry's value, when it is a string.
std::optional<std::string> string_member(JsonView value, std::string_view name) {
  const std::optional<JsonView> member = value.find(name);
  if (!member || !member->is_string()) return std::nullopt;
  return member->string();
}

// Makes the index of hashes where there is none; a store that is open for reading only is read instead.
Status ensure_hash_index(BaseKVStore& store, const std::string& metadata) {
  const Status made = store.field_index().ensure_index(metadata, kDocHash);
  return made.is_ok() || store.capabilities().read_only ? Status::ok() : made;
}

std::string_view or_default(std::string_view text, std::string_view fallback) {
  return text.empty() ? fallback : text;
}

}  // namespace

Result<NodePtr> NodeIterator::node() const {
  return BaseNode::from_json(Json::from_canonical(std::string(stored().text())));
}

Result<std::vector<NodePtr>> BaseDocumentStore::get_nodes(std::span<const std::string> node_ids,
                                                          bool raise_error) const {
  std::vector<NodePtr> nodes;
  nodes.reserve(node_ids.size());
  for (const std::string& id : node_ids) {
    QUIPU_ASSIGN_OR_RETURN(NodePtr node, get_node(id, raise_error));
    if (node) nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<std::vector<std::pair<int64_t, NodePtr>>> BaseDocumentStore::get_node_dict(
    std::span<const std::pair<int64_t, std::string>> node_id_dict) const {
  std::vector<std::pair<int64_t, NodePtr>> nodes;
  nodes.reserve(node_id_dict.size());
  for (const auto& [index, id] : node_id_dict) {
    QUIPU_ASSIGN_OR_RETURN(NodePtr node, get_node(id));
    nodes.emplace_back(index, std::move(node));
  }
  return nodes;
}

KVDocumentStore::KVDocumentStore(std::shared_ptr<BaseKVStore> kvstore, const DocumentStoreOptions& options)
    : kvstore_(std::move(kvstore)), batch_size_(options.batch_size) {
  const std::string ns(or_default(options.ns, kDocumentStoreNamespace));
  node_collection_ = collection_of(ns, or_default(options.node_collection_suffix, kDataEnding));
  ref_doc_collection_ = collection_of(ns, or_default(options.ref_doc_collection_suffix, kRefDocsEnding));
  metadata_collection_ = collection_of(ns, or_default(options.metadata_collection_suffix, kMetadataEnding));
}

std::shared_ptr<BaseDocumentStore> KVDocumentStore::unowned() const {
  auto store = std::make_shared<KVDocumentStore>(*this);
  store->kvstore_ = unowned_pointer(*kvstore_);
  return store;
}

Result<std::vector<std::pair<std::string, NodePtr>>> KVDocumentStore::docs() const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<KVEntry> entries, kvstore_->get_all(node_collection_));
  std::vector<std::pair<std::string, NodePtr>> nodes;
  nodes.reserve(entries.size());
  for (KVEntry& entry : entries) {
    QUIPU_ASSIGN_OR_RETURN(NodePtr node, BaseNode::from_json(std::move(entry.val)));
    nodes.emplace_back(std::move(entry.key), std::move(node));
  }
  return nodes;
}

Result<std::unique_ptr<NodeIterator>> KVDocumentStore::stream_nodes() const {
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> entries, kvstore_->scan(in_order, node_collection_));
  return std::make_unique<NodeIterator>(std::move(entries));
}

Result<NodePtr> KVDocumentStore::get_document(std::string_view doc_id, bool raise_error) const {
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> stored, kvstore_->get(doc_id, node_collection_));
  return to_node(std::move(stored), doc_id, raise_error);
}

Result<std::vector<NodePtr>> KVDocumentStore::get_documents(std::span<const std::string> doc_ids) const {
  const std::vector<std::string_view> keys(doc_ids.begin(), doc_ids.end());
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<Json>> values,
                         kvstore_->multi_get(keys, node_collection_));
  std::vector<NodePtr> nodes;
  nodes.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    QUIPU_ASSIGN_OR_RETURN(NodePtr node, to_node(std::move(values[i]), doc_ids[i], false));
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<std::vector<NodePtr>> KVDocumentStore::get_nodes(std::span<const std::string> node_ids,
                                                        bool raise_error) const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<NodePtr> nodes, get_documents(node_ids));
  if (raise_error) {
    const auto absent = std::ranges::find(nodes, nullptr);
    if (absent != nodes.end()) return doc_not_found(node_ids[static_cast<size_t>(absent - nodes.begin())]);
  }
  std::erase(nodes, nullptr);
  return nodes;
}

Result<bool> KVDocumentStore::document_exists(std::string_view doc_id) const {
  return kvstore_->exists(doc_id, node_collection_);
}

Result<std::optional<std::string>> KVDocumentStore::get_document_hash(std::string_view doc_id) const {
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> metadata, kvstore_->get(doc_id, metadata_collection_));
  return metadata ? string_member(*metadata, kDocHash) : std::nullopt;
}

// Read by key where the store numbers its keys and is here: a scan in insertion order sorts whole entries. A
// server has an index of that order, if of any, and may have entries without a number.
Result<DocumentHashes> KVDocumentStore::document_hashes() const {
  ScanOptions all;
  const KVCapabilities can = kvstore_->capabilities();
  const bool by_key = can.keeps_order && !can.round_trips;
  if (!by_key) all.order = ScanOptions::Order::kInsertion;
  DocumentHashes hashes;
  if (can.streams && by_key) {
    QUIPU_ASSIGN_OR_RETURN(const uint64_t count, kvstore_->count(metadata_collection_));
    const size_t expected = std::min(count, kMostExpected);
    hashes.places_.reserve(expected);
    hashes.texts_.reserve(expected * kUsualHashAndId);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> entries,
                         kvstore_->scan(all, metadata_collection_));
  std::string& texts = hashes.texts_;
  while (entries->next()) {
    const size_t begin = texts.size();
    if (!append_document_hash(entries->val(), texts) || texts.size() == begin) continue;  // empty is none
    const uint64_t order = by_key ? *entries->order() : hashes.size();
    const std::string_view id = entries->key();
    hashes.places_.push_back({order, begin, texts.size() - begin, id.size()});
    texts += id;
  }
  QUIPU_RETURN_IF_ERROR(entries->status());
  hashes.sort();
  return hashes;
}

// Digit by digit from the lowest on, of which numbers that are near to one another have few.
void DocumentHashes::sort() {
  if (places_.empty()) return;
  constexpr unsigned kDigitBits = 11;
  constexpr size_t kDigits = size_t{1} << kDigitBits;
  const auto [least, most] = std::ranges::minmax(places_, {}, &Place::order);
  const uint64_t first = least.order;
  const uint64_t span = most.order - first;
  std::vector<Place> sorted(places_.size());
  for (unsigned shift = 0; shift < 64 && span >> shift != 0; shift += kDigitBits) {
    const auto digit = [&](const Place& place) { return ((place.order - first) >> shift) % kDigits; };
    std::array<size_t, kDigits + 1> ends{};
    for (const Place& place : places_) ++ends[digit(place) + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    for (const Place& place : places_) sorted[ends[digit(place)]++] = place;
    places_.swap(sorted);
  }
}

Result<OrderedMap<std::string>> KVDocumentStore::get_all_document_hashes() const {
  QUIPU_ASSIGN_OR_RETURN(const DocumentHashes hashes, document_hashes());
  OrderedMap<std::string> ids_by_hash;
  for (size_t i = 0; i < hashes.size(); ++i)
    ids_by_hash.insert_or_assign(std::string(hashes.hash(i)), std::string(hashes.id(i)));
  return ids_by_hash;
}

// An empty hash counts as none.
Result<std::vector<std::string>> KVDocumentStore::missing_hashes(std::span<const std::string> hashes) const {
  QUIPU_RETURN_IF_ERROR(ensure_hash_index(*kvstore_, metadata_collection_));
  std::vector<std::string_view> values;
  std::ranges::copy_if(hashes, std::back_inserter(values), [](const auto& hash) { return !hash.empty(); });
  QUIPU_ASSIGN_OR_RETURN(const std::vector<bool> exist,
                         kvstore_->field_index().values_exist(metadata_collection_, kDocHash, values));
  std::vector<std::string> missing;
  size_t asked = 0;
  for (const std::string& hash : hashes) {
    if (hash.empty() || !exist[asked++]) missing.push_back(hash);
  }
  return missing;
}

Result<std::vector<std::string>> KVDocumentStore::ids_by_hash(std::string_view doc_hash) const {
  if (doc_hash.empty()) return std::vector<std::string>();
  QUIPU_RETURN_IF_ERROR(ensure_hash_index(*kvstore_, metadata_collection_));
  return kvstore_->field_index().keys_with_value(metadata_collection_, kDocHash, doc_hash);
}

Result<std::optional<RefDocInfo>> KVDocumentStore::get_ref_doc_info(std::string_view ref_doc_id) const {
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> stored, kvstore_->get(ref_doc_id, ref_doc_collection_));
  if (!stored || !stored->view().truthy()) return std::optional<RefDocInfo>();
  QUIPU_ASSIGN_OR_RETURN(RefDocInfo info, parse_ref_doc_info(ref_doc_id, *stored));
  return std::optional<RefDocInfo>(std::move(info));
}

Result<OrderedMap<RefDocInfo>> KVDocumentStore::get_all_ref_doc_info() const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<KVEntry> entries, kvstore_->get_all(ref_doc_collection_));
  OrderedMap<RefDocInfo> infos;
  for (KVEntry& entry : entries) {
    QUIPU_ASSIGN_OR_RETURN(RefDocInfo info, parse_ref_doc_info(entry.key, entry.val));
    infos.insert_or_assign(std::move(entry.key), std::move(info));
  }
  return infos;
}

Result<bool> KVDocumentStore::ref_doc_exists(std::string_view ref_doc_id) const {
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> stored, kvstore_->get(ref_doc_id, ref_doc_collection_));
  return stored && stored->view().truthy();
}

Status KVDocumentStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  return persist_store_file(*kvstore_, {ref_doc_collection_, node_collection_, metadata_collection_},
                            persist_path, fs);
}

}  // namespace quipu
