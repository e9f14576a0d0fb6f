#include <time.h>

#include <utility>

#include "engine/files/aws/credential_source.h"
#include "quipu/backend/thread_annotations.h"

namespace quipu {
namespace {

using Clock = std::chrono::system_clock;
constexpr std::chrono::minutes kRenewBefore{5};

class RenewedCredentials : public S3CredentialsProvider {
 public:
  explicit RenewedCredentials(std::unique_ptr<CredentialSource> source) : source_(std::move(source)) {}

  Result<std::optional<S3Credentials>> credentials() override {
    const MutexLock lock(mutex_);
    if (!asked_ || lasts_less_than(kRenewBefore)) {
      Result<std::optional<ExpiringCredentials>> fetched = source_->fetch();
      if (fetched) {
        current_ = std::move(*fetched);
        asked_ = true;
      } else if (!asked_ || lasts_less_than({})) {
        return fetched.error();
      }
    }
    if (!current_) return std::optional<S3Credentials>();
    return std::optional(current_->keys);
  }

 private:
  bool lasts_less_than(std::chrono::minutes time) const QUIPU_REQUIRES(mutex_) {
    return current_ && current_->expires && *current_->expires < Clock::now() + time;
  }

  Mutex mutex_;
  const std::unique_ptr<CredentialSource> source_;
  bool asked_ QUIPU_GUARDED_BY(mutex_) = false;
  std::optional<ExpiringCredentials> current_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace

std::optional<Clock::time_point> parse_expiry(const std::string& text) {
  std::tm parts{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return std::nullopt;
  return Clock::from_time_t(::timegm(&parts));
}

std::shared_ptr<S3CredentialsProvider> renewed_credentials(std::unique_ptr<CredentialSource> source) {
  return std::make_shared<RenewedCredentials>(std::move(source));
}

}  // namespace quipu
