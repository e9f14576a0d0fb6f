// Where memory runs out while a search index is made or changed it is given up, and the next query makes it
// again.

#include <gtest/gtest.h>

#include <new>

#include "quipu/memory_kv_store.h"
#include "quipu/property_graph_store.h"
#include "quipu/vector_store.h"

namespace quipu::testing {
namespace {

constexpr int kMany = 40;

// Has no memory for more than so many vectors that are read, or for the places of keys.
class ScarceKVStore : public MutableMappingKVStore<OrderedMap<Json>>, private VectorValues {
 public:
  ScarceKVStore() : MutableMappingKVStore([] { return OrderedMap<Json>(); }) {}
  ~ScarceKVStore() override { finish_async_calls(); }

  KVCapabilities capabilities() const override {
    KVCapabilities all = MutableMappingKVStore::capabilities();
    all.keeps_order = true;
    return all;
  }
  const VectorValues& vector_values() const override { return *this; }
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override {
    if (scarce) throw std::bad_alloc();
    return MutableMappingKVStore::insertion_order(keys, collection);
  }
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, MutableMappingKVStore::scan(options, collection));
    return std::unique_ptr<KVIterator>(std::make_unique<Iterator>(*this, std::move(it)));
  }

  bool scarce = false;

 private:
  class Iterator : public KVIterator {
   public:
    Iterator(const ScarceKVStore& store, std::unique_ptr<KVIterator> it)
        : store_(store), it_(std::move(it)) {}
    bool next() override {
      if (store_.scarce && ++taken_ > kMany / 2) throw std::bad_alloc();
      return it_->next();
    }
    std::string_view key() const override { return it_->key(); }
    JsonView val() const override { return it_->val(); }
    std::optional<uint64_t> order() const override { return it_->order(); }
    Status status() const override { return it_->status(); }

   private:
    const ScarceKVStore& store_;
    std::unique_ptr<KVIterator> it_;
    int taken_ = 0;
  };

  Status scan_vectors(std::string_view collection,
                      const std::function<Status(const VectorEntry&)>& use) const override {
    int taken = 0;
    return MutableMappingKVStore::vector_values().scan_vectors(collection, [&](const VectorEntry& vector) {
      if (scarce && ++taken > kMany / 2) throw std::bad_alloc();
      return use(vector);
    });
  }
  Status get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                     const std::function<void(size_t i, std::span<const double>)>& use) const override {
    if (scarce) throw std::bad_alloc();
    return MutableMappingKVStore::vector_values().get_vectors(collection, keys, use);
  }
};

std::vector<double> direction(int i) { return {1, i + 0.0, 3}; }

std::shared_ptr<const BaseNode> node(int i) {
  return *TextNodeBuilder().id("n" + std::to_string(i)).text("t").embedding(direction(i)).build();
}

std::vector<std::string> all_ids(const KVVectorStore& vectors) {
  auto found = vectors.query({.query_embedding = direction(0), .similarity_top_k = 1000});
  EXPECT_TRUE(found) << found.error().to_string();
  return found->ids;
}

class ScarceMemoryTest : public ::testing::Test {
 protected:
  std::shared_ptr<ScarceKVStore> kv_ = std::make_shared<ScarceKVStore>();
};

TEST_F(ScarceMemoryTest, AnIndexThatIsHalfMadeIsMadeAgain) {
  KVVectorStore vectors(kv_);
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < kMany; ++i) nodes.push_back(node(i));
  ASSERT_TRUE(vectors.add(nodes));
  kv_->scarce = true;
  EXPECT_THROW((void)vectors.query({.query_embedding = direction(0), .similarity_top_k = 1000}),
               std::bad_alloc);
  kv_->scarce = false;
  EXPECT_EQ(all_ids(vectors).size(), static_cast<size_t>(kMany));
}

TEST_F(ScarceMemoryTest, WhatIsWrittenStaysWrittenAndIsFound) {
  KVVectorStore vectors(kv_);
  ASSERT_TRUE(vectors.add(std::vector{node(0), node(1)}));
  ASSERT_EQ(all_ids(vectors).size(), 2U);
  kv_->scarce = true;
  ASSERT_TRUE(vectors.add(std::vector{node(2), node(3)}));
  kv_->scarce = false;
  EXPECT_EQ(all_ids(vectors), (std::vector<std::string>{"n0", "n1", "n2", "n3"}));
}

TEST_F(ScarceMemoryTest, QueriesOnSeveralThreadsSayItToTheCaller) {
  KVVectorStore vectors(kv_);
  ASSERT_TRUE(vectors.add(std::vector{node(0), node(1), node(2)}));
  const std::vector<VectorStoreQuery> queries(20, {.query_embedding = direction(0), .similarity_top_k = 1});
  ASSERT_EQ(vectors.query_all(queries)->back().ids.at(0), "n0");
  ASSERT_TRUE(vectors.add(std::vector{node(3)}));  // which has not been read yet
  kv_->scarce = true;
  EXPECT_THROW((void)vectors.query_all(queries), std::bad_alloc);
  kv_->scarce = false;
  EXPECT_EQ(vectors.query_all(queries)->back().ids.at(0), "n0");
}

TEST_F(ScarceMemoryTest, AGraphsIndexToo) {
  KVPropertyGraphStore graph(kv_);
  std::vector<LabelledNode> nodes;
  for (int i = 0; i < kMany; ++i) {
    nodes.push_back(LabelledNode::entity("e" + std::to_string(i), {.embedding = direction(i)}));
  }
  ASSERT_TRUE(graph.upsert_nodes(nodes).is_ok());
  const VectorStoreQuery query{.query_embedding = direction(0), .similarity_top_k = 1000};
  kv_->scarce = true;
  EXPECT_THROW((void)graph.vector_query(query), std::bad_alloc);
  kv_->scarce = false;
  EXPECT_EQ(graph.vector_query(query)->nodes.size(), static_cast<size_t>(kMany));
}

}  // namespace
}  // namespace quipu::testing
