// Approximate queries by partitions that are kept in a database.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "quipu/backend/features.h"
#include "quipu/backend/vector_codes.h"
#include "quipu/kv_transaction.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "quipu/verify.h"
#include "tests/support/coded_rows.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr size_t kDimensions = 32;
constexpr const char* kEmbeddings = "vector_store/default/embeddings";

class AnnTest : public ::testing::Test {
 protected:
  void open() {
    store_.reset();
    kv_.reset();
    kv_ = *RocksDBKVStore::open(directory_ / "db");
    store_ = std::make_unique<KVVectorStore>(kv_);
  }
  void SetUp() override { open(); }

  static Status add_to(KVVectorStore& store, const std::map<std::string, Vector>& vectors) {
    std::vector<VectorStoreEntry> entries;
    for (const auto& [id, vector] : vectors) entries.push_back({.id = id, .embedding = vector});
    return store.add_entries(entries);
  }
  void add(const std::map<std::string, Vector>& vectors) {
    ASSERT_TRUE(add_to(*store_, vectors).is_ok());
    for (const auto& [id, vector] : vectors) vectors_[id] = vector;
  }
  void add_random(size_t count) {
    for (size_t begin = 0; begin < count; begin += 1000) {
      std::map<std::string, Vector> some;
      for (size_t i = 0; i < std::min<size_t>(1000, count - begin); ++i) {
        some["n" + std::to_string(next_id_++)] = clusters_.next(random_);
      }
      add(some);
    }
  }
  void remove(const std::vector<std::string>& ids) {
    ASSERT_TRUE(store_->delete_nodes(ids).is_ok());
    for (const std::string& id : ids) vectors_.erase(id);
  }
  std::string some_id() { return std::next(vectors_.begin(), random_.below(vectors_.size()))->first; }

  static VectorStoreQueryResult ask(const KVVectorStore& store, const Vector& query, int k = 10) {
    auto found = store.query({.query_embedding = query, .similarity_top_k = k});
    EXPECT_TRUE(found.has_value()) << found.status().to_string();
    return found ? *std::move(found) : VectorStoreQueryResult();
  }
  // What share of the nearest is found, by queries like the vectors. All that is found is what it should be.
  double recall(size_t queries) {
    size_t right = 0;
    for (size_t i = 0; i < queries; ++i) {
      const Vector query = clusters_.next(random_);
      std::vector<std::pair<double, std::string>> exact;
      for (const auto& [id, vector] : vectors_) exact.emplace_back(cosine(query, vector), id);
      std::ranges::partial_sort(exact, exact.begin() + 10, std::greater());
      std::set<std::string> expected;
      for (size_t best = 0; best < 10; ++best) expected.insert(exact[best].second);
      const VectorStoreQueryResult found = ask(*store_, query);
      EXPECT_EQ(found.ids.size(), 10U);
      EXPECT_TRUE(std::ranges::is_sorted(found.similarities, std::greater()));
      EXPECT_EQ(std::set(found.ids.begin(), found.ids.end()).size(), found.ids.size());
      for (size_t j = 0; j < found.ids.size(); ++j) {
        const auto vector = vectors_.find(found.ids[j]);
        if (vector == vectors_.end()) {
          ADD_FAILURE() << found.ids[j] << " is no more";
          continue;
        }
        EXPECT_DOUBLE_EQ(found.similarities[j], cosine(query, vector->second));
        right += expected.count(found.ids[j]);
      }
    }
    return static_cast<double>(right) / static_cast<double>(10 * queries);
  }
  // How many vectors are in partitions, and how many in none.
  std::pair<size_t, size_t> placed() {
    const auto codes = kv_->vector_values().codes(kEmbeddings);
    size_t in = 0;
    size_t out = 0;
    const Status read = (*codes)->scan_blocks(dimensions_, 0, UINT64_MAX, [&](const CodeBlock& block) {
      (block.number >= CodeBlock::kFirstMoved ? in : out) += block.rows;
      return Status::ok();
    });
    EXPECT_TRUE(read.is_ok());
    return {in, out};
  }
  void expect_verified() {
    EXPECT_TRUE(kv_->verify([](const Fault& fault) { ADD_FAILURE() << fault.message; }).is_ok());
  }

  TempDir directory_;
  Random random_{test_seed()};
  size_t dimensions_ = kDimensions;
  Clusters clusters_{random_, 40, kDimensions, 0.7};
  std::shared_ptr<RocksDBKVStore> kv_;
  std::unique_ptr<KVVectorStore> store_;
  std::map<std::string, Vector> vectors_;
  size_t next_id_ = 0;
};

TEST_F(AnnTest, FindsWhatWasAskedForAndStaysSo) {
  add_random(9000);
  EXPECT_FALSE((*store_->ann()).has_value());
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_EQ(*store_->ann(), 0.95);
  EXPECT_EQ(placed(), std::pair(vectors_.size(), size_t{0}));
  EXPECT_GE(recall(60), 0.9);
  open();
  EXPECT_EQ(*store_->ann(), 0.95);
  EXPECT_GE(recall(30), 0.9);
  expect_verified();
  ASSERT_TRUE(store_->use_ann(0.99).is_ok());
  EXPECT_GE(recall(60), 0.96);
  ASSERT_TRUE(store_->drop_ann().is_ok());
  EXPECT_FALSE((*store_->ann()).has_value());
  EXPECT_EQ(recall(30), 1);
}

TEST_F(AnnTest, FindsManyDimensions) {
  dimensions_ = 160;
  clusters_ = Clusters(random_, 40, dimensions_, 0.7);
  add_random(6000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_GE(recall(40), 0.9);
  add_random(600);
  remove({some_id(), some_id(), some_id()});
  EXPECT_GE(recall(40), 0.9);
  expect_verified();
}

// What is not beside the rows of a partition is looked up.
TEST_F(AnnTest, FindsKeysThatAreEmpty) {
  dimensions_ = 160;
  clusters_ = Clusters(random_, 40, dimensions_, 0.7);
  add_random(5000);
  const Vector vector = clusters_.next(random_);
  add({{"", vector}});
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_EQ(ask(*store_, vector, 1).ids, std::vector<std::string>{""});
  expect_verified();
}

TEST_F(AnnTest, FollowsAddsUpdatesAndDeletes) {
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  add_random(6000);
  EXPECT_GT(placed().first, 0U);
  for (int round = 0; round < 6; ++round) {
    add_random(1500);
    std::vector<std::string> gone;
    for (int i = 0; i < 500; ++i) gone.push_back(some_id());
    remove(gone);
    std::map<std::string, Vector> changed;
    for (int i = 0; i < 300; ++i) changed[some_id()] = clusters_.next(random_);
    add(changed);
    for (const auto& [id, vector] : changed) {
      if (!random_.one_in(10)) continue;
      EXPECT_EQ(ask(*store_, vector, 1).ids, std::vector{id});
    }
    EXPECT_GE(recall(15), 0.85);
    if (round == 3) open();
  }
  const auto [in, out] = placed();
  EXPECT_EQ(in + out, vectors_.size());
  EXPECT_LT(out, 6000U);
  expect_verified();
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_EQ(placed(), std::pair(vectors_.size(), size_t{0}));
  EXPECT_GE(recall(40), 0.9);
}

// Vectors that queries have compared stay in memory.
TEST_F(AnnTest, ComparesVectorsAsTheyAreNow) {
  add_random(5000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  for (int i = 0; i < 10; ++i) {
    const std::string id = some_id();
    const Vector before = vectors_.at(id);
    EXPECT_EQ(ask(*store_, before).ids.front(), id);
    Vector after = before;
    for (double& element : after) element += 0.05 * between(random_, -1, 1);
    if (i % 2 == 0) {
      add({{id, after}});
    } else {
      const auto transaction = *kv_->begin();
      KVVectorStore within(transaction);
      ASSERT_TRUE(add_to(within, {{id, after}}).is_ok());
      EXPECT_DOUBLE_EQ(ask(within, before).similarities.front(), cosine(before, after));
      ASSERT_TRUE(transaction->commit().is_ok());
      vectors_[id] = after;
    }
    const VectorStoreQueryResult found = ask(*store_, before);
    EXPECT_EQ(found.ids.front(), id);
    EXPECT_DOUBLE_EQ(found.similarities.front(), cosine(before, after));
    remove({id});
    EXPECT_NE(ask(*store_, before).ids.front(), id);
  }
}

TEST_F(AnnTest, WhatIsAddedAtOnceComesIntoPartitionsWithLaterAdds) {
  add_random(5000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  std::map<std::string, Vector> many;
  for (int i = 0; i < 70000; ++i) many["m" + std::to_string(i)] = clusters_.next(random_);
  add(many);
  for (int i = 0; i < 20 && placed().second > 8192; ++i) add_random(10);
  EXPECT_LE(placed().second, 8192U);
  expect_verified();
}

TEST_F(AnnTest, VectorsThatAreAllAlikeAreDivided) {
  Vector vector(kDimensions, 0.0);
  vector[0] = 1;
  std::map<std::string, Vector> same;
  for (int i = 0; i < 6000; ++i) same["s" + std::to_string(i)] = vector;
  add(same);
  ASSERT_TRUE(store_->use_ann(0.9).is_ok());
  same.clear();
  for (int i = 0; i < 5000; ++i) same["t" + std::to_string(i)] = vector;
  add(same);
  ASSERT_TRUE(store_->use_ann(0.9).is_ok());
  EXPECT_EQ(placed().second, 0U);
  EXPECT_EQ(ask(*store_, vector).ids.size(), 10U);
  expect_verified();
}

TEST_F(AnnTest, PartitionsThatHaveLostTheirVectorsAreMerged) {
  const auto partitions = [&] {
    size_t count = 0;
    const auto counted = [&](std::string_view, std::string_view) {
      ++count;
      return Status::ok();
    };
    EXPECT_TRUE((*kv_->vector_values().codes(kEmbeddings))->scan_notes("mean/", counted).is_ok());
    return count;
  };
  add_random(9000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  const size_t before = partitions();
  EXPECT_GE(before, 9000U / 450);
  std::vector<std::string> gone;
  for (const auto& [id, vector] : vectors_) {
    if (!random_.one_in(20)) gone.push_back(id);
  }
  remove(gone);
  EXPECT_EQ(partitions(), before);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_LE(partitions(), before / 2);
  EXPECT_EQ(placed(), std::pair(vectors_.size(), size_t{0}));
  EXPECT_GE(recall(30), 0.88);
  expect_verified();
  open();
  EXPECT_GE(recall(30), 0.88);
  add_random(9000);
  EXPECT_GE(recall(30), 0.88);
  expect_verified();
}

TEST_F(AnnTest, MovesAreNoConflictForATransactionThatHasAsked) {
  add_random(6000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  add_random(500);
  const auto transaction = *kv_->begin();
  EXPECT_EQ(ask(KVVectorStore(transaction), vectors_.begin()->second).ids.size(), 10U);
  ASSERT_TRUE(transaction->put("key", *Json::parse("{}"), "else").is_ok());
  EXPECT_EQ(placed().second, 500U);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_EQ(placed().second, 0U);
  const Status committed = transaction->commit();
  EXPECT_TRUE(committed.is_ok()) << committed.to_string();
}

TEST_F(AnnTest, ATransactionSeesItsOwnAndOthersSeeItOnceCommitted) {
  add_random(5000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  const Vector query = clusters_.next(random_);
  const std::string old = ask(*store_, query, 1).ids.front();
  auto transaction = *kv_->begin();
  {
    KVVectorStore inside(transaction);
    ASSERT_TRUE(add_to(inside, {{"new", query}}).is_ok());
    EXPECT_EQ(ask(inside, query, 1).ids.front(), "new");
    ASSERT_TRUE(inside.delete_nodes(std::vector{old}).is_ok());
    EXPECT_EQ(std::ranges::count(ask(inside, query).ids, old), 0);
    EXPECT_EQ(ask(*store_, query, 1).ids.front(), old);
    EXPECT_EQ(inside.use_ann(0.9).code(), StatusCode::kNotSupported);
  }
  ASSERT_TRUE(transaction->commit().is_ok());
  vectors_["new"] = query;
  vectors_.erase(old);
  EXPECT_EQ(ask(*store_, query, 1).ids.front(), "new");
  EXPECT_GE(recall(20), 0.88);
}

TEST_F(AnnTest, WhatWasCancelledChangesNothingAndGoesOn) {
  add_random(6000);
  const Status cancelled = store_->use_ann(0.95, [](const Progress&) { return Status::io_error("enough"); });
  EXPECT_EQ(cancelled.code(), StatusCode::kIoError);
  EXPECT_FALSE((*store_->ann()).has_value());
  EXPECT_EQ(recall(10), 1);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_GE(recall(40), 0.9);
}

TEST_F(AnnTest, WhatPartitionsCannotTellIsExact) {
  add_random(5000);
  ASSERT_TRUE(store_->use_ann(0.5).is_ok());
  const Vector query = clusters_.next(random_);
  for (const SimilarityMode mode : {SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
    VectorStoreQuery asked{.query_embedding = query, .similarity_top_k = 200};
    asked.similarity = mode;
    const auto approximate = store_->query(asked);
    ASSERT_TRUE(store_->drop_ann().is_ok());
    EXPECT_EQ(approximate->ids, store_->query(asked)->ids);
    ASSERT_TRUE(store_->use_ann(0.5).is_ok());
  }
  EXPECT_EQ(ask(*store_, query, 0).ids.size(), vectors_.size());
  EXPECT_EQ(store_->query({.query_embedding = Vector(5, 1.0), .similarity_top_k = 1}).status().code(),
            StatusCode::kInvalidArgument);
  // Zeros are near nothing, and in nobody's way.
  add({{"zeros", Vector(kDimensions, 0.0)}});
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  EXPECT_EQ(placed(), std::pair(vectors_.size() - 1, size_t{1}));
  vectors_.erase("zeros");
  EXPECT_GE(recall(20), 0.88);
  open();
  EXPECT_GE(recall(20), 0.88);
  expect_verified();
  // A vector that codes do not know.
  add({{"large", Vector(kDimensions, 1e160)}});
  EXPECT_FALSE(placed().second == 0);
  const std::vector<std::string> found = ask(*store_, query, 50).ids;
  ASSERT_TRUE(store_->drop_ann().is_ok());
  EXPECT_EQ(ask(*store_, query, 50).ids, found);
}

TEST_F(AnnTest, AClearedStoreBeginsAnew) {
  add_random(5000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  ASSERT_TRUE(store_->clear().is_ok());
  vectors_.clear();
  EXPECT_TRUE(ask(*store_, clusters_.next(random_)).ids.empty());
  add_random(6000);
  EXPECT_GE(recall(20), 0.88);
  expect_verified();
}

// Notes that are no notes, and notes that lack a partition in which vectors are.
TEST_F(AnnTest, DamagedNotesAreFoundAndPartitionsGivenUp) {
  add_random(6000);
  ASSERT_TRUE(store_->use_ann(0.9).is_ok());
  for (const std::string& note : {std::string("no note"), std::string()}) {
    WriteBatch batch;
    batch.add({&VectorValues::kPutCodeNote, kEmbeddings, "partitions", note});
    if (note.empty()) {
      const auto codes = kv_->vector_values().codes(kEmbeddings);
      ASSERT_TRUE((*codes)
                      ->scan_notes("mean/",
                                   [&](std::string_view key, std::string_view) {
                                     batch.add({&VectorValues::kPutCodeNote, kEmbeddings, key});
                                     return Status::ok();
                                   })
                      .is_ok());
    }
    ASSERT_TRUE(kv_->write(batch).is_ok());
    open();
    std::vector<Fault> faults;
    ASSERT_TRUE(verify_stores(*kv_, [&](const Fault& fault) { faults.push_back(fault); }).is_ok());
    std::erase_if(faults,
                  [](const Fault& fault) { return fault.message.find("partition") == std::string::npos; });
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].collection, kEmbeddings);
    EXPECT_EQ(recall(10), 1);
    EXPECT_EQ(store_->use_ann(0.9).code(), note.empty() ? StatusCode::kOk : StatusCode::kCorruption);
    store_.reset();
    kv_.reset();
    const auto repaired = repair_database(directory_ / "db");
    ASSERT_TRUE(repaired.has_value()) << repaired.status().to_string();
    EXPECT_EQ(repaired->steps, 1U);
    open();
    EXPECT_EQ(placed(), std::pair(size_t{0}, vectors_.size()));
    expect_verified();
    ASSERT_TRUE(store_->use_ann(0.9).is_ok());
    EXPECT_EQ(placed().second, 0U);
    EXPECT_GE(recall(20), 0.85);
  }
}

TEST_F(AnnTest, QueriesGoOnWhileVectorsAreAdded) {
  add_random(5000);
  ASSERT_TRUE(store_->use_ann(0.95).is_ok());
  std::atomic<bool> end = false;
  std::atomic<size_t> asked = 0;
  std::atomic<size_t> found = 0;
  const std::map<std::string, Vector> before = vectors_;
  std::thread reader([&] {
    Random random(1);
    while (!end) {
      const auto& [id, vector] = *std::next(before.begin(), random.below(before.size()));
      found += static_cast<size_t>(std::ranges::count(ask(*store_, vector, 3).ids, id));
      ++asked;
    }
  });
  add_random(10000);
  while (asked < 100) std::this_thread::yield();
  end = true;
  reader.join();
  EXPECT_GE(20 * found, 19 * asked);
  EXPECT_GE(recall(20), 0.88);
}

TEST(AnnArgumentsTest, AreRefused) {
  KVVectorStore store(std::make_shared<MemoryKVStore>());
  for (const double recall : {0.0, 1.0, -1.0, 2.0, std::nan("")}) {
    EXPECT_EQ(store.use_ann(recall).code(), StatusCode::kInvalidArgument) << recall;
  }
  const Vector vector{1, 2};
  ASSERT_TRUE(store.add_entries(std::vector<VectorStoreEntry>{{.id = "a", .embedding = vector}}).is_ok());
  EXPECT_EQ(store.use_ann(0.9).code(), StatusCode::kNotSupported);
  EXPECT_FALSE((*store.ann()).has_value());
}

}  // namespace
}  // namespace quipu::testing
