#include "engine/files/s3/s3_output_file.h"

#include <algorithm>
#include <utility>

#include "engine/files/http/xml_elements.h"

namespace quipu {
namespace {

constexpr size_t kMinPartBytes = 5 << 20;
constexpr size_t kPartsOfOneSize = 1000;

}  // namespace

S3OutputFile::~S3OutputFile() {
  cancelled_ = true;
  for (const Part& part : parts_) {
    if (part.valid()) part.wait();
  }
  if (upload_.empty()) return;
  (void)client_->answer({.method = "DELETE", .place = place_, .query = {{"uploadId", upload_}}});
}

size_t S3OutputFile::part_size() const {
  return std::max(client_->options().part_bytes, kMinPartBytes) * (1 + parts_.size() / kPartsOfOneSize);
}

Status S3OutputFile::keep(Status status) {
  status_ = status;
  return status;
}

Status S3OutputFile::append(std::string_view text) {
  QUIPU_RETURN_IF_ERROR(status_);
  bytes_ += text.size();
  while (!text.empty()) {
    if (part_.empty() && !upload_.empty()) part_.reserve(part_size());
    const size_t taken = std::min(text.size(), part_size() - part_.size());
    part_ += text.substr(0, taken);
    text.remove_prefix(taken);
    if (part_.size() == part_size()) QUIPU_RETURN_IF_ERROR(keep(upload_part()));
  }
  return Status::ok();
}

Status S3OutputFile::begin_upload() {
  QUIPU_ASSIGN_OR_RETURN(const HttpAnswer answer,
                         client_->request({.method = "POST", .place = place_, .query = {{"uploads", ""}}}));
  upload_ = xml_element(answer.body, "UploadId");
  return upload_.empty() ? Status::io_error("S3: the answer to a new upload names none") : Status::ok();
}

Status S3OutputFile::upload_part() {
  if (upload_.empty()) QUIPU_RETURN_IF_ERROR(begin_upload());
  const size_t number = parts_.size() + 1;
  const auto bytes = std::make_shared<std::string>(std::exchange(part_, {}));
  const auto task = std::make_shared<std::packaged_task<Result<std::string>()>>(
      [this, number, bytes] { return put_part(number, *bytes); });
  parts_.push_back(task->get_future());
  client_->pool().run([task] { (*task)(); });
  return wait_for_parts(client_->pool().size());
}

Result<std::string> S3OutputFile::put_part(size_t number, const std::string& bytes) const {
  QUIPU_ASSIGN_OR_RETURN(
      const HttpAnswer answer,
      client_->request({.method = "PUT",
                        .place = place_,
                        .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_}},
                        .body = bytes,
                        .cancelled = &cancelled_}));
  std::string etag(answer.header("etag"));
  if (etag.empty()) return Status::io_error("S3: the answer to a part has no ETag");
  return etag;
}

// Takes what has become of the oldest parts, until at most so many are under way.
Status S3OutputFile::wait_for_parts(size_t left) {
  while (etags_.size() + left < parts_.size()) {
    QUIPU_ASSIGN_OR_RETURN(std::string etag, parts_[etags_.size()].get());
    etags_.push_back(std::move(etag));
  }
  return Status::ok();
}

Status S3OutputFile::complete() {
  if (!part_.empty()) QUIPU_RETURN_IF_ERROR(upload_part());
  QUIPU_RETURN_IF_ERROR(wait_for_parts(0));
  std::string list = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < etags_.size(); ++i) {
    list +=
        "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags_[i] + "</ETag></Part>";
  }
  list += "</CompleteMultipartUpload>";
  QUIPU_RETURN_IF_ERROR(
      client_->request({.method = "POST", .place = place_, .query = {{"uploadId", upload_}}, .body = list})
          .status());
  upload_.clear();
  return Status::ok();
}

Status S3OutputFile::commit() {
  QUIPU_RETURN_IF_ERROR(status_);
  if (upload_.empty()) {
    return keep(client_->request({.method = "PUT", .place = place_, .body = part_}).status());
  }
  return keep(complete());
}

}  // namespace quipu
