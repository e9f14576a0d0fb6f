// DirectoryPlan: which files of a persist directory are read, as what, and which are not, and why.

#ifndef QUIPU_ENGINE_PERSIST_DIRECTORY_PLAN_H_
#define QUIPU_ENGINE_PERSIST_DIRECTORY_PLAN_H_

#include <string>
#include <vector>

#include "engine/persist/conversion.h"
#include "quipu/persist_dir.h"

namespace quipu {

struct PlannedFile {
  std::string name;                        // in the directory
  std::string persist_file;                // in the store; empty with a conversion
  const Conversion* conversion = nullptr;  // for a file that is not in today's form
};

struct LeftOutFile {
  NotImportedFile file;
  bool is_store_file = false;  // of a vector store: it must be JSON, for a damaged one must not pass unseen
};

struct DirectoryPlan {
  std::vector<PlannedFile> files;     // in the order in which they are read
  std::vector<LeftOutFile> left_out;  // JSON files, sorted
};

// `names`: the files to be read, the others then do not count; empty: all that LlamaIndex persists. Of a
// storage context, which has files beside docstore.json and a pipeline's cache, docstore.json and
// index_store.json are planned also where they are missing, and so is docstore.json where there is nothing:
// reading them says so. Errors: kIoError, kInvalidArgument (a name that is no plain file name).
Result<DirectoryPlan> plan_directory(const std::string& directory, const std::vector<std::string>& names,
                                     const FileSystem& fs);

Status read_planned_file(const PlannedFile& file, const SourceFile& source, ConversionTarget& target);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_DIRECTORY_PLAN_H_
