#include "engine/persist/conversions/one_file_vectors.h"

#include <algorithm>

#include "engine/layout/storage_layout.h"

namespace quipu {
namespace {

bool same_vectors(const OrderedMap<size_t>& a, const OrderedMap<size_t>& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const auto& vector) {
           const auto other = b.find(vector.first);
           return other != b.end() && other->second == vector.second;
         });
}

}  // namespace

void OneFileVectorStore::take(const OneFile& file, const OneFileIndex& index, bool is_only,
                              std::vector<Source>& sources) {
  const auto find = [&](bool of_struct) {
    return std::ranges::find_if(file.vectors, [&](const OneFileVectorIds& vectors) {
      const std::string& id = vectors.where.index_id;
      return vectors.where.of_struct == of_struct && (id == index.id || (id.empty() && is_only));
    });
  };
  const auto store = find(/*of_struct=*/false);
  const auto copy = find(/*of_struct=*/true);
  const bool has_copy = copy != file.vectors.end() && !copy->hash_of.empty();
  const bool has_store = store != file.vectors.end() && (!store->hash_of.empty() || !has_copy);
  if (has_store && has_copy && !same_vectors(store->hash_of, copy->hash_of)) ++other_copies_;
  if (!has_store && !has_copy) return;
  sources.push_back({has_store ? *store : *copy, &index});
  indexes_ += sources.back().vectors.hash_of.empty() ? 0 : 1;
}

void OneFileVectorStore::plan(const OneFile& file, std::span<const OneFileIndex> indexes) {
  std::vector<Source> sources;
  for (const OneFileIndex& index : indexes) {
    const bool is_only = indexes.size() == 1 || index.id == file.root_id;
    if (index.is_vector_index) take(file, index, is_only, sources);
  }
  const auto is_of_index = [&](const OneFileVectorIds& vectors) {
    return std::ranges::any_of(indexes, [&](const OneFileIndex& index) {
      return index.is_vector_index && (vectors.where.index_id.empty() || vectors.where.index_id == index.id);
    });
  };
  for (const OneFileVectorIds& vectors : file.vectors) {
    if (!is_of_index(vectors)) sources.push_back({vectors, nullptr});
  }
  planned_ += sources.size();
  files_.push_back(std::move(sources));
}

Status OneFileVectorStore::begin(PersistFileHandler& vector_store) {
  vector_store_ = &vector_store;
  return vector_store.begin_collection(kEmbeddingDict, JsonKind::kObject);
}

Status OneFileVectorStore::put(const Source& source, const OneFileDocuments& documents, std::string_view id,
                               JsonView elements) {
  std::string node_id(id);
  bool has_node = documents.has(id);
  if (source.index != nullptr) {
    const auto node = source.index->node_of_vector.find(id);
    has_node = node != source.index->node_of_vector.end();
    if (has_node) node_id = node->second;
  }
  without_node_ += has_node ? 0 : 1;
  const auto told = source.vectors.ref_doc_of.find(id);
  std::string ref_doc =
      told == source.vectors.ref_doc_of.end() ? documents.ref_doc_of(node_id) : told->second;
  if (ref_doc.empty()) ref_doc = "None";  // as the reference's vector store has it
  const size_t hash = source.vectors.hash_of.find(id)->second;
  if (const auto other = ref_docs_.find(node_id); other != ref_docs_.end()) {
    if (other->second.second == hash) return Status::ok();
    return Status::invalid_argument("two indexes have different vectors of this node");
  }
  ref_docs_.insert_or_assign(node_id, {std::move(ref_doc), hash});
  return vector_store_->entry(node_id, elements);
}

Status OneFileVectorStore::read_next(const std::string& path, const PersistFileOptions& options,
                                     const OneFileDocuments& documents) {
  const std::vector<Source>& sources = files_[next_++];
  if (sources.empty()) return Status::ok();
  return read_one_file_vectors(
      path, options, [&](const OneFileVectors& where, std::string_view id, JsonView elements) {
        const auto source =
            std::ranges::find(sources, where, [](const Source& s) { return s.vectors.where; });
        if (source == sources.end()) return Status::ok();
        if (source->vectors.hash_of.find(id) == source->vectors.hash_of.end()) {
          return Status::invalid_argument("the file has changed while it was read");
        }
        return put(*source, documents, id, elements);
      });
}

Status OneFileVectorStore::finish() {
  QUIPU_RETURN_IF_ERROR(vector_store_->end_collection());
  QUIPU_RETURN_IF_ERROR(vector_store_->begin_collection(kTextIdToRefDocId, JsonKind::kObject));
  for (const auto& [id, ref_doc] : ref_docs_) {
    QUIPU_RETURN_IF_ERROR(vector_store_->entry(id, Json::from_string(ref_doc.first)));
  }
  QUIPU_RETURN_IF_ERROR(vector_store_->end_collection());
  QUIPU_RETURN_IF_ERROR(vector_store_->begin_collection(kMetadataDict, JsonKind::kObject));
  return vector_store_->end_collection();
}

}  // namespace quipu
