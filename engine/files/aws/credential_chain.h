// Which keys count, in the order of AWS's own tools; quipu/s3_file_system.h lists it.

#ifndef QUIPU_ENGINE_FILES_AWS_CREDENTIAL_CHAIN_H_
#define QUIPU_ENGINE_FILES_AWS_CREDENTIAL_CHAIN_H_

#include <memory>

#include "engine/files/aws/aws_configuration.h"
#include "quipu/s3_file_system.h"

namespace quipu {

// Asks no service. Null: AWS_NO_SIGN_REQUEST is true. Errors: kInvalidArgument for what is set by half, or
// not known here.
Result<std::shared_ptr<S3CredentialsProvider>> credential_chain(const AwsConfiguration& configuration);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_AWS_CREDENTIAL_CHAIN_H_
