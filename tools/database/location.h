// Where a persist directory is: on the disk, or in an S3 bucket.

#ifndef QUIPU_TOOLS_DATABASE_LOCATION_H_
#define QUIPU_TOOLS_DATABASE_LOCATION_H_

#include <memory>
#include <string>

#include "quipu/file_system.h"

namespace quipu::cli {

// The file system of a path: S3, by the environment's settings, for s3://bucket/key, else the disk. Error:
// kInvalidArgument for an S3 path without keys in the environment.
Result<std::shared_ptr<const FileSystem>> file_system_of(const std::string& path);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_DATABASE_LOCATION_H_
