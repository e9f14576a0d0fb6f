#include "tools/ui/api/params.h"

#include <algorithm>
#include <charconv>

#include "tools/terminal/text.h"

namespace quipu::ui {
namespace {

// Nothing when a "%" is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const std::optional<std::string> byte =
        i + 2 < text.size() ? cli::from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte) return std::nullopt;
    decoded += *byte;
    i += 2;
  }
  return decoded;
}

Status bad_number(const std::string& name, std::string_view range) {
  return Status::invalid_argument(name + " must be a number " + std::string(range));
}

}  // namespace

Result<Params> Params::of(const HttpRequest& request) {
  Params params;
  if (request.method == "POST") {
    QUIPU_ASSIGN_OR_RETURN(const Json body, Json::parse(request.body));
    if (!body.view().is_object()) return Status::invalid_argument("the body is no JSON object");
    for (const JsonMember& member : body.view().members()) {
      const JsonView value = member.value;
      params.values_[member.key()] = value.is_string() ? value.string() : std::string(value.text());
    }
    return params;
  }
  const size_t mark = request.target.find('?');
  std::string_view rest = mark == std::string::npos ? "" : std::string_view(request.target).substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::optional<std::string> name = percent_decoded(pair.substr(0, equals));
    const std::optional<std::string> value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return Status::invalid_argument("an address with a % that stands for nothing");
    params.values_[*name] = *value;
  }
  return params;
}

std::optional<std::string> Params::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::string Params::get(const std::string& name, std::string_view otherwise) const {
  return find(name).value_or(std::string(otherwise));
}

Result<std::string> Params::required(const std::string& name) const {
  if (std::optional<std::string> value = find(name)) return *std::move(value);
  return Status::invalid_argument(name + " is missing");
}

Result<std::optional<std::string>> Params::find_bytes(const std::string& name) const {
  if (const std::optional<std::string> hex = find(name + "_hex")) {
    if (std::optional<std::string> bytes = cli::from_hex(*hex)) return bytes;
    return Status::invalid_argument(name + "_hex must be pairs of hexadecimal digits");
  }
  return find(name);
}

Result<std::string> Params::required_bytes(const std::string& name) const {
  QUIPU_ASSIGN_OR_RETURN(std::optional<std::string> bytes, find_bytes(name));
  if (!bytes) return Status::invalid_argument(name + " is missing");
  return *std::move(bytes);
}

Result<uint64_t> Params::number(const std::string& name, uint64_t otherwise, uint64_t most) const {
  const std::optional<std::string> text = find(name);
  if (!text) return otherwise;
  uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc() && stop == end && number <= most) return number;
  return bad_number(name, "from 0 to " + std::to_string(most));
}

Result<double> Params::fraction(const std::string& name, double otherwise) const {
  const std::optional<std::string> text = find(name);
  if (!text) return otherwise;
  double number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc() && stop == end && number >= 0 && number <= 1) return number;
  return bad_number(name, "from 0 to 1");
}

}  // namespace quipu::ui
