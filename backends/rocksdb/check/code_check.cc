#include "backends/rocksdb/check/code_check.h"

#include <functional>
#include <vector>

#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/key_order_iterator.h"

namespace quipu::rocks {
namespace {

std::string prefix_of(const Collection& collection) {
  std::string prefix;
  put_u32(collection.id(), prefix);
  return prefix;
}

}  // namespace

void CodeCheck::Sum::add(const CodeKey& row, std::string_view value) {
  const std::hash<std::string_view> hash;
  ++count;
  hashes += hash(value) ^ (row.number * 0x9e3779b97f4a7c15 + row.dimensions) * 0xc2b2ae3d27d4eb4f;
}

VectorCode CodeCheck::encode(std::span<const double> elements, std::optional<VectorEncoder>& encoder) const {
  if (!encoder || encoder->dimensions() != elements.size()) encoder.emplace(elements.size());
  return encoder->encode(elements);
}

void CodeCheck::take(std::string_view key, const DataRecord& record) {
  std::vector<double> elements;
  if (!keeps_all() || !parse_vector(record.body, elements)) return;
  const VectorCode code = encode(elements, encoder_);
  const CodeKey row{collection_.id(), false, static_cast<uint32_t>(elements.size()), record.sequence};
  wanted_in_blocks_.add(row, make_code_operand(row.number, code));
  wanted_rows_.add(row, make_code_row(key, code));
}

bool CodeCheck::add_stored(std::string_view key, std::string_view value) {
  const std::optional<CodeKey> parsed = parse_code_key(key);
  if (!parsed) return key.starts_with(code_notes_prefix(collection_.id()));
  const auto add_place = [](Sum& places, const CodeKey& row, uint64_t block) {
    places.add(row, {reinterpret_cast<const char*>(&block), sizeof(block)});
  };
  if (!parsed->is_block) {
    const std::optional<CodeRow> row = parse_code_row(value, *parsed);
    if (!row) return false;
    rows_.add(*parsed, make_code_row(row->key, {0, {}, row->fine, {}, row->lower}));
    add_place(places_of_rows_, *parsed, row->block);
    if (is_moved_block(row->block)) {
      rests_of_rows_.add(
          *parsed, CodeRest::to_bytes(row->key, {0, {}, row->fine, {}, row->lower}, parsed->dimensions));
    }
    return true;
  }
  const std::optional<StoredBlock> block = StoredBlock::parse(value, *parsed);
  if (!block || block->removed != 0) return false;
  for (size_t i = 0; i < block->rows; ++i) {
    const CodeKey row{parsed->collection, false, parsed->dimensions, block->order(i)};
    const VectorCode code{block->norm(i), block->coarse(i), {}, block->upper_half(i), {}};
    in_blocks_.add(row, make_code_operand(row.number, code));
    add_place(places_of_blocks_, row, parsed->number);
    if (!is_moved_block(parsed->number)) continue;
    rests_of_blocks_.add(row, block->rest(i).empty() ? rest_of(row) : std::string(block->rest(i)));
  }
  return true;
}

std::string CodeCheck::rest_of(const CodeKey& row) const {
  rocksdb::PinnableSlice stored;
  const ReadView& view = reader_.read_view();
  const std::string key = code_row_key(row.collection, row.dimensions, row.number);
  const rocksdb::Status read = view.get(view.database().codes(), slice(key), stored);
  const auto parsed = read.ok() ? parse_code_row(rocks::view(stored), row) : std::nullopt;
  return parsed ? CodeRest::to_bytes(parsed->key, {0, {}, parsed->fine, {}, parsed->lower}, row.dimensions)
                : std::string();
}

Result<std::string> CodeCheck::run(Work& work) {
  const ReadView& view = reader_.read_view();
  if (view.database().codes() == nullptr) {
    return keeps_all() ? std::string("its vectors should have codes, and there are none at all")
                       : std::string();
  }
  const std::string prefix = prefix_of(collection_);
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it = view.iterate(view.database().codes(), options);
  bool malformed = false;
  for (it->Seek(slice(prefix)); it->Valid() && rocks::view(it->key()).starts_with(prefix); it->Next()) {
    QUIPU_RETURN_IF_ERROR(work.check());
    malformed |= !add_stored(rocks::view(it->key()), rocks::view(it->value()));
  }
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "codes cannot be read to their end"));
  if (malformed) return std::string("a code of its vectors is malformed");
  const bool any = rows_.count != 0 || in_blocks_.count != 0;
  if (collection_.record.codes == CollectionRecord::Codes::kNone && any) {
    return std::string("there are codes of vectors, which it should not have");
  }
  if (!keeps_all() || skipped_) return std::string();
  const uint64_t vectors = wanted_rows_.count;
  if (rows_.count != vectors || in_blocks_.count != vectors) {
    return "it has " + std::to_string(vectors) +
           " vectors, of which each should have a code in two places, and " +
           std::to_string(in_blocks_.count) + " and " + std::to_string(rows_.count) + " codes there";
  }
  if (rows_ != wanted_rows_ || in_blocks_ != wanted_in_blocks_) {
    return std::string("the codes of its vectors are not what they should be");
  }
  if (places_of_rows_ != places_of_blocks_) {
    return std::string("codes of its vectors are in other blocks than they should be");
  }
  if (rests_of_rows_ != rests_of_blocks_) {
    return std::string("blocks of codes tell of other vectors than they should");
  }
  return std::string();
}

Status CodeCheck::repair(RepairWriter& writer) const {
  rocksdb::ColumnFamilyHandle* const family = reader_.database().codes();
  if (family == nullptr)
    return Status::corruption("no repair helps: " + collection_.name + " lacks its codes");
  QUIPU_RETURN_IF_ERROR(writer.erase_all(family, prefix_of(collection_)));
  if (!keeps_all()) return Status::ok();
  KeyOrderIterator rows(reader_, collection_, {}, /*raw_vectors=*/true);
  std::optional<VectorEncoder> encoder;
  std::vector<double> elements;
  while (rows.next()) {
    if (!parse_vector(rows.raw_value(), elements)) continue;
    const VectorCode code = encode(elements, encoder);
    const auto dimensions = static_cast<uint32_t>(elements.size());
    const uint64_t sequence = rows.sequence();
    QUIPU_RETURN_IF_ERROR(writer.merge(family,
                                       code_block_key(collection_.id(), dimensions, block_of(sequence)),
                                       make_code_operand(sequence, code)));
    QUIPU_RETURN_IF_ERROR(writer.put(family, code_row_key(collection_.id(), dimensions, sequence),
                                     make_code_row(rows.key(), code)));
  }
  return rows.status();
}

}  // namespace quipu::rocks
