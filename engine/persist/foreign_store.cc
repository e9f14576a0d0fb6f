#include "engine/persist/foreign_store.h"

#include <algorithm>
#include <string_view>

namespace quipu {
namespace {

struct ForeignStore {
  std::string_view name;    // that the store's file or folder has, or ends with where it begins with a dot
  std::string_view beside;  // what must stand beside it, where this is not empty
  std::string_view what;
  std::string_view llama_index_class;
};

constexpr ForeignStore kStores[] = {
    {"chroma.sqlite3", {}, "a Chroma database", "ChromaVectorStore"},
    {"chroma-embeddings.parquet", {}, "a Chroma database of before 0.4", "ChromaVectorStore"},
    {"collection", "meta.json", "a local Qdrant database", "QdrantVectorStore"},
    {"raft_state.json", "collections", "a Qdrant server's storage", "QdrantVectorStore"},
    {".lance", {}, "a LanceDB table", "LanceDBVectorStore"},
    {".faiss", {}, "a Faiss index", "FaissVectorStore"},
    {".duckdb", {}, "a DuckDB database", "DuckDBVectorStore"},
    {"milvus.db", {}, "a Milvus Lite database", "MilvusVectorStore"},
    {"milvus_demo.db", {}, "a Milvus Lite database", "MilvusVectorStore"},
    {"milvus_llamaindex.db", {}, "a Milvus Lite database", "MilvusVectorStore"},
    {"dataset_meta.json", {}, "a Deep Lake dataset", "DeepLakeVectorStore"},
};

const ForeignStore* recognise(const std::string& name, const std::vector<std::string>& names) {
  const auto found = std::ranges::find_if(kStores, [&](const ForeignStore& store) {
    const bool is_called_so = store.name.starts_with('.') ? name.ends_with(store.name) : name == store.name;
    return is_called_so && (store.beside.empty() || std::ranges::find(names, store.beside) != names.end());
  });
  return found == std::end(kStores) ? nullptr : found;
}

NotImportedFile described(const std::string& place, const ForeignStore& store) {
  const std::string name(store.llama_index_class);
  return {place, std::string(store.what) + ", whose vectors stay there: open it with " + name +
                     ", and load the indexes with that as vector_store"};
}

}  // namespace

std::vector<NotImportedFile> foreign_stores(const std::string& directory,
                                            const std::vector<std::string>& names, const FileSystem& fs) {
  std::vector<NotImportedFile> found;
  for (const std::string& name : names) {
    if (const ForeignStore* const store = recognise(name, names)) {
      found.push_back(described(name, *store));
    } else if (name.find('.') == std::string::npos) {  // a folder, perhaps
      const Result<std::vector<std::string>> inside = fs.list(path_in(directory, name));
      if (!inside) continue;
      for (const std::string& file : *inside) {
        if (const ForeignStore* const store = recognise(file, *inside)) {
          found.push_back(described(path_in(name, file), *store));
        }
      }
    }
  }
  return found;
}

}  // namespace quipu
