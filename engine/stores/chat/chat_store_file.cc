// A chat store's persist file.

#include <utility>

#include "engine/kv/consistent_view.h"
#include "engine/layout/chat_record.h"
#include "engine/persist/files/file_exporter.h"
#include "engine/persist/files/file_loader.h"
#include "engine/persist/files/file_progress.h"
#include "quipu/bulk_load.h"
#include "quipu/chat_store.h"
#include "quipu/memory_kv_store.h"

namespace quipu {

Status KVChatStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  return read_consistent_view(*kvstore_, [&](const KVReader& state) -> Status {
    QUIPU_RETURN_IF_ERROR(fs.make_directory(directory_of(persist_path)).status());
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, fs.create(persist_path));
    const ProgressCallback nobody;
    ExportProgress progress(nobody, 0);
    QUIPU_RETURN_IF_ERROR(
        write_file(state, std::string(CHAT_STORE_PERSIST_FNAME), *make_chat_exporter(), {}, *file, progress)
            .status());
    return file->commit();
  });
}

SimpleChatStore::SimpleChatStore() : KVChatStore(std::make_shared<MemoryKVStore>()) {}

Result<SimpleChatStore> SimpleChatStore::from_persist_path(const std::string& persist_path,
                                                           const FileSystem& fs) {
  SimpleChatStore store;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, fs.file_size(persist_path));
  if (!size) return store;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<BulkLoad> load, store.kvstore().bulk_load());
  CollectionOwners owners;
  const std::unique_ptr<FileLoader> loader =
      make_chat_loader(std::string(CHAT_STORE_PERSIST_FNAME), *load, owners);
  QUIPU_RETURN_IF_ERROR(read_persist_file(persist_path, {.fs = &fs}, *loader));
  QUIPU_RETURN_IF_ERROR(load->commit());
  return store;
}

}  // namespace quipu
