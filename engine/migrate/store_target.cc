#include "engine/migrate/store_target.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/kv/watched_reader.h"
#include "engine/layout/storage_layout.h"
#include "engine/migrate/migration_mark.h"
#include "engine/migrate/table_target.h"
#include "engine/persist/files/persist_file_kind.h"
#include "quipu/backend/features.h"
#include "quipu/bulk_load.h"
#include "quipu/write_batch.h"

namespace quipu {
namespace {

constexpr size_t kBatchEntries = 1000;
constexpr size_t kBatchBytes = 4 << 20;

// Of vector and graph stores.
bool needs_more_than_documents(const CollectionInfo& info) {
  const PersistFileKind& kind = PersistFileKind::of(info.persist_file);
  return kind.of_storage_context && !kind.holds_key_values;
}

bool has_vectors(const std::string& collection) {
  return collection.starts_with(kVectorStorePrefix) && collection.ends_with(kEmbeddingsEnding);
}

CollectionOptions options_of(const CollectionInfo& info) {
  return {info.persist_file, info.indexed_field, has_vectors(info.name)};
}

// The elements of a value that a store may keep as numbers, the same text coming out of them.
bool as_vector(const std::string& collection, JsonView value, std::vector<double>& elements) {
  return has_vectors(collection) && parse_vector_value(value, elements) &&
         vector_value(elements).view() == value;
}

// Which stores' collections there may be a target says when they are declared. None is left by that.
Status try_to_declare(const CollectionInfo& info, const std::vector<CollectionInfo>& there,
                      BaseKVStore& target) {
  if (std::ranges::find(there, info.name, &CollectionInfo::name) != there.end()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(target.declare_collection(info.name, options_of(info)));
  return target.drop_collection(info.name).status();
}

Status check_can_hold(const ContentSummary& wanted, BaseKVStore& target) {
  if (target.capabilities().streams) return Status::ok();  // such targets hold everything
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> there, target.collections());
  std::string refused;
  for (const CollectionSummary& each : wanted.collections) {
    if (!needs_more_than_documents(each.info) || each.info.count == 0) continue;
    const Status declared = try_to_declare(each.info, there, target);
    if (declared.is_ok()) continue;
    if (declared.code() != StatusCode::kNotSupported) return declared;
    refused += (refused.empty() ? "" : "; ") + declared.message();
  }
  if (refused.empty()) return Status::ok();
  return Status::not_supported("the target cannot hold what is in the source: " + refused);
}

class StoreCopy {
 public:
  StoreCopy(const KVReader& source, const TableReads* tables, const ContentSummary& wanted,
            BaseKVStore& target, Work& work)
      : source_(source),
        shared_(tables),
        wanted_(wanted),
        target_(target),
        work_(work),
        tables_(tables, wanted.tables, target) {}

  Result<TargetReport> run() {
    QUIPU_ASSIGN_OR_RETURN(TargetReport report, check_target(shared_, wanted_, target_));
    if (report.was_there) return report;
    QUIPU_RETURN_IF_ERROR(begin());
    for (const CollectionSummary& each : wanted_.collections) {
      work_.begin(each.info.name);
      QUIPU_ASSIGN_OR_RETURN(const bool whole, is_whole(each));
      if (whole) {
        ++report.resumed;
      } else {
        QUIPU_RETURN_IF_ERROR(copy(each.info));
      }
      QUIPU_RETURN_IF_ERROR(work_.check());
    }
    QUIPU_ASSIGN_OR_RETURN(const std::set<std::string> whole, tables_.look(mark_, &work_));
    report.resumed += whole.size();
    QUIPU_RETURN_IF_ERROR(tables_.copy(whole, mark_, work_));
    QUIPU_RETURN_IF_ERROR(check());
    QUIPU_RETURN_IF_ERROR(target_.sync());
    QUIPU_RETURN_IF_ERROR(target_.drop_collection(kMigrationCollection).status());
    QUIPU_RETURN_IF_ERROR(target_.sync());
    return report;
  }

 private:
  // What a former run has written of another state of the source goes.
  Status begin() {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<MigrationMark> mark, read_mark(target_));
    const std::string fingerprint = wanted_.fingerprint();
    const bool goes_on = mark && mark->source == fingerprint;
    if (mark && !goes_on) QUIPU_RETURN_IF_ERROR(remove_all(*mark));
    mark_ = goes_on ? *mark : MigrationMark{fingerprint, {}};
    if (!goes_on) QUIPU_RETURN_IF_ERROR(write_mark(mark_, target_));
    for (const std::string& file : wanted_.declared_files) QUIPU_RETURN_IF_ERROR(target_.declare_file(file));
    QUIPU_ASSIGN_OR_RETURN(existing_, target_.collections());
    return Status::ok();
  }

  Status remove_all(const MigrationMark& mark) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> files, target_.declared_files());
    for (const std::string& file : files) {
      if (std::ranges::find(wanted_.declared_files, file) != wanted_.declared_files.end()) continue;
      return Status::already_exists("the target holds a part of a migration of something else, with " + file +
                                    "; remove it first");
    }
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, target_.collections());
    for (const CollectionInfo& info : collections) {
      if (info.name == kMigrationCollection) continue;
      QUIPU_RETURN_IF_ERROR(target_.drop_collection(info.name).status());
    }
    return tables_.remove(mark);
  }

  const CollectionInfo* existing(const std::string& name) const {
    const auto found = std::ranges::find(existing_, name, &CollectionInfo::name);
    return found == existing_.end() ? nullptr : &*found;
  }

  // Whether a former run has written all of a collection.
  Result<bool> is_whole(const CollectionSummary& wanted) const {
    const CollectionInfo* const found = existing(wanted.info.name);
    if (found == nullptr || found->count != wanted.info.count) return false;
    const WatchedReader target(target_, work_);
    uint64_t bytes = 0;
    QUIPU_ASSIGN_OR_RETURN(const CollectionSummary summary, summarize(target, *found, bytes));
    return check_same(wanted, summary, target_.capabilities().keeps_order).is_ok();
  }

  Status copy(const CollectionInfo& info) {
    const bool is_new = existing(info.name) == nullptr;
    return is_new && target_.capabilities().streams ? load(info) : write(info, !is_new);
  }

  Result<std::unique_ptr<KVIterator>> scan(const CollectionInfo& info) const {
    ScanOptions in_order;
    in_order.order = ScanOptions::Order::kInsertion;
    return source_.scan(in_order, info.name);
  }

  Status load(const CollectionInfo& info) {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<BulkLoad> load, target_.bulk_load());
    QUIPU_RETURN_IF_ERROR(load->begin_collection(info.name, options_of(info)));
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, scan(info));
    std::vector<double> elements;
    while (it->next()) {
      QUIPU_RETURN_IF_ERROR(as_vector(info.name, it->val(), elements) ? load->put_vector(it->key(), elements)
                                                                      : load->put(it->key(), it->val()));
    }
    QUIPU_RETURN_IF_ERROR(it->status());
    return load->commit();
  }

  // `compare`: some of it may be there.
  Status write(const CollectionInfo& info, bool compare) {
    const Status declared = target_.declare_collection(info.name, options_of(info));
    if (declared.code() == StatusCode::kNotSupported && info.count == 0)
      return Status::ok();  // holds nothing
    QUIPU_RETURN_IF_ERROR(declared);
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, scan(info));
    std::vector<KVEntry> entries;
    size_t bytes = 0;
    while (it->next()) {
      entries.push_back({std::string(it->key()), Json::from_canonical(std::string(it->val().text()))});
      bytes += entries.back().key.size() + entries.back().val.text().size();
      if (entries.size() < kBatchEntries && bytes < kBatchBytes) continue;
      QUIPU_RETURN_IF_ERROR(write(info.name, entries, compare));
      entries.clear();
      bytes = 0;
    }
    QUIPU_RETURN_IF_ERROR(it->status());
    return entries.empty() ? Status::ok() : write(info.name, entries, compare);
  }

  Status write(const std::string& collection, const std::vector<KVEntry>& entries, bool compare) {
    std::vector<std::optional<Json>> found(entries.size());
    if (compare) {
      std::vector<std::string_view> keys;
      keys.reserve(entries.size());
      for (const KVEntry& entry : entries) keys.push_back(entry.key);
      QUIPU_ASSIGN_OR_RETURN(found, target_.multi_get(keys, collection));
    }
    WriteBatch batch;
    std::vector<double> elements;
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto& [key, value] = entries[i];
      if (found[i] && *found[i] == value) continue;
      if (as_vector(collection, value, elements)) {
        batch.put_vector(collection, key, elements);
      } else {
        batch.add_view({&WriteOp::kPut, collection, key, value.text()});
      }
    }
    return batch.empty() ? Status::ok() : target_.write(batch);
  }

  // All that is in the target, read again.
  Status check() const {
    const WatchedReader watched(target_, work_);
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, target_.collections());
    for (const CollectionInfo& info : collections) {
      if (info.name == kMigrationCollection) continue;
      work_.begin(info.name);
      const CollectionSummary* const wanted = wanted_.find(info.name);
      if (wanted == nullptr) {
        return Status::corruption("the target has a collection \"" + info.name + "\", the source has not");
      }
      uint64_t bytes = 0;
      QUIPU_ASSIGN_OR_RETURN(const CollectionSummary found, summarize(watched, info, bytes));
      QUIPU_RETURN_IF_ERROR(check_same(*wanted, found, target_.capabilities().keeps_order));
    }
    for (const CollectionSummary& each : wanted_.collections) {
      const auto found = std::ranges::find(collections, each.info.name, &CollectionInfo::name);
      if (found == collections.end() && each.info.count != 0) {
        return Status::corruption("the target has no collection \"" + each.info.name + "\"");
      }
    }
    return tables_.check(work_);
  }

  const KVReader& source_;
  const TableReads* const shared_;
  const ContentSummary& wanted_;
  BaseKVStore& target_;
  Work& work_;
  const TableTarget tables_;
  MigrationMark mark_;
  std::vector<CollectionInfo> existing_;  // when the copy began
};

}  // namespace

Result<bool> can_hold(const CollectionInfo& info, BaseKVStore& target) {
  if (target.capabilities().streams) return true;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> there, target.collections());
  const Status declared = try_to_declare(info, there, target);
  if (declared.code() == StatusCode::kNotSupported) return false;
  QUIPU_RETURN_IF_ERROR(declared);
  return true;
}

Result<TargetReport> check_target(const TableReads* tables, const ContentSummary& wanted,
                                  BaseKVStore& target) {
  TargetReport report;
  QUIPU_RETURN_IF_ERROR(check_can_hold(wanted, target));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<MigrationMark> mark, read_mark(target));
  QUIPU_ASSIGN_OR_RETURN(const std::set<std::string> whole,
                         TableTarget(tables, wanted.tables, target).look(mark, nullptr));
  if (mark) return report;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, target.collections());
  bool same = collections.size() == wanted.collections.size();
  bool only_declared = true;  // by a run that was ended before it wrote the mark
  for (const CollectionInfo& info : collections) {
    const CollectionSummary* const found = wanted.find(info.name);
    same = same && found != nullptr && found->info.count == info.count;
    only_declared = only_declared && found != nullptr && info.count == 0;
  }
  for (size_t i = 0; same && i < collections.size(); ++i) {
    uint64_t bytes = 0;
    QUIPU_ASSIGN_OR_RETURN(const CollectionSummary found, summarize(target, collections[i], bytes));
    same = check_same(*wanted.find(found.info.name), found, target.capabilities().keeps_order).is_ok();
  }
  if (!same && !only_declared) {
    return Status::already_exists("the target is not empty: it holds collection \"" +
                                  collections.front().name + "\", and not what is in the source");
  }
  const bool is_something = !collections.empty() || !whole.empty();
  report.was_there = same && is_something && whole.size() == wanted.tables.size();
  return report;
}

Result<TargetReport> copy_to_store(const KVReader& source, const TableReads* tables,
                                   const ContentSummary& wanted, BaseKVStore& target, Work& work) {
  return StoreCopy(source, tables, wanted, target, work).run();
}

}  // namespace quipu
