#include "tools/database/location.h"

#include <string_view>

#include "quipu/open_store.h"
#include "quipu/s3_file_system.h"

namespace quipu::cli {
namespace {

constexpr std::string_view kS3 = "s3://";

}  // namespace

Result<std::shared_ptr<const FileSystem>> file_system_of(const std::string& path) {
  // Not the owner: it lives as long as the process.
  const std::shared_ptr<const FileSystem> disk(std::shared_ptr<void>(), &local_file_system());
  if (!path.starts_with(kS3)) return disk;
  QUIPU_ASSIGN_OR_RETURN(S3Options options, S3Options::from_environment());
  return std::make_shared<const S3FileSystem>(std::move(options));
}

Result<std::shared_ptr<const FileSystem>> file_system_of_files(const std::string& path) {
  if (path.starts_with(kS3) || check_on_disk(path).is_ok()) return file_system_of(path);
  return Status::invalid_argument(shown_address(path) +
                                  " is no persist directory; quipu migrate moves data between addresses");
}

Status check_on_disk(const std::string& path) {
  if (!is_address(path)) return Status::ok();
  return Status::invalid_argument(shown_address(path) + " is an address, where a directory is to be");
}

}  // namespace quipu::cli
