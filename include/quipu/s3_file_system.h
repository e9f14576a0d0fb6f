// S3FileSystem: persist files in Amazon S3, or in a store that speaks its protocol.
//
//   QUIPU_ASSIGN_OR_RETURN(const S3Options options, S3Options::from_environment());
//   const S3FileSystem s3(options);
//   QUIPU_RETURN_IF_ERROR(context.persist("bucket/storage", {}, s3));
//
// A path is bucket/key, with or without s3:// before it. Files are streamed: reading fetches part after part,
// writing uploads part after part (a multipart upload, which becomes the object at commit(), so an upload
// that is interrupted never replaces the old object; its parts are removed, except where the process is
// killed: let the bucket expire incomplete uploads).
//
// Requests are signed with AWS Signature Version 4, bodies included. A request that fails on the way, or with
// 429 or a status from 500 on, is made again, `attempts` times in all, after pauses that double.
// Errors: kIoError with the method, the path, the status and what the store says. Keys are never part of one.
// Thread-safety: as any FileSystem. Cost: a request a part; memory: one part for each open file.

#ifndef QUIPU_S3_FILE_SYSTEM_H_
#define QUIPU_S3_FILE_SYSTEM_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/status.h"

namespace quipu {

struct S3Options {
  std::string endpoint;  // "https://s3.eu-west-1.amazonaws.com"; buckets are the first part of the path there
  std::string region = "us-east-1";
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token = {};  // with temporary keys
  // Of a read, and of an upload until it has 1,000 parts; at least 5 MiB for an upload, by S3's rules. Later
  // parts are larger, so that the 10,000 that S3 allows hold 440 GB with the default.
  size_t part_bytes = 8 << 20;
  int attempts = 5;
  std::chrono::milliseconds first_pause{100};  // between two attempts
  std::chrono::milliseconds request_timeout{60'000};

  // AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL (default: Amazon's of the region), AWS_REGION, AWS_DEFAULT_REGION,
  // AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. Error: kInvalidArgument naming a missing
  // key.
  static Result<S3Options> from_environment();
};

class S3Client;

class S3FileSystem : public FileSystem {
 public:
  explicit S3FileSystem(S3Options options);
  ~S3FileSystem() override;

  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override;
  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override;
  Result<std::optional<uint64_t>> file_size(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& directory) const override;
  Result<bool> make_directory(const std::string& directory) const override;
  void remove_directory(const std::string& directory) const override;

 private:
  std::shared_ptr<const S3Client> client_;
};

}  // namespace quipu

#endif  // QUIPU_S3_FILE_SYSTEM_H_
