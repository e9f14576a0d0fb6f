// Vectors: the record of the key has the numbers. Where the collection keeps codes, each vector has one in
// two places of the family of codes (docs/FORMAT.md), whatever operation wrote it.

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/write/collection_index.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {
namespace {

constexpr const WriteOp::Kind* kKinds[] = {&VectorValues::kPutVector};

void remove_code(const Collection& collection, uint32_t dimensions, uint64_t sequence, CommitScope& scope) {
  rocksdb::ColumnFamilyHandle* const family = scope.view.database().codes();
  const std::string block = code_block_key(collection.id(), dimensions, block_of(sequence));
  scope.merge_later(family, scope.keep(block), scope.keep(make_code_removal(sequence)));
  scope.delete_later(family, scope.keep(code_row_key(collection.id(), dimensions, sequence)));
}

// A key of a collection that keeps codes: the vector that it had, and the one that it will have.
class CodedKey : public IndexedKey {
 public:
  CodedKey(const KeyChange& key, const DataRecord* stored) {
    const std::optional<size_t> dimensions = stored == nullptr ? std::nullopt : dimensions_of(stored->body);
    if (!dimensions) return;
    had_code_ = true;
    dimensions_ = static_cast<uint32_t>(*dimensions);
    sequence_ = key.sequence;
  }

  Status write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& /*batch*/) override {
    std::vector<double> elements;
    const bool has_code = key.exists && parse_vector(key.body, elements);
    const uint64_t sequence = key.inserted ? scope.first_sequence + key.sequence : key.sequence;
    const bool replaces = has_code && elements.size() == dimensions_ && sequence == sequence_;
    if (had_code_ && !replaces) remove_code(*key.collection, dimensions_, sequence_, scope);
    if (has_code) put_code(*key.collection, key.user_key, sequence, elements, scope);
    return Status::ok();
  }

 private:
  bool had_code_ = false;
  uint32_t dimensions_ = 0;
  uint64_t sequence_ = 0;
};

class Vectors : public CollectionIndex {
 public:
  std::span<const WriteOp::Kind* const> kinds() const override { return kKinds; }

  bool follows(const Collection& collection) const override {
    return collection.record.codes != CollectionRecord::Codes::kNone;
  }

  Status load(KeyChange& key, const DataRecord* stored, CommitScope& scope) const override {
    scope.add<CodedKey>(key, *this, key, stored);
    return Status::ok();
  }

  // The bytes of the doubles lie anywhere; where they lie as doubles do, they are not copied.
  Status apply(const WriteOp& op, KeyChange& key, CommitScope& scope) const override {
    if (op.value.size() % sizeof(double) != 0) {
      return Status::invalid_argument("a vector's bytes are no doubles");
    }
    const size_t size = op.value.size() / sizeof(double);
    std::vector<double> copied;
    std::span elements(reinterpret_cast<const double*>(op.value.data()), size);
    if (reinterpret_cast<uintptr_t>(op.value.data()) % alignof(double) != 0) {
      copied.resize(size);
      std::memcpy(copied.data(), op.value.data(), op.value.size());
      elements = copied;
    }
    put_body(key, scope.keep(make_vector_body(elements)), scope);
    if (part_of(key) != nullptr) {
      constexpr size_t kOfARow = 64;  // beside the halves of its bytes and its key
      scope.entry_bytes += elements.size() + op.key.size() + kOfARow + 2 * kBatchBytesPerKey;
    }
    return Status::ok();
  }
};

const Vectors vectors;

}  // namespace

const CollectionIndex& kVectors = vectors;

void put_code(const Collection& collection, std::string_view key, uint64_t sequence,
              std::span<const double> elements, CommitScope& scope) {
  rocksdb::ColumnFamilyHandle* const family = scope.view.database().codes();
  const VectorCode code = scope.encoder(elements.size()).encode(elements);
  const auto dimensions = static_cast<uint32_t>(elements.size());
  const std::string block = code_block_key(collection.id(), dimensions, block_of(sequence));
  scope.merge_later(family, scope.keep(block), scope.keep(make_code_operand(sequence, code)));
  scope.put_later(family, scope.keep(code_row_key(collection.id(), dimensions, sequence)),
                  scope.keep(make_code_row(key, code)));
}

}  // namespace quipu::rocks
