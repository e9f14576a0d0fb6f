#include "engine/stores/store_file.h"

#include <algorithm>

#include "engine/kv/consistent_view.h"
#include "quipu/persist_dir.h"

namespace quipu {

Status persist_store_file(const BaseKVStore& kvstore, const std::vector<std::string>& own,
                          const std::string& persist_path, const FileSystem& fs) {
  return read_consistent_view(kvstore, [&](const KVReader& state) {
    std::vector<std::string> collections;
    if (const auto infos = state.collections()) {
      for (const CollectionInfo& info : *infos) {
        if (std::ranges::find(own, info.name) != own.end()) collections.push_back(info.name);
      }
    } else {
      collections = own;
    }
    return export_persist_file(state, persist_path, collections, {}, fs).status();
  });
}

}  // namespace quipu
