// What a request asks for: the parameters of its address, or the members of its JSON body.

#ifndef QUIPU_TOOLS_UI_API_PARAMS_H_
#define QUIPU_TOOLS_UI_API_PARAMS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "quipu/json.h"
#include "quipu/status.h"
#include "tools/ui/http/http.h"

namespace quipu::ui {

class Params {
 public:
  // Of a GET those behind the "?", percent-encoded; of a POST the members of the JSON object that it brings,
  // strings as they are, all else as JSON text. Errors: kInvalidArgument.
  static Result<Params> of(const HttpRequest& request);

  std::optional<std::string> find(const std::string& name) const;
  std::string get(const std::string& name, std::string_view otherwise = {}) const;
  Result<std::string> required(const std::string& name) const;
  // Of NAME, or of NAME_hex, which is for what is no text.
  Result<std::optional<std::string>> find_bytes(const std::string& name) const;
  Result<std::string> required_bytes(const std::string& name) const;
  // Between 0 and `most`.
  Result<uint64_t> number(const std::string& name, uint64_t otherwise, uint64_t most) const;
  Result<double> fraction(const std::string& name, double otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_API_PARAMS_H_
