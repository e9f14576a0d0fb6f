#include "backends/redis/layout/names.h"

#include <utility>

#include "backends/redis/client/slot.h"

namespace quipu::redis {
namespace {

struct StoreHash {
  std::string_view collection;
  std::string_view hash;    // without a namespace
  std::string_view ending;  // behind a namespace
  std::string_view persist_file;
};
constexpr StoreHash kStoreHashes[] = {
    {"docstore/data", "docstore/doc", "/doc", "docstore.json"},
    {"docstore/metadata", "docstore/metadata", "/metadata", "docstore.json"},
    {"docstore/ref_doc_info", "docstore/ref_doc_info", "/ref_doc_info", "docstore.json"},
    {"index_store/data", "index_store/index", "/index", "index_store.json"},
};

}  // namespace

Result<Names> Names::make(std::string name_space, bool is_cluster) {
  if (name_space.find(kOwn) != std::string::npos) {
    return Status::invalid_argument("a namespace does not contain \"" + std::string(kOwn) + "\"");
  }
  Names names;
  names.has_one_group_ = !is_cluster || has_hash_tag(name_space);
  names.group_ = names.has_one_group_ ? name_space : "{quipu}";
  names.name_space_ = std::move(name_space);
  return names;
}

std::string Names::hash_of(std::string_view collection) const {
  for (const StoreHash& each : kStoreHashes) {
    if (each.collection != collection) continue;
    return name_space_.empty() ? std::string(each.hash) : name_space_ + std::string(each.ending);
  }
  return name_space_.empty() ? std::string(collection) : name_space_ + ":" + std::string(collection);
}

Result<CollectionKeys> Names::keys_of(std::string_view collection) const {
  if (collection.find(kOwn) != std::string_view::npos) {
    return Status::invalid_argument("collection " + std::string(collection) + ": names in Redis with \"" +
                                    std::string(kOwn) + "\" in them are Quipu's own");
  }
  CollectionKeys keys;
  keys.hash = hash_of(collection);
  keys.group = has_one_group_ ? group_ : hash_tag_like(keys.hash);
  keys.order = keys.own("order:" + keys.hash);
  keys.slot = slot_of(keys.hash);
  return keys;
}

std::optional<std::string> Names::collection_of(std::string_view hash) const {
  if (hash.find(kOwn) != std::string_view::npos) return {};
  for (const StoreHash& each : kStoreHashes) {
    if (hash == hash_of(each.collection)) return std::string(each.collection);
  }
  if (name_space_.empty()) return std::string(hash);
  const std::string begin = name_space_ + ":";
  return hash.starts_with(begin) ? std::optional(std::string(hash.substr(begin.size()))) : std::nullopt;
}

std::string_view Names::persist_file_of(std::string_view collection) {
  for (const StoreHash& each : kStoreHashes) {
    if (each.collection == collection) return each.persist_file;
  }
  return {};
}

std::vector<std::string> Names::stores_hashes() const {
  std::vector<std::string> hashes;
  for (const StoreHash& each : kStoreHashes) hashes.push_back(hash_of(each.collection));
  return hashes;
}

}  // namespace quipu::redis
