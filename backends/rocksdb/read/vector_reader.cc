#include "backends/rocksdb/read/vector_reader.h"

#include "backends/rocksdb/read/code_reader.h"
#include "backends/rocksdb/read/key_order_iterator.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {

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

Result<std::unique_ptr<CodeReader>> VectorReader::codes(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(view_.database().usable());
  CollectionPtr found = view_.database().find(collection);
  return found ? RocksDBCodeReader::open(view_, std::move(found)) : std::unique_ptr<CodeReader>();
}

}  // namespace quipu::rocks
