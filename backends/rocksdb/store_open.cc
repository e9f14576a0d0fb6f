// Opening: the directory, the session's promise, the column families, the catalog, and what a crash left
// over.

#include <rocksdb/convenience.h>

#include <algorithm>

#include "backends/rocksdb/rocksdb_status.h"
#include "backends/rocksdb/store_core.h"

namespace quipu::rocks {
namespace {

constexpr const char* kListsFamily = "lists";
constexpr const char* kIndexFamily = "index";
constexpr const char* kSharedFamily = "shared";

// The families to open: those that exist and those that must. An unknown one is from a newer build.
Result<std::vector<rocksdb::ColumnFamilyDescriptor>> families_of(const Directory& directory,
                                                                 const Tuning& tuning, bool& exists) {
  std::vector<std::string> names;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(tuning.db, directory.rocksdb_path(), &names);
  exists = listed.ok();
  const bool absent = listed.IsPathNotFound() || listed.IsNotFound() ||
                      tuning.db.env->FileExists(directory.rocksdb_path() + "/CURRENT").IsNotFound();
  if (!listed.ok() && !absent)
    return from_rocksdb(listed, directory.path() + ": cannot read the column families");
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, tuning.catalog},
      {kListsFamily, tuning.lists},
      {kIndexFamily, tuning.lists},
      {kSharedFamily, tuning.shared},
  };
  for (const std::string& name : names) {
    const bool known = std::ranges::any_of(families, [&](const auto& family) { return family.name == name; });
    if (known) continue;
    if (!family_collection_id(name)) {
      return Status::invalid_argument(directory.path() +
                                      " has a column family that this build does not know: " + name);
    }
    families.emplace_back(name, tuning.data);
  }
  return families;
}

Status from_open(const rocksdb::Status& opened, const std::string& path) {
  // RocksDB's guess when CURRENT or MANIFEST could not be read; direct I/O is never asked for.
  const bool unreadable =
      opened.IsInvalidArgument() && opened.ToString().find("Direct I/O") != std::string::npos;
  if (unreadable) return Status::io_error("cannot open " + path + ": CURRENT or MANIFEST could not be read");
  return from_rocksdb(opened, "cannot open " + path);
}

}  // namespace

Result<std::unique_ptr<StoreCore>> StoreCore::open(const std::string& path, const RocksDBOptions& options,
                                                   rocksdb::Env* env) {
  std::unique_ptr<StoreCore> core(new StoreCore(path, options, *env));
  QUIPU_ASSIGN_OR_RETURN(core->directory_, Directory::open(path, options.create_if_missing));
  QUIPU_ASSIGN_OR_RETURN(core->session_, SessionFile::open(core->directory_->session_path()));
  QUIPU_RETURN_IF_ERROR(core->open_database());
  return core;
}

Status StoreCore::open_database() {
  bool exists = false;
  QUIPU_ASSIGN_OR_RETURN(std::vector<rocksdb::ColumnFamilyDescriptor> families,
                         families_of(*directory_, tuning_, exists));
  const SessionFile::State state = session_->state();
  const uint64_t required = state == SessionFile::State::kMissing ? 0 : session_->required_sequence();
  if (exists && state != SessionFile::State::kClean && !options_.accept_lost_writes) {
    QUIPU_RETURN_IF_ERROR(probe_log(families, required));
  }
  if (!exists) {
    if (state != SessionFile::State::kMissing) QUIPU_RETURN_IF_ERROR(check_recovery(state, required, 0));
    // Before the database: one without its session would look as if its session had been lost.
    QUIPU_RETURN_IF_ERROR(session_->begin(0));
  }
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  QUIPU_RETURN_IF_ERROR(
      from_open(rocksdb::DB::Open(tuning_.db, directory_->rocksdb_path(), families, &handles, &opened),
                directory_->path()));
  db_.reset(opened);
  catalog_ = own(handles[0]);
  lists_ = own(handles[1]);
  index_ = own(handles[2]);
  shared_ = own(handles[3]);
  std::unordered_map<uint32_t, Family> own_families;
  for (size_t i = 4; i < handles.size(); ++i) {
    own_families[*family_collection_id(families[i].name)] = own(handles[i]);
  }
  const uint64_t recovered = db_->GetLatestSequenceNumber();
  if (exists) QUIPU_RETURN_IF_ERROR(check_recovery(state, required, recovered));
  QUIPU_RETURN_IF_ERROR(load_catalog(own_families));
  QUIPU_RETURN_IF_ERROR(session_->begin(recovered));
  if (!exists) QUIPU_RETURN_IF_ERROR(directory_->sync());
  return remove_leftovers(own_families);
}

Status StoreCore::check_recovery(SessionFile::State state, uint64_t required, uint64_t recovered) const {
  if (options_.accept_lost_writes) return Status::ok();
  if (state == SessionFile::State::kMissing) {
    return Status::corruption(directory_->path() +
                              ": the SESSION file is missing or damaged, so lost writes cannot be ruled out "
                              "(accept_lost_writes opens what is there)");
  }
  if (recovered >= required) return Status::ok();
  return Status::corruption(directory_->path() +
                            ": acknowledged writes are missing: the write-ahead log reaches "
                            "sequence " +
                            std::to_string(recovered) + " of " + std::to_string(required) +
                            " (accept_lost_writes opens the state before the first lost write)");
}

// Replays the log without writing, so that a refused open leaves the damaged log for whoever looks into it.
Status StoreCore::probe_log(const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                            uint64_t required) const {
  std::vector<rocksdb::ColumnFamilyDescriptor> present(families);
  std::vector<std::string> names;
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(rocksdb::DB::ListColumnFamilies(tuning_.db, directory_->rocksdb_path(), &names),
                   directory_->path() + ": cannot read the column families"));
  std::erase_if(present, [&](const auto& family) { return std::ranges::count(names, family.name) == 0; });
  rocksdb::DBOptions options = tuning_.db;
  options.write_buffer_manager = nullptr;
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  QUIPU_RETURN_IF_ERROR(
      from_open(rocksdb::DB::OpenForReadOnly(options, directory_->rocksdb_path(), present, &handles, &opened),
                directory_->path()));
  const std::unique_ptr<rocksdb::DB> db(opened);
  const uint64_t recovered = db->GetLatestSequenceNumber();
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();  // fails for none of these
  }
  log("recovered the write-ahead log of an unclean end up to sequence " + std::to_string(recovered));
  return check_recovery(session_->state(), required, recovered);
}

Status StoreCore::load_catalog(std::unordered_map<uint32_t, Family>& own_families) {
  const auto damaged = [&](std::string_view what) {
    return Status::corruption(directory_->path() + ": the catalog is damaged: " + std::string(what));
  };
  rocksdb::ReadOptions read;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read, catalog_.get()));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    std::string_view key = view(it->key());
    std::string_view value = view(it->value());
    uint64_t number = 0;
    if (key == kNextIdKey) {
      if (!take_varint(value, number)) return damaged("next id");
      next_id_ = std::max(next_id_, static_cast<uint32_t>(number));
    } else if (key == kSequenceLimitKey) {
      if (!take_varint(value, number)) return damaged("sequence limit");
      next_sequence_ = number;
      sequence_limit_ = number;
    } else if (key == kMergeKey) {
      log(directory_->path() + ": an import with merge was interrupted; run it again to complete it");
    } else if (key.starts_with('f')) {
      if (!take_varint(value, number)) return damaged("file order");
      next_order_ = std::max(next_order_, number + 1);
    } else if (key.starts_with('n')) {
      auto collection = std::make_shared<Collection>();
      collection->name = key.substr(1);
      const std::optional<CollectionRecord> record = parse_collection_record(value);
      if (!record) return damaged("collection " + collection->name);
      collection->record = *record;
      if (record->own_family) {
        const auto family = own_families.find(record->id);
        if (family == own_families.end()) return damaged("no family for collection " + collection->name);
        collection->family = family->second;
        own_families.erase(family);
        ++own_family_count_;
      } else {
        collection->family = shared_;
        put_u32(record->id, collection->prefix);
      }
      next_id_ = std::max(next_id_, record->id + 1);
      next_order_ = std::max(next_order_, record->order + 1);
      by_name_[collection->name] = std::move(collection);
    }
  }
  return from_rocksdb(it->status(), directory_->path() + ": cannot read the catalog");
}

// What is left in `own_families` has no collection; what has a `p` record was never finished.
Status StoreCore::remove_leftovers(std::unordered_map<uint32_t, Family>& own_families) {
  std::unordered_map<uint32_t, Collection> leftovers;
  for (auto& [id, family] : own_families) {
    leftovers[id].record = {
        .id = id, .order = 0, .own_family = true, .persist_file = {}, .indexed_field = {}};
    leftovers[id].family = family;
    ++own_family_count_;  // discard() counts it off again
  }
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions(), catalog_.get()));
  for (it->Seek("p"); it->Valid() && view(it->key()).starts_with('p'); it->Next()) {
    std::string_view key = view(it->key()).substr(1);
    uint32_t id = 0;
    if (!take_u32(key, id)) continue;
    leftovers[id].record.id = id;
  }
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), directory_->path() + ": cannot read the catalog"));
  for (const auto& [id, collection] : leftovers) {
    next_id_ = std::max(next_id_, id + 1);
    QUIPU_RETURN_IF_ERROR(discard(collection));
  }
  if (!leftovers.empty()) log("removed " + std::to_string(leftovers.size()) + " unfinished collections");
  return Status::ok();
}

}  // namespace quipu::rocks
