#include "engine/persist/conversions/one_file_conversion.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/layout/storage_layout.h"
#include "engine/persist/conversions/one_file_documents.h"
#include "engine/persist/conversions/one_file_index.h"
#include "engine/persist/conversions/one_file_reader.h"
#include "engine/persist/conversions/one_file_vectors.h"
#include "quipu/graph_store.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

constexpr std::string_view kDefaultVectorStore = "default__vector_store.json";

constexpr std::array kPersistFiles = {DOCSTORE_PERSIST_FNAME, INDEX_STORE_PERSIST_FNAME,
                                      GRAPH_STORE_PERSIST_FNAME, kDefaultVectorStore};

std::string quoted(std::string_view text) { return Json::from_string(text).text(); }

class OneFiles {
 public:
  OneFiles(std::span<const SourceFile> sources, ConversionTarget& target)
      : sources_(sources), target_(target) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(read_documents());
    QUIPU_RETURN_IF_ERROR(write_indexes());
    QUIPU_RETURN_IF_ERROR(write_edges());
    QUIPU_RETURN_IF_ERROR(write_vectors());
    note_losses();
    return Status::ok();
  }

 private:
  Status read_documents() {
    QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const docstore, target_.file(DOCSTORE_PERSIST_FNAME));
    OneFileDocuments& documents = documents_.emplace(*docstore);
    indexes_.resize(sources_.size());
    QUIPU_RETURN_IF_ERROR(documents.begin());
    for (size_t i = 0; i < sources_.size(); ++i) {
      const SourceFile& source = sources_[i];
      QUIPU_ASSIGN_OR_RETURN(const OneFile file, read_one_file(source.path, source.options));
      const size_t before = documents.count();
      const Status added = documents.add(source.name, file, indexes_[i]);
      if (added.code() == StatusCode::kInvalidArgument) {
        return Status::invalid_argument(source.path + ": " + added.message());
      }
      QUIPU_RETURN_IF_ERROR(added);
      target_.note(source.name + " is an index of LlamaIndex before 0.6: its " +
                   std::to_string(documents.count() - before) +
                   " nodes, index structs and vectors are converted");
      if (indexes_[i].size() > 1 && !file.root_id.empty()) {
        target_.note(source.name + " is a graph of " + std::to_string(indexes_[i].size()) +
                     " indexes: load_graph_from_storage wants root_id=" + quoted(file.root_id));
      }
      vectors_.plan(file, indexes_[i]);
    }
    return documents.finish();
  }

  Status write_indexes() {
    QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const index_store, target_.file(INDEX_STORE_PERSIST_FNAME));
    QUIPU_RETURN_IF_ERROR(
        index_store->begin_collection(collection_of(kIndexStoreNamespace, kDataEnding), JsonKind::kObject));
    OrderedMap<const OneFileIndex*> known;
    for (size_t i = 0; i < sources_.size(); ++i) {
      for (const OneFileIndex& index : indexes_[i]) {
        if (known.find(index.id) != known.end()) {
          return Status::invalid_argument(sources_[i].path + ": index struct " + quoted(index.id) +
                                          " is there twice; import the files one by one, by their paths");
        }
        known.insert_or_assign(index.id, &index);
        QUIPU_RETURN_IF_ERROR(index_store->entry(index.id, index.stored));
      }
    }
    return index_store->end_collection();
  }

  // One graph store has the edges of all; an edge that two indexes have is one.
  Status write_edges() {
    OrderedMap<std::vector<std::string>> graph;
    size_t graphs = 0;
    for (const std::vector<OneFileIndex>& indexes : indexes_) {
      for (const OneFileIndex& index : indexes) {
        graphs += index.edges.empty() ? 0 : 1;
        for (const auto& [subject, edges] : index.edges) {
          std::vector<std::string>& all = graph[subject];
          const std::set<std::string> before(all.begin(), all.end());
          std::ranges::copy_if(edges, std::back_inserter(all),
                               [&](const std::string& edge) { return !before.contains(edge); });
        }
      }
    }
    if (graphs == 0) return Status::ok();
    if (graphs > 1) {
      target_.note("the edges of " + std::to_string(graphs) + " knowledge graphs are in one graph store now");
    }
    QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const store, target_.file(GRAPH_STORE_PERSIST_FNAME));
    QUIPU_RETURN_IF_ERROR(store->begin_collection(kGraphDict, JsonKind::kObject));
    for (const auto& [subject, edges] : graph) {
      std::string text = "[";
      for (const std::string& edge : edges) (text += text.size() > 1 ? ", " : "") += edge;
      text += "]";
      QUIPU_RETURN_IF_ERROR(store->entry(subject, JsonView::from_canonical(text)));
    }
    return store->end_collection();
  }

  // There is a default store unless indexes have theirs elsewhere: a storage context of today has one.
  Status write_vectors() {
    if (vectors_.is_empty() && notes_of_stores_elsewhere()) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const store, target_.file(kDefaultVectorStore));
    QUIPU_RETURN_IF_ERROR(vectors_.begin(*store));
    for (const SourceFile& source : sources_) {
      QUIPU_RETURN_IF_ERROR(vectors_.read_next(source.path, source.options, *documents_));
    }
    return vectors_.finish();
  }

  // Whether there are any.
  bool notes_of_stores_elsewhere() {
    bool any = false;
    for (const std::vector<OneFileIndex>& indexes : indexes_) {
      for (const OneFileIndex& index : indexes) {
        if (!index.is_vector_index || index.has_vectors || index.old_type == "simple_dict") continue;
        any = true;
        target_.note("the vectors of index " + quoted(index.id) + " (" + index.old_type +
                     ") are in a store of their own, not in the file: LlamaIndex wants that store");
      }
    }
    return any;
  }

  void note_losses() {
    const auto note = [&](uint64_t count, std::string_view what) {
      if (count > 0) target_.note(std::to_string(count) + " " + std::string(what));
    };
    if (vectors_.indexes() > 1) {
      note(vectors_.indexes(),
           "vector indexes have their vectors in one store now, as LlamaIndex has had since 0.6: a query of "
           "one "
           "fails when it meets a node of another");
    }
    note(vectors_.other_copies(),
         "index structs had other vectors than their vector stores, whose were taken");
    note(vectors_.without_node(), "vectors are of nodes that no index struct of theirs names");
    const OneFileLosses& losses = documents_->losses();
    note(losses.node_info, "nodes had more node_info than where their text begins and ends; it is left out");
    note(losses.document_images,
         "documents had images, which documents of today do not store; they are left out");
    note(losses.index_extra_info, "index structs had extra_info or an embedding; it is left out");
  }

  const std::span<const SourceFile> sources_;
  ConversionTarget& target_;
  std::optional<OneFileDocuments> documents_;
  std::vector<std::vector<OneFileIndex>> indexes_;  // of each file
  OneFileVectorStore vectors_;
};

bool recognises(FileHead& file) {
  return file.begins_with_member("index_struct_id") || file.begins_with_member("index_struct") ||
         file.begins_with_member("docstore");  // with the keys sorted
}

Status convert(std::span<const SourceFile> files, ConversionTarget& target) {
  return OneFiles(files, target).run();
}

}  // namespace

const Conversion kOneFileConversion = {"index of LlamaIndex before 0.6", kPersistFiles, recognises, nullptr,
                                       convert};

}  // namespace quipu
