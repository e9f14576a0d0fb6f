// FileExporter: writes one persist file from a store's collections. Each kind of file has its own
// (persist_file_kind.h).

#ifndef QUIPU_ENGINE_PERSIST_FILES_FILE_EXPORTER_H_
#define QUIPU_ENGINE_PERSIST_FILES_FILE_EXPORTER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/persist_dir.h"

namespace quipu {

class FileExporter {
 public:
  virtual ~FileExporter() = default;
  // Called after each entry with the bytes written; what is not OK ends the export.
  using EntryDone = std::function<Status(uint64_t bytes)>;

  // Writes `collections`, the store's that belong to the file, in order. The report's bytes are the caller's.
  Status write(const KVReader& store, const std::vector<std::string>& collections, OutputFile& file,
               const EntryDone& entry_done, FileReport& report) const;

 protected:
  // The entries of a collection in insertion order, each handed to `use`.
  class Source {
   public:
    Source(const KVReader& store, const std::vector<std::string>& collections, const EntryDone& entry_done,
           const OutputFile& file, FileReport& report)
        : store_(store), collections_(collections), entry_done_(entry_done), file_(file), report_(report) {}

    const KVReader& store() const { return store_; }
    // The file's name.
    const std::string& file_name() const { return report_.name; }
    const std::vector<std::string>& collections() const { return collections_; }
    // The collection whose name ends so; empty when there is none.
    std::string collection_ending(std::string_view end) const;
    Status for_each(const std::string& collection,
                    const std::function<Status(std::string_view key, JsonView value)>& use) const;
    // For entries that are read another way: to be called after each, and with how many there were.
    Status entry_done() const { return entry_done_(file_.bytes_written()); }
    void report(const std::string& collection, uint64_t count) const {
      report_.collections.push_back({collection, count});
    }

   private:
    const KVReader& store_;
    const std::vector<std::string>& collections_;
    const EntryDone& entry_done_;
    const OutputFile& file_;
    FileReport& report_;
  };

 private:
  virtual Status write(const Source& source, OutputFile& file) const = 0;
};

// The first writes collections and values as they are.
std::unique_ptr<FileExporter> make_key_value_exporter();
std::unique_ptr<FileExporter> make_graph_exporter();
std::unique_ptr<FileExporter> make_property_graph_exporter();
std::unique_ptr<FileExporter> make_vector_exporter();
std::unique_ptr<FileExporter> make_chat_exporter();

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FILES_FILE_EXPORTER_H_
