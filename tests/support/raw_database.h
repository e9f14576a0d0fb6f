// The RocksDB database below a closed store, for tests that look at or change what is stored.

#ifndef QUIPU_TESTS_SUPPORT_RAW_DATABASE_H_
#define QUIPU_TESTS_SUPPORT_RAW_DATABASE_H_

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/database/rocksdb_options.h"
#include "backends/rocksdb/files/rocksdb_version.h"
#include "backends/rocksdb/format/record.h"

namespace quipu::testing {

// The database below a closed store.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& path) {
    const rocks::TunedOptions tuning = rocks::make_tuned_options({});
    std::vector<std::string> names;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies(tuning.db, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) {
      const bool is_catalog = name == rocksdb::kDefaultColumnFamilyName;
      families.emplace_back(name, is_catalog ? tuning.catalog : name == "codes" ? tuning.codes : tuning.data);
    }
    EXPECT_TRUE(rocks::open_rocksdb(tuning.db, path, families, handles_, db_).ok());
  }
  ~RawDatabase() {
    EXPECT_TRUE(db_->Flush({}, handles_).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      EXPECT_TRUE(db_->DestroyColumnFamilyHandle(handle).ok());
    }
  }
  // By the beginning of its name.
  rocksdb::ColumnFamilyHandle* family(const std::string& prefix) const {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      if (handle->GetName().starts_with(prefix)) return handle;
    }
    ADD_FAILURE() << "no family " << prefix;
    return nullptr;
  }
  void put(const std::string& in, const std::string& key, const std::string& value) {
    EXPECT_TRUE(db_->Put({}, family(in), key, value).ok());
  }
  void erase(const std::string& in, const std::string& key) {
    EXPECT_TRUE(db_->Delete({}, family(in), key).ok());
  }
  std::string get(const std::string& in, const std::string& key) {
    std::string value;
    EXPECT_TRUE(db_->Get({}, family(in), key, &value).ok());
    return value;
  }
  // All keys and values of a family.
  std::map<std::string, std::string> all(const std::string& in) const {
    std::map<std::string, std::string> records;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, family(in)));
    for (it->SeekToFirst(); it->Valid(); it->Next()) records[it->key().ToString()] = it->value().ToString();
    EXPECT_TRUE(it->status().ok());
    return records;
  }
  std::vector<std::string> families() const {
    std::vector<std::string> names;
    for (const rocksdb::ColumnFamilyHandle* handle : handles_) names.push_back(handle->GetName());
    return names;
  }
  // The name of the family of a collection that has its own, and the collection's number.
  std::string family_of(const std::string& collection) const {
    for (const std::string& name : families()) {
      if (name.ends_with(":" + collection)) return name;
    }
    ADD_FAILURE() << "no collection " << collection;
    return {};
  }
  uint32_t number_of(const std::string& collection) const {
    return *rocks::family_collection_id(family_of(collection));
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_RAW_DATABASE_H_
