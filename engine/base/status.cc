#include "quipu/status.h"

namespace quipu {

std::string_view status_code_name(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return "OK";
    case StatusCode::kNotFound: return "NotFound";
    case StatusCode::kAlreadyExists: return "AlreadyExists";
    case StatusCode::kInvalidArgument: return "InvalidArgument";
    case StatusCode::kCorruption: return "Corruption";
    case StatusCode::kIoError: return "IoError";
    case StatusCode::kBusy: return "Busy";
    case StatusCode::kNotSupported: return "NotSupported";
  }
  return "Unknown";
}

Status Status::prefixed(std::string_view context) const {
  if (is_ok()) return *this;
  return {code_, std::string(context) + ": " + message_};
}

std::string Status::to_string() const {
  std::string text(status_code_name(code_));
  if (!message_.empty()) text += ": " + message_;
  return text;
}

}  // namespace quipu
