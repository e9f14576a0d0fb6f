// Where a persist directory is, on the disk or in an S3 bucket; and what is a path on the disk at all.

#ifndef QUIPU_TOOLS_DATABASE_LOCATION_H_
#define QUIPU_TOOLS_DATABASE_LOCATION_H_

#include <memory>
#include <string>

#include "quipu/file_system.h"

namespace quipu::cli {

// The file system of a path: S3, as AWS's tools are set up, for s3://bucket/key, else the disk. Errors: those
// of S3Options::from_environment().
Result<std::shared_ptr<const FileSystem>> file_system_of(const std::string& path);

// The same of what can only be a persist directory. Error: kInvalidArgument for another address.
Result<std::shared_ptr<const FileSystem>> file_system_of_files(const std::string& path);

// Error: kInvalidArgument for an address, SCHEME://..., where a path on the disk is to be; "./" before it
// makes it one.
Status check_on_disk(const std::string& path);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_DATABASE_LOCATION_H_
