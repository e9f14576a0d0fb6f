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

void CodeCheck::Sum::add(std::string_view key, std::string_view value) {
  const std::hash<std::string_view> hash;
  ++count;
  hashes += hash(value) ^ hash(key) * 0x9e3779b97f4a7c15;
}

VectorCode CodeCheck::encode(std::span<const double> elements, std::optional<VectorEncoder>& encoder) const {
  if (!encoder || encoder->dimensions() != elements.size()) encoder.emplace(elements.size());
  return encoder->encode(elements);
}

void CodeCheck::take(std::string_view key, const DataRecord& record) {
  std::vector<double> elements;
  if (!keeps_all() || !parse_vector(record.body, elements)) return;
  const VectorCode code = encode(elements, encoder_);
  const auto dimensions = static_cast<uint32_t>(elements.size());
  const uint32_t id = collection_.id();
  wanted_.add(code_block_key(id, dimensions, block_of(record.sequence)),
              make_code_operand(record.sequence, code));
  wanted_.add(code_row_key(id, dimensions, record.sequence), make_code_row(key, code));
}

bool CodeCheck::add_stored(std::string_view key, std::string_view value) {
  const std::optional<CodeKey> parsed = parse_code_key(key);
  if (!parsed) return false;
  if (!parsed->is_block) {
    stored_.add(key, value);
    return parse_code_row(value, parsed->dimensions).has_value();
  }
  const std::optional<CodeBlock> block = CodeBlock::parse(value, parsed->dimensions);
  if (!block || block->removed() != 0) return false;
  for (size_t row = 0; row < block->rows(); ++row) {
    const VectorCode code{block->norm(row), block->coarse(row), {}, block->upper(row), {}};
    stored_.add(key, make_code_operand(block->sequence(row), code));
  }
  return true;
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
  if (collection_.record.codes == CollectionRecord::Codes::kNone && stored_.count != 0) {
    return std::string("there are codes of vectors, which it should not have");
  }
  if (!keeps_all() || skipped_ || stored_ == wanted_) return std::string();
  if (stored_.count == wanted_.count)
    return std::string("the codes of its vectors are not what they should be");
  return "it has " + std::to_string(wanted_.count / 2) +
         " vectors, which should have two entries of codes each," + " and " + std::to_string(stored_.count) +
         " entries";
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
