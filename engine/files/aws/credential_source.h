#ifndef QUIPU_ENGINE_FILES_AWS_CREDENTIAL_SOURCE_H_
#define QUIPU_ENGINE_FILES_AWS_CREDENTIAL_SOURCE_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "quipu/s3_file_system.h"

namespace quipu {

struct ExpiringCredentials {
  S3Credentials keys;
  std::optional<std::chrono::system_clock::time_point> expires = std::nullopt;  // nothing: never
};

// Where keys come from. Used by one thread at a time.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // New ones. Nothing: this machine has no such source. Errors: kIoError naming who was asked, without keys.
  virtual Result<std::optional<ExpiringCredentials>> fetch() = 0;
};

// "2026-11-30T08:00:00Z", with or without fractions of seconds; nothing for another text.
std::optional<std::chrono::system_clock::time_point> parse_expiry(const std::string& text);

// Keys of a source, fetched at the first use and again some minutes before they expire. Where that fails, the
// old ones are used as long as they last. Thread-safety: any thread; others wait while one fetches.
std::shared_ptr<S3CredentialsProvider> renewed_credentials(std::unique_ptr<CredentialSource> source);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_AWS_CREDENTIAL_SOURCE_H_
