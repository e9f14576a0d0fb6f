#include "backends/rocksdb/check/inspection.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <set>
#include <utility>

#include "backends/rocksdb/check/code_check.h"
#include "backends/rocksdb/check/text_inspection.h"
#include "backends/rocksdb/files/external_sorter.h"
#include "backends/rocksdb/files/rocksdb_version.h"
#include "backends/rocksdb/files/watched_files.h"
#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/transaction/snapshot_reader.h"

namespace quipu::rocks {
namespace {

constexpr const char* kSetAside = "set aside";
constexpr size_t kListSortBytes = 4 << 20;
constexpr size_t kQuotedBytes = 200;

std::string with_sequence(uint64_t sequence, std::string_view body) {
  std::string value;
  put_varint(sequence, value);
  return value.append(body);
}

// The value that the collection's index has for a record; empty: none.
std::string indexed_value(const Collection& collection, const DataRecord& record) {
  const std::string& field = collection.record.indexed_field;
  if (field.empty() || !record.is_text()) return {};
  const std::optional<JsonView> value = JsonView::from_canonical(record.body).find(field);
  return value && value->is_string() ? value->string() : std::string();
}

// While there is one, no file is deleted.
class KeptFiles {
 public:
  explicit KeptFiles(rocksdb::DB& db) : db_(db) { db_.DisableFileDeletions().PermitUncheckedError(); }
  ~KeptFiles() { enable_file_deletions(db_).PermitUncheckedError(); }
  KeptFiles(const KeptFiles&) = delete;
  KeptFiles& operator=(const KeptFiles&) = delete;

 private:
  rocksdb::DB& db_;
};

class Inspection {
 public:
  Inspection(const Database& database, const std::function<Status(const RecordFault&)>& take, Work& work)
      : database_(database),
        snapshot_(StoreSnapshot::now(database)),
        reader_(ReadView(database, snapshot_.snapshot)),
        take_(take),
        work_(work) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(check_files());
    for (const CollectionPtr& collection : snapshot_.collections) {
      records_ += reader_.count(*collection).value_or(0);
    }
    if (const Status complete = database_.check_complete();
        !complete.is_ok() && complete.code() != StatusCode::kBusy) {
      QUIPU_RETURN_IF_ERROR(fault({}, {}, complete.message()));
    }
    QUIPU_ASSIGN_OR_RETURN(const bool catalog_read, check_catalog());
    if (!catalog_read) return Status::ok();  // what the collections should be is not known
    for (const CollectionPtr& collection : snapshot_.collections) {
      work_.begin(collection->name);
      QUIPU_RETURN_IF_ERROR(check_collection(*collection));
      QUIPU_RETURN_IF_ERROR(check_index(*collection));
      QUIPU_RETURN_IF_ERROR(check_lists(*collection));
      QUIPU_RETURN_IF_ERROR(check_parts(*collection));
    }
    QUIPU_RETURN_IF_ERROR(check_orphans(database_.index(), "index entries"));
    QUIPU_RETURN_IF_ERROR(check_orphans(database_.lists(), "member lists"));
    QUIPU_RETURN_IF_ERROR(check_orphans(database_.parts(), "composed values"));
    QUIPU_RETURN_IF_ERROR(check_orphans(database_.codes(), "codes"));
    QUIPU_RETURN_IF_ERROR(check_orphans(database_.text(), "text indexes"));
    return check_orphans(database_.shared_families().back().get(), "entries");
  }

 private:
  using Repair = std::function<Status(RepairWriter&)>;

  Status fault(std::string_view collection, std::string_view key, std::string message,
               std::string action = {}, Repair repair = {}) const {
    return take_({{{std::string(collection), std::string(key), std::move(message)}, std::move(action)},
                  std::move(repair)});
  }
  std::unique_ptr<rocksdb::Iterator> iterate(rocksdb::ColumnFamilyHandle* family) const {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    return reader_.read_view().iterate(family, options);
  }
  // Whether there is something under a key. An error where that cannot be read: it is not for mending then.
  Result<bool> find(rocksdb::ColumnFamilyHandle* family, std::string_view key,
                    rocksdb::PinnableSlice& stored) const {
    const rocksdb::Status read = reader_.read_view().get(family, slice(key), stored);
    return is_found(read, "cannot be read");
  }
  // False, and a fault, where what it goes over could not be read to its end: nothing else is said of it
  // then.
  Result<bool> read_whole(const rocksdb::Iterator& it, std::string_view collection) const {
    if (it.status().ok()) return true;
    QUIPU_RETURN_IF_ERROR(fault(collection, {}, "cannot be read to its end: " + it.status().ToString()));
    return false;
  }
  Status check_end(const rocksdb::Iterator& it, std::string_view collection) const {
    const Result<bool> whole = read_whole(it, collection);
    return whole ? Status::ok() : whole.error();
  }
  // The checksums of all blocks, a file after the other.
  Status check_files() {
    const KeptFiles kept(database_.db());
    std::vector<rocksdb::LiveFileMetaData> files;
    database_.db().GetLiveFilesMetaData(&files);
    for (const rocksdb::LiveFileMetaData& file : files) file_bytes_ += file.size;
    uint64_t in_memory = 0;
    database_.db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &in_memory);
    record_bytes_ = file_bytes_ + in_memory;  // about; they are read after the files
    work_.expect(file_bytes_ + record_bytes_);
    const std::unique_ptr<rocksdb::Env> env = watched_env(*database_.db().GetEnv(), work_);
    rocksdb::Options options = database_.db().GetOptions();
    options.env = env.get();
    for (const rocksdb::LiveFileMetaData& file : files) {
      const rocksdb::Status checksums =
          rocksdb::VerifySstFileChecksum(options, rocksdb::EnvOptions(), rocksdb::ReadOptions(),
                                         file.db_path + file.name, file.largest_seqno);
      QUIPU_RETURN_IF_ERROR(work_.check());
      if (checksums.ok()) continue;
      QUIPU_RETURN_IF_ERROR(fault({}, {}, "a file is damaged or cannot be read: " + checksums.ToString()));
    }
    work_.set_done(file_bytes_);
    return Status::ok();
  }
  // A record has been read.
  Status count_record() {
    const uint64_t read = std::min(++records_read_, records_);
    if (records_ != 0) work_.set_done(file_bytes_ + record_bytes_ * read / records_);
    return work_.check();
  }
  // The ids that are in use, the limit of sequences, and counts of what there is not. False where it cannot
  // be read.
  Result<bool> check_catalog() {
    const std::unique_ptr<rocksdb::Iterator> it = iterate(database_.catalog());
    for (const CollectionPtr& collection : snapshot_.collections) {
      ids_.insert(collection->id());
      if (const auto& text = collection->record.text; text && text->id != 0) {
        for (int number = 0; number < 2; ++number) ids_.insert(text_count_id(*text, number));
      }
    }
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      std::string_view key = view(it->key());
      std::string_view value = view(it->value());
      uint32_t id = 0;
      if (key == kSequenceLimitKey) {
        if (!take_varint(value, limit_)) {
          QUIPU_RETURN_IF_ERROR(fault({}, {}, "the limit of insertion sequences is malformed"));
        }
      } else if (key.starts_with('p')) {  // under way in a bulk load, or going
        key.remove_prefix(1);
        if (take_u32(key, id)) ids_.insert(id);
      }
    }
    QUIPU_ASSIGN_OR_RETURN(const bool whole, read_whole(*it, {}));
    if (!whole) return false;
    for (it->Seek("c"); it->Valid() && view(it->key()).starts_with('c'); it->Next()) {
      const std::string_view key = view(it->key());
      std::string_view rest = key.substr(1);
      uint32_t id = 0;
      if (take_u32(rest, id) && rest.empty() && ids_.contains(id)) continue;
      QUIPU_RETURN_IF_ERROR(
          fault({}, {}, "a count of a collection that does not exist", "removed",
                [&](RepairWriter& writer) { return writer.erase(database_.catalog(), key); }));
    }
    return read_whole(*it, {});
  }

  Status check_collection(const Collection& collection) {
    uint64_t found = 0;
    ExternalSorter sequences(kBySequence, database_.directory().temporary_path(),
                             database_.options().memory_budget_bytes / 8);
    CodeCheck codes(reader_, collection);
    TextInspection text(reader_.read_view(), collection);
    const std::unique_ptr<rocksdb::Iterator> it = iterate(collection.family.get());
    for (it->Seek(slice(collection.prefix)); it->Valid(); it->Next()) {
      const std::string_view key = view(it->key());
      if (!key.starts_with(collection.prefix)) break;
      QUIPU_RETURN_IF_ERROR(count_record());
      ++found;
      const std::string_view user_key = key.substr(collection.prefix.size());
      QUIPU_ASSIGN_OR_RETURN(const std::optional<DataRecord> sound,
                             check_record(collection, user_key, view(it->value())));
      if (!sound) {
        codes.skip();
        text.skip();
        continue;
      }
      QUIPU_RETURN_IF_ERROR(sequences.add({sound->sequence, user_key, {}}));
      QUIPU_RETURN_IF_ERROR(check_indexed(collection, user_key, *sound));
      codes.take(user_key, *sound);
      text.take(user_key, *sound);
    }
    QUIPU_ASSIGN_OR_RETURN(const bool whole, read_whole(*it, collection.name));
    if (!whole) return Status::ok();
    QUIPU_RETURN_IF_ERROR(check_codes(collection, codes));
    if (std::string problem = text.finish(); !problem.empty()) {
      QUIPU_RETURN_IF_ERROR(fault(collection.name, {}, std::move(problem), "removed, to be made anew",
                                  [&](RepairWriter& writer) { return text.repair(writer); }));
    }
    QUIPU_RETURN_IF_ERROR(check_sequences(sequences, [&](std::string_view key, std::string what) {
      return SequencePlace{&collection, key, std::move(what), collection.family.get(), collection.key(key)};
    }));
    return check_count(collection, found);
  }

  // Those that are wrong because of what else is mended are found so by the next inspection.
  Status check_codes(const Collection& collection, CodeCheck& codes) const {
    const Result<std::string> problem = codes.run(work_);
    QUIPU_RETURN_IF_ERROR(work_.check());
    if (!problem) return fault(collection.name, {}, problem.error().message());
    if (problem->empty()) return Status::ok();
    return fault(collection.name, {}, *problem, "made anew",
                 [&](RepairWriter& writer) { return codes.repair(writer); });
  }

  // A count that is wrong because records have been set aside is found so by the next inspection.
  Status check_count(const Collection& collection, uint64_t found) const {
    const Result<uint64_t> count = reader_.count(collection);
    if (count && *count == found) return Status::ok();
    if (!count && count.error().code() != StatusCode::kCorruption) {
      return fault(collection.name, {}, count.error().message());
    }
    return fault(collection.name, {},
                 "counts " + (count ? std::to_string(*count) : count.error().message()) + " keys but holds " +
                     std::to_string(found),
                 "counted anew", [&](RepairWriter& writer) {
                   return writer.put(database_.catalog(), count_key(collection.id()), make_count(found));
                 });
  }

  // The record, unless it must go or be written anew.
  Result<std::optional<DataRecord>> check_record(const Collection& collection, std::string_view key,
                                                 std::string_view value) const {
    const std::optional<DataRecord> record = parse_data_record(value);
    std::string problem;
    if (!record) {
      problem = "the record is malformed";
    } else if (record->is_list()) {
      QUIPU_ASSIGN_OR_RETURN(problem, check_list(collection, key, *record));
    } else if (record->is_composed()) {
      QUIPU_ASSIGN_OR_RETURN(problem, check_composed(collection, key, *record));
    } else if (record->is_vector()) {
      std::vector<double> elements;
      if (!parse_vector_body(record->body, elements)) problem = "the vector is malformed";
    } else {
      const Result<Json> parsed = Json::parse(record->body);
      if (parsed && parsed->text() != record->body) {
        const std::string anew = with_sequence(record->sequence, parsed->text());
        const Repair repair = [&](RepairWriter& writer) {
          return writer.put(collection.family.get(), collection.key(key), anew);
        };
        QUIPU_RETURN_IF_ERROR(fault(collection.name, key, "the value is not in json.dumps's form",
                                    "written in json.dumps's form", repair));
        return std::optional<DataRecord>();
      }
      if (!parsed) problem = "the value is not JSON: " + parsed.error().message();
    }
    if (problem.empty()) return record;
    const Repair repair = [&](RepairWriter& writer) { return writer.quarantine(collection, key, value); };
    QUIPU_RETURN_IF_ERROR(fault(collection.name, key, std::move(problem), kSetAside, repair));
    return std::optional<DataRecord>();
  }

  // Why the list must go, or nothing. Members that are wrong are faults of their own.
  Result<std::string> check_list(const Collection& collection, std::string_view key,
                                 const DataRecord& record) const {
    const std::optional<ListHeader> header = parse_list_header(record);
    const std::string around = header ? std::string(header->head) + std::string(header->tail) : std::string();
    const Result<Json> parsed = Json::parse(around);
    if (!header || !parsed || parsed->text() != around || !parsed->view().is_object()) {
      return std::string("the member list is malformed");
    }
    QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> found, check_members(collection, key));
    if (!found || *found == header->count) return std::string();
    const std::string counted = make_list_record(record.sequence, {*found, header->head, header->tail});
    QUIPU_RETURN_IF_ERROR(fault(collection.name, key,
                                "the member list counts " + std::to_string(header->count) +
                                    " members but holds " + std::to_string(*found),
                                "counted anew", [&](RepairWriter& writer) {
                                  return writer.put(collection.family.get(), collection.key(key), counted);
                                }));
    return std::string();
  }

  // How many there are; nothing where they cannot be read.
  Result<std::optional<uint64_t>> check_members(const Collection& collection, std::string_view key) const {
    const std::string prefix = list_prefix(collection.id(), key);
    uint64_t found = 0;
    ExternalSorter sequences(kBySequence, database_.directory().temporary_path(), kListSortBytes);
    const std::unique_ptr<rocksdb::Iterator> it = iterate(database_.lists());
    for (it->Seek(slice(prefix)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) {
      QUIPU_RETURN_IF_ERROR(work_.check());
      ++found;
      const std::string_view member = view(it->key()).substr(prefix.size());
      const Result<Json> parsed = Json::parse(member);
      if (!parsed || parsed->text() != member) {
        const Repair repair = [&](RepairWriter& writer) {
          return writer.quarantine_members(collection.name, key, database_.lists(), prefix, member);
        };
        QUIPU_RETURN_IF_ERROR(fault(collection.name, key,
                                    "a member of the list is not JSON in json.dumps's form", kSetAside,
                                    repair));
        continue;
      }
      std::string_view value = view(it->value());
      uint64_t sequence = UINT64_MAX;  // beyond all limits
      if (!take_varint(value, sequence) || !value.empty()) sequence = UINT64_MAX;
      QUIPU_RETURN_IF_ERROR(sequences.add({sequence, member, {}}));
    }
    QUIPU_ASSIGN_OR_RETURN(const bool whole, read_whole(*it, collection.name));
    if (!whole) return std::optional<uint64_t>();
    QUIPU_RETURN_IF_ERROR(check_sequences(sequences, [&](std::string_view member, std::string what) {
      return SequencePlace{&collection, key, "member " + std::string(member) + ": " + std::move(what),
                           database_.lists(), prefix + std::string(member)};
    }));
    return std::optional(found);
  }

  // Why the composed value must go, or nothing. Parts that are wrong are faults of their own.
  Result<std::string> check_composed(const Collection& collection, std::string_view key,
                                     const DataRecord& record) const {
    std::optional<ComposedHeader> header = parse_composed_header(record);
    if (!header || database_.parts() == nullptr || !stands_in(*header, 0, {})) {
      return std::string("the composed value is malformed");
    }
    QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> found, check_parts_of(collection, key, *header));
    if (!found || *found == header->count) return std::string();
    const uint64_t counted = std::exchange(header->count, *found);
    const std::string anew = with_sequence(record.sequence, make_composed_body(*header));
    QUIPU_RETURN_IF_ERROR(fault(
        collection.name, key,
        "the composed value counts " + std::to_string(counted) + " parts but holds " + std::to_string(*found),
        "counted anew", [&](RepairWriter& writer) {
          return writer.put(collection.family.get(), collection.key(key), anew);
        }));
    return std::string();
  }

  // Whether the value, with this text alone in its slots, is an object in json.dumps's form.
  static bool stands_in(const ComposedHeader& header, uint64_t slot, std::string_view text) {
    std::string value;
    for (size_t i = 0; i < header.texts.size(); ++i) {
      value += header.texts[i];
      if (i == slot) value += text;
    }
    const Result<Json> parsed = Json::parse(value);
    return parsed && parsed->text() == value && parsed->view().is_object();
  }

  // How many there are; nothing where they cannot be read.
  Result<std::optional<uint64_t>> check_parts_of(const Collection& collection, std::string_view key,
                                                 const ComposedHeader& header) const {
    const std::string prefix = list_prefix(collection.id(), key);
    uint64_t found = 0;
    ExternalSorter sequences(kBySequence, database_.directory().temporary_path(), kListSortBytes);
    const std::unique_ptr<rocksdb::Iterator> it = iterate(database_.parts());
    for (it->Seek(slice(prefix)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) {
      QUIPU_RETURN_IF_ERROR(work_.check());
      ++found;
      const std::string_view name = view(it->key()).substr(prefix.size());
      const std::optional<PartName> part = parse_part_name(name);
      std::string_view text = view(it->value());
      uint64_t sequence = 0;
      if (part && part->slot + 1 < header.texts.size() && take_varint(text, sequence) &&
          stands_in(header, part->slot, text)) {
        QUIPU_RETURN_IF_ERROR(sequences.add({sequence, name, {}}));
        continue;
      }
      const Repair repair = [&](RepairWriter& writer) {
        return writer.quarantine_parts(collection.name, key, database_.parts(), prefix, name);
      };
      QUIPU_RETURN_IF_ERROR(
          fault(collection.name, key, "a part of the composed value is malformed", kSetAside, repair));
    }
    QUIPU_ASSIGN_OR_RETURN(const bool whole, read_whole(*it, collection.name));
    if (!whole) return std::optional<uint64_t>();
    QUIPU_RETURN_IF_ERROR(check_sequences(sequences, [&](std::string_view name, std::string what) {
      return SequencePlace{&collection, key, "a part of the composed value: " + std::move(what),
                           database_.parts(), prefix + std::string(name)};
    }));
    return std::optional(found);
  }

  // Where a sequence stands.
  struct SequencePlace {
    const Collection* collection;
    std::string_view key;
    std::string message;
    rocksdb::ColumnFamilyHandle* family;
    std::string full_key;
  };

  // Each is used once, and was promised before. `place` tells where one stands, from a row's key.
  template <class Place>
  Status check_sequences(ExternalSorter& sequences, const Place& place) const {
    QUIPU_RETURN_IF_ERROR(sequences.finish());
    std::optional<uint64_t> before;
    Row row{};
    while (true) {
      QUIPU_RETURN_IF_ERROR(work_.check());
      QUIPU_ASSIGN_OR_RETURN(const bool more, sequences.next(row));
      if (!more) return Status::ok();
      const uint64_t sequence = row.sequence;
      if (before == sequence) {
        QUIPU_RETURN_IF_ERROR(renumber(place(row.key, "the insertion sequence is used twice")));
      } else if (sequence >= kMaxSequence) {
        QUIPU_RETURN_IF_ERROR(renumber(place(row.key, "the insertion sequence is beyond the limit")));
      } else if (sequence >= limit_) {
        const SequencePlace at = place(row.key, "the insertion sequence is beyond the limit");
        QUIPU_RETURN_IF_ERROR(
            fault(at.collection->name, at.key, at.message, "the limit is raised",
                  [&](RepairWriter& writer) { return writer.raise_sequence_limit(sequence + 1); }));
      }
      before = sequence;
    }
  }

  Status renumber(const SequencePlace& at) const {
    return fault(at.collection->name, at.key, at.message, "put behind all others in the order of insertion",
                 [&](RepairWriter& writer) -> Status {
                   rocksdb::PinnableSlice stored;
                   QUIPU_RETURN_IF_ERROR(from_rocksdb(
                       reader_.read_view().get(at.family, slice(at.full_key), stored), "cannot read"));
                   std::string_view body = view(stored);
                   uint64_t sequence = 0;
                   if (!take_varint(body, sequence)) body = {};
                   QUIPU_ASSIGN_OR_RETURN(sequence, writer.new_sequence());
                   if (at.family == database_.lists()) body = {};
                   return writer.put(at.family, at.full_key, with_sequence(sequence, body));
                 });
  }

  // A record has its place in the index.
  Status check_indexed(const Collection& collection, std::string_view key, const DataRecord& record) const {
    const std::string value = indexed_value(collection, record);
    if (value.empty()) return Status::ok();
    const std::string entry = index_prefix(collection.id(), value) + std::string(key);
    rocksdb::PinnableSlice stored;
    const Result<bool> there = find(database_.index(), entry, stored);
    if (!there) return fault(collection.name, key, there.error().message());
    if (*there) return Status::ok();
    return fault(collection.name, key, "is missing in the index of " + collection.record.indexed_field,
                 "entered in the index",
                 [&](RepairWriter& writer) { return writer.put(database_.index(), entry, {}); });
  }

  // Every entry of the index is that of a record.
  Status check_index(const Collection& collection) const {
    std::string prefix;
    put_u32(collection.id(), prefix);
    const std::unique_ptr<rocksdb::Iterator> it = iterate(database_.index());
    for (it->Seek(slice(prefix)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) {
      QUIPU_RETURN_IF_ERROR(work_.check());
      const std::string_view entry = view(it->key());
      std::string_view key = entry.substr(prefix.size());
      std::string_view value;
      std::string message = "an index entry is malformed";
      if (take_bytes(key, value)) {
        rocksdb::PinnableSlice stored;
        const Result<bool> there = find(collection.family.get(), collection.key(key), stored);
        if (!there) {
          QUIPU_RETURN_IF_ERROR(fault(collection.name, key, there.error().message()));
          continue;
        }
        const auto record = *there ? parse_data_record(view(stored)) : std::nullopt;
        if (record && !value.empty() && indexed_value(collection, *record) == value) continue;
        message = "the index has it under " + Json::from_string(value.substr(0, kQuotedBytes)).text() +
                  ", which is not its " + collection.record.indexed_field;
      } else {
        key = {};
      }
      QUIPU_RETURN_IF_ERROR(
          fault(collection.name, key, message, "removed from the index",
                [&](RepairWriter& writer) { return writer.erase(database_.index(), entry); }));
    }
    return check_end(*it, collection.name);
  }

  // Every member is of a list.
  Status check_lists(const Collection& collection) const {
    return check_entries(
        collection, database_.lists(), [](const DataRecord& record) { return record.is_list(); },
        "there are members of a list, but no list", &RepairWriter::quarantine_members);
  }

  // Every part is of a composed value.
  Status check_parts(const Collection& collection) const {
    if (database_.parts() == nullptr) return Status::ok();
    return check_entries(
        collection, database_.parts(), [](const DataRecord& record) { return record.is_composed(); },
        "there are parts of a composed value, but no such value", &RepairWriter::quarantine_parts);
  }

  using Quarantine = Status (RepairWriter::*)(const std::string& collection, std::string_view key,
                                              rocksdb::ColumnFamilyHandle* family, const std::string& prefix,
                                              std::optional<std::string_view> only);

  // Every entry of a family is of a record for which `owns` is true.
  template <class Owns>
  Status check_entries(const Collection& collection, rocksdb::ColumnFamilyHandle* family, const Owns& owns,
                       const char* message, Quarantine quarantine) const {
    std::string own;
    put_u32(collection.id(), own);
    const std::unique_ptr<rocksdb::Iterator> it = iterate(family);
    for (it->Seek(slice(own)); it->Valid() && view(it->key()).starts_with(own);) {
      QUIPU_RETURN_IF_ERROR(work_.check());
      std::string_view rest = view(it->key()).substr(own.size());
      std::string_view key;
      const bool well_formed = take_bytes(rest, key);
      const std::string prefix = well_formed ? list_prefix(collection.id(), key) : it->key().ToString();
      rocksdb::PinnableSlice stored;
      const Result<bool> there =
          well_formed ? find(collection.family.get(), collection.key(key), stored) : false;
      const auto record = there && *there ? parse_data_record(view(stored)) : std::nullopt;
      if (!there) {
        QUIPU_RETURN_IF_ERROR(fault(collection.name, key, there.error().message()));
      } else if (!record || !owns(*record)) {
        QUIPU_RETURN_IF_ERROR(fault(collection.name, key, message, kSetAside, [&](RepairWriter& writer) {
          return (writer.*quarantine)(collection.name, key, family, prefix, std::nullopt);
        }));
      }
      const std::string next = after_prefix(prefix);
      if (next.empty()) break;
      it->Seek(slice(next));
    }
    return check_end(*it, collection.name);
  }

  // What is left of collections that do not exist, and what no collection can have.
  Status check_orphans(rocksdb::ColumnFamilyHandle* family, const std::string& what) const {
    if (family == nullptr) return Status::ok();  // nothing has needed it yet
    const std::unique_ptr<rocksdb::Iterator> it = iterate(family);
    const bool derived = std::set{database_.index(), database_.codes(), database_.text()}.contains(family);
    for (it->SeekToFirst(); it->Valid();) {
      std::string_view rest = view(it->key());
      uint32_t id = 0;
      std::string prefix = it->key().ToString();
      std::string name = "without a collection's number";
      if (take_u32(rest, id)) {
        prefix.resize(4);
        name = "of collection " + std::to_string(id) + ", which does not exist";
      }
      if (prefix.size() < 4 || !ids_.contains(id)) {
        QUIPU_RETURN_IF_ERROR(
            fault({}, {}, what + " " + name, derived ? "removed" : kSetAside, [&](RepairWriter& writer) {
              return derived ? writer.erase_all(family, prefix) : writer.quarantine_all(family, prefix);
            }));
      }
      const std::string next = after_prefix(prefix);
      if (next.empty()) break;
      it->Seek(slice(next));
    }
    return check_end(*it, {});
  }

  const Database& database_;
  const StoreSnapshot snapshot_;
  const Reader reader_;
  const std::function<Status(const RecordFault&)>& take_;
  Work& work_;
  uint64_t file_bytes_ = 0;
  uint64_t record_bytes_ = 0;
  uint64_t records_ = 0;
  uint64_t records_read_ = 0;
  std::set<uint32_t> ids_;
  uint64_t limit_ = 0;  // of insertion sequences
};

}  // namespace

Status inspect(const Database& database, const std::function<Status(const RecordFault&)>& take, Work& work) {
  return Inspection(database, take, work).run();
}

Status verify(const Database& database, const std::function<void(const Fault&)>& report, Work& work) {
  QUIPU_RETURN_IF_ERROR(inspect(
      database,
      [&](const RecordFault& found) {
        report(found.fault);
        return Status::ok();
      },
      work));
  return work.finish();
}

}  // namespace quipu::rocks
