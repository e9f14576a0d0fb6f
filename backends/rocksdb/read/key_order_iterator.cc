#include "backends/rocksdb/read/key_order_iterator.h"

#include <algorithm>

#include "backends/rocksdb/format/status.h"

namespace quipu::rocks {
namespace {

constexpr size_t kReadaheadBytes = 1 << 20;
constexpr uint64_t kPartOfCache = 32;

// Whether a walk over all of a collection leaves most of the cache to others, so that the next one finds its
// blocks there.
bool is_small(const Reader& reader, const Collection& collection) {
  uint64_t file_bytes = 0;
  return reader.database().db().GetIntProperty(collection.family.get(),
                                               rocksdb::DB::Properties::kLiveSstFilesSize, &file_bytes) &&
         file_bytes <= reader.database().options().memory_budget_bytes / kPartOfCache;
}

}  // namespace

KeyOrderIterator::KeyOrderIterator(const Reader& reader, const Collection& collection,
                                   const ScanOptions& options, bool raw_vectors)
    : reader_(reader), collection_(collection), options_(options), raw_vectors_(raw_vectors) {
  const std::string prefix = collection.key(options.prefix);
  lower_ = prefix;
  if (options.start) lower_ = std::max(lower_, collection.key(*options.start));
  upper_ = after_prefix(prefix);
  if (options.end) {
    const std::string end = collection.key(*options.end);
    upper_ = upper_.empty() ? end : std::min(upper_, end);
  }
  lower_slice_ = slice(lower_);
  upper_slice_ = slice(upper_);
  rocksdb::ReadOptions read;
  read.iterate_lower_bound = &lower_slice_;
  if (!upper_.empty()) read.iterate_upper_bound = &upper_slice_;
  const bool whole = options.limit == 0 && options.prefix.empty() && !options.start && !options.end;
  if (whole && !is_small(reader, collection)) {
    read.readahead_size = kReadaheadBytes;
    read.fill_cache = false;  // a walk over all must not drive out what is in use
  }
  empty_ = !upper_.empty() && lower_ >= upper_;
  it_ = reader.read_view().iterate(collection.family.get(), read);
}

void KeyOrderIterator::start() {
  started_ = true;
  if (options_.reverse) {
    it_->SeekToLast();
  } else {
    it_->Seek(lower_slice_);
  }
}

bool KeyOrderIterator::next() {
  if (!status_.is_ok() || (options_.limit != 0 && yielded_ == options_.limit)) return false;
  if (empty_ || (options_.end && options_.end->empty())) return false;  // nothing is below the empty key
  if (!started_) {
    start();
  } else if (it_->Valid()) {
    options_.reverse ? it_->Prev() : it_->Next();
  }
  if (!it_->Valid()) {
    status_ = from_rocksdb(it_->status(), "cannot scan collection " + collection_.name);
    return false;
  }
  ++yielded_;
  return read();
}

bool KeyOrderIterator::read() {
  key_ = view(it_->key()).substr(collection_.prefix.size());
  if (options_.keys_only) return true;
  const std::optional<DataRecord> record = parse_data_record(view(it_->value()));
  if (!record) {
    status_ = damaged_record(collection_, key_);
    return false;
  }
  sequence_ = record->sequence;
  if (record->is_text() || (raw_vectors_ && record->is_vector())) {
    value_ = record->body;
    return true;
  }
  Result<std::string> text = reader_.compose(collection_, key_, *record);
  if (!text) {
    status_ = text.error();
    return false;
  }
  composed_ = *std::move(text);
  value_ = composed_;
  return true;
}

}  // namespace quipu::rocks
