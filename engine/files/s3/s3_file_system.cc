#include "quipu/s3_file_system.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "engine/files/http/xml_elements.h"
#include "engine/files/s3/s3_client.h"

namespace quipu {
namespace {

using Client = std::shared_ptr<const S3Client>;
constexpr size_t kMinPartBytes = 5 << 20;
constexpr size_t kPartsOfOneSize = 1000;

// What a HEAD request says; nothing for a missing object.
Result<std::optional<HttpAnswer>> head(const S3Client& client, const S3Place& place) {
  const S3Client::Call call{.method = "HEAD", .place = place};
  QUIPU_ASSIGN_OR_RETURN(HttpAnswer answer, client.answer(call));
  if (answer.status == 404) return std::optional<HttpAnswer>();
  if (answer.status >= 300) return client.error(call, answer);
  return std::optional(std::move(answer));
}

uint64_t size_in(const HttpAnswer& answer) {
  const auto found = answer.headers.find("content-length");
  return found == answer.headers.end() ? 0 : std::strtoull(found->second.c_str(), nullptr, 10);
}

class S3InputFile : public InputFile {
 public:
  S3InputFile(Client client, S3Place place, uint64_t size, std::string etag)
      : client_(std::move(client)), place_(std::move(place)), size_(size), etag_(std::move(etag)) {}

  Result<size_t> read(char* to, size_t size) override {
    if (at_ == part_.size()) QUIPU_RETURN_IF_ERROR(next_part());
    const size_t count = std::min(size, part_.size() - at_);
    std::memcpy(to, part_.data() + at_, count);
    at_ += count;
    return count;
  }
  uint64_t size() const override { return size_; }

 private:
  Status next_part() {
    part_.clear();
    at_ = 0;
    if (fetched_ == size_) return Status::ok();
    const uint64_t count =
        std::min<uint64_t>(std::max<size_t>(client_->options().part_bytes, 1), size_ - fetched_);
    const std::string range =
        "bytes=" + std::to_string(fetched_) + "-" + std::to_string(fetched_ + count - 1);
    S3Client::Call call{.method = "GET", .place = place_, .headers = {{"range", range}}};
    if (!etag_.empty()) call.headers["if-match"] = etag_;  // all parts are of one object
    call.max_answer_bytes = std::max<size_t>(call.max_answer_bytes, count);
    QUIPU_ASSIGN_OR_RETURN(HttpAnswer answer, client_->answer(call));
    if (answer.status == 412) {
      return Status::io_error("S3: " + place_.bucket + "/" + place_.key + " was replaced while it was read");
    }
    if (answer.status >= 300) return client_->error(call, answer);
    if (answer.body.size() != count) {
      return Status::io_error("S3: " + place_.bucket + "/" + place_.key + ": asked for " +
                              std::to_string(count) + " bytes, got " + std::to_string(answer.body.size()));
    }
    part_ = std::move(answer.body);
    fetched_ += count;
    return Status::ok();
  }

  const Client client_;
  const S3Place place_;
  const uint64_t size_;
  const std::string etag_;
  uint64_t fetched_ = 0;
  std::string part_;
  size_t at_ = 0;
};

class S3OutputFile : public OutputFile {
 public:
  S3OutputFile(Client client, S3Place place) : client_(std::move(client)), place_(std::move(place)) {}

  ~S3OutputFile() override {
    if (!upload_.empty())
      (void)client_->answer({.method = "DELETE", .place = place_, .query = {{"uploadId", upload_}}});
  }

  Status append(std::string_view text) override {
    QUIPU_RETURN_IF_ERROR(status_);
    bytes_ += text.size();
    while (!text.empty()) {
      const size_t taken = std::min(text.size(), part_size() - part_.size());
      part_ += text.substr(0, taken);
      text.remove_prefix(taken);
      if (part_.size() == part_size()) QUIPU_RETURN_IF_ERROR(keep(upload_part()));
    }
    return Status::ok();
  }

  Status commit() override {
    QUIPU_RETURN_IF_ERROR(status_);
    if (upload_.empty()) {
      return keep(client_->request({.method = "PUT", .place = place_, .body = part_}).status());
    }
    if (!part_.empty()) QUIPU_RETURN_IF_ERROR(keep(upload_part()));
    std::string list = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (size_t i = 0; i < etags_.size(); ++i) {
      list +=
          "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags_[i] + "</ETag></Part>";
    }
    list += "</CompleteMultipartUpload>";
    QUIPU_RETURN_IF_ERROR(keep(
        client_->request({.method = "POST", .place = place_, .query = {{"uploadId", upload_}}, .body = list})
            .status()));
    upload_.clear();
    return Status::ok();
  }

  uint64_t bytes_written() const override { return bytes_; }

 private:
  size_t part_size() const {
    return std::max(client_->options().part_bytes, kMinPartBytes) * (1 + etags_.size() / kPartsOfOneSize);
  }
  Status keep(Status status) {
    status_ = status;
    return status;
  }
  Status begin_upload() {
    QUIPU_ASSIGN_OR_RETURN(const HttpAnswer answer,
                           client_->request({.method = "POST", .place = place_, .query = {{"uploads", ""}}}));
    const std::vector<std::string> ids = xml_elements(answer.body, "UploadId");
    if (ids.empty()) return Status::io_error("S3: the answer to a new upload names none");
    upload_ = ids.front();
    return Status::ok();
  }
  Status upload_part() {
    if (upload_.empty()) QUIPU_RETURN_IF_ERROR(begin_upload());
    const std::map<std::string, std::string> query = {{"partNumber", std::to_string(etags_.size() + 1)},
                                                      {"uploadId", upload_}};
    QUIPU_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        client_->request({.method = "PUT", .place = place_, .query = query, .body = part_}));
    const auto etag = answer.headers.find("etag");
    if (etag == answer.headers.end()) return Status::io_error("S3: the answer to a part has no ETag");
    etags_.push_back(etag->second);
    part_.clear();
    return Status::ok();
  }

  const Client client_;
  const S3Place place_;
  std::string part_;
  std::string upload_;  // its id; empty where there is none
  std::vector<std::string> etags_;
  uint64_t bytes_ = 0;
  Status status_;  // the first error
};

// As S3 encodes keys in a listing that is asked to.
std::string url_decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += static_cast<char>(std::strtoul(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

S3FileSystem::S3FileSystem(S3Options options) : client_(std::make_shared<S3Client>(std::move(options))) {}
S3FileSystem::~S3FileSystem() = default;

Result<std::unique_ptr<InputFile>> S3FileSystem::open(const std::string& path) const {
  QUIPU_ASSIGN_OR_RETURN(const S3Place place, parse_s3_path(path));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<HttpAnswer> found, head(*client_, place));
  if (!found) return Status::io_error("cannot open " + path + ": No such file or directory");
  const auto etag = found->headers.find("etag");
  return std::make_unique<S3InputFile>(client_, place, size_in(*found),
                                       etag == found->headers.end() ? std::string() : etag->second);
}

Result<std::unique_ptr<OutputFile>> S3FileSystem::create(const std::string& path) const {
  QUIPU_ASSIGN_OR_RETURN(const S3Place place, parse_s3_path(path));
  if (place.key.empty() || path.ends_with('/')) {
    return Status::invalid_argument("cannot write " + path + ": not the name of a file");
  }
  return std::make_unique<S3OutputFile>(client_, place);
}

Result<std::optional<uint64_t>> S3FileSystem::file_size(const std::string& path) const {
  QUIPU_ASSIGN_OR_RETURN(const S3Place place, parse_s3_path(path));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<HttpAnswer> found, head(*client_, place));
  return found ? std::optional(size_in(*found)) : std::nullopt;
}

Result<std::vector<std::string>> S3FileSystem::list(const std::string& directory) const {
  QUIPU_ASSIGN_OR_RETURN(const S3Place place, parse_s3_path(directory));
  const std::string prefix = place.key.empty() ? "" : place.key + "/";
  S3Client::Call call{.method = "GET", .place = {place.bucket, ""}};
  call.query = {{"list-type", "2"}, {"prefix", prefix}, {"delimiter", "/"}, {"encoding-type", "url"}};
  std::vector<std::string> names;
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const HttpAnswer answer, client_->request(call));
    for (const std::string_view element : {"Key", "Prefix"}) {
      for (const std::string& encoded : xml_elements(answer.body, element)) {
        std::string name = url_decode(encoded);
        if (!name.starts_with(prefix)) continue;
        name.erase(0, prefix.size());
        if (name.ends_with('/')) name.pop_back();
        if (!name.empty()) names.push_back(std::move(name));
      }
    }
    const std::vector<std::string> next = xml_elements(answer.body, "NextContinuationToken");
    if (next.empty()) break;
    call.query["continuation-token"] = next.front();
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<bool> S3FileSystem::make_directory(const std::string& /*directory*/) const { return false; }
void S3FileSystem::remove_directory(const std::string& /*directory*/) const {}

Status S3FileSystem::remove_file(const std::string& path) const {
  QUIPU_ASSIGN_OR_RETURN(const S3Place place, parse_s3_path(path));
  const S3Client::Call call{.method = "DELETE", .place = place};
  QUIPU_ASSIGN_OR_RETURN(const HttpAnswer answer, client_->answer(call));
  return answer.status < 300 || answer.status == 404 ? Status::ok() : client_->error(call, answer);
}

}  // namespace quipu
