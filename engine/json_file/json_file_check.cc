// check_json_file: keeps nothing but the nesting; a token may be longer than the window.

#include <array>

#include "engine/json/scanner.h"
#include "engine/json_file/foreign_content.h"
#include "engine/json_file/json_file_cursor.h"

namespace quipu {
namespace {

class JsonFileCheck {
 public:
  JsonFileCheck(const std::string& path, const PersistFileOptions& options) : cursor_(path, options) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(cursor_.open());
    do {
      QUIPU_RETURN_IF_ERROR(value());
      QUIPU_RETURN_IF_ERROR(go_to_next_value());
    } while (depth_ != 0);
    QUIPU_ASSIGN_OR_RETURN(const int rest, cursor_.next());
    return rest == JsonFileCursor::kEnd ? cursor_.tell_done() : fail("Extra data");
  }

 private:
  // The longest word is -Infinity, the longest piece of a string that is checked at once \uXXXX.
  static constexpr size_t kLongestPiece = 9;

  Status fail(std::string_view what) const { return cursor_.error(what, cursor_.at()); }
  void pass_one() { cursor_.pass(cursor_.at() + 1); }
  bool is_at(char c) const { return cursor_.at() < cursor_.end() && *cursor_.at() == c; }

  // Reads until there are so many bytes, or all that are left.
  Status ensure(size_t bytes) {
    while (static_cast<size_t>(cursor_.end() - cursor_.at()) < bytes && !cursor_.at_end_of_file()) {
      QUIPU_RETURN_IF_ERROR(cursor_.read_more());
    }
    return Status::ok();
  }

  // A scalar, or brackets up to one or up to an empty pair.
  Status value() {
    while (true) {
      QUIPU_ASSIGN_OR_RETURN(const int first, cursor_.next());
      if (first == '"') return string();
      if (first != '{' && first != '[') return scalar(first);
      if (depth_ == closing_.size()) return fail(kNestedTooDeeply);
      const char closing = first == '{' ? '}' : ']';
      closing_[depth_++] = closing;
      pass_one();
      QUIPU_ASSIGN_OR_RETURN(const int inside, cursor_.next());
      if (inside == closing) return Status::ok();  // for go_to_next_value
      if (closing == '}') QUIPU_RETURN_IF_ERROR(key());
    }
  }

  Status go_to_next_value() {
    while (depth_ != 0) {
      QUIPU_ASSIGN_OR_RETURN(const int next, cursor_.next());
      const char closing = closing_[depth_ - 1];
      if (next != closing && next != ',') return fail("Expecting ',' delimiter");
      pass_one();
      if (next == ',') return closing == '}' ? key() : Status::ok();
      --depth_;
    }
    return Status::ok();
  }

  Status key() {
    QUIPU_ASSIGN_OR_RETURN(const int quote, cursor_.next());
    if (quote != '"') return fail("Expecting property name enclosed in double quotes");
    QUIPU_RETURN_IF_ERROR(string());
    QUIPU_ASSIGN_OR_RETURN(const int colon, cursor_.next());
    if (colon != ':') return fail("Expecting ':' delimiter");
    pass_one();
    return Status::ok();
  }

  Status string() {
    pass_one();
    while (true) {
      cursor_.pass(find_special_byte(cursor_.at(), cursor_.end()));
      QUIPU_RETURN_IF_ERROR(ensure(kLongestPiece));
      if (cursor_.at() == cursor_.end()) return fail("Unterminated string");
      if (is_at('"')) {
        pass_one();
        return Status::ok();
      }
      // More may have been read, and all of it may be plain.
      if (find_special_byte(cursor_.at(), cursor_.at() + 1) != cursor_.at()) continue;
      JsonScan scan;
      const char* const end = scan_special_byte(cursor_.at(), cursor_.end(), scan);
      if (end != nullptr) {
        cursor_.pass(end);
      } else if (!scan.cut_off || cursor_.at_end_of_file()) {
        return cursor_.error(with_advice(scan.error), scan.error_at);
      } else {
        // Characters beyond ASCII, the last of which is cut off: scanned up to there.
        cursor_.pass(scan.error_at);
        QUIPU_RETURN_IF_ERROR(ensure(kLongestPiece));
      }
    }
  }

  Status scalar(int first) {
    if (first == '-' || (first >= '0' && first <= '9')) {
      QUIPU_RETURN_IF_ERROR(ensure(2));
      if (cursor_.end() - cursor_.at() < 2 || cursor_.at()[1] != 'I') return number();
    }
    if (first == JsonFileCursor::kEnd) return fail("Expecting value");
    QUIPU_RETURN_IF_ERROR(ensure(kLongestPiece));
    JsonScan scan;
    const char* const end = scan_json_scalar(cursor_.at(), cursor_.end(), scan);
    if (end == nullptr) return fail(scan.error);
    cursor_.pass(end);
    return Status::ok();
  }

  Status number() {
    if (is_at('-')) pass_one();
    const bool zero = is_at('0');
    uint64_t digits = 0;
    if (zero) {
      pass_one();
      QUIPU_RETURN_IF_ERROR(ensure(1));
    } else {
      QUIPU_RETURN_IF_ERROR(skip_digits("Expecting value", digits));
    }
    bool is_float = false;
    if (is_at('.')) {
      is_float = true;
      pass_one();
      QUIPU_RETURN_IF_ERROR(skip_digits("Expecting a digit", digits));
    }
    if (is_at('e') || is_at('E')) {
      is_float = true;
      pass_one();
      QUIPU_RETURN_IF_ERROR(ensure(1));
      if (is_at('+') || is_at('-')) pass_one();
      QUIPU_RETURN_IF_ERROR(skip_digits("Expecting a digit", digits));
    }
    if (!is_float && digits > static_cast<uint64_t>(kMaxJsonIntDigits)) return fail(kTooManyDigits);
    return Status::ok();
  }

  // One digit or more. Reads so far that the byte behind them is there.
  Status skip_digits(const char* missing, uint64_t& count) {
    count = 0;
    while (true) {
      const char* at = cursor_.at();
      while (at < cursor_.end() && *at >= '0' && *at <= '9') ++at;
      count += static_cast<uint64_t>(at - cursor_.at());
      cursor_.pass(at);
      if (at < cursor_.end() || cursor_.at_end_of_file()) break;
      QUIPU_RETURN_IF_ERROR(cursor_.read_more());
    }
    return count == 0 ? fail(missing) : Status::ok();
  }

  JsonFileCursor cursor_;
  std::array<char, kMaxJsonDepth> closing_;  // the brackets that end what is open
  size_t depth_ = 0;
};

}  // namespace

Status check_json_file(const std::string& path, const PersistFileOptions& options) {
  return JsonFileCheck(path, options).run();
}

}  // namespace quipu
