#include "backends/rocksdb/read/sound_iterator.h"

#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <string>

#include "backends/rocksdb/files/rocksdb_version.h"

namespace quipu::rocks {
namespace {

// Blocks that this thread has read from files.
uint64_t blocks_read() { return rocksdb::get_perf_context()->block_read_count; }

class SoundIterator : public rocksdb::Iterator {
 public:
  SoundIterator(rocksdb::DB& db, const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family)
      : db_(db), options_(options), family_(family), it_(db.NewIterator(options, family)) {
    options_.ignore_range_deletions = true;
    // Blocks that are read ahead are not counted when they are met.
    suspects_ = options.readahead_size != 0 || rocksdb::GetPerfLevel() < rocksdb::kEnableCount;
  }

  bool Valid() const override { return error_.ok() && it_->Valid(); }
  rocksdb::Slice key() const override { return it_->key(); }
  rocksdb::Slice value() const override { return it_->value(); }
  rocksdb::Status status() const override { return error_.ok() ? it_->status() : error_; }

  void SeekToFirst() override {
    seek(true, [](rocksdb::Iterator& it) { it.SeekToFirst(); });
  }
  void SeekToLast() override {
    seek(false, [](rocksdb::Iterator& it) { it.SeekToLast(); });
  }
  void Seek(const rocksdb::Slice& target) override {
    seek(true, [&](rocksdb::Iterator& it) { it.Seek(target); });
  }
  void SeekForPrev(const rocksdb::Slice& target) override {
    seek(false, [&](rocksdb::Iterator& it) { it.SeekForPrev(target); });
  }
  void Next() override { step(true); }
  void Prev() override { step(false); }

 private:
  template <typename Place>
  void seek(bool forward, const Place& place) {
    error_ = rocksdb::Status::OK();
    forward_ = forward;
    beside_follows_ = false;
    const uint64_t before = blocks_read();
    place(*it_);
    check(before, place);
  }

  void step(bool forward) {
    if (forward != forward_) beside_follows_ = false;
    forward_ = forward;
    if (!beside_follows_) from_.assign(it_->key().data(), it_->key().size());
    const uint64_t before = blocks_read();
    forward ? it_->Next() : it_->Prev();
    check(before, [&](rocksdb::Iterator& it) { forward ? it.Seek(from_) : it.SeekForPrev(from_); });
  }

  // Lets the second iterator go over what the first has passed; `place` puts it where that began.
  template <typename Place>
  void check(uint64_t before, const Place& place) {
    suspects_ |= blocks_read() != before;
    if (!suspects_ || !it_->status().ok()) return;
    if (!beside_follows_) {
      if (!beside_) beside_.reset(db_.NewIterator(options_, family_));
      place(*beside_);
      beside_follows_ = true;
    }
    while (beside_->Valid() && is_behind()) forward_ ? beside_->Next() : beside_->Prev();
    error_ = beside_->status();
  }

  bool is_behind() const {
    if (!it_->Valid()) return true;
    const int order = beside_->key().compare(it_->key());
    return forward_ ? order < 0 : order > 0;
  }

  rocksdb::DB& db_;
  rocksdb::ReadOptions options_;  // of the second iterator
  rocksdb::ColumnFamilyHandle* const family_;
  const std::unique_ptr<rocksdb::Iterator> it_;
  std::unique_ptr<rocksdb::Iterator> beside_;
  bool beside_follows_ = false;  // it stands where the first does, or beyond
  bool suspects_ = false;        // blocks have been read from files
  bool forward_ = true;
  std::string from_;  // where the first stood before a step, while the second does not follow
  rocksdb::Status error_;
};

}  // namespace

std::unique_ptr<rocksdb::Iterator> sound_iterator(rocksdb::DB& db, const rocksdb::ReadOptions& options,
                                                  rocksdb::ColumnFamilyHandle* family) {
  if (kIteratorsForgetErrors && !options.ignore_range_deletions) {
    return std::make_unique<SoundIterator>(db, options, family);
  }
  return std::unique_ptr<rocksdb::Iterator>(db.NewIterator(options, family));
}

}  // namespace quipu::rocks
