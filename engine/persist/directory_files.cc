#include "engine/persist/directory_files.h"

#include <algorithm>
#include <iterator>

#include "engine/persist/file_name.h"
#include "quipu/graph_store.h"
#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"

namespace quipu {

Result<std::vector<std::string>> other_files(const std::string& directory,
                                             const std::vector<std::string>& files, const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> others, fs.list(directory));
  std::erase_if(others, [&](const std::string& name) {
    return !name.ends_with(".json") || std::ranges::find(files, name) != files.end();
  });
  return others;
}

Result<std::vector<std::string>> store_files(const std::string& directory, const FileSystem& fs) {
  std::vector<std::string> files = {std::string(DOCSTORE_PERSIST_FNAME),
                                    std::string(INDEX_STORE_PERSIST_FNAME)};
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> others, other_files(directory, files, fs));
  for (const std::string_view name : {GRAPH_STORE_PERSIST_FNAME, PG_STORE_PERSIST_FNAME}) {
    if (std::ranges::find(others, name) != others.end()) files.emplace_back(name);
  }
  std::ranges::copy_if(others, std::back_inserter(files),
                       [](const std::string& name) { return vector_store_namespace(name).has_value(); });
  return files;
}

}  // namespace quipu
