// S3FileSystem: persist files in Amazon S3, or in a store that speaks its protocol.
//
//   QUIPU_ASSIGN_OR_RETURN(const S3Options options, S3Options::from_environment());
//   const S3FileSystem s3(options);
//   QUIPU_RETURN_IF_ERROR(context.persist("bucket/storage", {}, s3));
//
// A path is bucket/key, with or without s3:// before it. Files are streamed, in parts of which several are
// under way at once: reading fetches parts ahead, writing uploads them (a multipart upload, which becomes the
// object at commit(), so an upload that is interrupted never replaces the old object; its parts are removed,
// except where the process is killed: let the bucket expire incomplete uploads).
//
// Requests are signed with AWS Signature Version 4, bodies included. A request that fails on the way, or with
// 429 or a status from 500 on, is made again, `attempts` times in all, after pauses that double.
// Errors: kIoError with the method, the path, the status and what the store says. Keys are never part of one.
// Thread-safety: as any FileSystem. Cost: a request a part, and a thread for each that is under way; memory:
// a part for each open file, and `parallel_requests` more, of a file that is read as many.

#ifndef QUIPU_S3_FILE_SYSTEM_H_
#define QUIPU_S3_FILE_SYSTEM_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/status.h"

namespace quipu {

// What requests are signed with.
struct S3Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token = {};  // with temporary keys
};

// Keys that change. Thread-safety: any thread.
class S3CredentialsProvider {
 public:
  virtual ~S3CredentialsProvider() = default;
  // Those to be used now; asked for before each request. Nothing: requests are not signed, as to read what
  // everybody may read. Errors: kIoError, kInvalidArgument; without keys in the message.
  virtual Result<std::optional<S3Credentials>> credentials() = 0;
};

// Where a bucket's name stands in a URL.
enum class S3Addressing {
  kAuto,  // in the host at Amazon's, where the name may be a host's, else in the path
  kPath,  // https://host/bucket/key
  kHost,  // https://bucket.host/key
};

struct S3Options {
  std::string endpoint = {};  // "https://minio.example.com:9000"; empty: Amazon's of the bucket's region
  std::string region = {};    // that requests are signed for; where it is another or empty, the store says it
  // Keys that do not change. Empty: those of `credentials`; where that is null, requests are not signed.
  std::string access_key_id = {};
  std::string secret_access_key = {};
  std::string session_token = {};
  std::shared_ptr<S3CredentialsProvider> credentials = nullptr;
  S3Addressing addressing = S3Addressing::kAuto;
  // Of a read, and of an upload until it has 1,000 parts; at least 5 MiB for an upload, by S3's rules. Later
  // parts are larger, so that the 10,000 that S3 allows hold 440 GB with the default.
  size_t part_bytes = 8 << 20;
  size_t parallel_requests = 8;  // parts of a file system's files under way at once
  int attempts = 5;
  std::chrono::milliseconds first_pause{100};  // between two attempts
  std::chrono::milliseconds request_timeout{60'000};

  // As AWS's own tools are set up, by the first of these that has keys:
  //   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  //   2. a role that the profile names: role_arn with source_profile or credential_source
  //   3. a web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the profile's
  //   4. the profile's keys, in ~/.aws/credentials or ~/.aws/config
  //   5. a container's role: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
  //   6. the instance's role (version 2 of the metadata service), unless AWS_EC2_METADATA_DISABLED is true
  // Where none has, or AWS_NO_SIGN_REQUEST is true, requests are not signed. Keys that expire are renewed.
  // Those of 1 are the three members above, all others are in `credentials`. The profile is AWS_PROFILE, else
  // "default"; the files are at AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE. Region: AWS_REGION,
  // AWS_DEFAULT_REGION, the profile's. Endpoint: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's, unless
  // AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true. Addressing: the profile's s3 addressing_style. Reads the
  // files, asks nobody: roles are asked for at the first request. Errors: kInvalidArgument naming the missing
  // one of two keys, an unknown profile, a line that is none of such a file, or what is not known here (sso,
  // credential_process, mfa_serial); kIoError.
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
  Status remove_file(const std::string& path) const override;

 private:
  std::shared_ptr<const S3Client> client_;
};

}  // namespace quipu

#endif  // QUIPU_S3_FILE_SYSTEM_H_
