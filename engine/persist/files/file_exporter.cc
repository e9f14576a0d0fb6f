#include "engine/persist/files/file_exporter.h"

#include "engine/json_file/persist_file_writer.h"

namespace quipu {
namespace {

class KeyValueExporter : public FileExporter {
 private:
  Status write(const Source& source, OutputFile& file) const override {
    PersistFileWriter writer(file);
    for (const std::string& collection : source.collections()) {
      QUIPU_RETURN_IF_ERROR(writer.begin_collection(collection));
      QUIPU_RETURN_IF_ERROR(source.for_each(
          collection, [&](std::string_view key, JsonView value) { return writer.entry(key, value); }));
      QUIPU_RETURN_IF_ERROR(writer.end_collection());
    }
    return writer.finish();
  }
};

}  // namespace

std::unique_ptr<FileExporter> make_key_value_exporter() { return std::make_unique<KeyValueExporter>(); }

Status FileExporter::write(const KVReader& store, const std::vector<std::string>& collections,
                           OutputFile& file, const EntryDone& entry_done, FileReport& report) const {
  return write(Source(store, collections, entry_done, file, report), file);
}

std::string FileExporter::Source::collection_ending(std::string_view end) const {
  for (const std::string& collection : collections_) {
    if (collection.ends_with(end)) return collection;
  }
  return {};
}

Status FileExporter::Source::for_each(
    const std::string& collection,
    const std::function<Status(std::string_view key, JsonView value)>& use) const {
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan(in_order, collection));
  uint64_t count = 0;
  for (; it->next(); ++count) {
    QUIPU_RETURN_IF_ERROR(use(it->key(), it->val()));
    QUIPU_RETURN_IF_ERROR(entry_done());
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  report(collection, count);
  return Status::ok();
}

}  // namespace quipu
