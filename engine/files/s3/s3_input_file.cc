#include "engine/files/s3/s3_input_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace quipu {
namespace {

constexpr size_t kFirstPartBytes = 256 << 10;

}  // namespace

S3InputFile::~S3InputFile() {
  cancelled_ = true;
  for (const Part& part : ahead_) part.wait();
}

Result<size_t> S3InputFile::read(char* to, size_t size) {
  QUIPU_RETURN_IF_ERROR(status_);
  if (at_ == part_.size()) {
    status_ = next_part();
    QUIPU_RETURN_IF_ERROR(status_);
  }
  const size_t count = std::min(size, part_.size() - at_);
  std::memcpy(to, part_.data() + at_, count);
  at_ += count;
  return count;
}

Status S3InputFile::next_part() {
  std::string().swap(part_);
  at_ = 0;
  ask_ahead();
  if (ahead_.empty()) return Status::ok();
  Part next = std::move(ahead_.front());
  ahead_.pop_front();
  QUIPU_ASSIGN_OR_RETURN(part_, next.get());
  window_ = std::min(window_ * 2, client_->pool().size());
  ask_ahead();
  return Status::ok();
}

void S3InputFile::ask_ahead() {
  const size_t part_bytes = std::max<size_t>(client_->options().part_bytes, 1);
  while (asked_ < size_ && ahead_.size() < window_) {
    const uint64_t begin = asked_;
    const uint64_t wanted = begin == 0 ? std::min(part_bytes, kFirstPartBytes) : part_bytes;
    const uint64_t count = std::min<uint64_t>(wanted, size_ - begin);
    const auto task = std::make_shared<std::packaged_task<Result<std::string>()>>(
        [this, begin, count] { return fetch(begin, count); });
    ahead_.push_back(task->get_future());
    client_->pool().run([task] { (*task)(); });
    asked_ += count;
  }
}

Result<std::string> S3InputFile::fetch(uint64_t begin, uint64_t count) const {
  const std::string name = "S3: " + place_.bucket + "/" + place_.key;
  const std::string range = "bytes=" + std::to_string(begin) + "-" + std::to_string(begin + count - 1);
  S3Client::Call call{
      .method = "GET", .place = place_, .headers = {{"range", range}}, .cancelled = &cancelled_};
  if (!etag_.empty()) call.headers["if-match"] = etag_;
  call.max_answer_bytes = std::max<size_t>(call.max_answer_bytes, count);
  QUIPU_ASSIGN_OR_RETURN(HttpAnswer answer, client_->answer(call));
  if (answer.status == 412) return Status::io_error(name + " was replaced while it was read");
  if (answer.status >= 300) return client_->error(call, answer);
  if (answer.body.size() != count) {
    return Status::io_error(name + ": asked for " + std::to_string(count) + " bytes, got " +
                            std::to_string(answer.body.size()));
  }
  return std::move(answer.body);
}

}  // namespace quipu
