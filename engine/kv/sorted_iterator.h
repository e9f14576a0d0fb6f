// SortedIterator: a KVIterator over pairs that are in memory already, given in insertion order.

#ifndef QUIPU_ENGINE_KV_SORTED_ITERATOR_H_
#define QUIPU_ENGINE_KV_SORTED_ITERATOR_H_

#include <vector>

#include "quipu/kv_store.h"

namespace quipu {

class SortedIterator : public KVIterator {
 public:
  SortedIterator(std::vector<KVEntry> entries, const ScanOptions& options);

  bool next() override;
  std::string_view key() const override { return entries_[at_].key; }
  JsonView val() const override { return keys_only_ ? JsonView() : entries_[at_].val.view(); }
  Status status() const override { return Status::ok(); }

 private:
  std::vector<KVEntry> entries_;
  bool keys_only_;
  size_t at_ = 0;
  bool started_ = false;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_KV_SORTED_ITERATOR_H_
