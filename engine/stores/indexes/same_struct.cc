#include "engine/stores/indexes/same_struct.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {
namespace {

// Whether the stored text names all fields of `data`, as they stand in a string: then equal structs are
// equally long.
bool has_fields(std::string_view stored, JsonView data) {
  for (const JsonMember& member : data.members()) {
    const std::string_view name = member.raw_key.substr(1, member.raw_key.size() - 2);
    if (stored.find("\\\"" + std::string(name) + "\\\": ") == std::string_view::npos) return false;
  }
  return true;
}

std::vector<std::string_view> sorted_texts(JsonView array) {
  std::vector<std::string_view> texts;
  for (const JsonView element : array.elements()) texts.push_back(element.text());
  std::ranges::sort(texts);
  return texts;
}

}  // namespace

bool has_sets(const IndexStruct& index_struct, std::string_view field) {
  return field == "table" && (index_struct.type() == "keyword_table" || index_struct.type() == "kg");
}

bool equal_sets(JsonView a, JsonView b) {
  if (a.text() == b.text()) return true;
  return a.is_array() && b.is_array() && a.text().size() == b.text().size() &&
         sorted_texts(a) == sorted_texts(b);
}

namespace {

// What the reference gives a field that is not there.
bool is_default(JsonView value) {
  return value.is_null() || ((value.is_object() || value.is_array()) && !value.truthy());
}

// Dicts whose values are sets. Those in another order count as different, which at worst is written once
// more.
bool equal_tables(JsonView a, JsonView b) {
  if (!a.is_object() || !b.is_object()) return false;
  auto left = a.members().begin();
  auto right = b.members().begin();
  const auto end = a.members().end();
  for (; left != end && right != end; ++left, ++right) {
    if (left->raw_key != right->raw_key || !equal_sets(left->value, right->value)) return false;
  }
  return !(left != end) && !(right != end);
}

}  // namespace

bool is_same_struct(const Json& stored, const IndexStruct& now) {
  const std::string& text = now.to_json().text();
  if (stored.text() == text) return true;
  if (stored.text().size() != text.size() && has_fields(stored.text(), now.data())) return false;
  const Result<IndexStruct> before = IndexStruct::from_json(stored);
  if (!before || before->type() != now.type()) return false;
  for (const JsonMember& member : now.data().members()) {
    const std::optional<JsonView> other = before->data().find(member.key());
    const bool equal = !other                        ? is_default(member.value)
                       : has_sets(now, member.key()) ? equal_tables(*other, member.value)
                                                     : other->text() == member.value.text();
    if (!equal) return false;
  }
  return true;
}

}  // namespace quipu
