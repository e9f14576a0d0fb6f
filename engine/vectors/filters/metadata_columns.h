// MetadataColumns: the metadata of rows by key, each distinct value once, so that a filter is evaluated once
// for a value and costs a look-up for a row.
//
// A column is made at the first filter over its key and kept current from then on.
// Thread-safety: reading calls beside each other; match() may make columns and must exclude others.

#ifndef QUIPU_ENGINE_VECTORS_FILTERS_METADATA_COLUMNS_H_
#define QUIPU_ENGINE_VECTORS_FILTERS_METADATA_COLUMNS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "quipu/vector_store.h"

namespace quipu {

class MetadataColumns {
 public:
  // What a row has under a key.
  static constexpr int32_t kNoMetadata = -1;  // the row has no metadata at all

  struct Column {
    std::vector<int32_t> value_of_row;
    std::vector<Json> values;
    std::unordered_map<std::string, int32_t> places;  // text -> index into values
    size_t text_bytes = 0;
  };
  // Calls its argument with each row and its metadata.
  using ForEachRow = std::function<Status(const std::function<void(uint32_t row, JsonView metadata)>&)>;

  bool has(const std::string& key) const { return columns_.contains(key); }
  const Column& column(const std::string& key) const { return columns_.at(key); }
  // Of these keys, in one go through the metadata. After an error there are none of them. Errors: those of
  // `for_each`.
  Status make(std::span<const std::string> keys, size_t rows, const ForEachRow& for_each);

  void set(uint32_t row, JsonView metadata);
  void forget(uint32_t row);
  void clear() { columns_.clear(); }
  size_t memory_bytes() const;

 private:
  static void set(Column& column, const std::string& key, uint32_t row, JsonView metadata);

  std::map<std::string, Column> columns_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_FILTERS_METADATA_COLUMNS_H_
