// MetadataColumns: the metadata of rows by key, each distinct value once, so that a filter is evaluated once
// for a value and costs a look-up for a row.
//
// A column is made at the first filter over its key and kept current from then on.
// Thread-safety: reading calls beside each other; match() may make columns and must exclude others.

#ifndef QUIPU_ENGINE_VECTORS_METADATA_COLUMNS_H_
#define QUIPU_ENGINE_VECTORS_METADATA_COLUMNS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "quipu/metadata_filters.h"

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
  Status make(const std::string& key, size_t rows, const ForEachRow& for_each);

  void set(uint32_t row, JsonView metadata);
  void forget(uint32_t row);
  void clear() { columns_.clear(); }
  size_t memory_bytes() const;

 private:
  static void set(Column& column, const std::string& key, uint32_t row, JsonView metadata);

  std::map<std::string, Column> columns_;
};

// The outcomes of filters for rows.
class FilterRun {
 public:
  // REQUIRES: columns has every key of the filters; both outlive this.
  FilterRun(const MetadataFilters& filters, const MetadataColumns& columns);

  // Whether a row passes. Errors: kInvalidArgument "KeyError: ..." without metadata (`id` is for the
  // message), "TypeError: ...", "ValueError: Nested ...".
  Result<bool> passes(uint32_t row, std::string_view id);

  // What passes() says of a row with one filter whose value has been met before, which is that of most rows;
  // kUnknown of all others. Inline, for it is asked of every row.
  int8_t known(uint32_t row) const {
    if (verdicts_.size() != 1 || verdicts_.front().filter == nullptr || condition_ == FilterCondition::NOT) {
      return kUnknown;
    }
    const std::vector<int32_t>& values = verdicts_.front().column->value_of_row;
    const int32_t value = row < values.size() ? values[row] : MetadataColumns::kNoMetadata;
    return value == MetadataColumns::kNoMetadata ? kUnknown
                                                 : verdicts_.front().of_value[static_cast<size_t>(value)];
  }
  static constexpr int8_t kUnknown = -1;

 private:
  struct Verdicts {
    const MetadataFilter* filter;  // null: nested filters
    const MetadataColumns::Column* column;
    std::vector<int8_t> of_value;  // kUnknown, 0 or 1
  };

  FilterCondition condition_;
  std::vector<Verdicts> verdicts_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_METADATA_COLUMNS_H_
