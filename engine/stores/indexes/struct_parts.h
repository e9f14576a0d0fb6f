// StructParts: the text of an index struct as a composed value (quipu/backend/features.h), so that a change
// of a dict or list of it costs what is changed.
//
// Each field of the struct that is an object or an array is a slot, its members or elements are the parts.
// All is text as it stands in the value, where the struct is JSON in a JSON string.

#ifndef QUIPU_ENGINE_STORES_INDEXES_STRUCT_PARTS_H_
#define QUIPU_ENGINE_STORES_INDEXES_STRUCT_PARTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/index_store.h"

namespace quipu {

class StructParts {
 public:
  struct Part {
    std::string_view key;  // of a member, as it is quoted in the struct; empty for an element
    std::string_view text;
  };
  struct Field {
    std::string name;
    bool is_dict = false;
    std::vector<Part> parts;
  };

  // Views into the struct's text, which must outlive this. Nothing where the struct has no such field, or its
  // text is not as the reference writes it.
  static std::optional<StructParts> of(const IndexStruct& index_struct);

  // One more than there are fields.
  const std::vector<std::string_view>& texts() const { return texts_; }
  const std::vector<Field>& fields() const { return fields_; }

 private:
  class Walk;

  std::vector<std::string_view> texts_;
  std::vector<Field> fields_;
};

// The text of a part as it stands in the value: of an element, or, with its key, of a member.
std::string part_text(JsonView value);
std::string part_text(std::string_view quoted_key, JsonView value);

// The value of a member, of such a text.
Json member_value(std::string_view part_text);

// The key of a list's element that is the `number`th part ever added to the value. Keys grow with numbers.
std::string element_key(uint64_t number);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_INDEXES_STRUCT_PARTS_H_
