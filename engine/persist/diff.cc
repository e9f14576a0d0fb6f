#include "quipu/verify.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "engine/kv/consistent_view.h"
#include "engine/kv/watched_reader.h"
#include "engine/persist/files/persist_file_kind.h"
#include "engine/persist/logical_scan.h"
#include "engine/persist/storage_files.h"

namespace quipu {
namespace {

constexpr const char* kOnlyInA = "only in A";
constexpr const char* kOnlyInB = "only in B";

class Comparison {
 public:
  Comparison(const KVReader& a, const KVReader& b, const std::function<void(const Difference&)>& report)
      : a_(a), b_(b), report_(report) {}

  Status run() const {
    QUIPU_ASSIGN_OR_RETURN(const std::set<std::string> shared_files, compare_files());
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> of_a, a_.collections());
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> of_b, b_.collections());
    std::map<std::string, std::pair<const CollectionInfo*, const CollectionInfo*>> all;
    for (const CollectionInfo& info : of_a) all[info.name].first = &info;
    for (const CollectionInfo& info : of_b) all[info.name].second = &info;
    for (const auto& [name, infos] : all) {
      const auto& [in_a, in_b] = infos;
      if (in_a == nullptr || in_b == nullptr) {
        const CollectionInfo& info = in_a == nullptr ? *in_b : *in_a;
        if (shared_files.contains(info.persist_file) && shows_nothing(info)) continue;
        report_({name, {}, in_b == nullptr ? kOnlyInA : kOnlyInB});
        continue;
      }
      if (in_a->persist_file != in_b->persist_file) report_({name, {}, "another file"});
      QUIPU_RETURN_IF_ERROR(compare_entries(name));
    }
    compare_places(of_a, of_b);
    return Status::ok();
  }

 private:
  // Whether a file is the same without this collection: an empty one is told apart in a key-value file only.
  static bool shows_nothing(const CollectionInfo& info) {
    return info.count == 0 && !PersistFileKind::of(info.persist_file).holds_key_values;
  }

  // The files that both have.
  Result<std::set<std::string>> compare_files() const {
    QUIPU_ASSIGN_OR_RETURN(const StorageFiles files_a, storage_files(a_));
    QUIPU_ASSIGN_OR_RETURN(const StorageFiles files_b, storage_files(b_));
    const std::vector<std::string>& of_a = files_a.exported;
    const std::vector<std::string>& of_b = files_b.exported;
    std::set<std::string> all(of_a.begin(), of_a.end());
    all.insert(of_b.begin(), of_b.end());
    std::set<std::string> shared;
    for (const std::string& file : all) {
      const bool in_a = std::ranges::count(of_a, file) != 0;
      const bool in_b = std::ranges::count(of_b, file) != 0;
      if (in_a && in_b) {
        shared.insert(file);
      } else {
        report_({{}, file, in_a ? kOnlyInA : kOnlyInB});
      }
    }
    return shared;
  }

  // The order of a file's collections.
  void compare_places(const std::vector<CollectionInfo>& of_a,
                      const std::vector<CollectionInfo>& of_b) const {
    std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>> files;
    const auto is_in = [](const CollectionInfo& wanted, const std::vector<CollectionInfo>& infos) {
      return std::ranges::any_of(infos, [&](const CollectionInfo& info) {
        return info.name == wanted.name && info.persist_file == wanted.persist_file;
      });
    };
    for (const CollectionInfo& info : of_a) {
      if (is_in(info, of_b)) files[info.persist_file].first.push_back(info.name);
    }
    for (const CollectionInfo& info : of_b) {
      if (is_in(info, of_a)) files[info.persist_file].second.push_back(info.name);
    }
    for (const auto& [file, names] : files) {
      const auto first = std::ranges::mismatch(names.first, names.second).in1;
      if (first != names.first.end()) report_({*first, {}, "another order"});
    }
  }

  // Both go through the keys in one order, side by side.
  Status compare_entries(const std::string& collection) const {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> a, logical_scan(a_, collection));
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> b, logical_scan(b_, collection));
    bool in_a = a->next();
    bool in_b = b->next();
    bool same_keys = true;
    while (in_a || in_b) {
      const int order = !in_a ? 1 : !in_b ? -1 : a->key().compare(b->key());
      if (order == 0) {
        if (!(a->val() == b->val())) report_({collection, std::string(a->key()), "another value"});
      } else {
        same_keys = false;
        report_({collection, std::string(order < 0 ? a->key() : b->key()), order < 0 ? kOnlyInA : kOnlyInB});
      }
      if (order <= 0) in_a = a->next();
      if (order >= 0) in_b = b->next();
    }
    QUIPU_RETURN_IF_ERROR(a->status());
    QUIPU_RETURN_IF_ERROR(b->status());
    return has_order(collection) ? compare_order(collection, same_keys) : Status::ok();
  }

  Status compare_order(const std::string& collection, bool same_keys) const {
    ScanOptions in_order;
    in_order.order = ScanOptions::Order::kInsertion;
    in_order.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> a, a_.scan(in_order, collection));
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> b, b_.scan(in_order, collection));
    // The next key that the other has, too.
    const auto next = [&](KVIterator& it, const KVReader& other) -> Result<bool> {
      while (it.next()) {
        if (same_keys) return true;
        QUIPU_ASSIGN_OR_RETURN(const bool shared, other.exists(it.key(), collection));
        if (shared) return true;
      }
      QUIPU_RETURN_IF_ERROR(it.status());
      return false;
    };
    while (true) {
      QUIPU_ASSIGN_OR_RETURN(const bool in_a, next(*a, b_));
      QUIPU_ASSIGN_OR_RETURN(const bool in_b, next(*b, a_));
      if (!in_a || !in_b) return Status::ok();
      if (a->key() == b->key()) continue;
      report_({collection, std::string(a->key()), "another order"});
      return Status::ok();
    }
  }

  const KVReader& a_;
  const KVReader& b_;
  const std::function<void(const Difference&)>& report_;
};

}  // namespace

Status diff_stores(const BaseKVStore& a, const BaseKVStore& b,
                   const std::function<void(const Difference&)>& report, const ProgressCallback& progress) {
  return watch(progress, {}, [&](Work& work) {
    return read_consistent_view(a, [&](const KVReader& of_a) {
      return read_consistent_view(b, [&](const KVReader& of_b) {
        const WatchedReader watched_a(of_a, work);
        const WatchedReader watched_b(of_b, work);
        QUIPU_RETURN_IF_ERROR(Comparison(watched_a, watched_b, report).run());
        return work.finish();
      });
    });
  });
}

}  // namespace quipu
