#include "backends/rocksdb/read/code_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/read/vector_reader.h"

namespace quipu::rocks {
namespace {

constexpr size_t kReadAhead = 512 << 10;  // of each of many ranges: larger buffers take longer to be had
// What is read at once holds on to blocks of table files.
constexpr size_t kGotAtOnce = 256;

// Whether all vectors have codes in this view, which may be older than `collection`.
Result<bool> has_all_codes(const ReadView& view, const Collection& collection) {
  if (collection.record.codes == CollectionRecord::Codes::kNone || view.database().codes() == nullptr) {
    return false;
  }
  rocksdb::PinnableSlice stored;
  const std::string key = collection_key(collection.name);
  QUIPU_ASSIGN_OR_RETURN(const bool found, is_found(view.get(view.database().catalog(), slice(key), stored),
                                                    "cannot read the catalog"));
  if (!found) return false;
  const std::optional<CollectionRecord> record = parse_collection_record(rocks::view(stored));
  return record && record->id == collection.id() && record->codes == CollectionRecord::Codes::kAll;
}

}  // namespace

Result<std::unique_ptr<CodeReader>> RocksDBCodeReader::open(const ReadView& view, CollectionPtr collection) {
  const ReadView fixed = view.fixed();
  QUIPU_ASSIGN_OR_RETURN(const bool all, has_all_codes(fixed, *collection));
  if (!all) return std::unique_ptr<CodeReader>();
  QUIPU_ASSIGN_OR_RETURN(const uint64_t count, Reader(fixed).count(*collection));
  return std::unique_ptr<CodeReader>(new RocksDBCodeReader(fixed, std::move(collection), count));
}

Status damaged_codes(const Collection& collection) {
  return Status::corruption("the codes of collection " + Json::from_string(collection.name).text() +
                            " are not those of its vectors; repair makes them anew");
}

std::unique_ptr<rocksdb::Iterator> RocksDBCodeReader::iterate(rocksdb::ReadOptions options) const {
  options.ignore_range_deletions = true;  // of a collection that is there no range is ever deleted
  return view_.iterate(view_.database().codes(), options);
}

Status RocksDBCodeReader::scan(const std::string& begin, const std::string& end, const UseEntry& use) const {
  const rocksdb::Slice upper = slice(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  options.readahead_size = kReadAhead;
  const std::unique_ptr<rocksdb::Iterator> it = iterate(options);
  for (it->Seek(slice(begin)); it->Valid(); it->Next()) {
    QUIPU_RETURN_IF_ERROR(use(view(it->key()), view(it->value())));
  }
  return from_rocksdb(it->status(), "cannot read codes");
}

// What a query reads of a store that is much larger than the cache is gone from it when the next one comes,
// and so is what it had before.
ReadView RocksDBCodeReader::view_of_some(size_t bytes) const {
  return count_ * bytes > view_.database().options().memory_budget_bytes / 2 ? view_.uncached() : view_;
}

Status get_codes(const ReadView& view, std::span<const std::string> keys,
                 const std::function<Status(size_t i, std::string_view value)>& use) {
  for (size_t begin = 0; begin < keys.size(); begin += kGotAtOnce) {
    const size_t count = std::min(kGotAtOnce, keys.size() - begin);
    std::vector<rocksdb::Slice> slices;
    for (const std::string& key : keys.subspan(begin, count)) slices.push_back(slice(key));
    std::vector<rocksdb::PinnableSlice> values(count);
    std::vector<rocksdb::Status> statuses(count);
    view.multi_get(view.database().codes(), slices, values.data(), statuses.data(), /*sorted=*/true);
    for (size_t i = 0; i < count; ++i) {
      QUIPU_ASSIGN_OR_RETURN(const bool found, is_found(statuses[i], "cannot read codes"));
      if (found) QUIPU_RETURN_IF_ERROR(use(begin + i, rocks::view(values[i])));
    }
  }
  return Status::ok();
}

// Each is found behind the rows of the one before.
Result<std::vector<size_t>> RocksDBCodeReader::dimensions() const {
  std::vector<size_t> all;
  const std::string end = after_prefix(code_rows_prefix(id()));
  const rocksdb::Slice upper = slice(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it = iterate(options);
  for (it->Seek(slice(code_rows_prefix(id()))); it->Valid();) {
    const std::optional<CodeKey> key = parse_code_key(view(it->key()));
    if (!key) return damaged();
    all.push_back(key->dimensions);
    it->Seek(slice(after_prefix(code_rows_prefix(id(), key->dimensions))));
  }
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read codes"));
  return all;
}

Result<std::optional<std::pair<uint64_t, uint64_t>>> RocksDBCodeReader::block_numbers(size_t dimensions,
                                                                                      uint64_t first,
                                                                                      uint64_t last) const {
  const auto number = static_cast<uint32_t>(dimensions);
  const std::string begin = code_block_key(id(), number, first);
  const std::string end = code_block_key(id(), number, last);
  const std::unique_ptr<rocksdb::Iterator> it = iterate({});
  std::vector<uint64_t> numbers;
  for (const bool from_end : {false, true}) {
    from_end ? it->SeekForPrev(slice(end)) : it->Seek(slice(begin));
    if (!it->Valid() || view(it->key()) < begin || view(it->key()) > end) break;
    const std::optional<CodeKey> key = parse_code_key(view(it->key()));
    if (!key) return damaged();
    numbers.push_back(key->number);
  }
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read codes"));
  if (numbers.size() < 2) return std::optional<std::pair<uint64_t, uint64_t>>();
  return std::optional(std::pair(numbers[0], numbers[1]));
}

Status RocksDBCodeReader::scan_blocks(size_t dimensions, uint64_t first, uint64_t last,
                                      const std::function<Status(const CodeBlock&)>& use) const {
  const auto number = static_cast<uint32_t>(dimensions);
  const std::string begin = code_block_key(id(), number, first);
  const std::string end = after_prefix(code_block_key(id(), number, last));
  return scan(begin, end, [&](std::string_view key, std::string_view value) -> Status {
    const std::optional<CodeKey> parsed = parse_code_key(key);
    const auto block = parsed ? StoredBlock::parse(value, *parsed) : std::nullopt;
    return block && block->removed == 0 ? use(*block) : damaged();
  });
}

Status RocksDBCodeReader::get_blocks(size_t dimensions, std::span<const uint64_t> numbers,
                                     const std::function<Status(size_t i, const CodeBlock&)>& use) const {
  const auto of_block = [&](uint64_t number) {
    return CodeKey{id(), true, static_cast<uint32_t>(dimensions), number};
  };
  std::vector<std::string> keys;
  for (const uint64_t number : numbers) {
    keys.push_back(code_block_key(id(), of_block(number).dimensions, number));
  }
  // Whoever looks into blocks again keeps them himself.
  return get_codes(view_.uncached(), keys, [&](size_t i, std::string_view value) -> Status {
    const std::optional<StoredBlock> block = StoredBlock::parse(value, of_block(numbers[i]));
    return block && block->removed == 0 ? use(i, *block) : damaged();
  });
}

Status RocksDBCodeReader::get_rows(size_t dimensions, std::span<const uint64_t> orders,
                                   const std::function<Status(size_t i, const CodeRow&)>& use) const {
  const auto number = static_cast<uint32_t>(dimensions);
  std::vector<std::string> keys;
  for (const uint64_t order : orders) keys.push_back(code_row_key(id(), number, order));
  const ReadView view = view_of_some(code_row_tail_bytes(number));
  return get_codes(view, keys, [&](size_t i, std::string_view value) -> Status {
    const std::optional<CodeRow> row = parse_code_row(value, {id(), false, number, orders[i]});
    return row ? use(i, *row) : damaged();
  });
}

Status RocksDBCodeReader::scan_rows(const std::function<Status(const CodeRow&)>& use) const {
  const std::string prefix = code_rows_prefix(id());
  return scan(prefix, after_prefix(prefix), [&](std::string_view key, std::string_view value) -> Status {
    const std::optional<CodeKey> parsed = parse_code_key(key);
    const std::optional<CodeRow> row = parsed ? parse_code_row(value, *parsed) : std::nullopt;
    return row ? use(*row) : damaged();
  });
}

Status RocksDBCodeReader::get_vectors(
    size_t dimensions, std::span<const std::string_view> keys,
    const std::function<void(size_t i, std::span<const double>)>& use) const {
  const ReadView view = view_of_some(dimensions * sizeof(double));
  return VectorReader(view).get_vectors(collection_->name, keys, use);
}

Status RocksDBCodeReader::scan_notes(
    std::string_view prefix,
    const std::function<Status(std::string_view key, std::string_view value)>& use) const {
  const std::string all = code_notes_prefix(id());
  const std::string begin = all + std::string(prefix);
  return scan(begin, after_prefix(begin), [&](std::string_view key, std::string_view value) {
    return use(key.substr(all.size()), value);
  });
}

}  // namespace quipu::rocks
