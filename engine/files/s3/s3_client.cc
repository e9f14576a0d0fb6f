#include "engine/files/s3/s3_client.h"

#include <algorithm>
#include <cctype>
#include <thread>

#include "engine/files/aws/aws_signature.h"
#include "engine/files/http/xml_elements.h"

namespace quipu {
namespace {

constexpr long kTooManyRequests = 429;
constexpr const char* kFirstRegion = "us-east-1";

std::string describe(const S3Client::Call& call) {
  return "S3: " + call.method + " " + call.place.bucket +
         (call.place.key.empty() ? "" : "/" + call.place.key);
}

// Of the statuses that S3 has for a request that came to the wrong region, or was signed for it.
bool may_be_of_another_region(const HttpAnswer& answer) {
  return answer.status == 301 || answer.status == 307 || answer.status == 400;
}

// Empty where the answer does not say it. It becomes a part of a host's name.
std::string named_region(const HttpAnswer& answer) {
  std::string region(answer.header("x-amz-bucket-region"));
  if (region.empty()) region = xml_element(answer.body, "Region");
  const bool plain = std::ranges::all_of(
      region, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
  return plain ? region : std::string();
}

}  // namespace

Result<S3Client::Keys> S3Client::keys() const {
  if (!options_.access_key_id.empty()) {
    return std::optional(
        S3Credentials{options_.access_key_id, options_.secret_access_key, options_.session_token});
  }
  if (!options_.credentials) return Keys();
  Result<Keys> found = options_.credentials->credentials();
  return found ? std::move(found) : found.error().prefixed("S3: no keys");
}

Result<HttpAnswer> S3Client::send(const Call& call, const Keys& keys, const std::string& region) const {
  const S3Address address = s3_address(call.place, options_, region);
  AwsRequest request{call.method, host_of(address.origin), address.path, call.query, call.headers, call.body};
  if (keys) sign_aws_request({*keys, region}, aws_time_now(), request);
  std::string url = address.origin + aws_uri_encode(request.path, false);
  if (!request.query.empty()) url += "?" + aws_query_string(request.query);
  Result<HttpAnswer> answer = connections_.send({.method = call.method,
                                                 .url = std::move(url),
                                                 .headers = std::move(request.headers),
                                                 .body = call.body,
                                                 .max_answer_bytes = call.max_answer_bytes,
                                                 .timeout = options_.request_timeout,
                                                 .cancelled = call.cancelled});
  return answer ? std::move(answer) : answer.error().prefixed(describe(call));
}

std::string S3Client::region_of(const std::string& bucket) const {
  const MutexLock lock(mutex_);
  const auto found = regions_.find(bucket);
  if (found != regions_.end()) return found->second;
  return options_.region.empty() ? kFirstRegion : options_.region;
}

void S3Client::keep_region(const std::string& bucket, const std::string& region) const {
  const MutexLock lock(mutex_);
  regions_[bucket] = region;
}

// An answer to a HEAD has no body that could say it, and not every store has the header.
std::string S3Client::ask_for_region(const Call& call, const Keys& keys, const HttpAnswer& answer,
                                     const std::string& used) const {
  if (const std::string region = named_region(answer); !region.empty()) return region;
  if (call.method != "HEAD") return {};
  const Call listing{.method = "GET",
                     .place = {call.place.bucket, {}},
                     .query = {{"list-type", "2"}, {"max-keys", "0"}},
                     .cancelled = call.cancelled};
  const Result<HttpAnswer> listed = send(listing, keys, used);
  return listed ? named_region(*listed) : std::string();
}

Result<HttpAnswer> S3Client::attempt(const Call& call, const Keys& keys) const {
  const std::string region = region_of(call.place.bucket);
  QUIPU_ASSIGN_OR_RETURN(HttpAnswer answer, send(call, keys, region));
  if (!may_be_of_another_region(answer)) return answer;
  const std::string other = ask_for_region(call, keys, answer, region);
  if (other.empty() || other == region) return answer;
  QUIPU_ASSIGN_OR_RETURN(answer, send(call, keys, other));
  if (!may_be_of_another_region(answer)) keep_region(call.place.bucket, other);
  return answer;
}

Result<HttpAnswer> S3Client::answer(const Call& call) const {
  QUIPU_ASSIGN_OR_RETURN(const Keys keys, this->keys());
  std::chrono::milliseconds pause = options_.first_pause;
  for (int attempts_left = std::max(options_.attempts, 1);; pause *= 2) {
    Result<HttpAnswer> answer = attempt(call, keys);
    const bool cancelled = call.cancelled != nullptr && *call.cancelled;
    const bool passing = !answer || answer->status >= 500 || answer->status == kTooManyRequests;
    if (!passing || cancelled || --attempts_left == 0) return answer;
    std::this_thread::sleep_for(pause);
  }
}

Result<HttpAnswer> S3Client::request(const Call& call) const {
  QUIPU_ASSIGN_OR_RETURN(HttpAnswer got, answer(call));
  // S3 may answer 200 and tell of an error all the same: it has said so before it knew.
  const bool failed =
      got.status >= 300 || (call.method == "POST" && got.body.find("<Error>") != std::string::npos);
  if (failed) return error(call, got);
  return got;
}

Status S3Client::error(const Call& call, const HttpAnswer& answer) const {
  std::string message = describe(call) + ": status " + std::to_string(answer.status);
  for (const std::string_view part : {"Code", "Message"}) {
    const std::string said = xml_element(answer.body, part);
    if (!said.empty()) message += ", " + said;
  }
  const Result<Keys> keys = this->keys();
  if ((answer.status == 401 || answer.status == 403) && keys && !*keys) {
    message +=
        " (the request was not signed, for no keys were found: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "an "
        "AWS profile, a role)";
  }
  return Status::io_error(message);
}

}  // namespace quipu
