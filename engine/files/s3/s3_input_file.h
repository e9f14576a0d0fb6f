// S3InputFile: an object that is read from its beginning, several parts of it at once.
//
// The first part is small, for who looks at a file's head alone. With each part that has been read one more
// is asked for ahead of it, up to as many as the pool has requests. All are of one object: one that is
// replaced meanwhile is an error. Thread-safety: one thread at a time. Memory: the parts that are ahead.
// Lifetime: before its client's.

#ifndef QUIPU_ENGINE_FILES_S3_S3_INPUT_FILE_H_
#define QUIPU_ENGINE_FILES_S3_S3_INPUT_FILE_H_

#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <string>

#include "engine/files/s3/request_pool.h"
#include "engine/files/s3/s3_client.h"
#include "quipu/file_system.h"

namespace quipu {

class S3InputFile : public InputFile {
 public:
  // `etag`: empty where the store has none.
  S3InputFile(std::shared_ptr<const S3Client> client, S3Place place, uint64_t size, std::string etag)
      : client_(std::move(client)), place_(std::move(place)), size_(size), etag_(std::move(etag)) {}
  ~S3InputFile() override;

  Result<size_t> read(char* to, size_t size) override;
  uint64_t size() const override { return size_; }

 private:
  using Part = std::future<Result<std::string>>;

  Status next_part();
  void ask_ahead();
  Result<std::string> fetch(uint64_t begin, uint64_t count) const;

  const std::shared_ptr<const S3Client> client_;
  const S3Place place_;
  const uint64_t size_;
  const std::string etag_;
  std::atomic<bool> cancelled_ = false;
  std::deque<Part> ahead_;
  uint64_t asked_ = 0;  // bytes from the beginning on
  size_t window_ = 1;   // parts that may be ahead
  std::string part_;
  size_t at_ = 0;
  Status status_;  // the first error
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_S3_S3_INPUT_FILE_H_
