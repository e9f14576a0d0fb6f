#include <algorithm>
#include <array>
#include <memory>

#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/write/collection_index.h"

namespace quipu::rocks {
namespace {

// So many entries are deleted one by one; more of them by a range, which costs every later reader of the
// family a little until it is compacted away.
constexpr uint64_t kDeletedOneByOne = 1000;

}  // namespace

std::span<const CollectionIndex* const> CollectionIndex::all() {
  static const std::array<const CollectionIndex*, 5> indexes = {&kFieldIndexes, &kMemberLists,
                                                                &kComposedValues, &kVectors, &kTexts};
  return indexes;
}

const CollectionIndex* CollectionIndex::of(const WriteOp::Kind* kind) {
  for (const CollectionIndex* const index : all()) {
    if (std::ranges::find(index->kinds(), kind) != index->kinds().end()) return index;
  }
  return nullptr;
}

Status CollectionIndex::apply(const WriteOp& op, KeyChange& /*key*/, CommitScope& /*scope*/) const {
  return Status::not_supported("no index understands " + std::string(op.kind->name));
}

Status CollectionIndex::apply_to_nothing(const WriteOp& op) const {
  return Status::not_found("there is no collection " + Json::from_string(op.collection).text());
}

void put_body(KeyChange& key, std::string_view body, CommitScope& scope) {
  if (!key.exists) {
    key.inserted = true;
    key.sequence = scope.insert();
  }
  key.changed = key.exists = true;
  key.body = body;
  for (IndexedKey* part = key.indexes; part != nullptr; part = part->next) part->replaced();
}

CommitScope::~CommitScope() { std::ranges::for_each(parts_, std::destroy_at<IndexedKey>); }

std::string_view CommitScope::keep(std::string_view front, std::string_view back) {
  const size_t size = front.size() + back.size();
  char* const kept = take(size).data();
  std::copy(front.begin(), front.end(), kept);
  std::copy(back.begin(), back.end(), kept + front.size());
  return {kept, size};
}

void CommitScope::write_later(rocksdb::WriteBatchBase& batch) {
  // Keys first: of one family, and there is mostly one, they are in order then.
  std::ranges::stable_sort(later_, [](const LaterEntry& a, const LaterEntry& b) {
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.family->GetID() < b.family->GetID();
  });
  std::vector<std::string_view> operands;
  for (size_t i = 0; i < later_.size(); ++i) {
    const LaterEntry& entry = later_[i];
    rocksdb::Status written;
    if (entry.kind == LaterEntry::kPut) {
      written = batch.Put(entry.family, slice(entry.key), slice(entry.value));
    } else if (entry.kind == LaterEntry::kDelete) {
      written = batch.Delete(entry.family, slice(entry.key));
    } else {
      operands.assign(1, entry.value);
      while (i + 1 < later_.size() && later_[i + 1].key == entry.key &&
             later_[i + 1].family == entry.family) {
        operands.push_back(later_[++i].value);
      }
      const CodeKey key = parse_code_key(entry.key).value_or(CodeKey());
      written = operands.size() == 1 ? batch.Merge(entry.family, slice(entry.key), slice(entry.value))
                                     : batch.Merge(entry.family, slice(entry.key),
                                                   fold_code_blocks(operands, key, /*whole=*/false));
    }
    written.PermitUncheckedError();  // RocksDB's batch refuses only what the limits rule out
  }
}

Status CommitScope::erase_all(rocksdb::ColumnFamilyHandle* family, const std::string& prefix, uint64_t count,
                              rocksdb::WriteBatchBase& batch) const {
  const std::string end = after_prefix(prefix);
  const rocksdb::Slice upper = slice(end);
  if (ranges && count > kDeletedOneByOne) {
    return from_rocksdb(batch.DeleteRange(family, slice(prefix), upper), "cannot write");
  }
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it = view.iterate(family, options);
  std::vector<std::string> keys;  // all before the first deletion, which may move what the iterator stands on
  for (it->Seek(slice(prefix)); it->Valid(); it->Next()) keys.push_back(it->key().ToString());
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read what is to be deleted"));
  for (const std::string& key : keys) {
    QUIPU_RETURN_IF_ERROR(from_rocksdb(batch.Delete(family, slice(key)), "cannot write"));
  }
  return Status::ok();
}

}  // namespace quipu::rocks
