#include "tools/ui/http/guard.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "tools/terminal/text.h"

namespace quipu::ui {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kMaxTargetBytes = 8192;

// In a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

bool is_plain(std::string_view target) {
  return target.starts_with('/') && target.size() <= kMaxTargetBytes &&
         std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7F'; });
}

}  // namespace

Result<std::string> make_token() {
  std::array<char, kTokenBytes> bytes{};
  if (getentropy(bytes.data(), bytes.size()) != 0) {
    return Status::io_error("no random numbers: " + std::generic_category().message(errno));
  }
  return cli::to_hex({bytes.data(), bytes.size()});
}

std::optional<HttpResponse> Guard::refuse(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "POST")
    return error_response(405, "GET and POST are known");
  if (!is_plain(request.target)) return error_response(400, "no path of this page");
  if (std::optional<HttpResponse> refused = refuse_source(request)) return refused;
  const bool metrics = request.path() == "/metrics";
  if (!metrics && !request.path().starts_with("/api/")) {
    if (request.method != "GET") return error_response(405, "the files of the page can be read only");
    return std::nullopt;
  }
  if (!has_token(request) && !(metrics && bears_token(request))) {
    return error_response(401, "the token is missing or wrong: open the address that quipu ui has printed");
  }
  if (request.method == "POST") {
    const std::vector<std::string_view> types = request.header("Content-Type");
    if (types.size() != 1 || types.front() != "application/json") {
      return error_response(415, "a request that does something is application/json");
    }
  }
  return std::nullopt;
}

std::optional<HttpResponse> Guard::refuse_source(const HttpRequest& request) const {
  const std::string port = ":" + std::to_string(port_);
  const std::vector<std::string_view> hosts = request.header("Host");
  if (hosts.size() != 1 || (hosts.front() != "127.0.0.1" + port && hosts.front() != "localhost" + port)) {
    return error_response(403, "this is the page of http://127.0.0.1" + port + ", under no other name");
  }
  const std::string own_origin = "http://" + std::string(hosts.front());
  for (const std::string_view origin : request.header("Origin")) {
    if (origin != own_origin) return error_response(403, "another site may not ask here");
  }
  for (const std::string_view site : request.header("Sec-Fetch-Site")) {
    if (site != "same-origin" && site != "none") return error_response(403, "another site may not ask here");
  }
  return std::nullopt;
}

bool Guard::has_token(const HttpRequest& request) const {
  const std::vector<std::string_view> tokens = request.header(kTokenHeader);
  return tokens.size() == 1 && same_secret(tokens.front(), token_);
}

// As programs that read metrics send it.
bool Guard::bears_token(const HttpRequest& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const std::vector<std::string_view> sent = request.header("Authorization");
  return sent.size() == 1 && sent.front().starts_with(kBearer) &&
         same_secret(sent.front().substr(kBearer.size()), token_);
}

}  // namespace quipu::ui
