#include "backends/rocksdb/read/reader.h"

#include <algorithm>
#include <utility>

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
  const CallTimer counted = timer(CallKind::kGet, collection);
  return get_uncounted(collection, key);
}

Result<std::optional<Json>> Reader::get_uncounted(const Collection& collection, std::string_view key) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status read = collection.prefix.empty()
                                   ? view_.get(collection.family.get(), slice(key), value)
                                   : view_.get(collection.family.get(), slice(collection.key(key)), value);
  QUIPU_ASSIGN_OR_RETURN(const bool found, is_record_found(read, collection, key));
  if (!found) return std::optional<Json>();
  const std::optional<DataRecord> record = parse_data_record(view(value));
  if (!record) return damaged_record(collection, key);
  if (record->is_text()) return std::optional<Json>(Json::from_canonical(std::string(record->body)));
  if (!view_.is_fixed()) return fixed().get_uncounted(collection, key);
  QUIPU_ASSIGN_OR_RETURN(std::string text, compose(collection, key, *record));
  return std::optional<Json>(Json::from_canonical(std::move(text)));
}

Result<bool> Reader::exists(const Collection& collection, std::string_view key) const {
  const CallTimer counted = timer(CallKind::kGet, collection);
  rocksdb::PinnableSlice value;
  return is_record_found(view_.get(collection.family.get(), slice(collection.key(key)), value), collection,
                         key);
}

Result<std::vector<bool>> Reader::keys_exist(const Collection& collection,
                                             std::span<const std::string_view> keys) const {
  std::vector<bool> exist(keys.size());
  QUIPU_RETURN_IF_ERROR(read_many(collection, keys, [&](size_t i, const DataRecord&) {
    exist[i] = true;
    return Status::ok();
  }));
  return exist;
}

Status Reader::read_many(const Collection& collection, std::span<const std::string_view> keys,
                         const std::function<Status(size_t, const DataRecord&)>& use) const {
  const CallTimer counted = timer(CallKind::kMultiGet, collection);
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
  std::vector<std::optional<Json>> result(keys.size());
  if (keys.size() == 1) {  // most values need no snapshot then
    QUIPU_ASSIGN_OR_RETURN(result[0], get(collection, keys[0]));
    return result;
  }
  const Reader reader = fixed();
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
  const CallTimer counted = timer(CallKind::kGetAll, collection);
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
  return (found ? parse_count(view(value)) : 0) + view_.count_change(collection.id());
}

Result<std::unique_ptr<KVIterator>> Reader::scan(const CollectionPtr& collection,
                                                 const ScanOptions& options) const {
  const CallTimer counted = timer(CallKind::kScan, *collection);
  if (options.order == ScanOptions::Order::kKey) {
    return std::make_unique<OwningKeyOrderIterator>(fixed(), collection, options);
  }
  return InsertionOrderIterator::create(fixed(), *collection, options);
}

// The parts of a composed value: one buffer, and where each stands in it, in the order in which they are
// read.
class Reader::Parts {
 public:
  struct Entry {
    uint64_t slot;
    uint64_t sequence;
    size_t begin;  // of its key in the buffer, behind which is its text
    size_t key_size;
    size_t text_size;
  };

  static Result<Parts> read(const Reader& reader, const Collection& collection, std::string_view key);
  const std::vector<Entry>& entries() const { return entries_; }
  std::string_view key(const Entry& entry) const {
    return std::string_view(buffer_).substr(entry.begin, entry.key_size);
  }
  std::string_view text(const Entry& entry) const {
    return std::string_view(buffer_).substr(entry.begin + entry.key_size, entry.text_size);
  }
  size_t bytes() const { return buffer_.size() + 2 * entries_.size(); }

 private:
  bool add(std::string_view name, std::string_view value);

  std::string buffer_;
  std::vector<Entry> entries_;
};

Result<Reader::Parts> Reader::Parts::read(const Reader& reader, const Collection& collection,
                                          std::string_view key) {
  Parts parts;
  rocksdb::ColumnFamilyHandle* const family = reader.database().parts();
  if (family == nullptr) return damaged_record(collection, key);
  const std::string prefix = list_prefix(collection.id(), key);
  const std::string end = after_prefix(prefix);
  const rocksdb::Slice upper = slice(end);
  rocksdb::ReadOptions options;
  if (!end.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it = reader.view_.iterate(family, options);
  for (it->Seek(slice(prefix)); it->Valid(); it->Next()) {
    if (!parts.add(view(it->key()).substr(prefix.size()), view(it->value()))) {
      return damaged_record(collection, key);
    }
  }
  if (!it->status().ok()) return read_error(it->status(), collection, key);
  std::ranges::sort(parts.entries_, {},
                    [](const Entry& entry) { return std::pair(entry.slot, entry.sequence); });
  return parts;
}

bool Reader::Parts::add(std::string_view name, std::string_view value) {
  const std::optional<PartName> part = parse_part_name(name);
  uint64_t sequence = 0;
  if (!part || !take_varint(value, sequence)) return false;
  entries_.push_back({part->slot, sequence, buffer_.size(), part->key.size(), value.size()});
  buffer_ += part->key;
  buffer_ += value;
  return true;
}

Result<std::vector<ComposedValues::Part>> Reader::parts(const Collection& collection,
                                                        std::string_view key) const {
  QUIPU_ASSIGN_OR_RETURN(const Parts read, Parts::read(*this, collection, key));
  std::vector<ComposedValues::Part> parts;
  parts.reserve(read.entries().size());
  for (const Parts::Entry& entry : read.entries()) {
    parts.push_back({entry.slot, std::string(read.key(entry)), std::string(read.text(entry))});
  }
  return parts;
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
  if (record.is_composed()) return compose_parts(collection, key, record);
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

Result<std::string> Reader::compose_parts(const Collection& collection, std::string_view key,
                                          const DataRecord& record) const {
  const std::optional<ComposedHeader> header = parse_composed_header(record);
  if (!header) return damaged_record(collection, key);
  QUIPU_ASSIGN_OR_RETURN(const Parts parts, Parts::read(*this, collection, key));
  std::string text;
  text.reserve(record.body.size() + parts.bytes());
  auto entry = parts.entries().begin();
  const auto end = parts.entries().end();
  for (size_t slot = 0; slot < header->texts.size(); ++slot) {
    text += header->texts[slot];
    for (bool first = true; entry != end && entry->slot == slot; ++entry) {
      if (!std::exchange(first, false)) text += ", ";
      text += parts.text(*entry);
    }
  }
  if (entry != end) return damaged_record(collection, key);  // a part of no slot
  return text;
}

}  // namespace quipu::rocks
