#include <gtest/gtest.h>

#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

// A scan that meets an error of the disk after its first entry.
class FailingScan : public KVIterator {
 public:
  explicit FailingScan(std::unique_ptr<KVIterator> it) : it_(std::move(it)) {}
  bool next() override {
    if (begun_) failed_ = true;
    begun_ = true;
    return !failed_ && it_->next();
  }
  std::string_view key() const override { return it_->key(); }
  JsonView val() const override { return it_->val(); }
  Status status() const override { return failed_ ? Status::io_error("the disk is gone") : it_->status(); }

 private:
  const std::unique_ptr<KVIterator> it_;
  bool begun_ = false;
  bool failed_ = false;
};

class StoreOnABadDisk : public MemoryKVStore {
 public:
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, MemoryKVStore::scan(options, collection));
    return std::make_unique<FailingScan>(std::move(it));
  }
};

TEST(ExportTest, AScanThatFailsIsNotTheEndOfAFile) {
  const TempDir directory;
  const std::string path = directory / "docstore.json";
  write_file(path, "the old file");
  StoreOnABadDisk store;
  const Json value = Json::from_canonical("{}");
  for (const char* const key : {"a", "b", "c"}) ASSERT_TRUE(store.put(key, value, "docstore/data").is_ok());
  const auto exported = export_persist_file(store, path, {"docstore/data"}, {}, local_file_system());
  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().message(), "the disk is gone");
  EXPECT_EQ(read_file(path), "the old file");
}

}  // namespace
}  // namespace quipu::testing
