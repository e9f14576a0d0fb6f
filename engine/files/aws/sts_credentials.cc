#include "engine/files/aws/sts_credentials.h"

#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "engine/files/aws/aws_configuration.h"
#include "engine/files/aws/aws_signature.h"
#include "engine/files/http/http_connections.h"
#include "engine/files/http/xml_elements.h"

namespace quipu {
namespace {

constexpr const char* kVersion = "2011-06-15";
constexpr const char* kSessionName = "quipu";

class StsCredentials : public CredentialSource {
 public:
  StsCredentials(AssumedRole role, StsService service)
      : role_(std::move(role)), service_(std::move(service)) {
    if (service_.endpoint.empty()) {
      service_.endpoint = service_.region.empty()
                              ? "https://sts.amazonaws.com"
                              : "https://sts." + service_.region + std::string(aws_domain(service_.region));
    }
    while (service_.endpoint.ends_with('/')) service_.endpoint.pop_back();
    if (service_.region.empty()) service_.region = "us-east-1";
  }

  Result<std::optional<ExpiringCredentials>> fetch() override {
    const std::string who = "the role " + role_.role_arn + " at " + host_of(service_.endpoint);
    std::map<std::string, std::string> form = {
        {"Version", kVersion},
        {"RoleArn", role_.role_arn},
        {"RoleSessionName", role_.session_name.empty() ? kSessionName : role_.session_name}};
    if (!role_.external_id.empty()) form["ExternalId"] = role_.external_id;
    if (!role_.duration_seconds.empty()) form["DurationSeconds"] = role_.duration_seconds;
    const Result<HttpAnswer> answer = ask(form);
    if (!answer) return answer.error().prefixed(who);
    if (answer->status != 200) {
      return Status::io_error(who + ": status " + std::to_string(answer->status) + ", " +
                              xml_element(answer->body, "Code") + ", " +
                              xml_element(answer->body, "Message"));
    }
    ExpiringCredentials found{
        {xml_element(answer->body, "AccessKeyId"), xml_element(answer->body, "SecretAccessKey"),
         xml_element(answer->body, "SessionToken")},
        parse_expiry(xml_element(answer->body, "Expiration"))};
    if (found.keys.access_key_id.empty() || found.keys.secret_access_key.empty()) {
      return Status::io_error(who + ": the answer has no keys");
    }
    return std::optional(std::move(found));
  }

 protected:
  // Adds what proves who asks, and asks.
  virtual Result<HttpAnswer> ask(std::map<std::string, std::string>& form) const = 0;

  const StsService& service() const { return service_; }
  Result<HttpAnswer> post(const std::string& body, std::map<std::string, std::string> headers) const {
    headers["content-type"] = "application/x-www-form-urlencoded";
    return connections_.send(
        {.method = "POST", .url = service_.endpoint + "/", .headers = std::move(headers), .body = body});
  }

 private:
  const AssumedRole role_;
  StsService service_;
  const HttpConnections connections_;
};

class AssumedRoleCredentials : public StsCredentials {
 public:
  AssumedRoleCredentials(AssumedRole role, StsService service, std::shared_ptr<S3CredentialsProvider> base)
      : StsCredentials(std::move(role), std::move(service)), base_(std::move(base)) {}

 private:
  Result<HttpAnswer> ask(std::map<std::string, std::string>& form) const override {
    form["Action"] = "AssumeRole";
    QUIPU_ASSIGN_OR_RETURN(std::optional<S3Credentials> keys, base_->credentials());
    if (!keys) return Status::io_error("there are no keys to assume it with");
    const std::string body = aws_query_string(form);
    AwsRequest request{.method = "POST", .host = host_of(service().endpoint), .path = "/", .body = body};
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    sign_aws_request({*std::move(keys), service().region, "sts"}, aws_time_now(), request);
    return post(body, std::move(request.headers));
  }

  const std::shared_ptr<S3CredentialsProvider> base_;
};

class WebIdentityCredentials : public StsCredentials {
 public:
  WebIdentityCredentials(AssumedRole role, StsService service, std::string token_file)
      : StsCredentials(std::move(role), std::move(service)), token_file_(std::move(token_file)) {}

 private:
  Result<HttpAnswer> ask(std::map<std::string, std::string>& form) const override {
    form["Action"] = "AssumeRoleWithWebIdentity";
    std::ifstream in(token_file_);
    if (!in) return Status::io_error("cannot read the web identity's token: " + token_file_);
    std::ostringstream token;
    token << in.rdbuf();
    std::string text = std::move(token).str();
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    form["WebIdentityToken"] = std::move(text);
    return post(aws_query_string(form), {});
  }

  const std::string token_file_;
};

}  // namespace

std::unique_ptr<CredentialSource> assumed_role_credentials(AssumedRole role, StsService service,
                                                           std::shared_ptr<S3CredentialsProvider> base) {
  return std::make_unique<AssumedRoleCredentials>(std::move(role), std::move(service), std::move(base));
}

std::unique_ptr<CredentialSource> web_identity_credentials(AssumedRole role, StsService service,
                                                           std::string token_file) {
  return std::make_unique<WebIdentityCredentials>(std::move(role), std::move(service), std::move(token_file));
}

}  // namespace quipu
