// An HTTP server on this machine's loopback, for few clients, each of which is bounded: in connections, in
// the size of a request's head and body, and in the time that sending a request or taking its answer may
// need.

#ifndef QUIPU_TOOLS_UI_HTTP_SERVER_H_
#define QUIPU_TOOLS_UI_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "quipu/status.h"
#include "tools/ui/http/http.h"

namespace quipu::ui {

inline constexpr size_t kMaxConnections = 64;       // further ones are closed at once
inline constexpr size_t kMaxHeadBytes = 16 << 10;   // else 431
inline constexpr size_t kMaxBodyBytes = 256 << 10;  // else 413
inline constexpr int kRequestSeconds = 20;          // from a connection's last answer to the end of a request
inline constexpr int kResponseSeconds = 30;

class HttpServer {
 public:
  // Looks at each request before anything is done for it; must be quick. An answer is sent in the place of
  // the handler's.
  using Check = std::function<std::optional<HttpResponse>(const HttpRequest&)>;
  // Called from several threads.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Listens on 127.0.0.1; port 0: one that is free. Error: kIoError.
  static Result<std::unique_ptr<HttpServer>> listen(uint16_t port);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;

  // Serves until `ended`, which is asked some times a second, says so.
  void run(const Check& check, const Handler& handler, const std::function<bool()>& ended);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_HTTP_SERVER_H_
