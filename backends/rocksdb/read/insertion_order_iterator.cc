#include "backends/rocksdb/read/insertion_order_iterator.h"

#include "backends/rocksdb/database/uncounted_work.h"
#include "backends/rocksdb/read/key_order_iterator.h"

namespace quipu::rocks {

Result<std::unique_ptr<KVIterator>> InsertionOrderIterator::create(const Reader& reader,
                                                                   const Collection& collection,
                                                                   const ScanOptions& options) {
  const Database& database = reader.database();
  std::unique_ptr<InsertionOrderIterator> iterator(new InsertionOrderIterator(
      database.directory().temporary_path(), database.options().memory_budget_bytes / 4, options));
  ScanOptions all = options;  // which keys is decided while reading, how many and which way while yielding
  all.order = ScanOptions::Order::kKey;
  all.limit = 0;
  all.reverse = false;
  all.keys_only = false;  // the sequence stands before the value
  const UncountedWork uncounted;
  KeyOrderIterator rows(reader, collection, all, /*raw_vectors=*/true);
  while (rows.next()) {
    const uint64_t sequence = options.reverse ? ~rows.sequence() : rows.sequence();
    const std::string_view value = options.keys_only ? std::string_view("null") : rows.raw_value();
    QUIPU_RETURN_IF_ERROR(iterator->sorter_.add({sequence, rows.key(), value}));
  }
  QUIPU_RETURN_IF_ERROR(rows.status());
  QUIPU_RETURN_IF_ERROR(iterator->sorter_.finish());
  return std::unique_ptr<KVIterator>(std::move(iterator));
}

std::optional<uint64_t> InsertionOrderIterator::order() const {
  if (keys_only_) return std::nullopt;
  return reverse_ ? ~row_.sequence : row_.sequence;
}

bool InsertionOrderIterator::next() {
  if (!status_.is_ok() || (limit_ != 0 && yielded_ == limit_)) return false;
  const Result<bool> more = sorter_.next(row_);
  if (!more) {
    status_ = more.error();
    return false;
  }
  if (!*more) return false;
  ++yielded_;
  value_ = row_.value;
  if (value_.empty() || value_.front() != kVectorTag) return true;
  composed_.clear();
  if (!append_vector_text(value_, composed_)) {
    status_ = Status::corruption("the vector of key " + std::string(row_.key) + " is malformed");
    return false;
  }
  value_ = composed_;
  return true;
}

}  // namespace quipu::rocks
