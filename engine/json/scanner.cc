#include "engine/json/scanner.h"

namespace quipu {
namespace {

// White space where json.dumps writes none.
inline const char* skip_white_space(const char* at, const char* end, JsonScan& scan) {
  if (at == end || !is_json_white_space(*at)) return at;
  scan.canonical = false;
  return skip_json_white_space(at, end);
}

}  // namespace

const char* JsonScanner::scan_value(const char* at, const char* end, JsonScan& scan) {
  depth_ = 0;
  keys_.clear();
  while (true) {
    if (at == end) return scan.fail_cut_off("Expecting value", end);
    if (*at == '"') {
      at = scan_json_string(at, end, scan);
    } else if (*at == '{' || *at == '[') {
      at = open(at, end, scan);
      if (at == nullptr) return nullptr;
      const Frame& frame = frames_[depth_ - 1];
      if (at == end || *at != frame.close) {
        if (frame.close == '}') at = scan_key(at, end, scan);
        if (at == nullptr) return nullptr;
        continue;
      }
      close(scan);
      ++at;
    } else {
      at = scan_json_scalar(at, end, scan);
    }
    if (at != nullptr) at = go_to_next_value(at, end, scan);
    if (at == nullptr || depth_ == 0) return at;
  }
}

// Up to the first key, the first element or the closing bracket.
const char* JsonScanner::open(const char* at, const char* end, JsonScan& scan) {
  if (depth_ == max_depth_) return scan.fail(kNestedTooDeeply, at);
  frames_[depth_++] = {*at == '{' ? '}' : ']', keys_.begin_object()};
  return skip_white_space(at + 1, end, scan);
}

void JsonScanner::close(JsonScan& scan) {
  const Frame& frame = frames_[--depth_];
  if (keys_.end_object(frame.keys)) scan.canonical = false;
}

// A key and its colon, up to the value.
inline const char* JsonScanner::scan_key(const char* at, const char* end, JsonScan& scan) {
  if (at == end || *at != '"') {
    constexpr const char* kMessage = "Expecting property name enclosed in double quotes";
    return at == end ? scan.fail_cut_off(kMessage, end) : scan.fail(kMessage, at);
  }
  const char* const key = at;
  at = scan_json_string(at, end, scan);
  if (at == nullptr) return nullptr;
  // Rewriting what is not canonical looks for repeats anew.
  if (scan.canonical && keys_.add(frames_[depth_ - 1].keys, {key, static_cast<size_t>(at - key)})) {
    scan.canonical = false;
  }
  if (end - at >= 2 && at[0] == ':' && at[1] == ' ') {
    at += 2;
  } else {
    at = skip_json_white_space(at, end);
    if (at == end) return scan.fail_cut_off("Expecting ':' delimiter", end);
    if (*at != ':') return scan.fail("Expecting ':' delimiter", at);
    scan.canonical = false;
    ++at;
  }
  return skip_white_space(at, end, scan);
}

// Behind a value: past the brackets that close there and a comma, up to the next value. Stops behind the
// outermost value when that is complete.
inline const char* JsonScanner::go_to_next_value(const char* at, const char* end, JsonScan& scan) {
  while (depth_ != 0) {
    const char closing = frames_[depth_ - 1].close;
    if (end - at >= 2 && at[0] == ',' && at[1] == ' ') {
      at = skip_white_space(at + 2, end, scan);
      return closing == '}' ? scan_key(at, end, scan) : at;
    }
    at = skip_white_space(at, end, scan);
    if (at == end) return scan.fail_cut_off("Expecting ',' delimiter", end);
    if (*at == closing) {
      close(scan);
      ++at;
    } else if (*at == ',') {
      scan.canonical = false;
      at = skip_json_white_space(at + 1, end);
      return closing == '}' ? scan_key(at, end, scan) : at;
    } else {
      return scan.fail("Expecting ',' delimiter", at);
    }
  }
  return at;
}

}  // namespace quipu
