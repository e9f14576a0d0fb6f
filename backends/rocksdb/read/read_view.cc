#include "backends/rocksdb/read/read_view.h"

#include <algorithm>

#include "backends/rocksdb/stats/sampled_work.h"
#include "backends/rocksdb/read/sound_iterator.h"

namespace quipu::rocks {
namespace {

// An iterator over a database and a batch, kept within bounds: RocksDB does not look at them for the batch.
class BoundedIterator : public rocksdb::Iterator {
 public:
  BoundedIterator(rocksdb::Iterator* it, const rocksdb::Slice* lower, const rocksdb::Slice* upper)
      : it_(it), lower_(lower), upper_(upper) {}

  bool Valid() const override {
    return it_->Valid() && (lower_ == nullptr || it_->key().compare(*lower_) >= 0) &&
           (upper_ == nullptr || it_->key().compare(*upper_) < 0);
  }
  void SeekToFirst() override { lower_ != nullptr ? it_->Seek(*lower_) : it_->SeekToFirst(); }
  void SeekToLast() override {
    if (upper_ == nullptr) {
      it_->SeekToLast();
    } else {
      it_->SeekForPrev(*upper_);
      if (it_->Valid() && it_->key().compare(*upper_) == 0) it_->Prev();
    }
  }
  void Seek(const rocksdb::Slice& target) override {
    it_->Seek(lower_ != nullptr && target.compare(*lower_) < 0 ? *lower_ : target);
  }
  void SeekForPrev(const rocksdb::Slice& target) override {
    if (upper_ != nullptr && target.compare(*upper_) >= 0) {
      SeekToLast();
    } else {
      it_->SeekForPrev(target);
    }
  }
  void Next() override { it_->Next(); }
  void Prev() override { it_->Prev(); }
  rocksdb::Slice key() const override { return it_->key(); }
  rocksdb::Slice value() const override { return it_->value(); }
  rocksdb::Status status() const override { return it_->status(); }

 private:
  const std::unique_ptr<rocksdb::Iterator> it_;
  const rocksdb::Slice* const lower_;
  const rocksdb::Slice* const upper_;
};

// Where RocksDB would have to open a table to know, it says that the key may exist by OK and an empty value,
// which no record and no entry has.
rocksdb::Status known(rocksdb::Status found, const rocksdb::PinnableSlice& value) {
  return found.ok() && value.empty() ? rocksdb::Status::Incomplete("not in memory") : found;
}

}  // namespace

rocksdb::Status ReadView::get(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                              rocksdb::PinnableSlice& value) const {
  rocksdb::DB& db = database_->db();
  const SampledWork sampled(database_->cache_counters());
  const rocksdb::ReadOptions options = over_snapshot();
  const rocksdb::Status found = may_be_changed(family, key)
                                    ? changes_->GetFromBatchAndDB(&db, options, family, key, &value)
                                    : db.Get(options, family, key, &value);
  return is_at_hand() ? known(found, value) : found;
}

void ReadView::multi_get(rocksdb::ColumnFamilyHandle* family, std::span<const rocksdb::Slice> keys,
                         rocksdb::PinnableSlice* values, rocksdb::Status* statuses, bool sorted) const {
  if (keys.size() == 1) {
    statuses[0] = get(family, keys[0], values[0]);
    return;
  }
  rocksdb::DB& db = database_->db();
  const SampledWork sampled(database_->cache_counters());
  const auto changed = [&](const rocksdb::Slice& key) { return may_be_changed(family, key); };
  if (std::ranges::none_of(keys, changed)) {
    db.MultiGet(over_snapshot(), family, keys.size(), keys.data(), values, statuses, sorted);
  } else {
    changes_->MultiGetFromBatchAndDB(&db, over_snapshot(), family, keys.size(), keys.data(), values, statuses,
                                     sorted);
  }
  if (!is_at_hand()) return;
  for (size_t i = 0; i < keys.size(); ++i) statuses[i] = known(statuses[i], values[i]);
}

std::unique_ptr<rocksdb::Iterator> ReadView::iterate(rocksdb::ColumnFamilyHandle* family,
                                                     rocksdb::ReadOptions options) const {
  options.ignore_range_deletions |= !database_->deletes_ranges(*family);
  if (changes_ == nullptr) return sound_iterator(database_->db(), over_snapshot(options), family);
  const rocksdb::Slice* const lower = std::exchange(options.iterate_lower_bound, nullptr);
  const rocksdb::Slice* const upper = std::exchange(options.iterate_upper_bound, nullptr);
  std::unique_ptr<rocksdb::Iterator> stored = sound_iterator(database_->db(), over_snapshot(options), family);
  return std::make_unique<BoundedIterator>(changes_->NewIteratorWithBase(family, stored.release()), lower,
                                           upper);
}

}  // namespace quipu::rocks
