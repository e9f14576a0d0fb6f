#include "engine/files/aws/metadata_credentials.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "engine/files/aws/aws_configuration.h"
#include "engine/files/http/http_connections.h"
#include "quipu/json.h"

namespace quipu {
namespace {

constexpr size_t kMaxAnswerBytes = 1 << 20;
constexpr std::chrono::milliseconds kContainerTimeout{2000};
constexpr int kContainerAttempts = 3;

std::string text_of(JsonView answer, std::string_view name) {
  const std::optional<JsonView> value = answer.find(name);
  return value && value->is_string() ? value->string() : std::string();
}

// {"AccessKeyId": ..., "SecretAccessKey": ..., "Token": ..., "Expiration": ...}
Result<std::optional<ExpiringCredentials>> parse_keys(const std::string& who, const std::string& body) {
  const Result<Json> answer = Json::parse(body);
  if (!answer || !answer->view().is_object()) {
    return Status::io_error(who + ": the answer is no JSON object");
  }
  const JsonView view = *answer;
  if (const std::string code = text_of(view, "Code"); !code.empty() && code != "Success") {
    return Status::io_error(who + ": " + code);
  }
  ExpiringCredentials found{
      {text_of(view, "AccessKeyId"), text_of(view, "SecretAccessKey"), text_of(view, "Token")},
      parse_expiry(text_of(view, "Expiration"))};
  if (found.keys.access_key_id.empty() || found.keys.secret_access_key.empty()) {
    return Status::io_error(who + ": the answer has no keys");
  }
  return std::optional(std::move(found));
}

Status status_error(const std::string& who, const HttpAnswer& answer) {
  return Status::io_error(who + ": status " + std::to_string(answer.status));
}

class ContainerCredentials : public CredentialSource {
 public:
  explicit ContainerCredentials(std::string url) : url_(std::move(url)) {}

  Result<std::optional<ExpiringCredentials>> fetch() override {
    const std::string who = "the container's role at " + host_of(url_);
    HttpRequest request{.url = url_,
                        .headers = {{"accept", "application/json"}},
                        .max_answer_bytes = kMaxAnswerBytes,
                        .connect_timeout = kContainerTimeout,
                        .timeout = kContainerTimeout,
                        .through_proxy = false};
    QUIPU_ASSIGN_OR_RETURN(const std::string token, authorization());
    if (!token.empty()) request.headers["authorization"] = token;
    for (int attempts_left = kContainerAttempts;;) {
      const Result<HttpAnswer> answer = connections_.send(request);
      if (answer && answer->status == 200) return parse_keys(who, answer->body);
      if (--attempts_left > 0) continue;
      return answer ? status_error(who, *answer) : answer.error().prefixed(who);
    }
  }

 private:
  // Read each time, for the file is written anew when its token is about to expire.
  static Result<std::string> authorization() {
    const std::string path = environment({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"});
    std::string token = environment({"AWS_CONTAINER_AUTHORIZATION_TOKEN"});
    if (!path.empty()) {
      std::ifstream in(path);
      if (!in) return Status::io_error("cannot read AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: " + path);
      std::ostringstream text;
      text << in.rdbuf();
      token = std::move(text).str();
      while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
    }
    if (token.find_first_of("\r\n") != std::string::npos) {
      return Status::invalid_argument("the container's authorization token has more than one line");
    }
    return token;
  }

  const std::string url_;
  const HttpConnections connections_;
};

// Where a token may be sent to.
bool is_trusted(const std::string& url) {
  if (url.starts_with("https://")) return true;
  if (!url.starts_with("http://")) return false;
  std::string host = host_of(url);
  if (host.find('@') != std::string::npos) return false;
  const size_t end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  if (end != std::string::npos && end != 0) host.resize(std::min(end, host.size()));
  constexpr std::array<std::string_view, 5> kHosts = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23",
                                                      "[fd00:ec2::23]"};
  if (std::ranges::find(kHosts, host) != kHosts.end()) return true;
  const bool is_address = host.find_first_not_of("0123456789.") == std::string::npos;
  return is_address && host.starts_with("127.");
}

class InstanceCredentials : public CredentialSource {
 public:
  InstanceCredentials() {
    endpoint_ = environment({"AWS_EC2_METADATA_SERVICE_ENDPOINT"});
    const bool ipv6 = environment({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"}) == "ipv6";
    if (endpoint_.empty()) endpoint_ = ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    while (endpoint_.ends_with('/')) endpoint_.pop_back();
    const int seconds = std::atoi(environment({"AWS_METADATA_SERVICE_TIMEOUT"}).c_str());
    timeout_ = std::chrono::seconds(std::max(seconds, 1));
    attempts_ = std::max(std::atoi(environment({"AWS_METADATA_SERVICE_NUM_ATTEMPTS"}).c_str()), 1);
  }

  Result<std::optional<ExpiringCredentials>> fetch() override {
    const std::string who = "the instance's role at " + host_of(endpoint_);
    const Result<HttpAnswer> token =
        send("PUT", "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}});
    if (!token || token->status != 200) return none_or(token ? status_error(who, *token) : token.error());
    const std::map<std::string, std::string> headers = {{"x-aws-ec2-metadata-token", token->body}};
    const std::string path = "/latest/meta-data/iam/security-credentials/";
    QUIPU_ASSIGN_OR_RETURN(const HttpAnswer roles, send("GET", path, headers));
    if (roles.status == 404) return std::optional<ExpiringCredentials>();
    if (roles.status != 200) return status_error(who, roles);
    const std::string role = roles.body.substr(0, roles.body.find_first_of("\r\n"));
    QUIPU_ASSIGN_OR_RETURN(const HttpAnswer keys, send("GET", path + role, headers));
    if (keys.status != 200) return status_error(who, keys);
    QUIPU_ASSIGN_OR_RETURN(std::optional<ExpiringCredentials> found, parse_keys(who, keys.body));
    has_role_ = true;
    return found;
  }

 private:
  // Most machines have no such service; one that has given keys is expected to answer.
  Result<std::optional<ExpiringCredentials>> none_or(const Status& error) const {
    if (has_role_) return error;
    return std::optional<ExpiringCredentials>();
  }

  Result<HttpAnswer> send(const std::string& method, const std::string& path,
                          const std::map<std::string, std::string>& headers) const {
    const HttpRequest request{.method = method,
                              .url = endpoint_ + path,
                              .headers = headers,
                              .max_answer_bytes = kMaxAnswerBytes,
                              .connect_timeout = timeout_,
                              .timeout = timeout_,
                              .through_proxy = false};
    for (int attempts_left = attempts_;;) {
      Result<HttpAnswer> answer = connections_.send(request);
      if ((answer && answer->status < 500) || --attempts_left == 0) return answer;
    }
  }

  std::string endpoint_;
  std::chrono::milliseconds timeout_{};
  int attempts_ = 1;
  bool has_role_ = false;
  const HttpConnections connections_;
};

}  // namespace

Result<std::unique_ptr<CredentialSource>> container_credentials() {
  std::string url;
  if (const std::string path = environment({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"}); !path.empty()) {
    url = "http://169.254.170.2" + std::string(path.starts_with('/') ? "" : "/") + path;
  } else {
    url = environment({"AWS_CONTAINER_CREDENTIALS_FULL_URI"});
    if (url.empty()) return std::unique_ptr<CredentialSource>();
    if (!is_trusted(url)) {
      return Status::invalid_argument(
          "AWS_CONTAINER_CREDENTIALS_FULL_URI: the host " + host_of(url) +
          " is neither this machine nor AWS's metadata service, and the address is not https://");
    }
  }
  return std::make_unique<ContainerCredentials>(std::move(url));
}

std::unique_ptr<CredentialSource> instance_credentials() {
  if (environment_says("AWS_EC2_METADATA_DISABLED")) return nullptr;
  return std::make_unique<InstanceCredentials>();
}

}  // namespace quipu
