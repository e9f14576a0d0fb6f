// migrate_store(), where something goes wrong: afterwards it is run again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "quipu/memory_kv_store.h"
#include "quipu/open_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"
#include "tests/support/faults/faulty_files.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kGoldens = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/";

// A store that fails at a write, or changes what it is given.
class OddStore : public MemoryKVStore {
 public:
  Status write(const WriteBatch& batch, const WriteOptions& options) override {
    if (writes_left == 0) return Status::io_error("the server is gone");
    --writes_left;
    QUIPU_RETURN_IF_ERROR(MemoryKVStore::write(batch, options));
    if (!changes.empty() && batch.ops().front().collection == changes) {
      return put(batch.ops().front().key, Json::from_canonical("{\"changed\": true}"), changes);
    }
    return Status::ok();
  }
  Status declare_collection(std::string_view name, const CollectionOptions& options) override {
    if (only_documents && name.starts_with("vector_store/")) {
      return Status::not_supported("no vectors here: " + std::string(name));
    }
    return MemoryKVStore::declare_collection(name, options);
  }

  int writes_left = 1 << 20;
  std::string changes;  // a collection
  bool only_documents = false;
};

std::vector<std::string> differences(const BaseKVStore& a, const BaseKVStore& b) {
  std::vector<std::string> found;
  const Status compared = diff_stores(a, b, [&](const Difference& difference) {
    found.push_back(difference.collection + " " + difference.key + ": " + difference.what);
  });
  if (!compared.is_ok()) found.push_back(compared.to_string());
  return found;
}

using Files = std::map<std::string, std::string>;

Files files_in(const FileSystem& fs, const std::string& directory) {
  Files files;
  const std::vector<std::string> names = *fs.list(directory);
  for (const std::string& name : names) {
    const auto file = *fs.open(path_in(directory, name));
    std::string content(file->size(), '\0');
    EXPECT_EQ(*file->read(content.data(), content.size()), content.size());
    files[name] = content;
  }
  return files;
}

class MigrateStoreTest : public ::testing::Test {
 protected:
  void import(const std::string& golden) {
    store_ = *RocksDBKVStore::open(directory_ / golden);
    const auto imported = import_persist_dir(kGoldens + golden, *store_);
    ASSERT_TRUE(imported) << imported.error().to_string();
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(MigrateStoreTest, AStoreThatFailsAtAWriteIsCompleted) {
  import("vectors");
  for (int writes = 0;; ++writes) {
    OddStore target;
    target.writes_left = writes;
    const Result<MigrateReport> first = migrate_store(*store_, target);
    if (first) {
      EXPECT_GT(writes, 5);
      return;
    }
    EXPECT_EQ(first.error().message(), "the server is gone");
    // As long as it has the mark it is neither exported nor a source.
    const bool marked = *target.exists("mark", "quipu/migration");
    EXPECT_EQ(marked, writes != 0);
    if (marked) {
      EXPECT_THAT(export_persist_dir(target, directory_ / "x").error().message(), HasSubstr("interrupted"));
      MemoryKVStore other;
      EXPECT_THAT(migrate_store(target, other).error().message(), HasSubstr("interrupted"));
    }
    target.writes_left = 1 << 20;
    const Result<MigrateReport> second = migrate_store(*store_, target);
    ASSERT_TRUE(second) << second.error().to_string();
    EXPECT_FALSE(second->was_there);
    EXPECT_THAT(differences(*store_, target), ::testing::IsEmpty()) << writes;
    EXPECT_TRUE(migrate_store(*store_, target)->was_there);
  }
}

TEST_F(MigrateStoreTest, WhatWasWrittenOfAnotherStateOfTheSourceGoes) {
  import("basic");
  OddStore target;
  target.writes_left = 3;
  ASSERT_FALSE(migrate_store(*store_, target));
  target.writes_left = 1 << 20;
  ASSERT_TRUE(store_->put("new", Json::from_canonical("{\"a\": 1}"), "docstore/data").is_ok());
  ASSERT_TRUE(*store_->delete_("doc-0-n0", "docstore/data"));
  const Result<MigrateReport> report = migrate_store(*store_, target);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->resumed, 0u);
  EXPECT_THAT(differences(*store_, target), ::testing::IsEmpty());
}

TEST_F(MigrateStoreTest, WhatTheTargetCannotHoldIsNamedBeforeAnythingIsWritten) {
  import("vectors");
  OddStore target;
  target.only_documents = true;
  const Status refused = migrate_store(*store_, target).status();
  EXPECT_EQ(refused.code(), StatusCode::kNotSupported);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("vector_store/default/embeddings"),
                                       HasSubstr("vector_store/default/metadata")));
  EXPECT_TRUE(target.collections()->empty());
  EXPECT_TRUE(target.declared_files()->empty());
}

TEST_F(MigrateStoreTest, ATargetWithoutVectorsTakesWhatHasNone) {
  import("empty");
  OddStore target;
  target.only_documents = true;
  const Result<MigrateReport> report = migrate_store(*store_, target);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_FALSE(*target.exists("mark", "quipu/migration"));
}

TEST_F(MigrateStoreTest, ATargetThatIsNotAsTheSourceIsToldOf) {
  import("basic");
  OddStore target;
  target.changes = "docstore/metadata";
  const Status told = migrate_store(*store_, target).status();
  EXPECT_EQ(told.code(), StatusCode::kCorruption);
  EXPECT_THAT(told.message(), HasSubstr("docstore/metadata"));
  EXPECT_TRUE(*target.exists("mark", "quipu/migration"));
}

TEST_F(MigrateStoreTest, FilesThatFailAtAnyOperationAreCompleted) {
  import("vectors");
  const MemoryFileSystem whole;
  ASSERT_TRUE(migrate_store(*store_, "dir", {.target_files = &whole}));
  const Files expected = files_in(whole, "dir");
  EXPECT_TRUE(expected.contains("docstore.json"));
  EXPECT_FALSE(expected.contains("quipu_migration.json"));
  Faults faults;
  for (uint64_t nth = 1;; nth += 3) {
    const MemoryFileSystem files;
    const FaultyFiles faulty(files, faults);
    faults.fail(nth, FaultKind::kIoError, /*for_ever=*/true);
    const bool failed = !migrate_store(*store_, "dir", {.target_files = &faulty});
    faults.heal();
    if (!failed) {
      EXPECT_GT(nth, 30u);
      return;
    }
    const Files left = files_in(files, "dir");
    for (const auto& [name, content] : left) {
      EXPECT_TRUE(name == "quipu_migration.json" || content == expected.at(name)) << name << " " << nth;
    }
    if (!left.empty()) {
      EXPECT_TRUE(left.contains("quipu_migration.json")) << nth;
      EXPECT_THAT(is_persist_dir("dir", files).error().message(), HasSubstr("interrupted"));
      EXPECT_TRUE(!left.contains("docstore.json") || left.size() == expected.size() + 1) << nth;
    }
    const Result<MigrateReport> again = migrate_store(*store_, "dir", {.target_files = &files});
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(files_in(files, "dir"), expected) << nth;
    EXPECT_TRUE(migrate_store(*store_, "dir", {.target_files = &files})->was_there);
  }
}

TEST_F(MigrateStoreTest, AFileThatIsNotAsItWasWrittenIsToldOf) {
  // Loses the last byte of a file, as a store may that answers before it has written.
  class LosingFiles : public MemoryFileSystem {
   public:
    Result<std::unique_ptr<InputFile>> open(const std::string& path) const override {
      if (!path.ends_with("docstore.json")) return MemoryFileSystem::open(path);
      const std::string lost = path + ".lost";
      QUIPU_ASSIGN_OR_RETURN(const auto file, MemoryFileSystem::open(path));
      std::string content(file->size(), '\0');
      QUIPU_RETURN_IF_ERROR(file->read(content.data(), content.size()).status());
      QUIPU_ASSIGN_OR_RETURN(const auto to, MemoryFileSystem::create(lost));
      QUIPU_RETURN_IF_ERROR(to->append(content.substr(0, content.size() - 1)));
      QUIPU_RETURN_IF_ERROR(to->commit());
      return MemoryFileSystem::open(lost);
    }
  };
  import("basic");
  const LosingFiles files;
  const Status told = migrate_store(*store_, "dir", {.target_files = &files}).status();
  EXPECT_EQ(told.code(), StatusCode::kCorruption);
  EXPECT_THAT(told.message(), AllOf(HasSubstr("docstore.json"), HasSubstr("SHA-256")));
  EXPECT_TRUE(files.file_size("dir/quipu_migration.json")->has_value());
}

TEST_F(MigrateStoreTest, AMigrationThatIsCancelledGoesOnLater) {
  import("vectors");
  OddStore target;
  const auto cancel = [](const Progress&) { return Status::busy("enough"); };
  const Status cancelled = migrate_store(*store_, target, {.progress = cancel}).status();
  EXPECT_EQ(cancelled.code(), StatusCode::kBusy);
  EXPECT_THAT(cancelled.message(), Not(HasSubstr("interrupted")));
  ASSERT_TRUE(migrate_store(*store_, target));
  EXPECT_THAT(differences(*store_, target), ::testing::IsEmpty());
}

TEST_F(MigrateStoreTest, ASourceIsNotItsOwnTarget) {
  import("basic");
  EXPECT_EQ(migrate_store(*store_, *store_).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace quipu::testing
