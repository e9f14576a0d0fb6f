#include "engine/json/canonicaliser.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/json/escape.h"
#include "engine/json/key_repeats.h"
#include "engine/json/number.h"
#include "engine/json/scanner.h"
#include "engine/json/utf8.h"

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

// One value on its way from the input to the output.
class Canonicaliser {
 public:
  Canonicaliser(const char* end, std::string& out) : end_(end), out_(out), start_(out.size()) {}

  void value(const char* at);

 private:
  struct Frame {
    char close;           // the bracket that ends it
    size_t first_member;  // into members_
    KeyRepeats::Object keys;
  };
  // A part of the output.
  struct Slice {
    size_t begin;
    size_t end;
  };
  // An object that has a key twice: what is between its braces is to be replaced by these members. Edits are
  // made when all is written, so that text in a deep nesting does not move again and again.
  struct Edit {
    Slice inside;
    std::vector<std::pair<Slice, Slice>> members;  // key, value
  };

  const char* open(const char* at);
  void close();
  const char* key(const char* at);
  const char* go_to_next_value(const char* at);
  void find_repeats(size_t first_member);
  std::vector<size_t> last_of_each_key(const std::vector<std::string_view>& keys) const;
  void apply_edits();
  void append_edited(const std::string& text, Slice slice);

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
  if (!edits_.empty()) apply_edits();
}

// Up to the first key, the first element or the closing bracket.
const char* Canonicaliser::open(const char* at) {
  out_ += *at;
  frames_.push_back({*at == '{' ? '}' : ']', members_.size(), keys_.begin_object()});
  return skip_json_white_space(at + 1, end_);
}

void Canonicaliser::close() {
  const Frame& frame = frames_.back();
  if (keys_.end_object(frame.keys)) find_repeats(frame.first_member);
  members_.resize(frame.first_member);
  out_ += frame.close;
  frames_.pop_back();
}

// A key and its colon, up to the value.
const char* Canonicaliser::key(const char* at) {
  const size_t begin = out_.size();
  at = append_string(at, end_, out_);
  members_.push_back(begin);
  keys_.add(frames_.back().keys, std::string_view(out_).substr(begin));
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

// For each key the index of its last member, at the index of its first; keys.size() at the others. Sorted
// rather than hashed: no choice of keys makes this slow.
std::vector<size_t> Canonicaliser::last_of_each_key(const std::vector<std::string_view>& keys) const {
  std::vector<size_t> order(keys.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int compared = keys[a].compare(keys[b]);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<size_t> last(keys.size(), keys.size());
  for (size_t from = 0; from < order.size();) {
    size_t to = from + 1;
    while (to < order.size() && keys[order[to]] == keys[order[from]]) ++to;
    last[order[from]] = order[to - 1];
    from = to;
  }
  return last;
}

// Compares the keys of the object whose members end where the output ends, and notes an edit if one repeats:
// as in a dict, the last value of a key takes the first one's place.
void Canonicaliser::find_repeats(size_t first_member) {
  const size_t count = members_.size() - first_member;
  std::vector<std::string_view> keys(count);
  for (size_t i = 0; i < count; ++i) {
    JsonScan scan;
    const char* const begin = out_.data() + members_[first_member + i];
    const char* const end = scan_json_string(begin, out_.data() + out_.size(), scan);
    keys[i] = {begin, static_cast<size_t>(end - begin)};
  }
  const std::vector<size_t> last = last_of_each_key(keys);
  if (std::find(last.begin(), last.end(), count) == last.end()) return;

  const auto begin_of = [&](size_t i) { return members_[first_member + i]; };
  const auto value_of = [&](size_t i) -> Slice {
    const size_t end = i + 1 < count ? begin_of(i + 1) - 2 : out_.size();  // less the ", "
    return {begin_of(i) + keys[i].size() + 2, end};
  };
  Edit edit{{begin_of(0), out_.size()}, {}};
  for (size_t i = 0; i < count; ++i) {
    if (last[i] == count) continue;
    edit.members.emplace_back(Slice{begin_of(i), begin_of(i) + keys[i].size()}, value_of(last[i]));
  }
  edits_.push_back(std::move(edit));
}

void Canonicaliser::apply_edits() {
  std::sort(edits_.begin(), edits_.end(),
            [](const Edit& a, const Edit& b) { return a.inside.begin < b.inside.begin; });
  const std::string written = std::exchange(out_, out_.substr(0, start_));
  append_edited(written, {start_, written.size()});
}

// Recurses once for each edited object around another, so at most kMaxJsonDepth deep.
void Canonicaliser::append_edited(const std::string& text, Slice slice) {
  while (true) {
    const auto edit = std::lower_bound(edits_.begin(), edits_.end(), slice.begin,
                                       [](const Edit& e, size_t place) { return e.inside.begin < place; });
    if (edit == edits_.end() || edit->inside.begin >= slice.end) break;
    out_.append(text, slice.begin, edit->inside.begin - slice.begin);
    bool first = true;
    for (const auto& [key, value] : edit->members) {
      if (!std::exchange(first, false)) out_ += ", ";
      out_.append(text, key.begin, key.end - key.begin);
      out_ += ": ";
      append_edited(text, value);
    }
    slice.begin = edit->inside.end;
  }
  out_.append(text, slice.begin, slice.end - slice.begin);
}

}  // namespace

void append_canonical(std::string_view value, std::string& out) {
  Canonicaliser(value.data() + value.size(), out).value(value.data());
}

}  // namespace quipu
