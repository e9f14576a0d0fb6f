#include "engine/files/aws/credential_chain.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "engine/files/aws/credential_source.h"
#include "engine/files/aws/metadata_credentials.h"
#include "engine/files/aws/sts_credentials.h"

namespace quipu {
namespace {

using Provider = std::shared_ptr<S3CredentialsProvider>;

class FixedCredentials : public S3CredentialsProvider {
 public:
  explicit FixedCredentials(S3Credentials keys) : keys_(std::move(keys)) {}
  Result<std::optional<S3Credentials>> credentials() override { return std::optional(keys_); }

 private:
  const S3Credentials keys_;
};

class NoCredentials : public S3CredentialsProvider {
 public:
  Result<std::optional<S3Credentials>> credentials() override { return std::optional<S3Credentials>(); }
};

// Null where both are empty. `where`: says what has them; the names are those of the settings.
Result<Provider> fixed(const std::string& where, std::pair<const char*, std::string> id,
                       std::pair<const char*, std::string> secret, std::string token) {
  if (id.second.empty() && secret.second.empty()) return Provider();
  for (const auto& [name, value] : {id, secret}) {
    if (value.empty()) return Status::invalid_argument(where + " has no " + name + ", but the other key");
  }
  return std::make_shared<FixedCredentials>(
      S3Credentials{std::move(id.second), std::move(secret.second), std::move(token)});
}

Result<Provider> of_environment() {
  return fixed("the environment", {"AWS_ACCESS_KEY_ID", environment({"AWS_ACCESS_KEY_ID"})},
               {"AWS_SECRET_ACCESS_KEY", environment({"AWS_SECRET_ACCESS_KEY"})},
               environment({"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}));
}

Result<Provider> of_container() {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<CredentialSource> source, container_credentials());
  return source ? renewed_credentials(std::move(source)) : Provider();
}

Provider of_instance() {
  std::unique_ptr<CredentialSource> source = instance_credentials();
  return source ? renewed_credentials(std::move(source)) : Provider();
}

// The keys of profiles, which may name one another.
class ProfileKeys {
 public:
  explicit ProfileKeys(const AwsConfiguration& configuration) : configuration_(configuration) {}

  // A role of the profile, or null. `seen`: the profiles that led to it.
  Result<Provider> role_of(const std::string& profile, std::vector<std::string> seen = {}) const {
    const std::string arn = setting(profile, "role_arn");
    const std::string source_profile = setting(profile, "source_profile");
    const std::string credential_source = setting(profile, "credential_source");
    if (arn.empty() || !setting(profile, "web_identity_token_file").empty()) return Provider();
    if (!setting(profile, "mfa_serial").empty()) return unknown(profile, "mfa_serial");
    if (source_profile.empty() == credential_source.empty()) {
      return Status::invalid_argument("the AWS profile " + profile +
                                      " has role_arn, and needs either source_profile or credential_source");
    }
    seen.push_back(profile);
    QUIPU_ASSIGN_OR_RETURN(Provider base, source_profile.empty() ? named_source(profile, credential_source)
                                                                 : base_of(source_profile, std::move(seen)));
    return renewed_credentials(assumed_role_credentials(role(profile, arn), sts(), std::move(base)));
  }

  Result<Provider> fixed_of(const std::string& profile) const {
    return fixed("the AWS profile " + profile, {"aws_access_key_id", setting(profile, "aws_access_key_id")},
                 {"aws_secret_access_key", setting(profile, "aws_secret_access_key")},
                 setting(profile, "aws_session_token"));
  }

  // Of the environment, or of the profile.
  Result<Provider> web_identity(const std::string& profile) const {
    std::string file = environment({"AWS_WEB_IDENTITY_TOKEN_FILE"});
    AssumedRole wanted{environment({"AWS_ROLE_ARN"}), environment({"AWS_ROLE_SESSION_NAME"})};
    if (file.empty()) {
      file = setting(profile, "web_identity_token_file");
      wanted = role(profile, setting(profile, "role_arn"));
    }
    if (file.empty()) return Provider();
    if (wanted.role_arn.empty()) {
      return Status::invalid_argument(
          "a web identity's token is named, but no role: AWS_ROLE_ARN, or role_arn in the AWS profile");
    }
    return renewed_credentials(web_identity_credentials(std::move(wanted), sts(), std::move(file)));
  }

  // Ways to keys that a profile may name and that are not known here.
  Status check_known(const std::string& profile) const {
    constexpr std::array<const char*, 3> kUnknown = {"sso_session", "sso_start_url", "credential_process"};
    for (const char* const name : kUnknown) {
      if (!setting(profile, name).empty()) return unknown(profile, name);
    }
    return Status::ok();
  }

 private:
  std::string setting(const std::string& profile, const std::string& name) const {
    const AwsSettings* const settings = configuration_.profiles().profile(profile);
    if (settings == nullptr) return {};
    const auto found = settings->find(name);
    return found == settings->end() ? std::string() : found->second;
  }

  Status unknown(const std::string& profile, const std::string& name) const {
    return Status::invalid_argument("the AWS profile " + profile + " has " + name +
                                    ", which is not known here; keys for the environment are printed by: aws "
                                    "configure export-credentials --format env --profile " +
                                    profile);
  }

  AssumedRole role(const std::string& profile, const std::string& arn) const {
    return {arn, setting(profile, "role_session_name"), setting(profile, "external_id"),
            setting(profile, "duration_seconds")};
  }

  StsService sts() const { return {configuration_.endpoint("sts"), configuration_.region()}; }

  // What a source_profile has. One that names itself has keys of its own.
  Result<Provider> base_of(const std::string& profile, std::vector<std::string> seen) const {
    if (configuration_.profiles().profile(profile) == nullptr) {
      return Status::invalid_argument("the AWS profile " + seen.back() + " has source_profile " + profile +
                                      ", which does not exist");
    }
    if (std::ranges::find(seen, profile) != seen.end() && profile != seen.back()) {
      return Status::invalid_argument("the AWS profile " + profile + " is its own source_profile");
    }
    Provider found;
    if (profile != seen.back()) {
      QUIPU_ASSIGN_OR_RETURN(found, role_of(profile, seen));
    }
    if (!found) {
      QUIPU_ASSIGN_OR_RETURN(found, fixed_of(profile));
    }
    if (!found && profile != seen.back()) {
      if (!setting(profile, "web_identity_token_file").empty()) {
        return renewed_credentials(web_identity_credentials(
            role(profile, setting(profile, "role_arn")), sts(), setting(profile, "web_identity_token_file")));
      }
      QUIPU_RETURN_IF_ERROR(check_known(profile));
    }
    if (found) return found;
    return Status::invalid_argument("the AWS profile " + profile + ", the source_profile of " + seen.back() +
                                    ", has no keys");
  }

  static Result<Provider> named_source(const std::string& profile, const std::string& name) {
    Provider found;
    if (name == "Environment") {
      QUIPU_ASSIGN_OR_RETURN(found, of_environment());
    } else if (name == "EcsContainer") {
      QUIPU_ASSIGN_OR_RETURN(found, of_container());
    } else if (name == "Ec2InstanceMetadata") {
      found = of_instance();
    } else {
      return Status::invalid_argument("the AWS profile " + profile + ": credential_source = " + name +
                                      " is none of Environment, EcsContainer, Ec2InstanceMetadata");
    }
    if (found) return found;
    return Status::invalid_argument("the AWS profile " + profile + ": credential_source = " + name +
                                    ", which has no keys");
  }

  const AwsConfiguration& configuration_;
};

}  // namespace

Result<Provider> credential_chain(const AwsConfiguration& configuration) {
  if (environment_says("AWS_NO_SIGN_REQUEST")) return Provider();
  const std::string& profile = configuration.profile_name();
  const ProfileKeys profiles(configuration);
  QUIPU_ASSIGN_OR_RETURN(Provider found, of_environment());
  if (!found) {
    QUIPU_ASSIGN_OR_RETURN(found, profiles.role_of(profile));
  }
  if (!found) {
    QUIPU_ASSIGN_OR_RETURN(found, profiles.web_identity(profile));
  }
  if (!found) {
    QUIPU_ASSIGN_OR_RETURN(found, profiles.fixed_of(profile));
  }
  if (!found) {
    QUIPU_RETURN_IF_ERROR(profiles.check_known(profile));
    QUIPU_ASSIGN_OR_RETURN(found, of_container());
  }
  if (!found) found = of_instance();
  return found ? found : std::make_shared<NoCredentials>();
}

}  // namespace quipu
