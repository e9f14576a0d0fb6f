// Persist directories: LlamaIndex's JSON files into a store and back, byte for byte.
//
//   QUIPU_ASSIGN_OR_RETURN(ImportReport in, import_persist_dir("./storage", *store));
//   QUIPU_ASSIGN_OR_RETURN(ExportReport out, export_persist_dir(*store, "./storage-copy"));
//
// Files of every version are read, and converted where today's LlamaIndex no longer reads them as they are.
// Files are streamed: memory is bounded by the store's budget and the longest single value. Import takes what
// Python's json.load takes, refuses what it refuses, and is all or nothing over the whole directory. Export
// writes what the reference's persist() would write after loading the same files; each file is replaced
// atomically.

#ifndef QUIPU_PERSIST_DIR_H_
#define QUIPU_PERSIST_DIR_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"
#include "quipu/status.h"
#include "quipu/verify.h"

namespace quipu {

inline constexpr std::string_view DOCSTORE_PERSIST_FNAME = "docstore.json";
inline constexpr std::string_view INDEX_STORE_PERSIST_FNAME = "index_store.json";
// Where collections go on export that no document or index store has claimed.
inline constexpr std::string_view KVSTORE_PERSIST_FNAME = "kvstore.json";

struct ImportOptions {
  // Names of files in the directory to be read, as key-value files where they are no other store's; whatever
  // else is there is not looked at. Empty: all that LlamaIndex has persisted there. Of a storage context both
  // docstore.json and index_store.json must exist, as the reference demands; a document store alone, and a
  // pipeline's llama_cache, need no other.
  std::vector<std::string> files;
  // Allow a store that holds collections already; imported pairs win over what is there.
  bool merge = false;
  // Read and check everything, write nothing.
  bool dry_run = false;
  // Fail, and write nothing, where the report would have warnings.
  bool strict = false;
  // Longest value, in bytes; a longer one is refused by name.
  uint64_t max_value_bytes = 256ULL << 20;
  // Deepest nesting of a value; one nested more deeply is refused by name. At most kMaxJsonDepth.
  int max_nesting = kMaxJsonDepth;
  // The encoding of files that are neither ASCII nor UTF-8, such as those that LlamaIndex wrote on Windows in
  // the system's code page: a name of Python's or of iconv's ("gbk", "cp932", "cp1252", "utf-16"). Each file
  // is judged by itself, by the 64 KiB that begin with its first byte beyond ASCII; where it is converted,
  // messages count bytes as in UTF-8. Empty: all are UTF-8.
  std::string encoding = {};
  ProgressCallback progress = {};
  const FileSystem* fs = &local_file_system();  // that the directory is of
};

struct CollectionReport {
  std::string name;
  uint64_t count = 0;  // keys
};

struct FileReport {
  std::string name;
  uint64_t bytes = 0;
  std::vector<CollectionReport> collections;
};

struct NotImportedFile {
  std::string name;
  std::string reason;
};

struct ImportReport {
  std::vector<FileReport> files;  // as the store knows them
  // JSON files of the directory that were left alone. Those of vector stores were checked to be JSON.
  std::vector<NotImportedFile> not_imported;
  // What was not in the form that today's LlamaIndex reads and was converted, or could not be; a sentence
  // each.
  std::vector<std::string> notes;
  // What does not fit together in what was read: one for each index or store that is concerned.
  std::vector<Fault> warnings;
};

// Whether there is something in a directory that import_persist_dir imports. Errors: kIoError.
Result<bool> is_persist_dir(const std::string& directory, const FileSystem& fs = local_file_system());

// Imports a persist directory, or one file by its path. Errors: kInvalidArgument (bad JSON with file, line,
// byte, collection and key; what is no JSON, by what it is; a store that is not empty, without `merge`),
// kIoError, kCorruption. On an error the store is as it was.
Result<ImportReport> import_persist_dir(const std::string& directory, BaseKVStore& store,
                                        const ImportOptions& options = {});

struct ExportOptions {
  // Write into a directory that is not empty; only files of the same names are replaced.
  bool force = false;
  // Check the target and report what would be written, without the sizes; write nothing.
  bool dry_run = false;
  ProgressCallback progress = {};
  const FileSystem* fs = &local_file_system();  // that the directory is of
};

struct ExportReport {
  std::vector<FileReport> files;
  // Tables beside the store, on its server, that are no part of it, as in "data_essays (vectors)".
  std::vector<std::string> left_out;
};

// Writes every persist file of the store into `directory`, which is made when it is missing. All files are of
// one state of the store. Of a storage that was imported, its files and those of what has been added since;
// of one that was made here, those of the default stores, too, as StorageContext::from_defaults() has them,
// so that the reference can load it. Errors: kAlreadyExists (the directory is not empty, without `force`),
// kInvalidArgument (a persist file's name is no plain file name; `directory` is that of a database, or in
// it), kIoError. A file that could not be written whole is not replaced.
Result<ExportReport> export_persist_dir(const BaseKVStore& store, const std::string& directory,
                                        const ExportOptions& options = {});

// Reads a persist directory as an import does, but goes on behind what an import refuses, and reports each
// fault; where all files can be read to their end, also what verify_stores() finds in them. `scratch`: an
// empty store, to be thrown away; on RocksDB, memory is bounded as for an import. Nothing is written
// elsewhere. Of the options max_value_bytes, max_nesting, encoding, progress and fs count. OK when all could
// be checked.
Status verify_persist_dir(const std::string& directory, BaseKVStore& scratch,
                          const std::function<void(const Fault&)>& report, const ImportOptions& options = {});

// One file of a persist directory, for stores that keep a single one (MemoryKVStore). Export makes its
// directory when it is missing.
Status import_persist_file(const std::string& path, BulkLoad& load, const ImportOptions& options = {});
Result<FileReport> export_persist_file(const KVReader& store, const std::string& path,
                                       const std::vector<std::string>& collections,
                                       const ProgressCallback& progress = {},
                                       const FileSystem& fs = local_file_system());

// Checks the stores in `store` and reports each fault and note; OK when the check could be made.
// Faults. Document stores: each node has its own id and its metadata, what names a ref doc is listed
// there, and a ref doc that has the text of one of its nodes has that of all. Vector stores: what has an
// embedding has a document and, unless nothing in the store has, metadata, and nothing else has these.
// Graphs: edges, nodes and relations are well-formed, triplets have their nodes and relations, and
// relations their triplets.
// Notes, one for each index or store, with counts and an example: an index struct names nodes that no
// document store has, or no vector store, or keywords that no graph store has; vectors have no nodes; ref
// docs list nodes that do not exist, or are listed twice.
// Cost: a scan of all collections. What mends the faults: verify.h. With `progress`, whose bytes are those
// that were read (how many there are is not known), `report` is called from another thread.
Status verify_stores(const BaseKVStore& store, const std::function<void(const Fault&)>& report,
                     const ProgressCallback& progress = {});

}  // namespace quipu

#endif  // QUIPU_PERSIST_DIR_H_
