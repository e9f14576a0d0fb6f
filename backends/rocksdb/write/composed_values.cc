// Composed values: the record has the texts, and each part is an entry in the family of parts. What parts are
// named and hold are views of the batch.

#include <algorithm>
#include <unordered_map>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/write/collection_index.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {
namespace {

constexpr const WriteOp::Kind* kKinds[] = {&ComposedValues::kPutComposed, &ComposedValues::kPutPart,
                                           &ComposedValues::kErasePart};

// What one batch does to one composed value: the value before it, and its parts now.
class ComposedValue : public IndexedKey {
 public:
  ComposedValue(const ReadView& view, uint32_t collection, std::string_view key)
      : view_(view), prefix_(list_prefix(collection, key)) {}

  bool is_composed() const { return is_composed_; }
  // The value as it is stored; without it there is none yet.
  void loaded(const ComposedHeader& header) {
    is_composed_ = true;
    stored_count_ = count_ = header.count;
    added_ = header.added;
    texts_.assign(header.texts.begin(), header.texts.end());
  }
  // A new one takes the place of whatever is there, with no parts so far.
  void replace(std::vector<std::string_view> texts) {
    replaced();
    is_composed_ = true;
    texts_.assign(texts.begin(), texts.end());
  }
  void replaced() override;
  // Each: whether it has changed anything.
  Result<bool> put(std::string_view name, std::string_view text, CommitScope& scope);
  Result<bool> erase(std::string_view name);
  void revise(CommitScope& scope) {
    if (!revision_) revision_ = scope.insert();
  }

  Status write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& batch) override;

 private:
  struct Part {
    bool exists = false;
    bool inserted = false;  // by this batch: sequence is the place among its insertions
    uint64_t sequence = 0;
    std::string_view text;
  };

  Result<Part*> part_of(std::string_view name);

  const ReadView& view_;
  const std::string prefix_;
  uint64_t stored_count_ = 0;  // parts in the database before this batch
  bool replaced_ = false;      // the stored ones do not count any more
  bool is_composed_ = false;
  uint64_t count_ = 0;
  uint64_t added_ = 0;
  std::vector<std::string> texts_;
  std::optional<uint64_t> revision_;                  // its place among what the batch inserts
  std::unordered_map<std::string_view, Part> parts_;  // that the batch names
};

void ComposedValue::replaced() {
  replaced_ = true;
  is_composed_ = false;
  count_ = 0;
  parts_.clear();
}

// What is known of a part: read when it is first named.
Result<ComposedValue::Part*> ComposedValue::part_of(std::string_view name) {
  const auto [found, is_new] = parts_.try_emplace(name);
  Part& part = found->second;
  if (!is_new || replaced_ || stored_count_ == 0) return &part;
  rocksdb::PinnableSlice stored;
  const std::string record = prefix_ + std::string(name);
  QUIPU_ASSIGN_OR_RETURN(part.exists, is_found(view_.get(view_.database().parts(), slice(record), stored),
                                               "cannot read a composed value"));
  std::string_view value = view(stored);
  if (part.exists && !take_varint(value, part.sequence)) {
    return Status::corruption("a part of a composed value is damaged");
  }
  return &part;
}

Result<bool> ComposedValue::put(std::string_view name, std::string_view text, CommitScope& scope) {
  QUIPU_ASSIGN_OR_RETURN(Part* const part, part_of(name));
  if (!part->exists) {
    *part = {true, true, scope.insert(), {}};
    ++count_;
    ++added_;
  }
  part->text = text;
  scope.entry_bytes += prefix_.size() + name.size() + text.size() + kBatchBytesPerKey;
  return true;
}

Result<bool> ComposedValue::erase(std::string_view name) {
  QUIPU_ASSIGN_OR_RETURN(Part* const part, part_of(name));
  if (!part->exists) return false;
  part->exists = false;
  --count_;
  return true;
}

// RocksDB's batch refuses only what is larger than 4 GiB, which the limits of record.h rule out.
Status ComposedValue::write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& batch) {
  rocksdb::ColumnFamilyHandle* const family = view_.database().parts();
  if (replaced_ && stored_count_ != 0) {
    QUIPU_RETURN_IF_ERROR(scope.erase_all(family, prefix_, stored_count_, batch));
  }
  if (!is_composed_) return Status::ok();
  std::vector<std::pair<std::string_view, Part>> sorted(parts_.begin(), parts_.end());
  std::ranges::sort(sorted, {},
                    [](const auto& entry) { return entry.first; });  // RocksDB inserts it faster so
  std::string full_key = prefix_;
  for (const auto& [name, part] : sorted) {
    full_key.resize(prefix_.size());
    full_key += name;
    if (!part.exists) {
      batch.Delete(family, slice(full_key)).PermitUncheckedError();
      continue;
    }
    std::string value;
    put_varint(part.inserted ? scope.first_sequence + part.sequence : part.sequence, value);
    value += part.text;
    batch.Put(family, slice(full_key), value).PermitUncheckedError();
  }
  const std::vector<std::string_view> texts(texts_.begin(), texts_.end());
  key.body = scope.keep(make_composed_body({scope.first_sequence + *revision_, added_, count_, texts}));
  return Status::ok();
}

Status not_composed(const WriteOp& op) {
  return Status::invalid_argument(describe(op.collection, op.key) + " is no composed value");
}

class ComposedValueIndex : public CollectionIndex {
 public:
  std::span<const WriteOp::Kind* const> kinds() const override { return kKinds; }

  bool follows(const Collection& /*collection*/) const override { return true; }

  Status load(KeyChange& key, const DataRecord* stored, CommitScope& scope) const override {
    if (stored == nullptr || !stored->is_composed()) return Status::ok();
    const std::optional<ComposedHeader> header = parse_composed_header(*stored);
    if (!header || scope.view.database().parts() == nullptr) {
      return damaged_record(*key.collection, key.user_key);
    }
    add_value(key, scope)->loaded(*header);
    return Status::ok();
  }

  Status apply(const WriteOp& op, KeyChange& key, CommitScope& scope) const override {
    auto* value = static_cast<ComposedValue*>(part_of(key));
    if (op.kind == &ComposedValues::kPutComposed) {
      if (value == nullptr) value = add_value(key, scope);
      put_body(key, {}, scope);
      value->replace(ComposedValues::split_texts(op.value));
      return value->revise(scope), Status::ok();
    }
    if (!key.exists || value == nullptr || !value->is_composed()) return not_composed(op);
    QUIPU_ASSIGN_OR_RETURN(const bool changed, op.kind == &ComposedValues::kPutPart
                                                   ? value->put(op.value, op.tail, scope)
                                                   : value->erase(op.value));
    if (!changed) return Status::ok();
    key.changed = true;
    return value->revise(scope), Status::ok();
  }

  Status apply_to_nothing(const WriteOp& op) const override { return not_composed(op); }

 private:
  ComposedValue* add_value(KeyChange& key, CommitScope& scope) const {
    return scope.add<ComposedValue>(key, *this, scope.view, key.collection->id(), key.user_key);
  }
};

const ComposedValueIndex composed_values;

}  // namespace

const CollectionIndex& kComposedValues = composed_values;

}  // namespace quipu::rocks
