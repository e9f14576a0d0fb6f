#include "backends/rocksdb/verify.h"

#include <unordered_set>

#include "backends/rocksdb/rocksdb_status.h"
#include "backends/rocksdb/row_sorter.h"
#include "backends/rocksdb/snapshot_reader.h"

namespace quipu::rocks {
namespace {

class Verification {
 public:
  Verification(const StoreCore& core, const std::function<void(const VerifyFault&)>& report)
      : core_(core), moment_(Moment::now(core)), reader_(ReadView(core, moment_.snapshot)), report_(report) {}

  Status run() {
    if (const rocksdb::Status checksums = core_.db().VerifyChecksum(); !checksums.ok()) {
      fault("", "", "a file is damaged: " + checksums.ToString());
    }
    std::string marker;
    if (core_.db().Get({}, core_.catalog(), slice(kMergeKey), &marker).ok()) {
      fault("", "", "an import with merge was interrupted; run it again");
    }
    for (const CollectionPtr& collection : moment_.collections) {
      QUIPU_RETURN_IF_ERROR(check_collection(*collection));
    }
    check_orphans(core_.lists(), "member list");
    check_orphans(core_.index(), "index");
    return Status::ok();
  }

 private:
  void fault(std::string_view collection, std::string_view key, std::string message) const {
    report_({std::string(collection), std::string(key), std::move(message)});
  }
  std::unique_ptr<rocksdb::Iterator> iterate(rocksdb::ColumnFamilyHandle* family) const {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    return reader_.read_view().iterate(family, options);
  }
  void check_end(const rocksdb::Iterator& it, std::string_view collection) const {
    if (!it.status().ok()) fault(collection, "", "cannot be read to its end: " + it.status().ToString());
  }

  Status check_collection(const Collection& collection) {
    ids_.insert(collection.id());
    uint64_t found = 0;
    uint64_t indexed = 0;
    uint64_t listed = 0;
    RowSorter sequences(kBySequence, core_.directory().temporary_path(),
                        core_.options().memory_budget_bytes / 8);
    const std::unique_ptr<rocksdb::Iterator> it = iterate(collection.family.get());
    for (it->Seek(slice(collection.prefix)); it->Valid(); it->Next()) {
      const std::string_view key = view(it->key());
      if (!key.starts_with(collection.prefix)) break;
      ++found;
      const std::string_view user_key = key.substr(collection.prefix.size());
      const std::optional<DataRecord> record = parse_data_record(view(it->value()));
      if (!record) {
        fault(collection.name, user_key, "the record is malformed");
        continue;
      }
      QUIPU_RETURN_IF_ERROR(sequences.add({record->sequence, user_key, {}}));
      if (record->is_list()) {
        listed += check_list(collection, user_key, *record);
      } else if (record->is_vector()) {
        check_vector(collection, user_key, *record);
      } else {
        check_object(collection, user_key, record->body);
      }
      indexed += check_index_entry(collection, user_key, *record);
    }
    check_end(*it, collection.name);
    QUIPU_RETURN_IF_ERROR(check_sequences(collection, sequences));
    const Result<uint64_t> count = reader_.count(collection);
    if (!count || *count != found) {
      fault(collection.name, "",
            "counts " + (count ? std::to_string(*count) : count.error().message()) + " keys but holds " +
                std::to_string(found));
    }
    check_total(collection, core_.index(), indexed, "index entries");
    check_total(collection, core_.lists(), listed, "list members");
    return Status::ok();
  }

  // Each is used once, and was promised before.
  Status check_sequences(const Collection& collection, RowSorter& sequences) const {
    QUIPU_RETURN_IF_ERROR(sequences.finish());
    rocksdb::PinnableSlice stored;
    uint64_t limit = 0;
    std::string_view bytes;
    if (reader_.read_view().get(core_.catalog(), slice(kSequenceLimitKey), stored).ok()) {
      bytes = view(stored);
      if (!take_varint(bytes, limit)) fault("", "", "the limit of insertion sequences is malformed");
    }
    std::optional<uint64_t> before;
    Row row{};
    while (true) {
      QUIPU_ASSIGN_OR_RETURN(const bool more, sequences.next(row));
      if (!more) return Status::ok();
      if (before == row.sequence) fault(collection.name, row.key, "the insertion sequence is used twice");
      if (row.sequence >= limit)
        fault(collection.name, row.key, "the insertion sequence is beyond the limit");
      before = row.sequence;
    }
  }

  void check_object(const Collection& collection, std::string_view key, std::string_view text) const {
    const Result<Json> parsed = Json::parse(text);
    if (!parsed) {
      fault(collection.name, key, "the value is not JSON: " + parsed.error().message());
    } else if (parsed->text() != text) {
      fault(collection.name, key, "the value is not in json.dumps's form");
    }
  }

  void check_vector(const Collection& collection, std::string_view key, const DataRecord& record) const {
    std::vector<double> elements;
    if (!parse_vector_body(record.body, elements)) fault(collection.name, key, "the vector is malformed");
  }

  // The number of members found.
  uint64_t check_list(const Collection& collection, std::string_view key, const DataRecord& record) const {
    const std::optional<ListHeader> header = parse_list_header(record);
    const Result<std::vector<std::string>> members = reader_.members(collection, key);
    if (!header || !members) {
      fault(collection.name, key, "the member list is malformed");
      return 0;
    }
    if (members->size() != header->count) {
      fault(collection.name, key,
            "the member list counts " + std::to_string(header->count) + " members but holds " +
                std::to_string(members->size()));
    }
    const Result<std::string> text = reader_.compose(collection, key, record);
    if (text) check_object(collection, key, *text);
    return members->size();
  }

  // 1 when the record has a place in the index.
  uint64_t check_index_entry(const Collection& collection, std::string_view key,
                             const DataRecord& record) const {
    if (collection.record.indexed_field.empty() || !record.is_text()) return 0;
    const auto value = JsonView::from_canonical(record.body).find(collection.record.indexed_field);
    if (!value || !value->is_string() || value->text().size() <= 2) return 0;
    const std::string entry = index_prefix(collection.id(), value->string()) + std::string(key);
    rocksdb::PinnableSlice stored;
    if (!reader_.read_view().get(core_.index(), slice(entry), stored).ok()) {
      fault(collection.name, key, "is missing in the index of " + collection.record.indexed_field);
    }
    return 1;
  }

  // Every record of a collection in `family` has been accounted for.
  void check_total(const Collection& collection, rocksdb::ColumnFamilyHandle* family, uint64_t expected,
                   const char* what) const {
    std::string prefix;
    put_u32(collection.id(), prefix);
    uint64_t found = 0;
    const std::unique_ptr<rocksdb::Iterator> it = iterate(family);
    for (it->Seek(slice(prefix)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) ++found;
    check_end(*it, collection.name);
    if (found != expected) {
      fault(
          collection.name, "",
          "has " + std::to_string(found) + " " + what + ", its values call for " + std::to_string(expected));
    }
  }

  // Records of collections that do not exist.
  void check_orphans(rocksdb::ColumnFamilyHandle* family, std::string_view what) const {
    const std::unique_ptr<rocksdb::Iterator> it = iterate(family);
    for (it->SeekToFirst(); it->Valid();) {
      std::string_view key = view(it->key());
      uint32_t id = 0;
      if (!take_u32(key, id) || !ids_.contains(id)) {
        fault("", "", "a " + std::string(what) + " entry of a collection that does not exist");
      }
      std::string next;
      put_u32(id, next);
      it->Seek(slice(after_prefix(next)));
    }
    check_end(*it, "");
  }

  const StoreCore& core_;
  const Moment moment_;
  const Reader reader_;
  const std::function<void(const VerifyFault&)>& report_;
  std::unordered_set<uint32_t> ids_;
};

}  // namespace

Status verify(const StoreCore& core, const std::function<void(const VerifyFault&)>& report) {
  return Verification(core, report).run();
}

}  // namespace quipu::rocks
