// S3OutputFile: an object that is uploaded as it is written, several parts at once, and there from commit()
// on.
//
// What fits into one part is one request, made by commit(). Else the parts are a multipart upload, which is
// removed when this goes without commit(), or after an error.
// Thread-safety: one thread at a time. Memory: a part, and those under way, of which all files of a client
// together have as many as its pool has requests. Lifetime: before its client's.

#ifndef QUIPU_ENGINE_FILES_S3_S3_OUTPUT_FILE_H_
#define QUIPU_ENGINE_FILES_S3_S3_OUTPUT_FILE_H_

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/s3/request_pool.h"
#include "engine/files/s3/s3_client.h"
#include "quipu/file_system.h"

namespace quipu {

class S3OutputFile : public OutputFile {
 public:
  S3OutputFile(std::shared_ptr<const S3Client> client, S3Place place)
      : client_(std::move(client)), place_(std::move(place)) {}
  ~S3OutputFile() override;

  Status append(std::string_view text) override;
  Status commit() override;
  uint64_t bytes_written() const override { return bytes_; }

 private:
  // A part's ETag.
  using Part = std::future<Result<std::string>>;

  size_t part_size() const;
  Status keep(Status status);
  Status begin_upload();
  Status upload_part();
  Result<std::string> put_part(size_t number, const std::string& bytes) const;
  Status wait_for_parts(size_t left);
  Status complete();

  const std::shared_ptr<const S3Client> client_;
  const S3Place place_;
  std::atomic<bool> cancelled_ = false;
  std::string part_;
  std::string upload_;              // its id; empty where there is none
  std::vector<Part> parts_;         // all, in their order
  std::vector<std::string> etags_;  // of the first of them, which are there
  uint64_t bytes_ = 0;
  Status status_;  // the first error
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_S3_S3_OUTPUT_FILE_H_
