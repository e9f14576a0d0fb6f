#include "tools/database/location.h"

#include "quipu/s3_file_system.h"

namespace quipu::cli {

Result<std::shared_ptr<const FileSystem>> file_system_of(const std::string& path) {
  // Not the owner: it lives as long as the process.
  const std::shared_ptr<const FileSystem> disk(std::shared_ptr<void>(), &local_file_system());
  if (!path.starts_with("s3://")) return disk;
  QUIPU_ASSIGN_OR_RETURN(S3Options options, S3Options::from_environment());
  return std::make_shared<const S3FileSystem>(std::move(options));
}

}  // namespace quipu::cli
