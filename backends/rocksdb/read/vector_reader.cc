#include "backends/rocksdb/read/vector_reader.h"

#include <memory>
#include <optional>
#include <string>

#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/key_order_iterator.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {
namespace {

constexpr size_t kReadAhead = 2 << 20;

Status damaged_codes(const Collection& collection) {
  return Status::corruption("the codes of collection " + Json::from_string(collection.name).text() +
                            " are not those of its vectors; repair makes them anew");
}

// Whether all vectors have codes in this view, which may be older than `collection`.
Result<bool> has_all_codes(const ReadView& view, const Collection& collection) {
  if (collection.record.codes == CollectionRecord::Codes::kNone) return false;
  rocksdb::PinnableSlice stored;
  const std::string key = collection_key(collection.name);
  QUIPU_ASSIGN_OR_RETURN(const bool found, is_found(view.get(view.database().catalog(), slice(key), stored),
                                                    "cannot read the catalog"));
  if (!found) return false;
  const std::optional<CollectionRecord> record = parse_collection_record(rocks::view(stored));
  return record && record->id == collection.id() && record->codes == CollectionRecord::Codes::kAll;
}

// Goes over a collection's blocks and rows side by side.
class CodeScan {
 public:
  CodeScan(const ReadView& view, const Collection& collection)
      : collection_(collection),
        blocks_(view, code_blocks_prefix(collection.id())),
        rows_(view, code_rows_prefix(collection.id())) {}

  Status run(const std::function<Status(const CodedVector&)>& use) {
    for (; blocks_.valid(); blocks_.next()) {
      const std::optional<CodeKey> key = parse_code_key(blocks_.key());
      const auto block = key ? CodeBlock::parse(blocks_.value(), key->dimensions) : std::nullopt;
      if (!block) return damaged_codes(collection_);
      for (size_t row = 0; row < block->rows(); ++row) QUIPU_RETURN_IF_ERROR(take(*key, *block, row, use));
    }
    QUIPU_RETURN_IF_ERROR(blocks_.status());
    QUIPU_RETURN_IF_ERROR(rows_.status());
    return rows_.valid() ? damaged_codes(collection_) : Status::ok();
  }
  uint64_t count() const { return count_; }

 private:
  class Entries {
   public:
    Entries(const ReadView& view, std::string prefix)
        : prefix_(std::move(prefix)), end_(after_prefix(prefix_)), end_slice_(slice(end_)) {
      rocksdb::ReadOptions options;
      options.iterate_upper_bound = &end_slice_;
      options.fill_cache = false;  // each is read once
      options.readahead_size = kReadAhead;
      // Of a collection that is there no range is ever deleted.
      options.ignore_range_deletions = true;
      it_ = view.iterate(view.database().codes(), options);
      it_->Seek(slice(prefix_));
    }
    bool valid() const { return it_->Valid(); }
    void next() { it_->Next(); }
    std::string_view key() const { return view(it_->key()); }
    std::string_view value() const { return view(it_->value()); }
    Status status() const { return from_rocksdb(it_->status(), "cannot read codes"); }

   private:
    const std::string prefix_;
    const std::string end_;
    const rocksdb::Slice end_slice_;
    std::unique_ptr<rocksdb::Iterator> it_;
  };

  Status take(const CodeKey& block_key, const CodeBlock& block, size_t row,
              const std::function<Status(const CodedVector&)>& use) {
    if (!rows_.valid()) {
      QUIPU_RETURN_IF_ERROR(rows_.status());
      return damaged_codes(collection_);
    }
    const std::optional<CodeKey> key = parse_code_key(rows_.key());
    const std::optional<CodeRow> rest = parse_code_row(rows_.value(), block_key.dimensions);
    const bool same = key && rest && key->dimensions == block_key.dimensions &&
                      key->number == block.sequence(row) && !rest->block;
    if (!same) return damaged_codes(collection_);
    const VectorCode code{block.norm(row), block.coarse(row), rest->fine, block.upper(row), rest->lower};
    QUIPU_RETURN_IF_ERROR(use({rest->key, key->number, key->dimensions, code}));
    ++count_;
    rows_.next();
    return Status::ok();
  }

  const Collection& collection_;
  Entries blocks_;
  Entries rows_;
  uint64_t count_ = 0;
};

}  // namespace

Status VectorReader::scan_vectors(std::string_view collection,
                                  const std::function<Status(const VectorEntry&)>& use) const {
  QUIPU_RETURN_IF_ERROR(view_.database().usable());
  const CollectionPtr found = view_.database().find(collection);
  if (!found) return Status::ok();
  const Reader reader(view_.fixed());
  KeyOrderIterator rows(reader, *found, {}, /*raw_vectors=*/true);
  std::vector<double> elements;
  while (rows.next()) {
    const std::string_view value = rows.raw_value();
    const bool read = value.starts_with(kVectorTag) ? parse_vector_body(value, elements)
                                                    : parse_vector_value(rows.val(), elements);
    if (!read) return damaged_record(*found, rows.key());
    QUIPU_RETURN_IF_ERROR(use({rows.key(), rows.sequence(), elements}));
  }
  return rows.status();
}

Status VectorReader::get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                                 const std::function<void(size_t i, std::span<const double>)>& use) const {
  QUIPU_RETURN_IF_ERROR(view_.database().usable());
  const CollectionPtr found = view_.database().find(collection);
  if (!found) return Status::ok();
  std::vector<double> elements;
  return Reader(view_).read_many(*found, keys, [&](size_t i, const DataRecord& record) -> Status {
    const bool read = record.is_text() ? parse_vector_value(JsonView::from_canonical(record.body), elements)
                                       : parse_vector_body(record.body, elements);
    if (!read) return damaged_record(*found, keys[i]);
    use(i, elements);
    return Status::ok();
  });
}

// One of which there are more, or fewer, vectors is a vector whose record is malformed, which the other way
// to read them tells.
Result<bool> VectorReader::scan_codes(std::string_view collection,
                                      const std::function<Status(const CodedVector&)>& use) const {
  QUIPU_RETURN_IF_ERROR(view_.database().usable());
  const CollectionPtr found = view_.database().find(collection);
  if (!found) return false;
  const ReadView view = view_.fixed();
  QUIPU_ASSIGN_OR_RETURN(const bool all, has_all_codes(view, *found));
  if (!all) return false;
  CodeScan scan(view, *found);
  QUIPU_RETURN_IF_ERROR(scan.run(use));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t count, Reader(view).count(*found));
  if (count != scan.count()) return damaged_codes(*found);
  return true;
}

}  // namespace quipu::rocks
