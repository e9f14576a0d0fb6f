// Codes of vectors in the database: those of the vectors after any writes, for every kind of reader, and what
// verify and a repair make of others.

#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <map>
#include <set>
#include <vector>

#include "backends/rocksdb/format/code_block.h"
#include "quipu/backend/features.h"
#include "quipu/backup.h"
#include "quipu/bulk_load.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"
#include "tests/support/random.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

using Lines = std::multiset<std::string>;
using Bytes = std::vector<uint8_t>;

struct Coded {
  uint64_t order;
  size_t dimensions;
  double norm;
  std::vector<float> directions;
  Bytes upper;
  Bytes lower;
  bool operator==(const Coded&) const = default;
};
using Codes = std::map<std::string, Coded>;

Coded coded(uint64_t order, size_t dimensions, const VectorCode& code) {
  return {order,
          dimensions,
          code.norm,
          {code.coarse.along, code.coarse.across, code.fine.along, code.fine.across},
          Bytes(code.upper.begin(), code.upper.end()),
          Bytes(code.lower.begin(), code.lower.end())};
}

// Those that the vectors should have.
Codes wanted(const BaseKVStore& store) {
  Codes all;
  EXPECT_TRUE(store.vector_values()
                  .scan_vectors("v",
                                [&](const VectorEntry& vector) {
                                  VectorEncoder encoder(vector.elements.size());
                                  all.emplace(vector.key, coded(vector.order, vector.elements.size(),
                                                                encoder.encode(vector.elements)));
                                  return Status::ok();
                                })
                  .is_ok());
  return all;
}

// Those that they have; nothing where there are none.
std::optional<Codes> stored(const BaseKVStore& store) {
  const auto codes = store.vector_values().codes("v");
  EXPECT_TRUE(codes) << codes.error().to_string();
  if (!codes || !*codes) return std::nullopt;
  Codes all;
  std::map<uint64_t, Coded*> by_order;
  EXPECT_TRUE((*codes)
                  ->scan_rows([&](const CodeRow& row) {
                    const VectorCode code{0, {}, row.fine, {}, row.lower};
                    const auto [place, is_new] = all.emplace(row.key, coded(row.order, row.dimensions, code));
                    EXPECT_TRUE(is_new && by_order.emplace(row.order, &place->second).second);
                    return Status::ok();
                  })
                  .is_ok());
  const auto take = [&](const CodeBlock& block) {
    const size_t half = VectorEncoder::half_bytes(block.dimensions);
    for (size_t row = 0; row < block.rows; ++row) {
      Coded& found = *by_order.at(block.order(row));
      const uint8_t* const upper = block.upper + row * half;
      found.norm = block.norm(row);
      found.directions[0] = block.coarse(row).along;
      found.directions[1] = block.coarse(row).across;
      found.upper.assign(upper, upper + half);
      by_order.erase(block.order(row));
    }
    return Status::ok();
  };
  const std::vector<size_t> dimensions = *(*codes)->dimensions();
  for (const size_t each : dimensions) {
    EXPECT_TRUE((*codes)->scan_blocks(each, 0, UINT64_MAX, take).is_ok());
  }
  EXPECT_TRUE(by_order.empty());
  EXPECT_EQ((*codes)->count(), all.size());
  return all;
}

void expect_codes(const BaseKVStore& store, const char* where) {
  const std::optional<Codes> found = stored(store);
  ASSERT_TRUE(found) << where;
  EXPECT_TRUE(*found == wanted(store)) << where << ": " << found->size();
}

std::vector<double> some_vector(Random& random, size_t dimensions) {
  std::vector<double> elements(dimensions);
  for (double& element : elements) element = static_cast<double>(random.below(2001)) / 1000 - 1;
  if (random.one_in(20)) std::ranges::fill(elements, 0.0);
  return elements;
}

class StoredCodesTest : public ::testing::Test {
 protected:
  static CollectionOptions options() {
    CollectionOptions made{"file.json", ""};
    made.keeps_codes = true;
    return made;
  }
  std::shared_ptr<RocksDBKVStore> open(const RocksDBOptions& options = {}) const {
    const auto store = RocksDBKVStore::open(path_, options);
    EXPECT_TRUE(store) << store.error().to_string();
    return store.value_or(nullptr);
  }
  Lines faults() const {
    Lines all;
    EXPECT_TRUE(open()
                    ->verify([&](const Fault& fault) { all.insert(fault.collection + ": " + fault.message); })
                    .is_ok());
    return all;
  }
  std::string marker(const std::string& path) const { return read_file(path + "/QUIPU"); }
  // Vectors "k0" to "k<count - 1>", written without codes where the collection was not declared.
  static void fill(BaseKVStore& store, uint64_t count, size_t dimensions = 24) {
    Random random(test_seed());
    WriteBatch batch;
    for (uint64_t i = 0; i < count; ++i) {
      batch.put_vector("v", "k" + std::to_string(i), some_vector(random, dimensions));
    }
    ASSERT_TRUE(store.write(batch).is_ok());
  }
  // A few operations on vectors of a few keys.
  static void change(BaseKVStore& store, Random& random) {
    WriteBatch batch;
    for (uint64_t i = 1 + random.below(40); i-- > 0;) {
      const std::string key = "k" + std::to_string(random.below(700));
      const size_t dimensions = random.one_in(5) ? 3 : 70;
      switch (random.below(6)) {
        case 0: batch.delete_("v", key); break;
        case 1: batch.put("v", key, vector_value(some_vector(random, dimensions))); break;
        case 2: batch.put("other", key, Json::from_canonical("{}")); break;
        default: batch.put_vector("v", key, some_vector(random, dimensions));
      }
    }
    ASSERT_TRUE(store.write(batch).is_ok());
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

// Whether a query's read of a vector leaves it in memory, of so many vectors and the least memory budget.
TEST_F(StoredCodesTest, ReadsOfStoresBeyondTheCacheLeaveItAsItWas) {
  constexpr size_t kDimensions = 256;
  RocksDBOptions least;
  least.memory_budget_bytes = 16 << 20;
  for (const uint64_t count : {400, 4600}) {
    const bool fits = count * kDimensions * sizeof(double) < least.memory_budget_bytes / 2;
    fs::remove_all(path_);
    auto store = open(least);
    ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
    fill(*store, count, kDimensions);
    ASSERT_TRUE(store->close().is_ok());
    store = open(least);
    const auto in_memory = [&] { return store->at_hand()->get("k77", "v").has_value(); };
    EXPECT_FALSE(in_memory());
    const auto codes = *store->vector_values().codes("v");
    const std::vector<std::string_view> keys = {"k77"};
    std::vector<double> read;
    ASSERT_TRUE(codes
                    ->get_vectors(kDimensions, keys,
                                  [&](size_t, std::span<const double> elements) {
                                    read.assign(elements.begin(), elements.end());
                                  })
                    .is_ok());
    EXPECT_EQ(in_memory(), fits) << count;
    EXPECT_EQ(vector_value(read), *store->get("k77", "v"));
  }
}

TEST_F(StoredCodesTest, FollowAllWrites) {
  Random random(test_seed());
  RocksDBOptions small;
  small.max_collection_families = random.one_in(2) ? 0 : 32;
  auto store = open(small);
  ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
  std::shared_ptr<RocksDBKVStore> reader = *RocksDBKVStore::open_reader(path_);
  for (int round = 0; round < 60; ++round) {
    change(*store, random);
    if (random.one_in(8)) expect_codes(*store, "the store");
    if (random.one_in(10)) {
      const auto refreshed = reader->refresh();
      ASSERT_TRUE(refreshed) << refreshed.error().to_string();
      reader = std::dynamic_pointer_cast<RocksDBKVStore>(*refreshed);
      expect_codes(*reader, "a reader");
    }
    if (random.one_in(12)) {
      ASSERT_TRUE(store->flush().is_ok());
    }
    if (random.one_in(20)) {
      ASSERT_TRUE(store->compact({}).is_ok());
    }
    if (random.one_in(15)) {
      ASSERT_TRUE(store->close().is_ok());
      store = open(small);
      expect_codes(*store, "opened again");
    }
    if (random.one_in(6)) {
      const auto transaction = *store->begin();
      change(*transaction, random);
      change(*transaction, random);
      expect_codes(*transaction, "a transaction");
      if (random.one_in(2)) {
        ASSERT_TRUE(transaction->commit({}).is_ok());
      }
      expect_codes(*store, "after a transaction");
    }
  }
  expect_codes(*store, "the store");
  ASSERT_TRUE(store->close().is_ok());
  EXPECT_EQ(faults(), Lines());
  EXPECT_EQ(marker(path_), "quipu format 3\n");
}

TEST_F(StoredCodesTest, ASnapshotKeepsThem) {
  const auto store = open();
  ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
  fill(*store, 300);
  const auto before = *store->begin();
  const Codes then = *stored(*before);
  ASSERT_TRUE(store->delete_("k70", "v"));
  fill(*store, 10, 30);
  ASSERT_TRUE(store->flush().is_ok());
  EXPECT_TRUE(*stored(*before) == then);
  EXPECT_EQ(stored(*store)->size(), 299u);
}

TEST_F(StoredCodesTest, GoWithTheirCollection) {
  auto store = open();
  ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
  fill(*store, 300);
  ASSERT_TRUE(*store->drop_collection("v"));
  ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
  expect_codes(*store, "made again");
  fill(*store, 5);
  expect_codes(*store, "filled again");
  ASSERT_TRUE(store->close().is_ok());
  EXPECT_EQ(faults(), Lines());
}

TEST_F(StoredCodesTest, AreMadeOfVectorsThatAreThere) {
  auto store = open();
  fill(*store, 1000);
  const auto before = *store->begin();
  WriteBatch one;
  one.put_vector("v", "k3", std::vector<double>(24, 0.5));
  ASSERT_TRUE(before->write(one).is_ok());
  EXPECT_FALSE(stored(*store));
  EXPECT_EQ(marker(path_), "quipu format 1\n");
  Random random(test_seed());
  int steps = 0;
  while (!*store->make_codes("v", 170)) {
    if (++steps == 1) {
      EXPECT_EQ(before->commit({}).code(), StatusCode::kBusy) << "it has written a vector without its code";
      EXPECT_EQ(marker(path_), "quipu format 3\n");
    }
    EXPECT_FALSE(stored(*store));
    change(*store, random);
    const auto transaction = *store->begin();
    change(*transaction, random);
    ASSERT_TRUE(store->make_codes("v", 3));
    ASSERT_TRUE(transaction->commit({}).is_ok());
    if (steps == 3) {
      ASSERT_TRUE(store->close().is_ok());
      EXPECT_EQ(faults(), Lines());
      store = open();
    }
  }
  EXPECT_GE(steps, 5);
  expect_codes(*store, "made");
  change(*store, random);
  expect_codes(*store, "and kept");
  EXPECT_TRUE(*store->make_codes("v", 1)) << "nothing is left to be made";
  EXPECT_TRUE(*store->make_codes("absent", 1));
  ASSERT_TRUE(store->close().is_ok());
  EXPECT_EQ(faults(), Lines());
}

TEST_F(StoredCodesTest, AreMadeInTheBackground) {
  constexpr uint64_t kVectors = 10000;  // three steps
  auto store = open();
  fill(*store, kVectors);
  ASSERT_FALSE(*store->make_codes("v", 0));
  ASSERT_TRUE(store->close().is_ok());  // in the middle, or before the first step
  store = open();
  Random random(test_seed());
  while (!*store->make_codes("v", 0)) change(*store, random);
  expect_codes(*store, "made while others write");
  EXPECT_TRUE(*store->make_codes("absent", 0));
  ASSERT_TRUE(store->close().is_ok());
  EXPECT_EQ(faults(), Lines());
}

TEST_F(StoredCodesTest, ACompactionTakesEmptyBlocksAway) {
  auto store = open();
  ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
  fill(*store, 1000);
  WriteBatch removed;
  const std::vector<KVEntry> entries = *store->get_all("v");
  for (const KVEntry& entry : entries) removed.delete_("v", entry.key);
  ASSERT_TRUE(store->write(removed).is_ok());
  ASSERT_TRUE(store->compact().is_ok());  // which folds what is left of the blocks,
  ASSERT_TRUE(store->compact().is_ok());  // and sees that it is nothing
  ASSERT_TRUE(store->close().is_ok());
  EXPECT_TRUE(RawDatabase(path_ + "/rocksdb").all("codes").empty());
  EXPECT_EQ(faults(), Lines());
  store = open();
  fill(*store, 300);
  expect_codes(*store, "filled again");
}

TEST_F(StoredCodesTest, ABulkLoadMakesThem) {
  auto store = open();
  const auto load = [&](const std::string& name, uint64_t count) {
    Random random(test_seed());
    const std::unique_ptr<BulkLoad> bulk = *store->bulk_load();
    ASSERT_TRUE(bulk->begin_collection(name, options()).is_ok());
    for (uint64_t i = 0; i < count; ++i) {
      const std::string key = "k" + std::to_string(random.below(count));  // some more than once
      const size_t dimensions = random.one_in(5) ? 3 : 70;
      const std::vector<double> elements = some_vector(random, dimensions);
      ASSERT_TRUE(
          (random.one_in(9) ? bulk->put(key, vector_value(elements)) : bulk->put_vector(key, elements))
              .is_ok());
    }
    if (name == "dropped") return;
    ASSERT_TRUE(bulk->commit().is_ok());
  };
  load("dropped", 10);
  EXPECT_EQ(marker(path_), "quipu format 1\n");
  load("v", 2000);
  EXPECT_EQ(marker(path_), "quipu format 3\n");
  expect_codes(*store, "loaded");
  load("v", 500);
  expect_codes(*store, "merged");
  Random random(test_seed());
  change(*store, random);
  expect_codes(*store, "and changed");
  ASSERT_TRUE(store->close().is_ok());
  EXPECT_EQ(faults(), Lines());
}

// A view from before the last step must not take the codes that it sees for all.
TEST_F(StoredCodesTest, AnOlderViewDoesNotTakeSomeForAll) {
  const auto store = open();
  fill(*store, 100);
  ASSERT_FALSE(*store->make_codes("v", 50));
  const auto before = *store->begin();
  ASSERT_TRUE(*store->make_codes("v", 100));
  EXPECT_FALSE(stored(*before));
  expect_codes(*store, "the newest");
}

TEST_F(StoredCodesTest, AreInCopies) {
  {
    const auto store = open();
    ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
    fill(*store, 300);
  }
  const std::string backups = directory_ / "backups";
  const std::string restored = directory_ / "restored";
  const std::string checkpoint = directory_ / "checkpoint";
  ASSERT_TRUE(create_backup(path_, backups));
  ASSERT_TRUE(restore_backup(backups, restored, {}));
  ASSERT_TRUE(create_checkpoint(path_, checkpoint).is_ok());
  for (const std::string& path : {restored, checkpoint}) {
    EXPECT_EQ(marker(path), "quipu format 3\n");
    expect_codes(**RocksDBKVStore::open(path), "a copy");
  }
}

TEST_F(StoredCodesTest, OnlyADeclarationRaisesTheFormat) {
  fill(*open(), 3);
  EXPECT_FALSE(stored(*open()));
  ASSERT_TRUE(open()->verify([](const Fault&) {}).is_ok());
  ASSERT_TRUE(repair_database(path_, {}));
  EXPECT_EQ(marker(path_), "quipu format 1\n");
}

// Each damage: what verify says of it. A repair makes the codes anew.
class DamagedCodesTest : public StoredCodesTest {
 protected:
  void SetUp() override {
    const auto store = open();
    ASSERT_TRUE(store->declare_collection("v", options()).is_ok());
    fill(*store, 300);
    ASSERT_TRUE(store->close().is_ok());
    ASSERT_EQ(faults(), Lines());
  }
  void expect_repaired(const std::string& message, const std::function<void(RawDatabase&)>& damage) const {
    {
      RawDatabase raw(path_ + "/rocksdb");
      damage(raw);
    }
    EXPECT_EQ(faults(), Lines{"v: " + message});
    const Result<RepairReport> done = repair_database(path_, {});
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(done->quarantined, 0u);
    EXPECT_EQ(faults(), Lines());
    const auto store = open();
    expect_codes(*store, "repaired");
    EXPECT_EQ(stored(*store)->size(), 300u);
  }
  static std::string first(RawDatabase& raw, const std::string& prefix) {
    return raw.all("codes").lower_bound(prefix)->first;
  }
};

TEST_F(DamagedCodesTest, ABlockThatIsGone) {
  expect_repaired(
      "it has 300 vectors, of which each should have a code in two places, and 44 and 300 codes there",
      [](RawDatabase& raw) { raw.erase("codes", rocks::code_block_key(1, 24, 0)); });
}

TEST_F(DamagedCodesTest, ABlockThatIsMalformed) {
  expect_repaired("a code of its vectors is malformed",
                  [](RawDatabase& raw) { raw.put("codes", rocks::code_block_key(1, 24, 0), "\2"); });
}

TEST_F(DamagedCodesTest, ACodeOfAnotherVector) {
  expect_repaired("the codes of its vectors are not what they should be", [](RawDatabase& raw) {
    const std::string rows = rocks::code_rows_prefix(1);
    const std::string key = first(raw, rows);
    std::string value = raw.get("codes", key);
    value.back() = static_cast<char>(value.back() ^ 1);
    raw.put("codes", key, value);
  });
}

TEST_F(DamagedCodesTest, ARowOfNoVector) {
  expect_repaired(
      "it has 300 vectors, of which each should have a code in two places, and 300 and 301 codes there",
      [](RawDatabase& raw) {
        const std::string value = raw.get("codes", first(raw, rocks::code_rows_prefix(1)));
        raw.put("codes", rocks::code_row_key(1, 24, 1 << 20), value);
      });
}

TEST_F(DamagedCodesTest, AreNotUsed) {
  {
    RawDatabase raw(path_ + "/rocksdb");
    raw.put("codes", rocks::code_block_key(1, 24, 0), "\2");
    raw.put("codes", first(raw, rocks::code_rows_prefix(1)), "x");
  }
  const auto store = open();
  const auto codes = *store->vector_values().codes("v");
  const auto no_block = [](const CodeBlock& block) {
    EXPECT_NE(block.number, 0u);
    return Status::ok();
  };
  const auto no_row = [](const CodeRow&) { return Status::ok(); };
  for (const Status& read : {codes->scan_blocks(24, 0, UINT64_MAX, no_block), codes->scan_rows(no_row)}) {
    EXPECT_EQ(read.code(), StatusCode::kCorruption);
    EXPECT_NE(read.message().find("repair"), std::string::npos);
  }
}

TEST_F(DamagedCodesTest, CodesOfNoCollection) {
  {
    RawDatabase raw(path_ + "/rocksdb");
    raw.put("codes", rocks::code_row_key(77, 24, 1), "x");
  }
  EXPECT_EQ(faults(), Lines{": codes of collection 77, which does not exist"});
  ASSERT_TRUE(repair_database(path_, {}));
  EXPECT_EQ(faults(), Lines());
}

}  // namespace
}  // namespace quipu::testing
