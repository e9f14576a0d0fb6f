// A transaction is for one thread at a time, so query_all() stays on the caller's.

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "quipu/memory_kv_store.h"
#include "quipu/vector_store.h"

namespace quipu::testing {
namespace {

// Says that it is a transaction, and notes which threads read vectors.
class OneThreadKVStore : public MutableMappingKVStore<OrderedMap<Json>>, private VectorValues {
 public:
  OneThreadKVStore() : MutableMappingKVStore([] { return OrderedMap<Json>(); }) {}
  ~OneThreadKVStore() override { finish_async_calls(); }

  KVCapabilities capabilities() const override {
    KVCapabilities all = MutableMappingKVStore::capabilities();
    all.in_transaction = true;
    return all;
  }
  const VectorValues& vector_values() const override { return *this; }
  std::set<std::thread::id> readers() const { return readers_; }

 private:
  Status scan_vectors(std::string_view collection,
                      const std::function<Status(const VectorEntry&)>& use) const override {
    return MutableMappingKVStore::vector_values().scan_vectors(collection, use);
  }
  Status get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                     const std::function<void(size_t i, std::span<const double>)>& use) const override {
    {
      const std::scoped_lock lock(mutex_);
      readers_.insert(std::this_thread::get_id());
    }
    return MutableMappingKVStore::vector_values().get_vectors(collection, keys, use);
  }

  mutable std::mutex mutex_;
  mutable std::set<std::thread::id> readers_;
};

TEST(QueryAllInTransactionTest, StaysOnTheCallersThread) {
  const auto kv = std::make_shared<OneThreadKVStore>();
  KVVectorStore vectors(kv);
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < 500; ++i) {
    nodes.push_back(*TextNodeBuilder()
                         .id("n" + std::to_string(i))
                         .text("t")
                         .embedding(std::vector<double>{1, i + 0.0, 3})
                         .build());
  }
  ASSERT_TRUE(vectors.add(nodes));
  const std::vector<VectorStoreQuery> queries(
      400, {.query_embedding = std::vector<double>{1, 0, 3}, .similarity_top_k = 2});
  const auto found = vectors.query_all(queries);
  ASSERT_TRUE(found) << found.error().to_string();
  for (const VectorStoreQueryResult& each : *found) EXPECT_EQ(each.ids.at(0), "n0");
  EXPECT_EQ(kv->readers(), std::set{std::this_thread::get_id()});
}

}  // namespace
}  // namespace quipu::testing
