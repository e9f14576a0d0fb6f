// IndexStruct: what an index remembers of its nodes, as an index store keeps it.
//
// Stored as {"__type__": "vector_store", "__data__": "<JSON text>"}; __data__ as an object is read too. The
// stored text is kept as it is. Thread-safety: immutable.

#ifndef QUIPU_INDEX_STRUCT_H_
#define QUIPU_INDEX_STRUCT_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

class IndexStruct {
 public:
  // The types that the reference registers: "tree", "list", "keyword_table", "vector_store", ....
  static std::span<const std::string_view> types();

  // The reference's json_to_index_struct. Errors: kInvalidArgument that begins with Python's exception, for
  // example "KeyError: 'dict'" for an unknown type, "JSONDecodeError: ..." for data that is no JSON.
  static Result<IndexStruct> from_json(Json stored);

  // A struct of a registered type, written as index_struct_to_json writes it. `data` is the object under
  // __data__; it must have "index_id". Errors: kInvalidArgument.
  static Result<IndexStruct> create(std::string_view type, const Json& data);

  // The text that a store keeps.
  const Json& to_json() const { return json_; }

  const std::string& type() const { return type_; }
  const std::string& index_id() const { return index_id_; }
  std::optional<std::string> summary() const;
  // The object under __data__. Views into it live as long as the struct.
  JsonView data() const { return data_; }

 private:
  IndexStruct(Json json, std::string type, Json data, std::string index_id)
      : json_(std::move(json)),
        type_(std::move(type)),
        data_(std::move(data)),
        index_id_(std::move(index_id)) {}

  Json json_;
  std::string type_;
  Json data_;
  std::string index_id_;
};

}  // namespace quipu

#endif  // QUIPU_INDEX_STRUCT_H_
