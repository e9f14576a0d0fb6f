// A request and its answer, as the page's handlers see them.

#ifndef QUIPU_TOOLS_UI_HTTP_HTTP_H_
#define QUIPU_TOOLS_UI_HTTP_HTTP_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu::ui {

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // as it was sent: "/api/entry?collection=data&key=a%20b"
  std::vector<std::pair<std::string, std::string>> headers;  // as often as they came
  std::string body;

  // The values of a header, whatever the case of its name.
  std::vector<std::string_view> header(std::string_view name) const;
  // What stands before the "?".
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// {"error": message}, which the page shows.
HttpResponse error_response(unsigned status, std::string_view message);

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_HTTP_HTTP_H_
