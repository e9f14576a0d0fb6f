// The requests of S3FileSystem: made over HTTP, signed, and made again where that may help.

#ifndef QUIPU_ENGINE_FILES_S3_S3_CLIENT_H_
#define QUIPU_ENGINE_FILES_S3_S3_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/s3/s3_signature.h"
#include "quipu/s3_file_system.h"

namespace quipu {

struct S3Answer {
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// A bucket, and a key in it, which is empty for the bucket itself.
struct S3Place {
  std::string bucket;
  std::string key;
};
// Errors: kInvalidArgument for a path without a bucket.
Result<S3Place> parse_s3_path(const std::string& path);

class S3Client {
 public:
  explicit S3Client(S3Options options);
  ~S3Client();
  S3Client(const S3Client&) = delete;
  S3Client& operator=(const S3Client&) = delete;
  const S3Options& options() const { return options_; }

  struct Call {
    std::string method;
    S3Place place;
    std::map<std::string, std::string> query = {};
    std::map<std::string, std::string> headers = {};
    std::string_view body = {};
    size_t max_answer_bytes = 16 << 20;
  };
  // The answer, whatever its status. Errors: kIoError when there is none after all attempts.
  Result<S3Answer> answer(const Call& call) const;
  // The answer of a status below 300 that does not tell of an error. Errors: kIoError with what it says.
  Result<S3Answer> request(const Call& call) const;

 private:
  class Connections;
  Result<S3Answer> attempt(const Call& call) const;

  const S3Options options_;
  const std::unique_ptr<Connections> connections_;
};

// kIoError that says what a request came to.
Status s3_error(const S3Client::Call& call, const S3Answer& answer);

// The text of every element of this name in an answer, in order.
std::vector<std::string> s3_elements(const std::string& xml, std::string_view name);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_S3_S3_CLIENT_H_
