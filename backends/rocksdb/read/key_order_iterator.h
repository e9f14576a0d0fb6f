#ifndef QUIPU_BACKENDS_ROCKSDB_READ_KEY_ORDER_ITERATOR_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_KEY_ORDER_ITERATOR_H_

#include <memory>
#include <optional>
#include <string>

#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {

// Walks a collection in the order of its keys. REQUIRES: the reader has a snapshot; reader and collection
// outlive the iterator.
class KeyOrderIterator : public KVIterator {
 public:
  // With `raw_vectors` the value of a vector is its body, for whoever composes it later.
  KeyOrderIterator(const Reader& reader, const Collection& collection, const ScanOptions& options,
                   bool raw_vectors = false);

  bool next() override;
  std::string_view key() const override { return key_; }
  JsonView val() const override { return JsonView::from_canonical(value_); }
  std::string_view raw_value() const { return value_; }
  std::optional<uint64_t> order() const override {
    return options_.keys_only ? std::nullopt : std::optional(sequence_);
  }
  Status status() const override { return status_; }
  uint64_t sequence() const { return sequence_; }

 private:
  void start();
  bool read();

  const Reader& reader_;
  const Collection& collection_;
  const ScanOptions options_;
  const bool raw_vectors_;
  std::string lower_;
  std::string upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> it_;
  uint64_t yielded_ = 0;
  bool empty_ = false;  // the bounds leave no key
  bool started_ = false;
  std::string_view key_;
  std::string_view value_ = "null";
  std::string composed_;
  uint64_t sequence_ = 0;
  Status status_;
};

// The same, holding what it needs.
class OwningKeyOrderIterator : public KVIterator {
 public:
  OwningKeyOrderIterator(Reader reader, CollectionPtr collection, const ScanOptions& options)
      : reader_(std::move(reader)), collection_(std::move(collection)), it_(reader_, *collection_, options) {}

  bool next() override { return it_.next(); }
  std::string_view key() const override { return it_.key(); }
  JsonView val() const override { return it_.val(); }
  std::optional<uint64_t> order() const override { return it_.order(); }
  Status status() const override { return it_.status(); }

 private:
  const Reader reader_;
  const CollectionPtr collection_;
  KeyOrderIterator it_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_KEY_ORDER_ITERATOR_H_
