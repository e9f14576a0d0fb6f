// Keys of the roles that AWS gives a container or an instance, from the metadata service beside it.

#ifndef QUIPU_ENGINE_FILES_AWS_METADATA_CREDENTIALS_H_
#define QUIPU_ENGINE_FILES_AWS_METADATA_CREDENTIALS_H_

#include <memory>

#include "engine/files/aws/credential_source.h"

namespace quipu {

// Of AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI, with the token of
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN; null where neither is set. The
// token is sent over HTTPS, to this machine, or to AWS's own metadata services. Errors: kInvalidArgument for
// any other address.
Result<std::unique_ptr<CredentialSource>> container_credentials();

// Of the instance's metadata service, version 2; null where AWS_EC2_METADATA_DISABLED is true. Where no such
// service answers, or it has no role, there are none.
std::unique_ptr<CredentialSource> instance_credentials();

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_AWS_METADATA_CREDENTIALS_H_
