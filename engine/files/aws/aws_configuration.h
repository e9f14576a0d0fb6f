// AwsConfiguration: what the environment and the profile say together, the environment first.
//
// Thread-safety: immutable.

#ifndef QUIPU_ENGINE_FILES_AWS_AWS_CONFIGURATION_H_
#define QUIPU_ENGINE_FILES_AWS_AWS_CONFIGURATION_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "engine/files/aws/aws_profiles.h"

namespace quipu {

class AwsConfiguration {
 public:
  // Errors: those of AwsProfiles; kInvalidArgument where AWS_PROFILE names one that is in no file.
  static Result<AwsConfiguration> load();

  const AwsProfiles& profiles() const { return profiles_; }
  const std::string& profile_name() const { return profile_name_; }
  // Of the profile; empty where it has none.
  std::string setting(const std::string& name) const;

  std::string region() const;  // empty where none is named
  // Of a service by its name in variables and files, "s3"; empty: Amazon's.
  std::string endpoint(const std::string& service) const;

 private:
  AwsConfiguration(AwsProfiles profiles, std::string profile_name)
      : profiles_(std::move(profiles)), profile_name_(std::move(profile_name)) {}

  AwsProfiles profiles_;
  std::string profile_name_;
};

// The first of these variables that is not empty, else an empty text.
std::string environment(std::initializer_list<const char*> names);
// Whether a variable is "true", "yes", "on" or "1".
bool environment_says(const char* name);

// ".amazonaws.com", or as the partition of a region has it.
std::string_view aws_domain(std::string_view region);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_AWS_AWS_CONFIGURATION_H_
