// Search over a database whose vectors have codes: the first query of a process reads these, and finds what
// it would without.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "backends/rocksdb/format/record.h"
#include "quipu/backend/features.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"
#include "tests/support/random.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr size_t kDimensions = 40;
constexpr const char* kEmbeddings = "vector_store/default/embeddings";

std::vector<double> some_vector(Random& random) {
  std::vector<double> elements(kDimensions);
  for (double& element : elements) element = static_cast<double>(random.below(2001)) / 1000 - 1;
  return elements;
}

struct Entry {
  std::string id;
  std::vector<double> elements;
  Json metadata;
};

std::vector<Entry> some_entries(Random& random, size_t count) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < count; ++i) {
    entries.push_back({"n" + std::to_string(i), some_vector(random),
                       Json::from_canonical(R"({"part": )" + std::to_string(random.below(5)) + "}")});
  }
  return entries;
}

void add(KVVectorStore& store, const std::vector<Entry>& entries) {
  std::vector<VectorStoreEntry> views;
  for (const Entry& entry : entries) {
    views.push_back({.id = entry.id, .embedding = entry.elements, .metadata = entry.metadata});
  }
  ASSERT_TRUE(store.add_entries(views).is_ok());
}

std::vector<VectorStoreQuery> some_queries(Random& random) {
  std::vector<VectorStoreQuery> queries;
  for (const SimilarityMode mode :
       {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
    for (int i = 0; i < 4; ++i) {
      VectorStoreQuery& query = queries.emplace_back();
      query.query_embedding = some_vector(random);
      query.similarity_top_k = static_cast<int>(1 + random.below(12));
      query.similarity = mode;
      if (i == 2) {
        MetadataFilters filters;
        filters.filters.emplace_back(MetadataFilter{"part", Json::from_canonical("3")});
        query.filters = filters;
      }
      if (i == 3) query.mode = VectorStoreQueryMode::MMR;
    }
  }
  return queries;
}

// In a store without an index vectors that are as good as each other come in another order where there are
// filters (docs/COMPATIBILITY.md, 27): by their ids here, and without those that are as good as the last one.
std::vector<std::string> ids_to_compare(const VectorStoreQuery& query, const VectorStoreQueryResult& result) {
  if (!query.filters) return result.ids;
  std::vector<std::pair<double, std::string>> found;
  for (size_t i = 0; i < result.ids.size(); ++i) {
    if (result.similarities[i] != result.similarities.back()) {
      found.emplace_back(-result.similarities[i], result.ids[i]);
    }
  }
  std::ranges::sort(found);
  std::vector<std::string> ids;
  for (const auto& [similarity, id] : found) ids.push_back(id);
  return ids;
}

void expect_same(const KVVectorStore& found, const KVVectorStore& expected,
                 const std::vector<VectorStoreQuery>& queries) {
  for (const VectorStoreQuery& query : queries) {
    const auto of_found = found.query(query);
    const auto of_expected = expected.query(query);
    ASSERT_TRUE(of_found) << of_found.error().to_string();
    ASSERT_TRUE(of_expected) << of_expected.error().to_string();
    EXPECT_EQ(ids_to_compare(query, *of_found), ids_to_compare(query, *of_expected));
    EXPECT_EQ(of_found->similarities, of_expected->similarities);
  }
}

class CodedSearchTest : public ::testing::Test {
 protected:
  std::shared_ptr<RocksDBKVStore> open() const { return *RocksDBKVStore::open(path_); }
  std::string marker() const { return read_file(path_ + "/QUIPU"); }
  static bool has_codes(const BaseKVStore& store) {
    return *store.vector_values().codes(kEmbeddings) != nullptr;
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
  Random random_{test_seed()};
};

TEST_F(CodedSearchTest, AProcessFindsWhatAnotherWrote) {
  const std::vector<Entry> entries = some_entries(random_, 700);
  const std::vector<VectorStoreQuery> queries = some_queries(random_);
  SimpleVectorStore expected;
  add(expected, entries);
  {
    KVVectorStore store(open());
    add(store, entries);
  }
  ASSERT_TRUE(has_codes(*open()));
  {
    KVVectorStore store(open());
    expect_same(store, expected, queries);
    const std::vector<Entry> changed = {
        {"n3", some_vector(random_), Json::from_canonical(R"({"part": 3})")},
        {"new", some_vector(random_), Json::from_canonical(R"({"part": 3})")}};
    const std::vector<std::string> gone = {"n1", "n500"};
    for (KVVectorStore* const each : {&store, static_cast<KVVectorStore*>(&expected)}) {
      add(*each, changed);
      ASSERT_TRUE(each->delete_nodes(gone, nullptr).is_ok());
    }
    expect_same(store, expected, queries);
    expect_same(KVVectorStore(*RocksDBKVStore::open_reader(path_)), expected, queries);
  }
  expect_same(KVVectorStore(open()), expected, queries);
}

TEST_F(CodedSearchTest, TheFirstQueryReadsNoVectorButTheBest) {
  std::vector<Entry> entries = some_entries(random_, 100);
  for (double& element : entries[7].elements) element = 100;
  {
    KVVectorStore store(open());
    add(store, entries);
  }
  {
    RawDatabase raw(path_ + "/rocksdb");
    const std::string family = raw.family_of(std::string(kEmbeddings));
    const std::string record = raw.get(family, "n8");
    raw.put(family, "n8", record.substr(0, 1) + "\2\5");  // what no vector is
  }
  VectorStoreQuery query;
  query.query_embedding.assign(kDimensions, 1);
  query.similarity_top_k = 1;
  query.similarity = SimilarityMode::DOT_PRODUCT;
  const auto found = KVVectorStore(open()).query(query);
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->ids, std::vector<std::string>{"n7"});
  {
    RawDatabase raw(path_ + "/rocksdb");
    raw.erase("codes", raw.all("codes").rbegin()->first);
  }
  EXPECT_EQ(KVVectorStore(open()).query(query).error().code(), StatusCode::kCorruption)
      << "without codes it reads the vectors";
}

// As a store of a former format has them; the number rises with the first write.
TEST_F(CodedSearchTest, VectorsThatWereThereGetTheirsBehindTheFirstWrite) {
  constexpr size_t kCount = 9000;  // more than get theirs with a write
  const std::vector<Entry> entries = some_entries(random_, kCount);
  std::vector<VectorStoreQuery> queries = some_queries(random_);
  std::erase_if(queries, [](const auto& query) { return query.mode == VectorStoreQueryMode::MMR; });
  SimpleVectorStore expected;
  add(expected, entries);
  {
    WriteBatch batch;
    for (const Entry& entry : entries) {
      batch.put_vector(kEmbeddings, entry.id, entry.elements);
      batch.put("vector_store/default/ref_doc_ids", entry.id,
                Json::from_canonical(R"({"ref_doc_id": "None"})"));
      batch.put("vector_store/default/metadata", entry.id, entry.metadata);
    }
    ASSERT_TRUE(open()->write(batch).is_ok());
  }
  expect_same(KVVectorStore(*RocksDBKVStore::open_reader(path_)), expected, queries);
  expect_same(KVVectorStore(open()), expected, queries);
  EXPECT_EQ(marker(), "quipu format 1\n");
  for (int write = 0; write < 3; ++write) {
    const std::vector<Entry> one = {{"x" + std::to_string(write), some_vector(random_), entries[0].metadata}};
    add(expected, one);
    KVVectorStore store(open());
    add(store, one);
    while (write == 2 && !*store.kvstore().make_codes(kEmbeddings, 0)) std::this_thread::yield();
    EXPECT_TRUE(write < 2 || has_codes(store.kvstore()));
    expect_same(store, expected, queries);
    EXPECT_EQ(marker(), "quipu format 3\n");
  }
  expect_same(KVVectorStore(open()), expected, queries);
  RocksDBOptions small;
  small.search_memory_bytes = 1000;
  expect_same(KVVectorStore(*RocksDBKVStore::open(path_, small)), expected, queries);
  ASSERT_TRUE(open()->verify([](const Fault& fault) { ADD_FAILURE() << fault.message; }).is_ok());
}

// A store that only transactions write to, from the first on.
TEST_F(CodedSearchTest, TransactionsWriteThem) {
  const std::vector<Entry> entries = some_entries(random_, 60);
  const std::vector<VectorStoreQuery> queries = some_queries(random_);
  SimpleVectorStore expected;
  add(expected, entries);
  const auto kvstore = open();
  const std::shared_ptr<KVTransaction> transaction = *kvstore->begin();
  KVVectorStore store(transaction);
  add(store, entries);
  expect_same(store, expected, queries);
  ASSERT_TRUE(transaction->commit({}).is_ok());
  EXPECT_TRUE(has_codes(*kvstore));
  expect_same(KVVectorStore(kvstore), expected, queries);
}

// Stores that hold only half of the codes, and no ids; that read all codes for each query; and that do either
// once an index has become too large: whatever is written, by whom, and asked, answers are the same.
class LargeStoreTest : public CodedSearchTest, public ::testing::WithParamInterface<uint64_t> {
 protected:
  std::shared_ptr<RocksDBKVStore> open_large() const {
    RocksDBOptions options;
    options.search_memory_bytes = GetParam();
    return *RocksDBKVStore::open(path_, options);
  }
  std::string some_id() { return "n" + std::to_string(random_.below(900)); }
  Entry some_entry() {
    Entry entry{some_id(), some_vector(random_), Json::from_canonical(R"({"part": 3})")};
    if (random_.one_in(4)) std::ranges::fill(entry.elements, 0.5);  // the same, and near others
    return entry;
  }
  void change(KVVectorStore& store, KVVectorStore& expected) {
    std::vector<Entry> changed;
    std::vector<std::string> gone;
    for (uint64_t i = random_.below(6); i-- > 0;) changed.push_back(some_entry());
    for (uint64_t i = random_.below(4); i-- > 0;) gone.push_back(some_id());
    for (KVVectorStore* const each : {&store, &expected}) {
      add(*each, changed);
      ASSERT_TRUE(each->delete_nodes(gone, nullptr).is_ok());
    }
  }
};

TEST_P(LargeStoreTest, AnswersAsASmallOne) {
  SimpleVectorStore expected;
  {
    KVVectorStore store(open());
    const std::vector<Entry> entries = some_entries(random_, 800);
    add(store, entries);
    add(expected, entries);
  }
  auto kvstore = open_large();
  auto store = std::make_unique<KVVectorStore>(kvstore);
  for (int round = 0; round < 40; ++round) {
    std::vector<VectorStoreQuery> queries = some_queries(random_);
    VectorStoreQuery all = queries[0];
    all.similarity_top_k = 2000;
    queries.push_back(all);
    const bool of_few = random_.one_in(3);  // others take an index with ids, or none
    std::erase_if(queries, [&](const VectorStoreQuery& query) {
      const bool plain =
          !query.filters && query.mode == VectorStoreQueryMode::DEFAULT && query.similarity_top_k < 100;
      return of_few ? random_.below(3) != 0 : !plain;
    });
    expect_same(*store, expected, queries);
    const auto together = store->query_all(queries);
    ASSERT_TRUE(together) << together.error().to_string();
    for (size_t i = 0; i < queries.size(); ++i) {
      EXPECT_EQ(ids_to_compare(queries[i], (*together)[i]),
                ids_to_compare(queries[i], *expected.query(queries[i])));
    }
    change(*store, expected);
    if (random_.one_in(3)) {
      const std::shared_ptr<KVTransaction> transaction = *kvstore->begin();
      KVVectorStore in_transaction(transaction);
      change(in_transaction, expected);
      expect_same(in_transaction, expected, queries);
      ASSERT_TRUE(transaction->commit({}).is_ok());
    }
    if (random_.one_in(6)) {
      store.reset();
      ASSERT_TRUE(kvstore->close().is_ok());
      kvstore = open_large();
      store = std::make_unique<KVVectorStore>(kvstore);
    }
  }
  store.reset();
  ASSERT_TRUE(kvstore->verify([](const Fault& fault) { ADD_FAILURE() << fault.message; }).is_ok());
}

INSTANTIATE_TEST_SUITE_P(Budgets, LargeStoreTest, ::testing::Values(1000, 60'000, 100'000, 200'000, 300'000));

TEST_F(CodedSearchTest, ALargeStoreHoldsHalfOfTheCodes) {
  {
    KVVectorStore store(open());
    add(store, some_entries(random_, 800));
  }
  RocksDBOptions options;
  options.search_memory_bytes = 200'000;
  const auto kvstore = *RocksDBKVStore::open(path_, options);
  KVVectorStore store(kvstore);
  const std::vector<VectorStoreQuery> queries = some_queries(random_);
  const auto bytes = [&] { return search_indexes(*kvstore).at(0).memory_bytes; };
  ASSERT_TRUE(store.query(queries[0]));
  EXPECT_GE(bytes(), 800U * (32 + 24));
  EXPECT_LE(bytes(), 800U * (32 + 24) + 64 * 40);
  ASSERT_TRUE(store.query(queries[2])) << "with filters: it takes ids, and their metadata";
  EXPECT_GE(bytes(), 800U * (32 + 24 + 40));
  EXPECT_LE(bytes(), 200'000U);
}

}  // namespace
}  // namespace quipu::testing
