#ifndef QUIPU_ENGINE_FILES_S3_S3_PLACE_H_
#define QUIPU_ENGINE_FILES_S3_S3_PLACE_H_

#include <string>

#include "quipu/s3_file_system.h"

namespace quipu {

// A bucket, and a key in it, which is empty for the bucket itself.
struct S3Place {
  std::string bucket;
  std::string key;
};
// Errors: kInvalidArgument for a path without a bucket, or with what no bucket's name has.
Result<S3Place> parse_s3_path(const std::string& path);

// Where a place is asked for.
struct S3Address {
  std::string origin;  // "https://bucket.s3.eu-west-1.amazonaws.com"
  std::string path;    // "/a key", not encoded
};
S3Address s3_address(const S3Place& place, const S3Options& options, const std::string& region);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_S3_S3_PLACE_H_
