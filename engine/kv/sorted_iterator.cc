#include "engine/kv/sorted_iterator.h"

#include <algorithm>

namespace quipu {

SortedIterator::SortedIterator(std::vector<KVEntry> entries, const ScanOptions& options)
    : entries_(std::move(entries)), keys_only_(options.keys_only) {
  std::erase_if(entries_, [&](const KVEntry& entry) {
    return !entry.key.starts_with(options.prefix) || (options.start && entry.key < *options.start) ||
           (options.end && entry.key >= *options.end);
  });
  if (options.order == ScanOptions::Order::kKey) std::ranges::sort(entries_, {}, &KVEntry::key);
  if (options.reverse) std::ranges::reverse(entries_);
  if (options.limit != 0 && entries_.size() > options.limit) entries_.resize(options.limit);
}

bool SortedIterator::next() {
  if (started_ && at_ < entries_.size()) ++at_;
  started_ = true;
  return at_ < entries_.size();
}

}  // namespace quipu
