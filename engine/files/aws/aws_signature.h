// AWS Signature Version 4. libcurl signs too, but the versions that are packaged do so without the bodies of
// uploads and without canonical query strings. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

#ifndef QUIPU_ENGINE_FILES_AWS_AWS_SIGNATURE_H_
#define QUIPU_ENGINE_FILES_AWS_AWS_SIGNATURE_H_

#include <map>
#include <string>
#include <string_view>

#include "quipu/s3_file_system.h"

namespace quipu {

struct AwsRequest {
  std::string method;                          // "GET"
  std::string host;                            // with the port, where the URL has one
  std::string path;                            // "/bucket/a key", not encoded
  std::map<std::string, std::string> query;    // not encoded
  std::map<std::string, std::string> headers;  // names in lower case; host and x-amz-... are added by signing
  std::string_view body;
};

// Who signs, and for what.
struct AwsSigner {
  S3Credentials credentials;
  std::string region;
  std::string service = "s3";
};

// Adds the headers host, x-amz-content-sha256, x-amz-date, with a token x-amz-security-token, and
// authorization. `time` is "20130524T000000Z".
void sign_aws_request(const AwsSigner& signer, std::string_view time, AwsRequest& request);

// The time as a signature has it.
std::string aws_time_now();

// Percent-encoded as AWS wants it: all but letters, digits and -._~, and with `slashes` the slash.
std::string aws_uri_encode(std::string_view text, bool slashes);
// "a=1&b=2", encoded.
std::string aws_query_string(const std::map<std::string, std::string>& query);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_AWS_AWS_SIGNATURE_H_
