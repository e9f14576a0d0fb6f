// HttpConnections: requests over HTTP and HTTPS, on connections that are kept open.
//
//   HttpConnections connections;
//   QUIPU_ASSIGN_OR_RETURN(const HttpAnswer answer, connections.send({.url = "http://127.0.0.1:80/"}));
//   if (answer.status == 200) use(answer.body);
//
// Redirections are answers like any other. The authorities are the system's, or those of the file that
// AWS_CA_BUNDLE names.
// Thread-safety: any number of threads at once. Errors: kIoError with what libcurl says, which is without
// URL, headers and body.

#ifndef QUIPU_ENGINE_FILES_HTTP_HTTP_CONNECTIONS_H_
#define QUIPU_ENGINE_FILES_HTTP_HTTP_CONNECTIONS_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "quipu/status.h"

namespace quipu {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::map<std::string, std::string> headers = {};
  std::string_view body = {};
  size_t max_answer_bytes = 16 << 20;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};
  bool through_proxy = true;                     // that the environment names
  const std::atomic<bool>* cancelled = nullptr;  // once true, the request ends
};

struct HttpAnswer {
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  // Empty where there is none.
  std::string_view header(const std::string& name) const;
};

class HttpConnections {
 public:
  HttpConnections();
  ~HttpConnections();
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;

  Result<HttpAnswer> send(const HttpRequest& request) const;

 private:
  class Handles;
  const std::unique_ptr<Handles> handles_;
};

// "http://host:1/path" -> "host:1".
std::string host_of(std::string_view url);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_HTTP_HTTP_CONNECTIONS_H_
