// Who may ask: the page that this process has served, in the browser of whoever has the token, and nobody
// else. Another site cannot, whatever a browser does for it: its Origin, its Host (DNS rebinding) or the
// missing token give it away. The token is in no cookie, which browsers would send to other ports of this
// machine, too. Thread-safety: immutable.

#ifndef QUIPU_TOOLS_UI_HTTP_GUARD_H_
#define QUIPU_TOOLS_UI_HTTP_GUARD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quipu/status.h"
#include "tools/ui/http/http.h"

namespace quipu::ui {

// What a request for data carries the token in.
inline constexpr std::string_view kTokenHeader = "X-Quipu-Token";

// 32 random bytes in hexadecimal. Error: kIoError where the system has none.
Result<std::string> make_token();

class Guard {
 public:
  Guard(uint16_t port, std::string token) : port_(port), token_(std::move(token)) {}

  // Why the request is refused; nothing when it may pass. What begins with "/api/" needs the token, and
  // so does /metrics; the files of the page, in which there are no data, do not.
  std::optional<HttpResponse> refuse(const HttpRequest& request) const;

 private:
  std::optional<HttpResponse> refuse_source(const HttpRequest& request) const;
  bool has_token(const HttpRequest& request) const;
  bool bears_token(const HttpRequest& request) const;

  const uint16_t port_;
  const std::string token_;
};

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_HTTP_GUARD_H_
