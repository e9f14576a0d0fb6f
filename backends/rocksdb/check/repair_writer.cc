#include "backends/rocksdb/check/repair_writer.h"

#include <algorithm>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/read_view.h"

namespace quipu::rocks {
namespace {

constexpr size_t kBatchBytes = 1 << 20;

}  // namespace

Status RepairWriter::written(const rocksdb::Status& status) {
  QUIPU_RETURN_IF_ERROR(from_rocksdb(status, "cannot write"));
  return batch_.GetDataSize() < kBatchBytes ? Status::ok() : write();
}

Status RepairWriter::write() {
  QUIPU_RETURN_IF_ERROR(quarantine_.sync());
  if (batch_.Count() != 0) QUIPU_RETURN_IF_ERROR(database_.write(batch_, false));
  batch_.Clear();
  return Status::ok();
}

Status RepairWriter::put(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view value) {
  return written(batch_.Put(family, slice(key), slice(value)));
}

Status RepairWriter::merge(rocksdb::ColumnFamilyHandle* family, std::string_view key,
                           std::string_view operand) {
  return written(batch_.Merge(family, slice(key), slice(operand)));
}

Status RepairWriter::erase(rocksdb::ColumnFamilyHandle* family, std::string_view key) {
  return written(batch_.Delete(family, slice(key)));
}

Status RepairWriter::for_each(rocksdb::ColumnFamilyHandle* family, const std::string& prefix,
                              const Use& use) {
  const std::unique_ptr<rocksdb::Iterator> it = ReadView(database_).iterate(family);
  for (it->Seek(slice(prefix)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) {
    QUIPU_RETURN_IF_ERROR(use(view(it->key()), view(it->value())));
  }
  return from_rocksdb(it->status(), "cannot read what is to be mended");
}

// The object of a record where it can be told, else the record's bytes.
Status RepairWriter::keep(std::string_view collection, std::string_view key, std::string_view value) {
  const std::optional<DataRecord> record = parse_data_record(value);
  const Result<Json> object = Json::parse(record ? record->body : std::string_view());
  return object ? quarantine_.entry(collection, key, *object) : quarantine_.bytes(collection, key, value);
}

Status RepairWriter::quarantine(const Collection& collection, std::string_view key, std::string_view value) {
  QUIPU_RETURN_IF_ERROR(keep(collection.name, key, value));
  return erase(collection.family.get(), collection.key(key));
}

Status RepairWriter::quarantine_members(const std::string& collection, std::string_view key,
                                        rocksdb::ColumnFamilyHandle* family, const std::string& prefix,
                                        std::optional<std::string_view> only) {
  return for_each(family, prefix, [&](std::string_view full_key, std::string_view) -> Status {
    const std::string_view member = full_key.substr(prefix.size());
    if (only && member != *only) return Status::ok();
    const Result<Json> parsed = Json::parse(member);
    QUIPU_RETURN_IF_ERROR(parsed ? quarantine_.entry(collection, key, *parsed)
                                 : quarantine_.bytes(collection, key, member));
    return erase(family, full_key);
  });
}

Status RepairWriter::quarantine_parts(const std::string& collection, std::string_view key,
                                      rocksdb::ColumnFamilyHandle* family, const std::string& prefix,
                                      std::optional<std::string_view> only) {
  return for_each(family, prefix, [&](std::string_view full_key, std::string_view value) -> Status {
    if (only && full_key.substr(prefix.size()) != *only) return Status::ok();
    uint64_t sequence = 0;
    QUIPU_RETURN_IF_ERROR(take_varint(value, sequence)
                              ? quarantine_.entry(collection, key, Json::from_string(value))
                              : quarantine_.bytes(collection, key, value));
    return erase(family, full_key);
  });
}

Status RepairWriter::quarantine_all(rocksdb::ColumnFamilyHandle* family, const std::string& prefix) {
  return for_each(family, prefix, [&](std::string_view full_key, std::string_view value) -> Status {
    QUIPU_RETURN_IF_ERROR(keep({}, full_key, value));
    return erase(family, full_key);
  });
}

Status RepairWriter::erase_all(rocksdb::ColumnFamilyHandle* family, const std::string& prefix) {
  return for_each(family, prefix,
                  [&](std::string_view full_key, std::string_view) { return erase(family, full_key); });
}

Result<uint64_t> RepairWriter::new_sequence() {
  QUIPU_RETURN_IF_ERROR(load_sequences());
  return (*next_sequence_)++;
}

Status RepairWriter::raise_sequence_limit(uint64_t limit) {
  QUIPU_RETURN_IF_ERROR(load_sequences());
  next_sequence_ = std::max(*next_sequence_, limit);
  return Status::ok();
}

// Looks at every record once: the limit itself may be damaged.
Status RepairWriter::load_sequences() {
  if (next_sequence_) return Status::ok();
  uint64_t next = 0;
  std::string stored;
  QUIPU_ASSIGN_OR_RETURN(const bool found, is_found(database_.db().Get({}, database_.catalog(),
                                                                       slice(kSequenceLimitKey), &stored),
                                                    "cannot read what is to be mended"));
  if (found) {
    std::string_view bytes = stored;
    uint64_t limit = 0;
    if (take_varint(bytes, limit) && limit < kMaxSequence) next = limit;
  }
  std::vector<Family> families = {database_.shared_families().back(), database_.shared_families()[1]};
  for (const CollectionPtr& collection : database_.collections()) {
    if (collection->record.own_family) families.push_back(collection->family);
  }
  const Use use = [&](std::string_view, std::string_view value) {
    uint64_t sequence = 0;
    if (take_varint(value, sequence) && sequence < kMaxSequence) next = std::max(next, sequence + 1);
    return Status::ok();
  };
  for (const Family& family : families) QUIPU_RETURN_IF_ERROR(for_each(family.get(), {}, use));
  if (database_.parts() != nullptr) QUIPU_RETURN_IF_ERROR(for_each(database_.parts(), {}, use));
  next_sequence_ = next;
  return Status::ok();
}

Status RepairWriter::finish() {
  if (next_sequence_) {
    std::string limit;
    put_varint(*next_sequence_, limit);
    QUIPU_RETURN_IF_ERROR(put(database_.catalog(), kSequenceLimitKey, limit));
  }
  QUIPU_RETURN_IF_ERROR(write());
  return database_.sync();
}

}  // namespace quipu::rocks
