#include <set>
#include <string>

#include "engine/stores/one_moment.h"
#include "engine/stores/stored_forms.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

using ReportFault = std::function<void(const InvariantFault&)>;

Status check_vector_store(const KVReader& store, const VectorCollections& collections,
                          const ReportFault& report) {
  // Every key of `from` is in `in`, too.
  const auto check = [&](const std::string& from, const std::string& in, const char* what) -> Status {
    ScanOptions keys;
    keys.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(keys, from));
    while (it->next()) {
      QUIPU_ASSIGN_OR_RETURN(const bool there, store.exists(it->key(), in));
      if (!there) report({from, std::string(it->key()), what + in});
    }
    return it->status();
  };
  QUIPU_RETURN_IF_ERROR(
      check(collections.embeddings, collections.ref_doc_ids, "the vector has no entry in "));
  QUIPU_RETURN_IF_ERROR(check(collections.ref_doc_ids, collections.embeddings, "there is no vector in "));
  QUIPU_RETURN_IF_ERROR(check(collections.metadata, collections.embeddings, "there is no vector in "));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t with_metadata, store.count(collections.metadata));
  if (with_metadata == 0) return Status::ok();  // of an older version, which kept none
  return check(collections.embeddings, collections.metadata, "the vector has no entry in ");
}

std::set<std::string> vector_store_namespaces(const std::vector<CollectionInfo>& infos) {
  constexpr std::string_view kStart = "vector_store/";
  std::set<std::string> namespaces;
  for (const CollectionInfo& info : infos) {
    for (const std::string_view end : {"/embeddings", "/ref_doc_ids", "/metadata"}) {
      const size_t around = kStart.size() + end.size();
      if (info.name.size() < around || !info.name.starts_with(kStart) || !info.name.ends_with(end)) continue;
      namespaces.insert(info.name.substr(kStart.size(), info.name.size() - around));
    }
  }
  return namespaces;
}

}  // namespace

Status verify_vector_stores(const BaseKVStore& store, const ReportFault& report) {
  return read_at_one_moment(store, [&](const KVReader& state) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, state.collections());
    for (const std::string& ns : vector_store_namespaces(infos)) {
      QUIPU_RETURN_IF_ERROR(check_vector_store(state, VectorCollections(ns), report));
    }
    return Status::ok();
  });
}

}  // namespace quipu
