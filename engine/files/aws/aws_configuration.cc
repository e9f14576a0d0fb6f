#include "engine/files/aws/aws_configuration.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace quipu {
namespace {

// A file at a variable's path, else in the home directory; ~/ is the home directory.
std::string file_at(const char* variable, const char* below_home) {
  const std::string home = environment({"HOME"});
  const std::string named = environment({variable});
  if (named.starts_with("~/")) return home + named.substr(1);
  return named.empty() ? home + below_home : named;
}

std::string in_upper_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

std::string environment(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    if (const char* const value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

bool environment_says(const char* name) {
  const std::string value = in_upper_case(environment({name}));
  return value == "TRUE" || value == "YES" || value == "ON" || value == "1";
}

std::string_view aws_domain(std::string_view region) {
  return region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
}

Result<AwsConfiguration> AwsConfiguration::load() {
  const std::string config = file_at("AWS_CONFIG_FILE", "/.aws/config");
  const std::string credentials = file_at("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
  QUIPU_ASSIGN_OR_RETURN(AwsProfiles profiles, AwsProfiles::read(config, credentials));
  std::string name = environment({"AWS_PROFILE", "AWS_DEFAULT_PROFILE"});
  if (!name.empty() && profiles.profile(name) == nullptr) {
    return Status::invalid_argument("AWS_PROFILE: there is no profile " + name + " in " + config + " or " +
                                    credentials);
  }
  if (name.empty()) name = "default";
  return AwsConfiguration(std::move(profiles), std::move(name));
}

std::string AwsConfiguration::setting(const std::string& name) const {
  const AwsSettings* const settings = profiles_.profile(profile_name_);
  if (settings == nullptr) return {};
  const auto found = settings->find(name);
  return found == settings->end() ? std::string() : found->second;
}

std::string AwsConfiguration::region() const {
  const std::string region = environment({"AWS_REGION", "AWS_DEFAULT_REGION"});
  return region.empty() ? setting("region") : region;
}

std::string AwsConfiguration::endpoint(const std::string& service) const {
  if (environment_says("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) return {};
  const std::string own = "AWS_ENDPOINT_URL_" + in_upper_case(service);
  if (std::string url = environment({own.c_str(), "AWS_ENDPOINT_URL"}); !url.empty()) return url;
  if (const AwsSettings* const services = profiles_.services(setting("services")); services != nullptr) {
    const auto url = services->find(service + ".endpoint_url");
    if (url != services->end()) return url->second;
  }
  return setting("endpoint_url");
}

}  // namespace quipu
