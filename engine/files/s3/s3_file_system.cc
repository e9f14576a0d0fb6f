#include "quipu/s3_file_system.h"

#include <algorithm>
#include <cstdlib>

#include "engine/files/http/xml_elements.h"
#include "engine/files/s3/s3_client.h"
#include "engine/files/s3/s3_input_file.h"
#include "engine/files/s3/s3_output_file.h"

namespace quipu {
namespace {

using Client = std::shared_ptr<const S3Client>;

// What a HEAD request says; nothing for a missing object.
Result<std::optional<HttpAnswer>> head(const S3Client& client, const S3Place& place) {
  const S3Client::Call call{.method = "HEAD", .place = place};
  QUIPU_ASSIGN_OR_RETURN(HttpAnswer answer, client.answer(call));
  if (answer.status == 404) return std::optional<HttpAnswer>();
  if (answer.status >= 300) return client.error(call, answer);
  return std::optional(std::move(answer));
}

uint64_t size_in(const HttpAnswer& answer) {
  return std::strtoull(std::string(answer.header("content-length")).c_str(), nullptr, 10);
}

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
  return std::make_unique<S3InputFile>(client_, place, size_in(*found), std::string(found->header("etag")));
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
