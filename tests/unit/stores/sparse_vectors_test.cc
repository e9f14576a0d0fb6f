// Sparse vectors of a vector store: kept and searched with everything else.

#include "engine/stores/text/sparse_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/text/stored/sparse_value.h"
#include "quipu/kv_transaction.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "quipu/verify.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Mode = VectorStoreQueryMode;

const std::vector<double> kX = {1, 0};
const std::vector<double> kY = {0, 1};
const SparseVector kCat = {{3, 8}, {2, 0.5}};
const SparseVector kDog = {{8, 3}, {1, 0.25}};

class SparseVectorsTest : public ::testing::Test {
 protected:
  void SetUp() override { store_ = *RocksDBKVStore::open(directory_ / "db"); }

  static Status add(const std::shared_ptr<BaseKVStore>& store) {
    const std::vector<VectorStoreEntry> entries = {{.id = "cat", .embedding = kX, .sparse = &kCat},
                                                   {.id = "dog", .embedding = kY, .sparse = &kDog},
                                                   {.id = "bare", .embedding = kY}};
    return KVVectorStore(store).add_entries(entries);
  }
  static VectorStoreQuery query(SparseVector vector, Mode mode = Mode::SPARSE) {
    return {.similarity_top_k = 5, .mode = mode, .sparse_embedding = std::move(vector)};
  }
  static std::vector<std::string> ids(const std::shared_ptr<BaseKVStore>& store, const VectorStoreQuery& of) {
    const auto found = KVVectorStore(store).query(of);
    return found ? found->ids : std::vector<std::string>{found.error().message()};
  }
  static std::vector<Fault> faults(const RocksDBKVStore& store) {
    std::vector<Fault> faults;
    const auto take = [&](const Fault& fault) {
      if (fault.severity == Severity::kFault) faults.push_back(fault);
    };
    EXPECT_TRUE(store.verify(take).is_ok());
    EXPECT_TRUE(verify_stores(store, take).is_ok());
    return faults;
  }
  static void expect_sound(const RocksDBKVStore& store) {
    for (const Fault& fault : faults(store)) ADD_FAILURE() << fault.key << ": " << fault.message;
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(SparseVectorsTest, AreFoundOnlyOfWhatTheStoreHolds) {
  ASSERT_TRUE(add(store_).is_ok());
  const std::vector<uint32_t> indices = {8};
  const std::vector<double> values = {9};
  ASSERT_TRUE(
      store_->put("ghost", make_sparse_value(indices, values), "vector_store/default/sparse").is_ok());
  VectorStoreQuery one = query({{8}, {1}});
  one.similarity_top_k = 1;
  EXPECT_THAT(ids(store_, one), ElementsAre("dog"));
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog", "cat"));
}

TEST_F(SparseVectorsTest, AreSearchedByInnerProducts) {
  ASSERT_TRUE(add(store_).is_ok());
  const auto found = KVVectorStore(store_).query(query({{8, 3, 99}, {1, 1, 7}}));
  ASSERT_TRUE(found.has_value()) << found.error().message();
  EXPECT_THAT(found->ids, ElementsAre("cat", "dog"));
  EXPECT_THAT(found->similarities, ElementsAre(DoubleEq(2.5), DoubleEq(1.25)));
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog", "cat"));
  EXPECT_THAT(ids(store_, query({{5}, {1}})), IsEmpty());
  EXPECT_THAT(ids(store_, query({{}, {}})), IsEmpty());
  VectorStoreQuery only = query({{8}, {1}});
  only.node_ids = {"cat", "bare"};
  EXPECT_THAT(ids(store_, only), ElementsAre("cat"));
  VectorStoreQuery hybrid = query({{3}, {1}}, Mode::HYBRID);
  hybrid.query_embedding = kY;
  hybrid.alpha = 0.25;
  EXPECT_THAT(ids(store_, hybrid), ElementsAre("cat", "dog", "bare"));
  hybrid.mode = Mode::SEMANTIC_HYBRID;
  EXPECT_THAT(ids(store_, hybrid), ElementsAre("dog", "cat", "bare"));
}

TEST_F(SparseVectorsTest, ChangeAndGoWithTheirVectors) {
  ASSERT_TRUE(add(store_).is_ok());
  KVVectorStore vectors(store_);
  const std::vector<VectorStoreEntry> without = {{.id = "cat", .embedding = kX}};
  ASSERT_TRUE(vectors.add_entries(without).is_ok());
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog"));
  const std::vector<VectorStoreEntry> with = {{.id = "bare", .embedding = kX, .sparse = &kCat}};
  ASSERT_TRUE(vectors.add_entries(with).is_ok());
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog", "bare"));
  ASSERT_TRUE(vectors.delete_nodes(std::vector<std::string>{"dog"}).is_ok());
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("bare"));
  expect_sound(*store_);
  ASSERT_TRUE(vectors.clear().is_ok());
  EXPECT_THAT(ids(store_, query({{8}, {1}})), IsEmpty());
  expect_sound(*store_);
}

TEST_F(SparseVectorsTest, WhatIsNoneIsAnErrorAndNothingIsStored) {
  const SparseVector negative = {{1}, {-2}};
  const std::vector<VectorStoreEntry> entries = {{.id = "good", .embedding = kX, .sparse = &kCat},
                                                 {.id = "bad", .embedding = kX, .sparse = &negative}};
  const Status refused = KVVectorStore(store_).add_entries(entries);
  EXPECT_EQ(StatusCode::kInvalidArgument, refused.code());
  EXPECT_THAT(refused.message(), HasSubstr("the value -2.0 at the index 1"));
  EXPECT_THAT(refused.message(), HasSubstr("\"bad\""));
  EXPECT_FALSE(*store_->exists("good", "vector_store/default/embeddings"));
  EXPECT_THAT(ids(store_, query({{1, 2}, {1}})), ElementsAre(HasSubstr("2 indices and 1 values")));
  EXPECT_EQ(StatusCode::kNotSupported, add(std::make_shared<MemoryKVStore>()).code());
}

TEST_F(SparseVectorsTest, AStoreWithoutAnySaysSo) {
  const std::vector<VectorStoreEntry> entries = {{.id = "bare", .embedding = kX}};
  ASSERT_TRUE(KVVectorStore(store_).add_entries(entries).is_ok());
  EXPECT_THAT(ids(store_, query({{1}, {1}})), ElementsAre(HasSubstr("there are no sparse vectors")));
}

TEST_F(SparseVectorsTest, ATransactionHasThemAndAReaderToo) {
  ASSERT_TRUE(add(store_).is_ok());
  const StorageContext context = *StorageContext::over(store_);
  {
    Transaction transaction = *context.begin();
    const std::vector<VectorStoreEntry> entries = {{.id = "new", .embedding = kX, .sparse = &kDog}};
    auto& vectors = static_cast<KVVectorStore&>(**transaction->vector_store());
    ASSERT_TRUE(vectors.add_entries(entries).is_ok());
    EXPECT_THAT(vectors.query(query({{8}, {1}}))->ids, ElementsAre("dog", "new", "cat"));
    EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog", "cat"));
    ASSERT_TRUE(transaction.commit().is_ok());
  }
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog", "new", "cat"));
  const std::shared_ptr<BaseKVStore> reader = *RocksDBKVStore::open_reader(directory_ / "db");
  EXPECT_THAT(ids(reader, query({{8}, {1}})), ElementsAre("dog", "new", "cat"));
  expect_sound(*store_);
}

TEST_F(SparseVectorsTest, TheFirstMayBeInATransaction) {
  const StorageContext context = *StorageContext::over(store_);
  Transaction transaction = *context.begin();
  const std::vector<VectorStoreEntry> entries = {{.id = "new", .embedding = kX, .sparse = &kDog}};
  ASSERT_TRUE(static_cast<KVVectorStore&>(**transaction->vector_store()).add_entries(entries).is_ok());
  ASSERT_TRUE(transaction.commit().is_ok());
  {
    const std::shared_ptr<BaseKVStore> reader = *RocksDBKVStore::open_reader(directory_ / "db");
    EXPECT_THAT(ids(reader, query({{8}, {1}})), ElementsAre(HasSubstr("none is made by a reader")));
  }
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("new"));
}

TEST_F(SparseVectorsTest, GoOutAndInWithTheOthers) {
  ASSERT_TRUE(add(store_).is_ok());
  ASSERT_TRUE(export_persist_dir(*store_, directory_ / "out").has_value());
  const std::shared_ptr<RocksDBKVStore> copy = *RocksDBKVStore::open(directory_ / "copy");
  const auto imported = import_persist_dir(directory_ / "out", *copy);
  ASSERT_TRUE(imported.has_value()) << imported.error().message();
  EXPECT_THAT(ids(copy, query({{8}, {1}})), ElementsAre("dog", "cat"));
  EXPECT_EQ(store_->get("cat", "vector_store/default/sparse")->value(),
            copy->get("cat", "vector_store/default/sparse")->value());
  expect_sound(*copy);
}

TEST_F(SparseVectorsTest, ManyWritersAndQueries) {
  ASSERT_TRUE(add(store_).is_ok());
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      KVVectorStore mine(store_);
      for (int i = 0; i < 20; ++i) {
        const std::string id = "t" + std::to_string((t + i) % 7);
        const SparseVector sparse = {{1, static_cast<uint32_t>(10 + i)}, {1, 0.5}};
        const std::vector<VectorStoreEntry> entries = {
            {.id = id, .embedding = kX, .sparse = i % 5 == 4 ? nullptr : &sparse}};
        if (!mine.add_entries(entries).is_ok()) ++failures;
        if (i % 6 == 5 && !mine.delete_nodes(std::vector<std::string>{id}).is_ok()) ++failures;
        if (!mine.query(query({{1}, {1}}))) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0, failures);
  expect_sound(*store_);
  ASSERT_TRUE(store_->compact().is_ok());
  expect_sound(*store_);
  VectorStoreQuery all = query({{1, 3}, {1, 1}});  // "cat" and "dog" have the index 3
  all.similarity_top_k = 100;
  EXPECT_EQ(*store_->count("vector_store/default/sparse"), ids(store_, all).size());
}

TEST_F(SparseVectorsTest, VerifyFindsOneWithoutAVector) {
  ASSERT_TRUE(add(store_).is_ok());
  ASSERT_TRUE(store_->delete_("cat", "vector_store/default/embeddings"));
  EXPECT_TRUE(std::ranges::any_of(faults(*store_), [](const Fault& fault) {
    return fault.collection == "vector_store/default/sparse" && fault.key == "cat";
  }));
  store_.reset();
  ASSERT_TRUE(repair_database(directory_ / "db").has_value());
  store_ = *RocksDBKVStore::open(directory_ / "db");
  expect_sound(*store_);
  EXPECT_FALSE(store_->get("cat", "vector_store/default/sparse")->has_value());
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog"));
}

TEST_F(SparseVectorsTest, ADamagedIndexIsFoundAndMadeAnew) {
  ASSERT_TRUE(add(store_).is_ok());
  store_.reset();
  {
    RawDatabase raw(directory_ / "db/rocksdb");
    size_t erased = 0;
    for (const auto& [key, value] : raw.all("text")) {
      // What there is of the term "3": only "cat" and "dog" have it.
      if (key.find(std::string("p3\0", 3)) == 4) raw.erase("text", key), ++erased;
    }
    ASSERT_NE(0U, erased);
  }
  store_ = *RocksDBKVStore::open(directory_ / "db");
  const std::vector<Fault> found = faults(*store_);
  ASSERT_EQ(1U, found.size());
  EXPECT_EQ("vector_store/default/sparse", found[0].collection);
  EXPECT_THAT(found[0].message, HasSubstr("the text index has other terms of it than its text"));
  store_.reset();
  ASSERT_TRUE(repair_database(directory_ / "db").has_value());
  store_ = *RocksDBKVStore::open(directory_ / "db");
  expect_sound(*store_);
  EXPECT_THAT(ids(store_, query({{3}, {1}})), ElementsAre("cat", "dog"));
  EXPECT_THAT(ids(store_, query({{8}, {1}})), ElementsAre("dog", "cat"));
  expect_sound(*store_);
}

}  // namespace
}  // namespace quipu::testing
