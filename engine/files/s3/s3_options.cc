#include <utility>

#include "engine/files/aws/aws_configuration.h"
#include "engine/files/aws/credential_chain.h"
#include "quipu/s3_file_system.h"

namespace quipu {
namespace {

Result<S3Addressing> addressing_of(const std::string& style) {
  if (style.empty() || style == "auto") return S3Addressing::kAuto;
  if (style == "path") return S3Addressing::kPath;
  if (style == "virtual") return S3Addressing::kHost;
  return Status::invalid_argument("s3 addressing_style = " + style + " is none of auto, path, virtual");
}

}  // namespace

Result<S3Options> S3Options::from_environment() {
  QUIPU_ASSIGN_OR_RETURN(const AwsConfiguration configuration, AwsConfiguration::load());
  S3Options options;
  options.region = configuration.region();
  options.endpoint = configuration.endpoint("s3");
  QUIPU_ASSIGN_OR_RETURN(options.addressing, addressing_of(configuration.setting("s3.addressing_style")));
  QUIPU_ASSIGN_OR_RETURN(options.credentials, credential_chain(configuration));
  if (environment({"AWS_ACCESS_KEY_ID"}).empty() || !options.credentials) return options;
  Result<std::optional<S3Credentials>> keys = options.credentials->credentials();  // which do not change
  if (!keys || !*keys) return options;
  options.access_key_id = std::move((*keys)->access_key_id);
  options.secret_access_key = std::move((*keys)->secret_access_key);
  options.session_token = std::move((*keys)->session_token);
  options.credentials = nullptr;
  return options;
}

}  // namespace quipu
