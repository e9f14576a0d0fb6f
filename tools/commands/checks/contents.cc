#include "tools/commands/checks/contents.h"

#include "tools/database/location.h"

namespace quipu::cli {

Result<Contents> find_contents(const std::string& location, const CommonOptions& common,
                               const std::string& encoding, const ProgressCallback& progress) {
  Contents contents{.location = location};
  QUIPU_ASSIGN_OR_RETURN(contents.file_system, file_system_of(location));
  contents.in_files = place_of_files(location, *contents.file_system).has_value();
  if (!contents.in_files) QUIPU_RETURN_IF_ERROR(check_database(location));
  contents.options.database = database_options(common);
  contents.options.files.fs = contents.file_system.get();
  contents.options.files.encoding = encoding;
  contents.options.progress = progress;
  return contents;
}

}  // namespace quipu::cli
