// Composed values on RocksDB: what verify finds, what a repair makes of it, and the format's number, which
// goes along into copies.

#include <gtest/gtest.h>

#include <set>

#include "backends/rocksdb/format/record.h"
#include "quipu/backend/features.h"
#include "quipu/backup.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using Lines = std::multiset<std::string>;

constexpr std::string_view kValue = R"({"d": {"a": 1, "b": 2}, "l": [3]})";

class RocksDBComposedValuesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto store = *RocksDBKVStore::open(path_);
    write(*store);
    ASSERT_TRUE(store->close().is_ok());
    ASSERT_EQ(value(), kValue);
    ASSERT_EQ(faults(), Lines());
  }
  static void write(BaseKVStore& store) {
    WriteBatch batch;
    batch.put_composed("c", "k", std::vector<std::string_view>{"{\"d\": {", "}, \"l\": [", "]}"});
    batch.put_part("c", "k", 0, "a", "\"a\": 1");
    batch.put_part("c", "k", 0, "b", "\"b\": 2");
    batch.put_part("c", "k", 1, "x", "3");
    batch.put("c", "plain", Json::from_canonical("{}"));
    ASSERT_TRUE(store.write(batch).is_ok());
  }
  std::string value(const std::string& path = {}) const {
    const auto store = *RocksDBKVStore::open(path.empty() ? path_ : path);
    const auto found = store->get("k", "c");
    if (!found) return found.error().to_string();
    return *found ? (*found)->text() : "none";
  }
  Lines faults() const {
    Lines all;
    const auto store = *RocksDBKVStore::open(path_);
    EXPECT_TRUE(
        store->verify([&](const Fault& fault) { all.insert(fault.key + ": " + fault.message); }).is_ok());
    return all;
  }
  void damage(const std::function<void(RawDatabase&, const std::string&)>& change) const {
    RawDatabase raw(path_ + "/rocksdb");
    change(raw, rocks::list_prefix(1, "k"));
  }
  void expect_repaired(const Lines& found, const std::string& expected, uint64_t quarantined) const {
    EXPECT_EQ(faults(), found);
    const Result<RepairReport> dry = repair_database(path_, {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().to_string();
    const Result<RepairReport> done = repair_database(path_, {});
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(done->steps, dry->steps);
    EXPECT_EQ(done->quarantined, quarantined);
    EXPECT_EQ(faults(), Lines());
    EXPECT_EQ(value(), expected);
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(RocksDBComposedValuesTest, AMissingPart) {
  damage([](RawDatabase& raw, const std::string& parts) { raw.erase("parts", parts + '\0' + "a"); });
  expect_repaired({"k: the composed value counts 3 parts but holds 2"}, R"({"d": {"b": 2}, "l": [3]})", 0);
}

TEST_F(RocksDBComposedValuesTest, PartsThatAreNone) {
  damage([](RawDatabase& raw, const std::string& parts) {
    raw.put("parts", parts + '\0' + "c", "\1nonsense");
    raw.put("parts", parts + '\2' + "d", "\1\"d\": 1");  // there is no such slot
    raw.put("parts", parts + '\1' + "y", "");
  });
  const std::string malformed = "k: a part of the composed value is malformed";
  expect_repaired({malformed, malformed, malformed, "k: the composed value counts 3 parts but holds 6"},
                  std::string(kValue), 3);
  EXPECT_NE(read_file(path_ + "/aside/1.jsonl").find(R"("key": "k", "value": "nonsense"})"),
            std::string::npos);
}

TEST_F(RocksDBComposedValuesTest, PartsOfOneSequence) {
  damage([](RawDatabase& raw, const std::string& parts) {
    raw.put("parts", parts + '\0' + "a", raw.get("parts", parts + '\0' + "b").substr(0, 1) + "\"a\": 1");
  });
  expect_repaired({"k: a part of the composed value: the insertion sequence is used twice"},
                  R"({"d": {"a": 1, "b": 2}, "l": [3]})", 0);
}

TEST_F(RocksDBComposedValuesTest, PartsWithoutTheirValue) {
  damage([](RawDatabase& raw, const std::string&) { raw.erase("c1:", "k"); });
  expect_repaired(
      {": counts 2 keys but holds 1", "k: there are parts of a composed value, but no such value"}, "none",
      3);
}

TEST_F(RocksDBComposedValuesTest, AValueThatIsNone) {
  damage([](RawDatabase& raw, const std::string&) { raw.put("c1:", "k", "\1\3\1\1\1\1x"); });
  EXPECT_EQ(faults(), Lines{"k: the composed value is malformed"});
  ASSERT_TRUE(repair_database(path_, {}));
  EXPECT_EQ(faults(), Lines());
  EXPECT_EQ(value(), "none");
}

TEST_F(RocksDBComposedValuesTest, PartsOfNoCollection) {
  damage([](RawDatabase& raw, const std::string&) {
    raw.put("parts", rocks::list_prefix(77, "k") + '\0' + "a", "\1\"a\": 1");
  });
  expect_repaired({": composed values of collection 77, which does not exist"}, std::string(kValue), 1);
}

TEST_F(RocksDBComposedValuesTest, CopiesHaveTheFormatOfWhatIsInThem) {
  const std::string backups = directory_ / "backups";
  const std::string restored = directory_ / "restored";
  const std::string checkpoint = directory_ / "checkpoint";
  ASSERT_TRUE(create_backup(path_, backups));
  ASSERT_TRUE(restore_backup(backups, restored, {}));
  ASSERT_TRUE(create_checkpoint(path_, checkpoint).is_ok());
  for (const std::string& path : {restored, checkpoint}) {
    EXPECT_EQ(read_file(path + "/QUIPU"), "quipu format 2\n");
    EXPECT_EQ(value(path), kValue);
  }
}

TEST_F(RocksDBComposedValuesTest, OnlyAWriteRaisesTheFormat) {
  const std::string path = directory_ / "old";
  const auto marker = [&] { return read_file(path + "/QUIPU"); };
  const auto open = [&] { return *RocksDBKVStore::open(path); };
  ASSERT_TRUE(open()->put("k", Json::from_canonical("{}"), "c").is_ok());
  EXPECT_FALSE(*open()->composed_values().composed_info("c", "k"));
  ASSERT_TRUE(open()->verify([](const Fault&) {}).is_ok());
  ASSERT_TRUE(repair_database(path, {}));
  WriteBatch refused;
  refused.put_part("c", "k", 0, "a", "1");
  EXPECT_FALSE(open()->write(refused).is_ok());
  EXPECT_EQ(marker(), "quipu format 1\n");
  write(*open());
  EXPECT_EQ(marker(), "quipu format 2\n");
  EXPECT_EQ(value(path), kValue);
}

TEST_F(RocksDBComposedValuesTest, AReaderSeesThemAndWhatComesOfThem) {
  const std::string path = directory_ / "read";
  const auto store = *RocksDBKVStore::open(path);
  ASSERT_TRUE(store->put("k", Json::from_canonical("{}"), "c").is_ok());
  std::shared_ptr<BaseKVStore> reader = *RocksDBKVStore::open_reader(path);
  reader = *reader->refresh();
  for (int i = 0; i < 3; ++i) {
    i == 0 ? write(*store) : (void)[&] {
      WriteBatch batch;
      batch.put_part("c", "k", 0, "a", "\"a\": " + std::to_string(i));
      return store->write(batch).is_ok();
    }
    ();
    reader = *reader->refresh();
    const auto read = reader->get("k", "c");
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ((*read)->text(), (*store->get("k", "c"))->text());
  }
}

}  // namespace
}  // namespace quipu::testing
