#include "engine/stores/indexes/struct_parts.h"

#include <utility>

namespace quipu {
namespace {

bool is_escaped(char c) { return c == '"' || c == '\\'; }

void append_escaped(std::string_view json, std::string& text) {
  for (const char c : json) {
    if (is_escaped(c)) text += '\\';
    text += c;
  }
}

bool has_parts(JsonView value) { return value.is_object() || value.is_array(); }

std::string_view unquoted(std::string_view quoted) { return quoted.substr(1, quoted.size() - 2); }

}  // namespace

// Goes through the struct's JSON and through the string that it stands in side by side. What differs from the
// form in which the reference writes the one into the other ends it.
class StructParts::Walk {
 public:
  Walk(std::string_view value, std::string_view data, std::string_view json)
      : value_(value), json_(json), at_(static_cast<size_t>(data.data() - value.data()) + 1) {}

  // All up to this place in the JSON, as it stands in the value; nothing where it is something else.
  std::optional<std::string_view> take_to(const char* end) {
    const size_t begin = at_;
    for (const char* const stop = end; json_.data() != stop; json_.remove_prefix(1)) {
      if (is_escaped(json_.front()) && !take('\\')) return std::nullopt;
      if (!take(json_.front())) return std::nullopt;
    }
    return value_.substr(begin, at_ - begin);
  }
  bool at_end() const { return json_.empty() && at_ < value_.size() && value_[at_] == '"'; }
  // What has been gone through since the last call.
  std::string_view taken() {
    const size_t begin = std::exchange(taken_, at_);
    return value_.substr(begin, at_ - begin);
  }
  std::string_view rest() const { return value_.substr(taken_); }

 private:
  bool take(char c) {
    if (at_ == value_.size() || value_[at_] != c) return false;
    ++at_;
    return true;
  }

  const std::string_view value_;
  std::string_view json_;
  size_t at_;
  size_t taken_ = 0;
};

std::optional<StructParts> StructParts::of(const IndexStruct& index_struct) {
  const std::string_view value = index_struct.to_json().text();
  const std::optional<JsonView> data = index_struct.to_json().view().find("__data__");
  if (!data || !data->is_string()) return std::nullopt;
  const std::string_view json = index_struct.data().text();
  Walk walk(value, data->text(), json);
  StructParts struct_parts;
  const auto end_of = [](std::string_view text) { return text.data() + text.size(); };
  for (const JsonMember& member : index_struct.data().members()) {
    if (!has_parts(member.value)) continue;
    Field field{member.key(), member.value.is_object(), {}};
    if (!walk.take_to(member.value.text().data() + 1)) return std::nullopt;
    struct_parts.texts_.push_back(walk.taken());
    const auto add = [&](std::string_view key, const char* begin, std::string_view last) {
      if (!walk.take_to(begin)) return false;  // ", "
      const std::optional<std::string_view> text = walk.take_to(end_of(last));
      if (text) field.parts.push_back({key, *text});
      return text.has_value();
    };
    if (field.is_dict) {
      for (const JsonMember& part : member.value.members()) {
        if (!add(unquoted(part.raw_key), part.raw_key.data(), part.value.text())) return std::nullopt;
      }
    } else {
      for (const JsonView part : member.value.elements()) {
        if (!add({}, part.text().data(), part.text())) return std::nullopt;
      }
    }
    walk.taken();
    struct_parts.fields_.push_back(std::move(field));
  }
  if (struct_parts.fields_.empty() || !walk.take_to(end_of(json)) || !walk.at_end()) return std::nullopt;
  struct_parts.texts_.push_back(walk.rest());
  return struct_parts;
}

std::string part_text(JsonView value) {
  std::string text;
  append_escaped(value.text(), text);
  return text;
}

std::string part_text(std::string_view quoted_key, JsonView value) {
  std::string text;
  append_escaped(quoted_key, text);
  text += ": ";
  append_escaped(value.text(), text);
  return text;
}

Json member_value(std::string_view part_text) {
  std::string object = "{";
  append_decoded_string("\"" + std::string(part_text) + "\"", object);
  object += '}';
  const JsonView value = (*JsonView::from_canonical(object).members().begin()).value;
  return Json::from_canonical(std::string(value.text()));
}

std::string element_key(uint64_t number) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift);
  return key;
}

}  // namespace quipu
