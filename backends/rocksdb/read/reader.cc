#include "backends/rocksdb/read/reader.h"

#include <algorithm>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/insertion_order_iterator.h"
#include "backends/rocksdb/read/key_order_iterator.h"

namespace quipu::rocks {
namespace {

Status read_error(const rocksdb::Status& status, const Collection& collection, std::string_view key) {
  return from_rocksdb(status, "cannot read " + describe(collection.name, key));
}

// Whether a record is there, from what its read returned.
Result<bool> is_record_found(const rocksdb::Status& status, const Collection& collection,
                             std::string_view key) {
  return is_found(status, [&] { return "cannot read " + describe(collection.name, key); });
}

}  // namespace

Status damaged_record(const Collection& collection, std::string_view key) {
  return Status::corruption("the record of " + describe(collection.name, key) + " is damaged");
}

Result<std::optional<Json>> Reader::get(const Collection& collection, std::string_view key) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status read = collection.prefix.empty()
                                   ? view_.get(collection.family.get(), slice(key), value)
                                   : view_.get(collection.family.get(), slice(collection.key(key)), value);
  QUIPU_ASSIGN_OR_RETURN(const bool found, is_record_found(read, collection, key));
  if (!found) return std::optional<Json>();
  const std::optional<DataRecord> record = parse_data_record(view(value));
  if (!record) return damaged_record(collection, key);
  if (record->is_text()) return std::optional<Json>(Json::from_canonical(std::string(record->body)));
  if (!view_.is_fixed()) return fixed().get(collection, key);
  QUIPU_ASSIGN_OR_RETURN(std::string text, compose(collection, key, *record));
  return std::optional<Json>(Json::from_canonical(std::move(text)));
}

Result<bool> Reader::exists(const Collection& collection, std::string_view key) const {
  rocksdb::PinnableSlice value;
  return is_record_found(view_.get(collection.family.get(), slice(collection.key(key)), value), collection,
                         key);
}

Status Reader::read_many(const Collection& collection, std::span<const std::string_view> keys,
                         const std::function<Status(size_t, const DataRecord&)>& use) const {
  std::vector<std::string> full;
  std::vector<rocksdb::Slice> slices;
  full.reserve(keys.size());
  for (const std::string_view key : keys) full.push_back(collection.key(key));
  for (const std::string& key : full) slices.emplace_back(key);
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  view_.multi_get(collection.family.get(), slices, values.data(), statuses.data(), /*sorted=*/false);
  for (size_t i = 0; i < keys.size(); ++i) {
    QUIPU_ASSIGN_OR_RETURN(const bool found, is_record_found(statuses[i], collection, keys[i]));
    if (!found) continue;
    const std::optional<DataRecord> record = parse_data_record(view(values[i]));
    if (!record) return damaged_record(collection, keys[i]);
    QUIPU_RETURN_IF_ERROR(use(i, *record));
  }
  return Status::ok();
}

Result<std::vector<std::optional<Json>>> Reader::multi_get(const Collection& collection,
                                                           std::span<const std::string_view> keys) const {
  const Reader reader = fixed();
  std::vector<std::optional<Json>> result(keys.size());
  const auto use = [&](size_t i, const DataRecord& record) -> Status {
    QUIPU_ASSIGN_OR_RETURN(std::string text, reader.compose(collection, keys[i], record));
    result[i] = Json::from_canonical(std::move(text));
    return Status::ok();
  };
  QUIPU_RETURN_IF_ERROR(reader.read_many(collection, keys, use));
  return result;
}

Result<std::vector<std::optional<uint64_t>>> Reader::insertion_order(
    const Collection& collection, std::span<const std::string_view> keys) const {
  std::vector<std::optional<uint64_t>> order(keys.size());
  const auto use = [&](size_t i, const DataRecord& record) {
    order[i] = record.sequence;
    return Status::ok();
  };
  QUIPU_RETURN_IF_ERROR(read_many(collection, keys, use));
  return order;
}

Result<std::vector<KVEntry>> Reader::get_all(const Collection& collection) const {
  const Reader reader = fixed();
  KeyOrderIterator it(reader, collection, {});
  std::vector<std::pair<uint64_t, KVEntry>> ordered;
  while (it.next()) {
    ordered.emplace_back(it.sequence(),
                         KVEntry{std::string(it.key()), Json::from_canonical(std::string(it.val().text()))});
  }
  QUIPU_RETURN_IF_ERROR(it.status());
  std::ranges::sort(ordered, {}, [](const auto& entry) { return entry.first; });
  std::vector<KVEntry> entries;
  entries.reserve(ordered.size());
  for (auto& [sequence, entry] : ordered) entries.push_back(std::move(entry));
  return entries;
}

Result<uint64_t> Reader::count(const Collection& collection) const {
  rocksdb::PinnableSlice value;
  QUIPU_ASSIGN_OR_RETURN(const bool found,
                         is_found(view_.get(database().catalog(), count_key(collection.id()), value),
                                  [&] { return "cannot read the count of collection " + collection.name; }));
  if (!found) return 0;
  return parse_count(view(value));
}

Result<std::unique_ptr<KVIterator>> Reader::scan(const CollectionPtr& collection,
                                                 const ScanOptions& options) const {
  if (options.order == ScanOptions::Order::kKey) {
    return std::make_unique<OwningKeyOrderIterator>(fixed(), collection, options);
  }
  return InsertionOrderIterator::create(fixed(), *collection, options);
}

Result<std::vector<std::string>> Reader::members(const Collection& collection, std::string_view key) const {
  const std::string prefix = list_prefix(collection.id(), key);
  const std::string end = after_prefix(prefix);
  const rocksdb::Slice upper = slice(end);
  rocksdb::ReadOptions options;
  if (!end.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it = view_.iterate(database().lists(), options);
  std::vector<std::pair<uint64_t, std::string>> ordered;
  for (it->Seek(slice(prefix)); it->Valid(); it->Next()) {
    std::string_view value = view(it->value());
    uint64_t sequence = 0;
    if (!take_varint(value, sequence)) return damaged_record(collection, key);
    ordered.emplace_back(sequence, view(it->key()).substr(prefix.size()));
  }
  if (!it->status().ok()) return read_error(it->status(), collection, key);
  std::ranges::sort(ordered);
  std::vector<std::string> members;
  members.reserve(ordered.size());
  for (auto& [sequence, member] : ordered) members.push_back(std::move(member));
  return members;
}

Result<std::string> Reader::compose(const Collection& collection, std::string_view key,
                                    const DataRecord& record) const {
  if (record.is_text()) return std::string(record.body);
  if (record.is_vector()) {
    std::string text;
    if (!append_vector_text(record.body, text)) return damaged_record(collection, key);
    return text;
  }
  const std::optional<ListHeader> header = parse_list_header(record);
  if (!header) return damaged_record(collection, key);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> all, members(collection, key));
  std::string text(header->head);
  for (size_t i = 0; i < all.size(); ++i) {
    if (i != 0) text += ", ";
    text += all[i];
  }
  text += header->tail;
  return text;
}

}  // namespace quipu::rocks
