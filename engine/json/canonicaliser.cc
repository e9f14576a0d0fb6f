#include "engine/json/canonicaliser.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/json/escape.h"
#include "engine/json/key_repeats.h"
#include "engine/json/number.h"
#include "engine/json/scanner.h"

namespace quipu {
namespace {

// Appends what the escape at `at` stands for; returns its end. Surrogates need no pairing: json.dumps writes
// each half by itself.
const char* append_escape(const char* at, std::string& out) {
  if (at[1] == 'u') {
    append_canonical_char(parse_four_hex_digits(at + 2), out);
    return at + 6;
  }
  append_canonical_char(static_cast<unsigned char>(unescaped(at[1])), out);
  return at + 2;
}

const char* append_string(const char* at, const char* end, std::string& out) {
  const char* run = at++;  // what stands for itself from here on is not appended yet
  while (true) {
    at = find_special_byte(at, end);
    if (*at == '"') break;
    out.append(run, at);
    if (*at == '\\') {
      at = append_escape(at, out);
    } else {
      uint32_t code_point = 0;
      at += decode_utf8(at, end, code_point);
      append_canonical_char(code_point, out);
    }
    run = at;
  }
  out.append(run, ++at);
  return at;
}

const char* append_scalar(const char* at, const char* end, std::string& out) {
  JsonScan scan;
  const char* const behind = scan_json_scalar(at, end, scan);
  const std::string_view text(at, static_cast<size_t>(behind - at));
  if (scan.canonical) {
    out += text;
  } else if (text == "-0") {
    out += '0';
  } else {
    append_json_double(parse_json_float(text), out);
  }
  return behind;
}

// Of members: so much text may move once for each object around it.
constexpr size_t kShortObjectBytes = 4096;

// As strcmp, for canonical strings: each ends at its closing quote, and no longer one begins like another.
int compare_strings(const char* a, const char* b) {
  bool escaped = true;  // the opening quote ends nothing
  for (;; ++a, ++b) {
    if (*a != *b) return *a < *b ? -1 : 1;
    if (*a == '"' && !escaped) return 0;
    escaped = !escaped && *a == '\\';
  }
}

// One value on its way from the input to the output.
class Canonicaliser {
 public:
  Canonicaliser(const char* end, std::string& out) : end_(end), out_(out), start_(out.size()) {}

  void value(const char* at);

 private:
  struct Frame {
    char close;           // the bracket that ends it
    bool may_repeat;      // a key, among the first
    size_t first_member;  // into members_
    KeyRepeats::Object keys;
  };
  // A part of the output.
  struct Slice {
    size_t begin;
    size_t end;
  };
  // One part that another is to replace, which is empty for a member that goes. Edits of long objects are
  // made when all is written, so that text in a deep nesting does not move again and again.
  struct Edit {
    Slice place;
    Slice replacement;
  };

  const char* open(const char* at);
  void close();
  const char* key(const char* at);
  const char* go_to_next_value(const char* at);
  void find_repeats(std::span<const size_t> members);
  Slice value_of(std::span<const size_t> members, size_t i) const;
  void apply_edits(size_t start, size_t first_edit);
  void append_edited(Slice slice, std::span<const Edit> edits, std::string& edited) const;

  const char* const end_;
  std::string& out_;
  const size_t start_;
  std::vector<Frame> frames_;
  std::vector<size_t> members_;  // where the members of all open objects begin in the output
  KeyRepeats keys_;
  std::vector<Edit> edits_;
};

void Canonicaliser::value(const char* at) {
  do {
    if (*at == '{' || *at == '[') {
      at = open(at);
      if (*at != frames_.back().close) {
        if (frames_.back().close == '}') at = key(at);
        continue;
      }
      close();
      ++at;
    } else {
      at = *at == '"' ? append_string(at, end_, out_) : append_scalar(at, end_, out_);
    }
    at = go_to_next_value(at);
  } while (!frames_.empty());
  if (!edits_.empty()) apply_edits(start_, 0);
}

// Up to the first key, the first element or the closing bracket.
const char* Canonicaliser::open(const char* at) {
  out_ += *at;
  frames_.push_back({*at == '{' ? '}' : ']', false, members_.size(), keys_.begin_object()});
  return skip_json_white_space(at + 1, end_);
}

void Canonicaliser::close() {
  const Frame& frame = frames_.back();
  const auto members = std::span<const size_t>(members_).subspan(frame.first_member);
  if (frame.may_repeat || members.size() > KeyRepeats::kFewKeys) find_repeats(members);
  keys_.end_object(frame.keys);
  members_.resize(frame.first_member);
  out_ += frame.close;
  frames_.pop_back();
}

// A key and its colon, up to the value.
const char* Canonicaliser::key(const char* at) {
  Frame& frame = frames_.back();
  const size_t begin = out_.size();
  at = append_string(at, end_, out_);
  members_.push_back(begin);
  if (!frame.may_repeat && members_.size() - frame.first_member <= KeyRepeats::kFewKeys) {
    frame.may_repeat = keys_.add(frame.keys, std::string_view(out_).substr(begin));
  }
  out_ += ": ";
  at = skip_json_white_space(at, end_);
  return skip_json_white_space(at + 1, end_);
}

const char* Canonicaliser::go_to_next_value(const char* at) {
  while (!frames_.empty()) {
    at = skip_json_white_space(at, end_);
    if (*at == ',') {
      out_ += ", ";
      at = skip_json_white_space(at + 1, end_);
      return frames_.back().close == '}' ? key(at) : at;
    }
    close();
    ++at;
  }
  return at;
}

// Of the i-th of an object's members. REQUIRES: the last of them ends where the output does.
Canonicaliser::Slice Canonicaliser::value_of(std::span<const size_t> members, size_t i) const {
  JsonScan scan;
  const char* const text = out_.data();
  const char* const key_end = scan_json_string(text + members[i], text + out_.size(), scan);
  const size_t end = i + 1 < members.size() ? members[i + 1] - 2 : out_.size();  // less the ", "
  return {static_cast<size_t>(key_end - text) + 2, end};
}

// Compares the keys of the object whose last member ends where the output does. As in a dict, the last value
// of a key takes the first one's place. Sorted rather than hashed: no choice of keys makes this slow.
void Canonicaliser::find_repeats(std::span<const size_t> members) {
  const char* const text = out_.data();
  const size_t first_edit = edits_.size();
  std::vector<size_t> by_key(members.begin(), members.end());
  std::sort(by_key.begin(), by_key.end(), [&](size_t a, size_t b) {
    const int compared = compare_strings(text + a, text + b);
    return compared != 0 ? compared < 0 : a < b;
  });
  const auto index_of = [&](size_t member) {
    return static_cast<size_t>(std::lower_bound(members.begin(), members.end(), member) - members.begin());
  };
  std::vector<bool> goes(members.size());
  for (size_t from = 0; from < by_key.size();) {
    size_t to = from + 1;
    for (; to < by_key.size() && compare_strings(text + by_key[to], text + by_key[from]) == 0; ++to) {
      goes[index_of(by_key[to])] = true;
    }
    if (to - from > 1) {
      edits_.push_back(
          {value_of(members, index_of(by_key[from])), value_of(members, index_of(by_key[to - 1]))});
    }
    from = to;
  }
  for (size_t from = 0; from < members.size(); ++from) {  // the first one always stays
    if (!goes[from]) continue;
    size_t to = from;
    while (to + 1 < members.size() && goes[to + 1]) ++to;
    edits_.push_back({{members[from] - 2, value_of(members, to).end}, {0, 0}});
    from = to;
  }
  const bool is_short = out_.size() - members.front() <= kShortObjectBytes;
  if (is_short && edits_.size() > first_edit) apply_edits(members.front(), first_edit);
}

// Makes the edits from `first_edit` on, all of which are behind `start` in the output.
void Canonicaliser::apply_edits(size_t start, size_t first_edit) {
  const std::span<Edit> edits = std::span<Edit>(edits_).subspan(first_edit);
  std::sort(edits.begin(), edits.end(),
            [](const Edit& a, const Edit& b) { return a.place.begin < b.place.begin; });
  std::string edited;
  edited.reserve(out_.size() - start);
  append_edited({start, out_.size()}, edits, edited);
  out_.replace(start, std::string::npos, edited);
  edits_.resize(first_edit);
}

// Recurses once for each replaced value around another, so at most kMaxJsonDepth deep.
void Canonicaliser::append_edited(Slice slice, std::span<const Edit> edits, std::string& edited) const {
  while (true) {
    const auto edit = std::lower_bound(edits.begin(), edits.end(), slice.begin,
                                       [](const Edit& e, size_t place) { return e.place.begin < place; });
    if (edit == edits.end() || edit->place.begin >= slice.end) break;
    edited.append(out_, slice.begin, edit->place.begin - slice.begin);
    append_edited(edit->replacement, edits, edited);
    slice.begin = edit->place.end;
  }
  edited.append(out_, slice.begin, slice.end - slice.begin);
}

}  // namespace

void append_canonical(std::string_view value, std::string& out) {
  out.reserve(out.size() + value.size());
  Canonicaliser(value.data() + value.size(), out).value(value.data());
}

}  // namespace quipu
