#include "engine/json_file/persist_file_reader.h"

#include <optional>
#include <utility>

#include "engine/json/canonicaliser.h"
#include "engine/json/scanner.h"
#include "engine/json_file/foreign_content.h"
#include "engine/json_file/json_file_cursor.h"
#include "engine/json_file/string_of_json.h"

namespace quipu {
namespace {

constexpr size_t kMaxKeyBytes = 16ULL << 20;
constexpr size_t kMaxQuotedKeyBytes = 200;  // in a message
constexpr const char* kExpectingKey = "Expecting property name enclosed in double quotes";

// The kind of a value that starts with this byte, or nothing when no value starts so.
std::optional<JsonKind> kind_of(int first) {
  switch (first) {
    case '{': return JsonKind::kObject;
    case '[': return JsonKind::kArray;
    case '"': return JsonKind::kString;
    case 't':
    case 'f': return JsonKind::kBool;
    case 'n': return JsonKind::kNull;
    case '-':
    case 'I':
    case 'N': return JsonKind::kFloat;
    default: return first >= '0' && first <= '9' ? std::optional(JsonKind::kFloat) : std::nullopt;
  }
}

const char* kind_name(JsonKind kind) {
  switch (kind) {
    case JsonKind::kObject: return "an object";
    case JsonKind::kArray: return "an array";
    case JsonKind::kString: return "a string";
    case JsonKind::kBool: return "a boolean";
    case JsonKind::kNull: return "null";
    default: return "a number";
  }
}

// For a message: as JSON, cut off when it is long.
std::string quoted(std::string_view name) {
  std::string text;
  append_json_string(name.substr(0, kMaxQuotedKeyBytes), text);
  if (name.size() > kMaxQuotedKeyBytes) text += "...";
  return text;
}

class PersistFileReader {
 public:
  PersistFileReader(const std::string& path, const PersistFileOptions& options, PersistFileHandler& handler,
                    bool in_string = false)
      : path_(path),
        cursor_(path, options),
        options_(options),
        handler_(handler),
        scanner_(options.max_nesting),
        in_string_(in_string) {}

  Status read() {
    QUIPU_RETURN_IF_ERROR(cursor_.open());
    QUIPU_ASSIGN_OR_RETURN(const int first, cursor_.next());
    if (first == '"' && handler_.takes_string_of_json() && !in_string_) return read_string();
    QUIPU_RETURN_IF_ERROR(expect_object("the file's root"));
    QUIPU_RETURN_IF_ERROR(read_object([this] { return read_collection(); }));
    QUIPU_ASSIGN_OR_RETURN(const int rest, cursor_.next());
    return rest == JsonFileCursor::kEnd ? cursor_.tell_done() : fail("Extra data");
  }

 private:
  Status fail(std::string_view what) const { return fail(what, cursor_.at()); }
  Status fail(std::string_view error, const char* place) const {
    const std::string what = with_advice(error);
    handler_.failed(cursor_.line(place), cursor_.byte(place),
                    in_collection_ ? std::string_view(collection_) : "",
                    in_entry_ ? std::string_view(key_) : "", what);
    std::string message = what;
    if (in_collection_) {
      message += " (in collection " + quoted(collection_);
      if (in_entry_) message += ", key " + quoted(key_);
      message += ')';
    }
    return cursor_.error(message, place);
  }

  // Reads the text that the file holds as a string, from its beginning.
  Status read_string() const {
    const StringOfJsonFileSystem text(*options_.fs);
    PersistFileOptions options = options_;
    options.fs = &text;
    return PersistFileReader(path_, options, handler_, /*in_string=*/true).read();
  }

  // REQUIRES: behind the first colon.
  Status tell_form() {
    if (cursor_.at() == cursor_.end() && !cursor_.at_end_of_file()) {
      QUIPU_RETURN_IF_ERROR(cursor_.read_more());
    }
    handler_.form(cursor_.at() != cursor_.end() && *cursor_.at() == ' ', in_string_);
    return Status::ok();
  }

  // The kind of the value that comes next, moved to. One that `takes` refuses is an error.
  template <class Takes>
  Result<JsonKind> next_kind(std::string_view what, const Takes& takes) {
    QUIPU_ASSIGN_OR_RETURN(const int first, cursor_.next());
    const std::optional<JsonKind> kind = kind_of(first);
    if (!kind) return fail("Expecting value");
    if (takes(*kind)) return *kind;
    std::string message = std::string(what) + " is " + kind_name(*kind);
    if (takes(JsonKind::kObject)) message += ", not an object";
    return fail(message);
  }
  Status expect_object(std::string_view what) {
    return next_kind(what, [](JsonKind kind) { return kind == JsonKind::kObject; }).status();
  }

  // Scans what begins here, a key or a value, and reads until it is whole in the window. Returns its end.
  template <class Scan>
  Result<const char*> scan_whole(const Scan& scan_from, std::string_view what, size_t max_bytes,
                                 bool& canonical) {
    while (true) {
      JsonScan scan;
      const char* const end = scan_from(cursor_.at(), cursor_.end(), scan);
      const auto bytes = static_cast<size_t>((end != nullptr ? end : cursor_.end()) - cursor_.at());
      const bool may_go_on = end == nullptr && scan.cut_off && !cursor_.at_end_of_file();
      if (bytes > max_bytes && (end != nullptr || may_go_on)) {
        return fail(std::string(what) + " is longer than the limit of " + std::to_string(max_bytes) +
                    " bytes");
      }
      canonical = scan.canonical;
      if (end != nullptr) return end;
      if (!may_go_on) return fail(described(scan.error), scan.error_at);
      QUIPU_RETURN_IF_ERROR(cursor_.read_more());
    }
  }

  std::string described(const char* error) const {
    if (std::string_view(error) != kNestedTooDeeply) return error;  // two literals may have two addresses
    return error + (", the limit is " + std::to_string(std::min(options_.max_nesting, kMaxJsonDepth))) +
           " (max_nesting)";
  }

  // Reads a key and its colon. REQUIRES: at its quote.
  Status read_key(std::string& key) {
    bool canonical = true;
    QUIPU_ASSIGN_OR_RETURN(const char* const end,
                           scan_whole(scan_json_string, "a key", kMaxKeyBytes, canonical));
    std::string_view raw(cursor_.at(), static_cast<size_t>(end - cursor_.at()));
    if (!canonical) raw = canonical_form(raw);
    key.clear();
    append_decoded_string(raw, key);
    cursor_.pass(end);
    QUIPU_ASSIGN_OR_RETURN(const int colon, cursor_.next());
    if (colon != ':') return fail("Expecting ':' delimiter");
    cursor_.pass(cursor_.at() + 1);
    return Status::ok();
  }

  // An object of which `read_member` reads the members. REQUIRES: at its brace.
  template <class ReadMember>
  Status read_object(const ReadMember& read_member) {
    cursor_.pass(cursor_.at() + 1);
    QUIPU_ASSIGN_OR_RETURN(int next, cursor_.next());
    while (next != '}') {
      if (next != '"') return fail(kExpectingKey);
      QUIPU_RETURN_IF_ERROR(read_member());
      QUIPU_ASSIGN_OR_RETURN(next, cursor_.next());
      if (next == '}') break;
      if (next != ',') return fail("Expecting ',' delimiter");
      cursor_.pass(cursor_.at() + 1);
      QUIPU_ASSIGN_OR_RETURN(next, cursor_.next());
      if (next == '}') return fail(kExpectingKey);
    }
    cursor_.pass(cursor_.at() + 1);
    return Status::ok();
  }

  // An array of which `read_element` reads the elements. REQUIRES: at its bracket.
  template <class ReadElement>
  Status read_array(const ReadElement& read_element) {
    cursor_.pass(cursor_.at() + 1);
    QUIPU_ASSIGN_OR_RETURN(int next, cursor_.next());
    while (next != ']') {
      QUIPU_RETURN_IF_ERROR(read_element());
      QUIPU_ASSIGN_OR_RETURN(next, cursor_.next());
      if (next == ']') break;
      if (next != ',') return fail("Expecting ',' delimiter");
      cursor_.pass(cursor_.at() + 1);
      QUIPU_ASSIGN_OR_RETURN(next, cursor_.next());
      if (next == ']') return fail("Expecting value");
    }
    cursor_.pass(cursor_.at() + 1);
    return Status::ok();
  }

  Status read_collection() {
    QUIPU_RETURN_IF_ERROR(read_key(collection_));
    if (!std::exchange(form_told_, true)) QUIPU_RETURN_IF_ERROR(tell_form());
    in_collection_ = true;
    const auto any_kind = [](JsonKind) { return true; };
    if (handler_.skips(collection_)) {
      QUIPU_RETURN_IF_ERROR(next_kind("the collection", any_kind).status());
      QUIPU_RETURN_IF_ERROR(read_value([](JsonView) { return Status::ok(); }));
      in_collection_ = false;
      return Status::ok();
    }
    QUIPU_ASSIGN_OR_RETURN(const JsonKind kind, next_kind("the collection", [this](JsonKind kind) {
                             return handler_.takes_collection(collection_, kind);
                           }));
    QUIPU_RETURN_IF_ERROR(handler_.begin_collection(collection_, kind));
    if (kind == JsonKind::kObject) {
      QUIPU_RETURN_IF_ERROR(read_object([this] { return read_entry(); }));
    } else if (kind == JsonKind::kArray) {
      key_.clear();
      QUIPU_RETURN_IF_ERROR(read_array([this] { return read_entry_value(); }));
    } else if (kind == JsonKind::kNull) {
      QUIPU_RETURN_IF_ERROR(read_value([](JsonView) { return Status::ok(); }));
    } else {
      key_.clear();
      QUIPU_RETURN_IF_ERROR(read_value([this](JsonView value) { return handler_.entry(key_, value); }));
    }
    in_collection_ = false;
    return handler_.end_collection();
  }

  Status read_entry() {
    QUIPU_RETURN_IF_ERROR(read_key(key_));
    return read_entry_value();
  }

  Status read_entry_value() {
    in_entry_ = true;
    const bool is_first = !std::exchange(any_entry_, true) && handler_.takes_value(JsonKind::kObject);
    QUIPU_ASSIGN_OR_RETURN(const JsonKind kind,
                           next_kind(is_first ? "the first value" : "the value",
                                     [this](JsonKind found) { return handler_.takes_value(found); }));
    if (kind == JsonKind::kObject && handler_.enters(key_)) {
      QUIPU_RETURN_IF_ERROR(placed(handler_.enter(key_)));
      QUIPU_RETURN_IF_ERROR(read_object([this] { return read_entry(); }));
      in_entry_ = false;
      return placed(handler_.leave());
    }
    if (kind == JsonKind::kArray && handler_.enters_elements(key_)) {
      QUIPU_RETURN_IF_ERROR(placed(handler_.enter(key_)));
      QUIPU_RETURN_IF_ERROR(read_array([this] { return read_entry_value(); }));
      in_entry_ = false;
      return placed(handler_.leave());
    }
    handler_.place(cursor_.line(cursor_.at()), cursor_.byte(cursor_.at()));
    QUIPU_RETURN_IF_ERROR(read_value([this](JsonView value) { return handler_.entry(key_, value); }));
    in_entry_ = false;
    return Status::ok();
  }

  // Scans the value that begins here, brings it into canonical form, and passes it.
  template <class Use>
  Status read_value(const Use& use) {
    const auto scan_value = [this](const char* at, const char* end, JsonScan& scan) {
      scan.any_float = handler_.takes_any_float();
      return scanner_.scan_value(at, end, scan);
    };
    bool canonical = true;
    QUIPU_ASSIGN_OR_RETURN(const char* const end,
                           scan_whole(scan_value, "the value", options_.max_value_bytes, canonical));
    const std::string_view value(cursor_.at(), static_cast<size_t>(end - cursor_.at()));
    if (canonical) {
      QUIPU_RETURN_IF_ERROR(placed(use(JsonView::from_canonical(value))));
      cursor_.pass(end);
    } else {
      QUIPU_RETURN_IF_ERROR(placed(use(JsonView::from_canonical(canonical_form(value)))));
      cursor_.pass_lines(end);
    }
    return Status::ok();
  }

  // What a handler finds wrong with a value, with the value's place in the file.
  Status placed(const Status& status) const {
    return status.code() == StatusCode::kInvalidArgument ? fail(status.message()) : status;
  }

  // Valid until the next call.
  std::string_view canonical_form(std::string_view text) {
    if (scratch_.capacity() > options_.window_bytes) std::string().swap(scratch_);  // of a long value
    scratch_.clear();
    append_canonical(text, scratch_);
    return scratch_;
  }

  const std::string& path_;
  JsonFileCursor cursor_;
  const PersistFileOptions& options_;
  PersistFileHandler& handler_;
  JsonScanner scanner_;
  const bool in_string_;
  bool form_told_ = false;
  std::string collection_;
  std::string key_;
  bool in_collection_ = false;  // where collection_ and key_ mean something
  bool in_entry_ = false;
  bool any_entry_ = false;  // so far in the file
  std::string scratch_;
};

}  // namespace

Status read_persist_file(const std::string& path, const PersistFileOptions& options,
                         PersistFileHandler& handler) {
  return PersistFileReader(path, options, handler).read();
}

}  // namespace quipu
