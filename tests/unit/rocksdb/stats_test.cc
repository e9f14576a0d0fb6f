// What a database counts, and the file by which others see it.

#include "quipu/stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "backends/rocksdb/stats/stats_file.h"
#include "quipu/document_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/memory_kv_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Json kValue = Json::from_canonical(R"({"a": 1})");

CallStats call(const StoreStats& stats, std::string_view name) {
  for (const CallStats& each : stats.calls) {
    if (each.name == name) return each;
  }
  return {};
}

class StatsTest : public ::testing::Test {
 protected:
  StoreStats stats() const {
    const Result<StoreStats> read = store_stats(*store_);
    EXPECT_TRUE(read) << read.error().to_string();
    return *read;
  }
  uint64_t count(std::string_view name) const { return call(stats(), name).count(); }

  const TempDir folder_;
  const std::string path_ = folder_ / "db";
  std::shared_ptr<RocksDBKVStore> store_ = *RocksDBKVStore::open(path_);
};

TEST_F(StatsTest, CountsCallsOfTheStore) {
  EXPECT_TRUE(stats().calls.empty());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store_->put(std::to_string(i), kValue).is_ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(*store_->get("1"));
  ASSERT_TRUE(*store_->exists("2"));
  ASSERT_EQ(store_->multi_get(std::vector<std::string_view>{"0", "1"})->size(), 2u);
  ASSERT_EQ(store_->get_all()->size(), 3u);
  ASSERT_TRUE(store_->scan({}));
  ASSERT_TRUE(store_->sync().is_ok());
  EXPECT_EQ(count("write"), 3u);
  EXPECT_EQ(count("get"), 6u);
  EXPECT_EQ(count("multi_get"), 1u);
  EXPECT_EQ(count("get_all"), 1u);
  EXPECT_EQ(count("scan"), 1u);
  EXPECT_EQ(count("sync"), 1u);
  const CallStats writes = call(stats(), "write");
  EXPECT_GT(writes.seconds, 0);
  EXPECT_GT(writes.quantile(0.5), 0);
  EXPECT_LE(writes.quantile(0.5), writes.quantile(0.99));
  EXPECT_LE(writes.seconds, stats().seconds);
  EXPECT_GT(stats().value("quipu_written_bytes_total").value_or(0), 0);
}

TEST_F(StatsTest, CountsGetsThoughItTimesSome) {
  ASSERT_TRUE(store_->put("a", kValue).is_ok());
  uint64_t before = 0;
  for (uint64_t made = 1; made <= 3000; ++made) {
    ASSERT_TRUE(*store_->get("a"));
    if (made % 100 != 0) continue;
    const CallStats gets = call(stats(), "get");
    EXPECT_LE(gets.count(), made);
    EXPECT_GE(gets.count(), made <= 1024 ? made : made - 7);
    EXPECT_GT(gets.count(), before) << "a counter never goes back";
    EXPECT_GT(gets.seconds, 0);
    before = gets.count();
  }
}

TEST_F(StatsTest, CountsCallsOfTransactionsAndOfTheStoreAtHand) {
  ASSERT_TRUE(store_->put("a", kValue).is_ok());
  const auto transaction = *store_->begin();
  ASSERT_TRUE(*transaction->get("a"));
  ASSERT_TRUE(transaction->put("b", kValue).is_ok());
  EXPECT_EQ(count("write"), 1u) << "nothing of the transaction is written yet";
  ASSERT_TRUE(transaction->commit().is_ok());
  EXPECT_EQ(count("commit"), 1u);
  const auto at_hand = store_->at_hand();
  ASSERT_TRUE(*at_hand->get("a"));
  EXPECT_EQ(count("get"), 2u);
  EXPECT_EQ(call_recorder(*at_hand), call_recorder(*store_));
}

TEST_F(StatsTest, CountsSearches) {
  KVVectorStore vectors(store_);
  const std::vector<double> embedding = {1, 2};
  ASSERT_TRUE(
      vectors.add_entries(std::vector<VectorStoreEntry>{{.id = "n", .embedding = embedding}}).is_ok());
  VectorStoreQuery query;
  query.query_embedding = embedding;
  ASSERT_EQ(vectors.query(query)->ids.size(), 1u);
  ASSERT_EQ(vectors.query_all(std::vector(2, query))->size(), 2u);
  ASSERT_TRUE(KVDocumentStore(store_).search_text({.query = "word"}));
  EXPECT_EQ(count("query"), 1u);
  EXPECT_EQ(count("query_all"), 1u);
  EXPECT_EQ(count("search_text"), 1u);
}

TEST_F(StatsTest, TellsOfSlowCalls) {
  std::vector<std::string> said;
  RocksDBOptions options;
  options.logger = [&](std::string_view message) { said.emplace_back(message); };
  options.slow_call_seconds = 1e-9;
  const auto slow = *RocksDBKVStore::open(folder_ / "slow", options);
  ASSERT_TRUE(slow->put("k", kValue, "notes").is_ok());
  EXPECT_THAT(said, Contains(StartsWith("slow call: write of notes took 0.")));
  said.clear();
  options.slow_call_seconds = 3600;
  const auto patient = *RocksDBKVStore::open(folder_ / "patient", options);
  ASSERT_TRUE(patient->put("k", kValue, "notes").is_ok());
  EXPECT_TRUE(said.empty());
}

TEST_F(StatsTest, CountsBlocksOfTheCacheAndTables) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store_->put(std::to_string(i), kValue).is_ok());
  ASSERT_TRUE(store_->flush().is_ok());
  for (int i = 0; i < 2048; ++i) ASSERT_TRUE(*store_->get(std::to_string(i % 100)));
  const StoreStats now = stats();
  EXPECT_GE(now.value("quipu_block_cache_hits_total").value_or(0), 2048);
  EXPECT_EQ(now.value("quipu_flushes_total").value_or(0) > 0, true);
  EXPECT_GT(now.value("quipu_level_bytes{level=\"0\"}").value_or(0), 0);
  EXPECT_EQ(now.value("quipu_disk_bytes"), static_cast<double>(*store_->disk_bytes()));
}

TEST_F(StatsTest, ReadersGoOnCountingWhenTheyAreRefreshed) {
  ASSERT_TRUE(store_->put("a", kValue).is_ok());
  const auto reader = *RocksDBKVStore::open_reader(path_);
  ASSERT_TRUE(*reader->get("a"));
  ASSERT_TRUE(store_->put("b", kValue).is_ok());
  const auto newer = *reader->refresh();
  ASSERT_TRUE(*newer->get("b"));
  EXPECT_EQ(call(*store_stats(*newer), "get").count(), 2u);
}

TEST_F(StatsTest, ComeBackFromPrometheus) {
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(store_->put(std::to_string(i), kValue).is_ok());
  ASSERT_TRUE(*store_->get("1"));
  const StoreStats written = stats();
  const std::string text = to_prometheus(written);
  EXPECT_THAT(text, HasSubstr("# TYPE quipu_call_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("quipu_call_seconds_bucket{call=\"write\",le=\"+Inf\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("quipu_call_seconds_count{call=\"get\"} 1\n"));
  const Result<StoreStats> read = parse_prometheus(text);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->process, written.process);
  EXPECT_EQ(read->time, written.time);
  ASSERT_EQ(read->calls.size(), written.calls.size());
  for (size_t i = 0; i < read->calls.size(); ++i) {
    EXPECT_EQ(read->calls[i].name, written.calls[i].name);
    EXPECT_EQ(read->calls[i].buckets, written.calls[i].buckets);
    EXPECT_EQ(read->calls[i].seconds, written.calls[i].seconds);
  }
  for (const StatsValue& each : written.values) EXPECT_EQ(read->value(each.name), each.value) << each.name;
  EXPECT_EQ(read->values.size(), written.values.size());
}

TEST_F(StatsTest, OtherTextIsRefused) {
  for (const char* const text :
       {"quipu", "quipu_x one\n", "quipu_x -1\n", "quipu_x nan\n", "quipu_call_seconds_bucket{le=\"1\"} 1\n",
        "quipu_call_seconds_max{call=\"get\"} 1\n",
        "quipu_call_seconds_bucket{call=\"get\",le=\"1\"} 2\n"
        "quipu_call_seconds_bucket{call=\"get\",le=\"2\"} 1\n"}) {
    const Result<StoreStats> read = parse_prometheus(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), StatusCode::kCorruption) << text;
  }
  EXPECT_TRUE(parse_prometheus(""));
  EXPECT_EQ(store_stats(MemoryKVStore()).error().code(), StatusCode::kNotSupported);
}

TEST_F(StatsTest, ArePublishedInAFile) {
  ASSERT_TRUE(store_->put("a", kValue).is_ok());
  const std::string apart = folder_ / "apart";  // where no writer puts a newer one
  std::filesystem::create_directories(apart + "/tmp");
  EXPECT_EQ(*published_stats(apart), std::nullopt);
  ASSERT_TRUE(rocks::write_stats_file(apart, stats()).is_ok());
  const auto published = published_stats(apart);
  ASSERT_TRUE(published && *published);
  EXPECT_EQ(call(**published, "write").count(), 1u);

  StoreStats old = stats();
  old.time -= 31;
  ASSERT_TRUE(rocks::write_stats_file(apart, old).is_ok());
  EXPECT_EQ(*published_stats(apart), std::nullopt) << "nobody has written it for long";
  std::ofstream(apart + "/STATS") << "damaged\n";
  EXPECT_EQ(published_stats(apart).error().code(), StatusCode::kCorruption);
}

TEST_F(StatsTest, TheFileIsThereWhileAWriterIs) {
  ASSERT_TRUE(rocks::write_stats_file(path_, stats()).is_ok());
  ASSERT_TRUE(*published_stats(path_));
  ASSERT_TRUE(store_->close().is_ok());
  EXPECT_FALSE(std::filesystem::exists(path_ + "/STATS"));
  EXPECT_FALSE(store_stats(*store_)) << "it is closed";

  std::ofstream(path_ + "/STATS") << "damaged\n";
  EXPECT_TRUE(RocksDBKVStore::open_reader(path_)) << "the file is nothing that a database needs";
  store_ = *RocksDBKVStore::open(path_);
  const auto left = published_stats(path_);
  ASSERT_TRUE(left) << "what a killed writer left goes";
  EXPECT_TRUE(!*left || (*left)->process == static_cast<uint64_t>(::getpid()));
}

TEST(CallStatsTest, QuantilesAreWithinTheirBuckets) {
  CallStats stats;
  EXPECT_EQ(stats.quantile(0.5), 0);
  stats.buckets[0] = 90;
  stats.buckets[10] = 10;
  EXPECT_LE(stats.quantile(0.9), CallStats::bucket_seconds(0));
  EXPECT_GT(stats.quantile(0.91), CallStats::bucket_seconds(9));
  EXPECT_EQ(stats.quantile(1), CallStats::bucket_seconds(10));
}

TEST(CallRecorderTest, CountsAtItsPlaceHowLongACallTook) {
  CallRecorder recorder(0, {});
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t call_begin = recorder.begin(CallKind::kQuery);
  while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(2)) {
  }
  recorder.ended(CallKind::kQuery, call_begin, "");
  const double most = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ASSERT_EQ(recorder.calls().size(), 1u);
  const CallStats stats = recorder.calls()[0];
  EXPECT_EQ(stats.name, "query");
  EXPECT_GE(stats.seconds, 0.0019);
  EXPECT_LE(stats.seconds, most * 1.01);
  EXPECT_EQ(recorder.count(), 1u);
}

}  // namespace
}  // namespace quipu::testing
