// Field indexes: an entry in the index family for each key of a collection whose indexed member is a string.

#include "backends/rocksdb/write/collection_index.h"

namespace quipu::rocks {
namespace {

std::string indexed_value(const Collection& collection, std::string_view body) {
  if (!body.starts_with('{')) return {};
  const std::optional<JsonView> value = JsonView::from_canonical(body).find(collection.record.indexed_field);
  return value && value->is_string() ? value->string() : std::string();
}

// Empty values have no entries.
class IndexedField : public IndexedKey {
 public:
  explicit IndexedField(std::string stored) : stored_(std::move(stored)) {}

  Status write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& /*batch*/) override {
    const Collection& collection = *key.collection;
    const std::string now = key.exists ? indexed_value(collection, key.body) : std::string();
    if (now == stored_) return Status::ok();
    rocksdb::ColumnFamilyHandle* const family = scope.view.database().index();
    const auto entry = [&](const std::string& value) {
      if (scope.watched) scope.changed_values.emplace_back(&collection, value);
      return scope.keep(index_prefix(collection.id(), value), key.user_key);
    };
    if (!stored_.empty()) scope.delete_later(family, entry(stored_));
    if (!now.empty()) scope.put_later(family, entry(now));
    return Status::ok();
  }

 private:
  const std::string stored_;
};

class FieldIndexes : public CollectionIndex {
 public:
  bool follows(const Collection& collection) const override {
    return !collection.record.indexed_field.empty();
  }

  Status load(KeyChange& key, const DataRecord* stored, CommitScope& scope) const override {
    scope.add<IndexedField>(key, *this,
                            stored != nullptr ? indexed_value(*key.collection, stored->body) : std::string());
    return Status::ok();
  }
};

const FieldIndexes field_indexes;

}  // namespace

const CollectionIndex& kFieldIndexes = field_indexes;

}  // namespace quipu::rocks
