// AWS Signature Version 4. libcurl signs too, but the versions that are packaged do so without the bodies of
// uploads and without canonical query strings. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

#ifndef QUIPU_ENGINE_FILES_S3_S3_SIGNATURE_H_
#define QUIPU_ENGINE_FILES_S3_S3_SIGNATURE_H_

#include <map>
#include <string>
#include <string_view>

namespace quipu {

struct S3Request {
  std::string method;                          // "GET"
  std::string host;                            // with the port, where the URL has one
  std::string path;                            // "/bucket/a key", not encoded
  std::map<std::string, std::string> query;    // not encoded
  std::map<std::string, std::string> headers;  // names in lower case; host and x-amz-... are added by signing
  std::string_view body;
};

struct S3Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  std::string region;
};

// Adds the headers host, x-amz-content-sha256, x-amz-date, with a token x-amz-security-token, and
// authorization. `time` is "20130524T000000Z".
void sign_s3_request(const S3Credentials& credentials, std::string_view time, S3Request& request);

// Percent-encoded as S3 wants it: all but letters, digits and -._~, and with `slashes` the slash.
std::string s3_uri_encode(std::string_view text, bool slashes);
// "a=1&b=2", encoded.
std::string s3_query_string(const std::map<std::string, std::string>& query);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_S3_S3_SIGNATURE_H_
