#include "engine/files/aws/aws_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>

#include "engine/base/sha256.h"

namespace quipu {
namespace {

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string hex(std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kHex[static_cast<unsigned char>(byte) >> 4];
    text += kHex[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

}  // namespace

std::string aws_time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

std::string aws_uri_encode(std::string_view text, bool slashes) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && !slashes);
    if (plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[static_cast<unsigned char>(c) >> 4];
      encoded += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

std::string aws_query_string(const std::map<std::string, std::string>& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text += aws_uri_encode(name, true) + '=' + aws_uri_encode(value, true);
  }
  return text;
}

void sign_aws_request(const AwsSigner& signer, std::string_view time, AwsRequest& request) {
  const S3Credentials& credentials = signer.credentials;
  const std::string date(time.substr(0, 8));
  const std::string body_hash = sha256_hex(request.body);
  request.headers["host"] = request.host;
  request.headers["x-amz-content-sha256"] = body_hash;
  request.headers["x-amz-date"] = time;
  if (!credentials.session_token.empty()) request.headers["x-amz-security-token"] = credentials.session_token;

  std::string canonical = request.method + "\n" + aws_uri_encode(request.path, false) + "\n" +
                          aws_query_string(request.query) + "\n";
  std::string names;
  for (const auto& [name, value] : request.headers) {
    canonical.append(name).append(":").append(value).append("\n");
    names.append(names.empty() ? "" : ";").append(name);
  }
  canonical += "\n" + names + "\n" + body_hash;

  const std::string scope = date + "/" + signer.region + "/" + signer.service + "/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + std::string(time) + "\n" + scope + "\n" + sha256_hex(canonical);
  std::string key = hmac_sha256("AWS4" + credentials.secret_access_key, date);
  for (const std::string_view part : {std::string_view(signer.region), std::string_view(signer.service),
                                      std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  request.headers["authorization"] = "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" +
                                     scope + ",SignedHeaders=" + names +
                                     ",Signature=" + hex(hmac_sha256(key, to_sign));
}

}  // namespace quipu
