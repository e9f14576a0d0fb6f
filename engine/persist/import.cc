#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "engine/files/decoding_file_system.h"
#include "engine/layout/persist_file_name.h"
#include "engine/persist/checked_load.h"
#include "engine/persist/directory_plan.h"
#include "engine/persist/files/file_loaders.h"
#include "engine/persist/files/file_progress.h"
#include "engine/persist/storage_files.h"
#include "quipu/backend/executor.h"
#include "quipu/bulk_load.h"
#include "quipu/persist_dir.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"

namespace quipu {
namespace {

// For a dry run.
class DiscardingLoad : public BulkLoad {
 public:
  Status begin_file(std::string_view) override { return Status::ok(); }
  Status begin_collection(std::string_view, const CollectionOptions&) override { return Status::ok(); }
  Status put(std::string_view, JsonView) override { return Status::ok(); }
  Status put_vector(std::string_view, std::span<const double>) override { return Status::ok(); }
  Status commit() override { return Status::ok(); }
};

// Checks that `store` may take an import; notes whose its collections are.
Status check_target(const BaseKVStore& store, bool merge, CollectionOwners& owners) {
  Result<std::vector<CollectionInfo>> infos = store.collections();
  if (!infos) {
    return infos.error().code() == StatusCode::kNotSupported ? Status::ok() : infos.error();
  }
  if (!merge && !infos->empty()) {
    return Status::invalid_argument(
        "the store is not empty: it holds collection \"" + infos->front().name +
        "\" (merge adds to it, and imported values replace those of the same key)");
  }
  for (const CollectionInfo& info : *infos) {
    if (!info.persist_file.empty()) owners[info.name] = info.persist_file;
  }
  return Status::ok();
}

// After the commit: the store's counts against what was read. Fewer is right when a file repeats a key, more
// when the collection was there before; then its keys are counted one by one.
Status check_counts(const BaseKVStore& store, std::vector<FileReport>& files) {
  for (FileReport& file : files) {
    for (CollectionReport& collection : file.collections) {
      QUIPU_ASSIGN_OR_RETURN(const uint64_t count, store.count(collection.name));
      if (count != std::exchange(collection.count, count)) {
        ScanOptions keys;
        keys.keys_only = true;
        QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store.scan(keys, collection.name));
        uint64_t found = 0;
        while (it->next()) ++found;
        QUIPU_RETURN_IF_ERROR(it->status());
        if (found != count) {
          return Status::corruption("collection \"" + collection.name + "\" counts " + std::to_string(count) +
                                    " keys but holds " + std::to_string(found));
        }
      }
    }
  }
  return Status::ok();
}

// Where a planned file goes.
class IntoLoaders : public ConversionTarget {
 public:
  IntoLoaders(FileLoaders& loaders, uint64_t file_bytes) : loaders_(loaders), bytes_(file_bytes) {}

  Result<PersistFileHandler*> file(std::string_view persist_file) override {
    QUIPU_ASSIGN_OR_RETURN(FileLoader* const loader, loaders_.at(persist_file));
    loader->add_bytes(std::exchange(bytes_, 0));  // counted for the first
    return loader;
  }
  void note(std::string text) override { loaders_.note(std::move(text)); }

 private:
  FileLoaders& loaders_;
  uint64_t bytes_;
};

Status read_files(const DirectoryPlan& plan, const ImportOptions& options, FileLoaders& loaders) {
  const auto bytes_of = [&](const std::string& name) {
    return size_of(path_in(plan.directory, name), *options.fs);
  };
  const auto bytes_of_all = [&](const PlannedFile& file) {
    uint64_t bytes = bytes_of(file.name);
    for (const std::string& name : file.further) bytes += bytes_of(name);
    return bytes;
  };
  uint64_t total = 0;
  for (const PlannedFile& file : plan.files) total += bytes_of_all(file);
  for (const LeftOutFile& left : plan.left_out) total += left.is_store_file ? bytes_of(left.file.name) : 0;
  ImportProgress progress(options.progress, total);
  for (const PlannedFile& file : plan.files) {
    const std::vector<SourceFile> sources =
        sources_of(plan, file, [&](const std::string& name) { return progress.options_for(name, options); });
    const uint64_t bytes = bytes_of_all(file);
    IntoLoaders target(loaders, bytes);
    QUIPU_RETURN_IF_ERROR(read_planned_file(file, sources, target));
    progress.file_done(bytes);
  }
  for (const LeftOutFile& left : plan.left_out) {
    if (!left.is_store_file) continue;
    QUIPU_RETURN_IF_ERROR(check_json_file(path_in(plan.directory, left.file.name),
                                          progress.options_for(left.file.name, options)));
    progress.file_done(bytes_of(left.file.name));
  }
  return Status::ok();
}

// Until they are removed nobody sees them.
Status remove_left_messages(BaseKVStore& store, const CheckedLoad& load) {
  constexpr size_t kBatchKeys = 1000;
  WriteBatch batch;
  for (const auto& [chat, ids] : load.left_messages()) {
    for (uint64_t id = ids.begin; id < ids.end; ++id) {
      batch.delete_(kChatMessages, message_key(chat, id));
      if (batch.size() < kBatchKeys) continue;
      QUIPU_RETURN_IF_ERROR(store.write(batch));
      batch.clear();
    }
  }
  return batch.empty() ? Status::ok() : store.write(batch);
}

// Document stores before all others, vector stores behind them: these are checked against the nodes.
void put_vectors_last(std::vector<PlannedFile>& files) {
  std::ranges::stable_partition(
      files, [](const PlannedFile& file) { return !vector_store_namespace(file.persist_file); });
  std::ranges::stable_partition(
      files, [](const PlannedFile& file) { return file.persist_file == DOCSTORE_PERSIST_FNAME; });
}

// Brings what was merged into stores that are searched by partitions into these, as later adds would, some at
// a time.
Status arrange_partitions(BaseKVStore& store, const std::vector<FileReport>& files) {
  for (const FileReport& file : files) {
    const std::optional<std::string> ns = vector_store_namespace(file.name);
    if (!ns) continue;
    KVVectorStore vectors(unowned_pointer(store), *ns);
    QUIPU_ASSIGN_OR_RETURN(const std::optional<double> recall, vectors.ann());
    if (recall) QUIPU_RETURN_IF_ERROR(vectors.use_ann(*recall));
  }
  return Status::ok();
}

Status no_warnings(const ImportReport& report) {
  if (report.warnings.empty()) return Status::ok();
  std::string message;
  for (const Fault& warning : report.warnings) message += (message.empty() ? "" : "; ") + warning.message;
  return Status::invalid_argument("nothing is imported, for the import is strict: " + message);
}

Result<ImportReport> import_files(const std::string& directory, BaseKVStore& store,
                                  const ImportOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(DirectoryPlan plan, plan_directory(directory, options.files, *options.fs));
  if (plan.files.empty()) return nothing_persisted(directory);
  put_vectors_last(plan.files);
  std::unique_ptr<BulkLoad> target = std::make_unique<DiscardingLoad>();
  if (!options.dry_run) {
    QUIPU_ASSIGN_OR_RETURN(target, store.bulk_load());
  }
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CheckedLoad> load,
                         CheckedLoad::over(std::move(target), store));
  CollectionOwners owners;
  QUIPU_RETURN_IF_ERROR(check_target(store, options.merge, owners));

  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> kept, files_before_merge(store));
  for (const std::string& file : kept) QUIPU_RETURN_IF_ERROR(load->begin_file(file));

  FileLoaders loaders(*load, owners);
  QUIPU_RETURN_IF_ERROR(read_files(plan, options, loaders));
  QUIPU_RETURN_IF_ERROR(loaders.finish());
  ImportReport report{loaders.reports(), {}, loaders.notes(), {}};
  for (LeftOutFile& left : plan.left_out) report.not_imported.push_back(std::move(left.file));
  QUIPU_RETURN_IF_ERROR(load->finish([&](Fault warning) {
    report.warnings.push_back(std::move(warning));
    return Status::ok();
  }));
  if (options.strict) QUIPU_RETURN_IF_ERROR(no_warnings(report));
  if (options.dry_run) return report;
  QUIPU_RETURN_IF_ERROR(load->commit());
  QUIPU_RETURN_IF_ERROR(remove_left_messages(store, *load));
  QUIPU_RETURN_IF_ERROR(check_counts(store, report.files));
  QUIPU_RETURN_IF_ERROR(arrange_partitions(store, report.files));
  return report;
}

}  // namespace

Result<bool> is_persist_dir(const std::string& directory, const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(const DirectoryPlan plan, plan_directory(directory, {}, fs));
  return !plan.files.empty();
}

Result<ImportReport> import_persist_dir(const std::string& directory, BaseKVStore& store,
                                        const ImportOptions& options) {
  return with_decoded_files(
      options, [&](const ImportOptions& decoded) { return import_files(directory, store, decoded); });
}

}  // namespace quipu
