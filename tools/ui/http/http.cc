#include "tools/ui/http/http.h"

#include <algorithm>

#include "tools/terminal/output.h"

namespace quipu::ui {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::vector<std::string_view> HttpRequest::header(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : headers) {
    if (std::ranges::equal(key, name, {}, lower, lower)) values.push_back(value);
  }
  return values;
}

HttpResponse error_response(unsigned status, std::string_view message) {
  return {.status = status, .body = cli::JsonText().add("error", message).object()};
}

}  // namespace quipu::ui
