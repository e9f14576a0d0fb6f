// The requests of S3FileSystem: sent where the bucket is, signed, and made again where that may help.

#ifndef QUIPU_ENGINE_FILES_S3_S3_CLIENT_H_
#define QUIPU_ENGINE_FILES_S3_S3_CLIENT_H_

#include <atomic>
#include <map>
#include <string>
#include <string_view>

#include "engine/files/http/http_connections.h"
#include "engine/files/s3/request_pool.h"
#include "engine/files/s3/s3_place.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/s3_file_system.h"

namespace quipu {

class S3Client {
 public:
  explicit S3Client(S3Options options) : options_(std::move(options)), pool_(options_.parallel_requests) {}
  const S3Options& options() const { return options_; }
  // Where requests are made beside one another.
  RequestPool& pool() const { return pool_; }

  struct Call {
    std::string method;
    S3Place place;
    std::map<std::string, std::string> query = {};
    std::map<std::string, std::string> headers = {};
    std::string_view body = {};
    size_t max_answer_bytes = 16 << 20;
    const std::atomic<bool>* cancelled = nullptr;  // once true, the call fails soon
  };
  // The answer, whatever its status. Errors: kIoError when there is none after all attempts.
  Result<HttpAnswer> answer(const Call& call) const;
  // The answer of a status below 300 that does not tell of an error. Errors: kIoError with what it says.
  Result<HttpAnswer> request(const Call& call) const;
  // kIoError that says what a call came to.
  Status error(const Call& call, const HttpAnswer& answer) const;

 private:
  using Keys = std::optional<S3Credentials>;
  // The answer of the bucket's region, if it need be after asking where that is.
  Result<HttpAnswer> attempt(const Call& call, const Keys& keys) const;
  Result<HttpAnswer> send(const Call& call, const Keys& keys, const std::string& region) const;
  std::string ask_for_region(const Call& call, const Keys& keys, const HttpAnswer& answer,
                             const std::string& used) const;
  std::string region_of(const std::string& bucket) const;
  void keep_region(const std::string& bucket, const std::string& region) const;
  Result<Keys> keys() const;

  const S3Options options_;
  const HttpConnections connections_;
  mutable Mutex mutex_;
  mutable std::map<std::string, std::string> regions_ QUIPU_GUARDED_BY(mutex_);  // by bucket; those found out
  mutable RequestPool pool_;  // the last member: its threads use the others
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_S3_S3_CLIENT_H_
