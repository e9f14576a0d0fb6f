// DirectoryPlan: which files of a persist directory are read, as what, and which are not, and why.

#ifndef QUIPU_ENGINE_PERSIST_DIRECTORY_PLAN_H_
#define QUIPU_ENGINE_PERSIST_DIRECTORY_PLAN_H_

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/persist/conversions/conversion.h"
#include "quipu/persist_dir.h"

namespace quipu {

struct PlannedFile {
  std::string name;                        // in the directory
  std::vector<std::string> further = {};   // files that the conversion reads together with it
  std::string persist_file;                // in the store; empty with a conversion
  const Conversion* conversion = nullptr;  // for a file that is not in today's form
};

struct LeftOutFile {
  NotImportedFile file;
  bool is_store_file = false;  // of a vector store: it must be JSON, for a damaged one must not pass unseen
};

struct DirectoryPlan {
  std::string directory;
  std::vector<PlannedFile> files;     // in the order in which they are read
  std::vector<LeftOutFile> left_out;  // JSON files, sorted
};

// `path`: a persist directory, or one file, which is then planned whatever stands beside it. `names`: the
// files to be read, the others then do not count; empty: all that LlamaIndex persists, which may be nothing.
// Of a storage context, which has more than docstore.json and a pipeline's cache, docstore.json and
// index_store.json are planned also where they are missing: reading them says so. Errors: kIoError,
// kInvalidArgument (a name that is no plain file name).
Result<DirectoryPlan> plan_directory(const std::string& path, const std::vector<std::string>& names,
                                     const FileSystem& fs);

// kIoError: the directory holds nothing to be read.
Status nothing_persisted(const std::string& directory);

// A planned file, and behind it the further ones.
std::vector<SourceFile> sources_of(
    const DirectoryPlan& plan, const PlannedFile& file,
    const std::function<PersistFileOptions(const std::string& name)>& options_for);
// `sources`: those of the file.
Status read_planned_file(const PlannedFile& file, std::span<const SourceFile> sources,
                         ConversionTarget& target);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_DIRECTORY_PLAN_H_
