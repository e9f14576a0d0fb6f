// What verify and diff look at: a database or a persist directory.

#ifndef QUIPU_TOOLS_COMMANDS_CHECKS_CONTENTS_H_
#define QUIPU_TOOLS_COMMANDS_CHECKS_CONTENTS_H_

#include <memory>
#include <string>

#include "quipu/open_store.h"
#include "tools/database/database.h"

namespace quipu::cli {

struct Contents {
  std::string location;
  std::shared_ptr<const FileSystem> file_system;
  bool in_files = false;    // a persist directory
  ContentsOptions options;  // for open_contents() and verify_contents(); refer to file_system
};

// `encoding`: of a persist directory's files. Errors: those of file_system_of(), and of check_database()
// where no persist directory is.
Result<Contents> find_contents(const std::string& location, const CommonOptions& common,
                               const std::string& encoding, const ProgressCallback& progress);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_CHECKS_CONTENTS_H_
