// Opening: the directory, the session's promise, the column families, the catalog, and what a crash left
// over.

#include <rocksdb/convenience.h>

#include <algorithm>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/files/pinned_file_system.h"
#include "backends/rocksdb/files/rocksdb_version.h"
#include "backends/rocksdb/files/safe_delete_env.h"
#include "backends/rocksdb/format/status.h"

namespace quipu::rocks {
namespace {

constexpr const char* kListsFamily = "lists";
constexpr const char* kIndexFamily = "index";
constexpr const char* kSharedFamily = "shared";

// No range of the catalog's keys is ever deleted, and an iterator that knows it tells every error
// (backends/rocksdb/read/sound_iterator.h).
rocksdb::ReadOptions catalog_reads() {
  rocksdb::ReadOptions options;
  options.ignore_range_deletions = true;
  return options;
}

// A database without its CURRENT or MANIFEST would be taken for a new one, and its tables for leftovers.
Status check_no_tables(const Directory& directory, const rocksdb::DBOptions& options) {
  std::vector<std::string> names;
  options.env->GetChildren(directory.rocksdb_path(), &names).PermitUncheckedError();  // it may be missing
  for (const std::string& name : names) {
    if (!name.ends_with(".sst")) continue;
    return Status::corruption(directory.path() + ": the database is damaged: rocksdb/" + name +
                              " is there, but not rocksdb/CURRENT or the MANIFEST that it names");
  }
  return Status::ok();
}

// The options of a family that is there from its first use on; null for any other name.
const rocksdb::ColumnFamilyOptions* late_family(std::string_view name, const TunedOptions& tuning) {
  if (name == kPartsFamily) return &tuning.lists;
  if (name == kCodesFamily) return &tuning.codes;
  return name == kTextFamily ? &tuning.text : nullptr;
}

// The families to open: those that exist and those that must. An unknown one is from a newer build.
Result<std::vector<rocksdb::ColumnFamilyDescriptor>> families_of(const Directory& directory,
                                                                 const TunedOptions& tuning, bool& exists) {
  std::vector<std::string> names;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(tuning.db, directory.rocksdb_path(), &names);
  exists = listed.ok();
  const bool absent = listed.IsPathNotFound() || listed.IsNotFound() ||
                      tuning.db.env->FileExists(directory.rocksdb_path() + "/CURRENT").IsNotFound();
  if (!listed.ok() && !absent)
    return from_rocksdb(listed, directory.path() + ": cannot read the column families");
  if (absent) QUIPU_RETURN_IF_ERROR(check_no_tables(directory, tuning.db));
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, tuning.catalog},
      {kListsFamily, tuning.lists},
      {kIndexFamily, tuning.lists},
      {kSharedFamily, tuning.shared},
  };
  for (const std::string& name : names) {
    const bool known = std::ranges::any_of(families, [&](const auto& family) { return family.name == name; });
    if (known) continue;
    if (const auto* const late = late_family(name, tuning); late != nullptr) {
      families.emplace_back(name, *late);
      continue;
    }
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

// Opens those of the families that there are, without a lock and without writing anything. `families` are
// then those that were opened.
Status open_read_only(const Directory& directory, const TunedOptions& tuning,
                      std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                      std::vector<rocksdb::ColumnFamilyHandle*>& handles, std::unique_ptr<rocksdb::DB>& db) {
  std::vector<std::string> names;
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(rocksdb::DB::ListColumnFamilies(tuning.db, directory.rocksdb_path(), &names),
                   directory.path() + ": cannot read the column families"));
  std::erase_if(families, [&](const auto& family) { return std::ranges::count(names, family.name) == 0; });
  rocksdb::DBOptions options = tuning.db;
  options.write_buffer_manager = nullptr;  // what is in the log is held in memory, whatever the budget
  return from_open(open_rocksdb_read_only(options, directory.rocksdb_path(), families, handles, db),
                   directory.path());
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, const RocksDBOptions& options,
                                                 rocksdb::Env* env) {
  std::unique_ptr<Database> database(
      new Database(path, options, make_tuned_options(options), with_safe_delete(*env)));
  QUIPU_ASSIGN_OR_RETURN(database->directory_, Directory::open(path, options.create_if_missing));
  QUIPU_ASSIGN_OR_RETURN(database->session_, SessionFile::open(database->directory_->session_path()));
  QUIPU_RETURN_IF_ERROR(database->open_database());
  return database;
}

Result<std::unique_ptr<Database>> Database::open_for_reading(const std::string& path,
                                                             const RocksDBOptions& options,
                                                             const Database* like) {
  // Bulk loads count the sequence on a moment before the manifest has it.
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Directory> directory, Directory::open_for_reading(path));
    // First: the files that are held then have all writes that it tells of.
    const Result<uint64_t> required = SessionFile::read_required_sequence(directory->session_path());
    const auto files = PinnedFiles::capture(directory->rocksdb_path());
    const bool absent = !files && files.error().code() == StatusCode::kNotFound;
    if (!files && !absent) return files.error();
    if (absent && required.value_or(0) == 0)
      return Status::io_error("no database in " + path + ": none has been finished there");
    std::shared_ptr<const PinnedFiles> pinned = files.value_or(nullptr);
    std::unique_ptr<Database> database(
        new Database(path, options, like != nullptr ? like->tuned_ : make_tuned_options(options),
                     make_pinned_env(pinned), pinned));
    database->directory_ = std::move(directory);
    if (like != nullptr) {
      database->calls_ = like->calls_;
      database->cache_counters_ = like->cache_counters_;
    }
    uint64_t recovered = 0;
    if (!absent) {
      QUIPU_RETURN_IF_ERROR(database->open_pinned(like));
      recovered = database->db_->GetLatestSequenceNumber();
    }
    const Status checked = database->check_recovery(
        required ? SessionFile::State::kOpen : SessionFile::State::kMissing, required.value_or(0), recovered);
    if (checked.is_ok() && !absent) return database;
    if (absent || attempt == kAttempts) return checked.is_ok() ? files.error() : checked;
  }
}

// The part of open_database() that changes nothing.
Status Database::open_pinned(const Database* like) {
  if (like != nullptr) {
    if (like->following_) db_ = like->following_->follow(*pinned_);
    if (db_) following_ = like->following_;
    if (!db_) QUIPU_RETURN_IF_ERROR(open_following());
    std::unordered_map<uint32_t, Family> own_families = take(following_->families(), following_->handles());
    const MutexLock lock(catalog_mutex_);
    return load_catalog(own_families);
  }
  bool exists = false;
  QUIPU_ASSIGN_OR_RETURN(std::vector<rocksdb::ColumnFamilyDescriptor> families,
                         families_of(*directory_, tuned_, exists));
  const size_t needed = shared_families().size();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  QUIPU_RETURN_IF_ERROR(open_read_only(*directory_, tuned_, families, handles, db_));
  std::vector<Family> opened;
  for (rocksdb::ColumnFamilyHandle* handle : handles) opened.push_back(own(handle));
  if (opened.size() < needed || families[needed - 1].name != kSharedFamily) {
    return Status::io_error("no database in " + directory_->path() + ": none has been finished there");
  }
  std::unordered_map<uint32_t, Family> own_families = take(families, opened);
  const MutexLock lock(catalog_mutex_);
  return load_catalog(own_families);
}

// A reader that is refreshed once will be again.
Status Database::open_following() {
  bool exists = false;
  QUIPU_ASSIGN_OR_RETURN(std::vector<rocksdb::ColumnFamilyDescriptor> families,
                         families_of(*directory_, tuned_, exists));
  QUIPU_RETURN_IF_ERROR(
      from_open(FollowingDatabase::open(tuned_, directory_->rocksdb_path(), families, pinned_, following_),
                directory_->path()));
  db_ = following_->follow(*pinned_);
  return db_ ? Status::ok() : Status::corruption(directory_->path() + ": the write-ahead log is damaged");
}

// Keeps the families that are not a collection's own; the others by their collection's id.
std::unordered_map<uint32_t, Family> Database::take(
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families, const std::vector<Family>& opened) {
  catalog_ = opened[0];
  lists_ = opened[1];
  index_ = opened[2];
  shared_ = opened[3];
  std::unordered_map<uint32_t, Family> own_families;
  for (size_t i = 4; i < opened.size(); ++i) {
    if (families[i].name == kPartsFamily) {
      const MutexLock lock(catalog_mutex_);
      parts_ = opened[i];
      parts_handle_ = parts_.get();
    } else if (families[i].name == kCodesFamily) {
      const MutexLock lock(catalog_mutex_);
      codes_ = opened[i];
      codes_handle_ = codes_.get();
    } else if (families[i].name == kTextFamily) {
      const MutexLock lock(catalog_mutex_);
      text_ = opened[i];
      text_handle_ = text_.get();
    } else {
      own_families[*family_collection_id(families[i].name)] = opened[i];
    }
  }
  return own_families;
}

Status Database::open_database() {
  bool exists = false;
  QUIPU_ASSIGN_OR_RETURN(std::vector<rocksdb::ColumnFamilyDescriptor> families,
                         families_of(*directory_, tuned_, exists));
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
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  QUIPU_RETURN_IF_ERROR(from_open(open_rocksdb(tuned_.db, directory_->rocksdb_path(), families, handles, db_),
                                  directory_->path()));
  tables_ = db_->GetDBOptions().sst_file_manager;  // RocksDB makes one where none is given
  std::vector<Family> held;
  for (rocksdb::ColumnFamilyHandle* handle : handles) held.push_back(own(handle));
  std::unordered_map<uint32_t, Family> own_families = take(families, held);
  held.clear();
  const uint64_t recovered = db_->GetLatestSequenceNumber();
  if (exists) QUIPU_RETURN_IF_ERROR(check_recovery(state, required, recovered));
  // A copy of a database has its number from what it holds.
  if (parts() != nullptr) QUIPU_RETURN_IF_ERROR(directory_->raise_format(kComposedFormat));
  if (codes() != nullptr) QUIPU_RETURN_IF_ERROR(directory_->raise_format(kCodesFormat));
  if (text() != nullptr) QUIPU_RETURN_IF_ERROR(directory_->raise_format(kTextFormat));
  const MutexLock lock(catalog_mutex_);
  QUIPU_RETURN_IF_ERROR(load_catalog(own_families));
  QUIPU_RETURN_IF_ERROR(session_->begin(recovered));
  if (!exists) QUIPU_RETURN_IF_ERROR(directory_->sync());
  return remove_leftovers(own_families);
}

Status Database::check_recovery(SessionFile::State state, uint64_t required, uint64_t recovered) const {
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
Status Database::probe_log(std::vector<rocksdb::ColumnFamilyDescriptor> families, uint64_t required) const {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::unique_ptr<rocksdb::DB> db;
  QUIPU_RETURN_IF_ERROR(open_read_only(*directory_, tuned_, families, handles, db));
  const uint64_t recovered = db->GetLatestSequenceNumber();
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();  // fails for none of these
  }
  log("recovered the write-ahead log of an unclean end up to sequence " + std::to_string(recovered));
  return check_recovery(session_->state(), required, recovered);
}

Status Database::load_catalog(std::unordered_map<uint32_t, Family>& own_families) {
  const auto damaged = [&](std::string_view what) {
    return Status::corruption(directory_->path() + ": the catalog is damaged: " + std::string(what));
  };
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(catalog_reads(), catalog_.get()));
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
      log(check_complete().message());
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
      if (record->text) next_id_ = std::max(next_id_, record->text->id + 2);
      attach_indexer(*collection);
      next_id_ = std::max(next_id_, record->id + 1);
      next_order_ = std::max(next_order_, record->order + 1);
      publish(collection);
    }
  }
  return from_rocksdb(it->status(), directory_->path() + ": cannot read the catalog");
}

// What is left in `own_families` has no collection; what has a `p` record was never finished.
Status Database::remove_leftovers(std::unordered_map<uint32_t, Family>& own_families) {
  std::unordered_map<uint32_t, Collection> leftovers;
  for (auto& [id, family] : own_families) {
    leftovers[id].record = {
        .id = id, .order = 0, .own_family = true, .persist_file = {}, .indexed_field = {}};
    leftovers[id].family = family;
    ++own_family_count_;  // discard() counts it off again
  }
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(catalog_reads(), catalog_.get()));
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
  if (!leftovers.empty()) log("unfinished collections removed: " + std::to_string(leftovers.size()));
  return Status::ok();
}

}  // namespace quipu::rocks
