// Keys of roles that are assumed, from AWS's Security Token Service.

#ifndef QUIPU_ENGINE_FILES_AWS_STS_CREDENTIALS_H_
#define QUIPU_ENGINE_FILES_AWS_STS_CREDENTIALS_H_

#include <memory>
#include <string>

#include "engine/files/aws/credential_source.h"

namespace quipu {

struct AssumedRole {
  std::string role_arn;
  std::string session_name = {};      // empty: one of ours
  std::string external_id = {};       // empty: none
  std::string duration_seconds = {};  // empty: the service's default
};

// Where the service is asked.
struct StsService {
  std::string endpoint;  // empty: Amazon's of the region
  std::string region;    // empty: the global one
};

// By the keys of `base`.
std::unique_ptr<CredentialSource> assumed_role_credentials(AssumedRole role, StsService service,
                                                           std::shared_ptr<S3CredentialsProvider> base);
// By the token in a file, which is read each time.
std::unique_ptr<CredentialSource> web_identity_credentials(AssumedRole role, StsService service,
                                                           std::string token_file);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_AWS_STS_CREDENTIALS_H_
