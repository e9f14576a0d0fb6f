// Approximate search: recall, changes, filters, the file and what may happen to it.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cmath>
#include <cstring>
#include <set>
#include <thread>

#include "engine/vectors/hnsw/hnsw_graph.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "quipu/vector_store.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;
using Vector = std::vector<double>;
constexpr size_t kDimensions = 24;

// Vectors in bunches, as those of texts are.
class Vectors {
 public:
  explicit Vectors(Random& random) : random_(random) {
    for (int i = 0; i < 40; ++i) centres_.push_back(noise(1));
  }
  Vector next() {
    Vector vector = noise(0.6);
    const Vector& centre = random_.pick(centres_);
    for (size_t i = 0; i < kDimensions; ++i) vector[i] += centre[i];
    return vector;
  }

 private:
  Vector noise(double size) {
    Vector vector;
    for (size_t i = 0; i < kDimensions; ++i) {
      vector.push_back(size * (static_cast<double>(random_.below(20001)) / 1e4 - 1));
    }
    return vector;
  }

  Random& random_;
  std::vector<Vector> centres_;
};

std::shared_ptr<const BaseNode> node(const std::string& id, const Vector& embedding, uint64_t page) {
  TextNodeBuilder builder;
  builder.id(id).text("t").embedding(embedding);
  builder.metadata(Json::from_canonical("{\"page\": " + std::to_string(page) + "}"));
  return *builder.build();
}

MetadataFilters page_below(int64_t page) {
  return MetadataFilters{{MetadataFilter{"page", Json::from_int(page), FilterOperator::LT}}};
}

class HnswTest : public ::testing::Test {
 protected:
  HnswTest() : random_(test_seed()), vectors_(random_) { open(); }

  void open() {
    store_.reset();
    kv_.reset();
    auto opened = RocksDBKVStore::open(path_);
    ASSERT_TRUE(opened) << opened.error().to_string();
    kv_ = *std::move(opened);
    store_ = std::make_unique<KVVectorStore>(kv_);
  }
  void add(int from, int to) {
    std::vector<std::shared_ptr<const BaseNode>> nodes;
    for (int i = from; i < to; ++i) {
      nodes.push_back(node("n" + std::to_string(i), vectors_.next(), static_cast<uint64_t>(i % 100)));
    }
    const auto added = store_->add(nodes);
    ASSERT_TRUE(added) << added.error().to_string();
  }
  // The part of the exact results that the store finds as it is; both stores see the same data.
  double recall(int queries, const std::optional<MetadataFilters>& filters = std::nullopt) {
    size_t found = 0;
    size_t expected = 0;
    for (int i = 0; i < queries; ++i) {
      VectorStoreQuery query{.query_embedding = vectors_.next(), .similarity_top_k = 10, .filters = filters};
      const auto near = store_->query(query);
      EXPECT_TRUE(near) << near.error().to_string();
      std::vector<std::string> all;
      query.node_ids = ids();  // which is answered exactly
      const auto exact = store_->query(query);
      EXPECT_TRUE(std::is_sorted(near->similarities.rbegin(), near->similarities.rend()));
      const std::set<std::string> right(exact->ids.begin(), exact->ids.end());
      for (size_t k = 0; k < near->ids.size(); ++k) {
        if (!right.contains(near->ids[k])) continue;
        ++found;
        const auto place = std::ranges::find(exact->ids, near->ids[k]) - exact->ids.begin();
        EXPECT_NEAR(near->similarities[k], exact->similarities[static_cast<size_t>(place)], 1e-6);
      }
      expected += exact->ids.size();
    }
    return static_cast<double>(found) / static_cast<double>(expected);
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    const auto it = *kv_->scan({.keys_only = true}, "vector_store/default/embeddings");
    while (it->next()) all.emplace_back(it->key());
    return all;
  }
  std::string file() const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(path_ + "/indexes")) found = entry.path().string();
    return found;
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
  Random random_;
  Vectors vectors_;
  std::shared_ptr<RocksDBKVStore> kv_;
  std::unique_ptr<KVVectorStore> store_;
};

TEST_F(HnswTest, FindsAlmostAllThatExactSearchFinds) {
  add(0, 3000);
  EXPECT_EQ(recall(5), 1.0);
  ASSERT_TRUE(store_->use_hnsw({.M = 16, .ef_construction = 100, .ef = 64}).is_ok());
  EXPECT_EQ((*store_->hnsw())->ef_construction, 100u);
  const double approximate = recall(100);
  EXPECT_GE(approximate, 0.95);
  ASSERT_TRUE(store_->use_hnsw({.M = 2, .ef_construction = 2, .ef = 1}).is_ok());
  EXPECT_LT(recall(100), approximate);  // it is the graph that answers
  ASSERT_TRUE(store_->drop_hnsw().is_ok());
  EXPECT_EQ(recall(20), 1.0);
  EXPECT_EQ(file(), "");
}

TEST_F(HnswTest, FollowsChanges) {
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  for (int from = 0; from < 2000; from += 250) add(from, from + 250);
  EXPECT_GE(recall(50), 0.95);
  add(500, 800);  // other vectors for the same ids
  std::vector<std::string> gone;
  for (int i = 0; i < 400; ++i) gone.push_back("n" + std::to_string(i * 3));
  ASSERT_TRUE(store_->delete_nodes(gone).is_ok());
  EXPECT_GE(recall(50), 0.95);
  const std::set<std::string> deleted(gone.begin(), gone.end());
  for (int i = 0; i < 50; ++i) {
    const auto near = store_->query({.query_embedding = vectors_.next(), .similarity_top_k = 10});
    for (const std::string& id : near->ids) EXPECT_FALSE(deleted.contains(id)) << id;
  }
  ASSERT_TRUE(store_->clear().is_ok());
  EXPECT_TRUE(store_->query({.query_embedding = vectors_.next()})->ids.empty());
  add(0, 300);
  EXPECT_GE(recall(20), 0.95);
}

TEST_F(HnswTest, AGraphOfMostlyRemovedPointsIsMadeAnew) {
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  for (int round = 0; round < 8; ++round) add(0, 400);  // 2,800 points are removed by then
  EXPECT_GE(recall(30), 0.95);
  open();
  EXPECT_GE(recall(30), 0.95);
  const std::string saved = read_file(file());
  uint32_t points = 0;
  std::memcpy(&points, saved.data() + 20, sizeof(points));  // behind magic, dimensions, M, ef_construction
  EXPECT_GE(points, 400u);
  EXPECT_LE(points, 1000u);
}

TEST_F(HnswTest, AsksFiltersOnTheWay) {
  add(0, 3000);
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  for (const int64_t page : {50, 10, 1, 0}) {
    const double found = page == 0 ? 1 : recall(30, page_below(page));
    EXPECT_GE(found, 0.95) << page;
  }
  const auto none = store_->query({.query_embedding = vectors_.next(), .filters = page_below(0)});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->ids.empty());
  const MetadataFilters wrong{{MetadataFilter{"page", Json::from_string("x"), FilterOperator::LT}}};
  EXPECT_EQ(store_->query({.query_embedding = vectors_.next(), .filters = wrong}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST_F(HnswTest, IsSavedAndChecksWhatItFinds) {
  add(0, 2000);
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  const std::string saved = file();
  ASSERT_NE(saved, "");
  const fs::path kept = directory_ / "kept";
  fs::copy_file(saved, kept);
  open();
  EXPECT_GE(recall(30), 0.95);
  // An old file: vectors have been added, changed and removed since.
  add(1900, 2100);
  ASSERT_TRUE(store_->delete_nodes(std::vector<std::string>{"n1", "n2", "n3"}).is_ok());
  fs::copy_file(kept, saved, fs::copy_options::overwrite_existing);
  open();
  EXPECT_GE(recall(30), 0.95);
  const auto near = store_->query({.query_embedding = *store_->get("n2050"), .similarity_top_k = 1});
  EXPECT_EQ(near->ids, (std::vector<std::string>{"n2050"}));
}

TEST_F(HnswTest, AnOldFilesPointsOfVectorsThatAreGoneAreNotFound) {
  add(0, 1500);
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  const std::string saved = file();
  const std::string kept = read_file(saved);
  std::vector<std::string> gone;
  std::vector<Vector> vectors;
  for (int i = 100; i < 120; ++i) {
    gone.push_back("n" + std::to_string(i));
    vectors.push_back(*store_->get(gone.back()));
  }
  ASSERT_TRUE(store_->delete_nodes(gone).is_ok());
  ASSERT_TRUE(kv_->close().is_ok());
  write_file(saved, kept);
  open();
  const std::vector<std::string> all = ids();
  for (const Vector& vector : vectors) {
    const auto near = store_->query({.query_embedding = vector, .similarity_top_k = 5});
    const auto exact = store_->query({.query_embedding = vector, .similarity_top_k = 100, .node_ids = all});
    const std::set<std::string> likely(exact->ids.begin(), exact->ids.end());
    EXPECT_EQ(std::set(near->ids.begin(), near->ids.end()).size(), 5u);
    for (const std::string& id : near->ids) EXPECT_TRUE(likely.contains(id)) << id;
  }
}

TEST_F(HnswTest, ADamagedOrMissingFileIsMadeAgain) {
  add(0, 1200);
  ASSERT_TRUE(store_->use_hnsw({.M = 8, .ef_construction = 40, .ef = 64}).is_ok());
  const std::string saved = file();
  const std::string bytes = read_file(saved);
  for (int round = 0; round < 25; ++round) {
    std::string damaged = bytes;
    if (round == 0) {
      damaged.clear();
    } else if (round % 5 == 0) {
      damaged.resize(random_.below(bytes.size()));
    } else {
      damaged[random_.below(round < 10 ? 64 : damaged.size())] ^= static_cast<char>(1 << random_.below(8));
    }
    store_.reset();
    kv_.reset();
    write_file(saved, damaged);
    open();
    EXPECT_GE(recall(10), 0.9) << "round " << round;
  }
  store_.reset();
  kv_.reset();
  fs::remove(saved);
  open();
  EXPECT_GE(recall(10), 0.9);
}

// Saves the graph again and again; says by standard input, which is a socket, that it is at it.
int save_for_ever(const std::string& path, int /*number*/) {
  const auto kv = RocksDBKVStore::open(path);
  if (!kv) return 1;
  KVVectorStore store(*kv);
  while (true) {
    if (!store.use_hnsw({.M = 8, .ef_construction = 40, .ef = 64}).is_ok()) return 2;
    if (::write(STDIN_FILENO, "x", 1) != 1) return 3;
  }
}
const ChildWork kSaveForEver("save_for_ever", save_for_ever);

TEST_F(HnswTest, KillsWhileItIsSavedLeaveVectorsAndSearchWhole) {
  add(0, 600);
  const std::vector<std::string> before = ids();
  for (int round = 0; round < 20; ++round) {
    store_.reset();
    kv_.reset();
    const auto [theirs, ours] = socket_pair();
    const pid_t child = start_child("save_for_ever", path_, 0, theirs);
    ::close(theirs);
    char byte = 0;
    ASSERT_EQ(::read(ours, &byte, 1), 1);
    std::this_thread::sleep_for(std::chrono::microseconds(random_.below(30'000)));
    kill_child(child);
    ::close(ours);
    open();
    EXPECT_GE(recall(10), 0.9) << "round " << round;
    EXPECT_EQ(ids(), before);
    const fs::directory_iterator files(path_ + "/indexes");
    EXPECT_EQ(std::distance(files, fs::directory_iterator()), 1);  // nothing unfinished stays
  }
}

TEST_F(HnswTest, UnfinishedFilesAreRemoved) {
  add(0, 10);
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  const std::string saved = file();
  store_.reset();
  kv_.reset();
  const std::string unfinished = path_ + "/indexes/.graph.hnsw.1-2.tmp";
  write_file(unfinished, "a part");
  open();
  EXPECT_FALSE(fs::exists(unfinished));
  EXPECT_TRUE(fs::exists(saved));
}

TEST_F(HnswTest, ATransactionsVectorsReachTheGraph) {
  add(0, 500);
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  const StorageContext context = *StorageContext::over(kv_);
  auto txn = *context.begin();
  const auto inner = std::static_pointer_cast<KVVectorStore>(*txn->vector_store());
  EXPECT_EQ(inner->use_hnsw().code(), StatusCode::kNotSupported);
  const Vector embedding = vectors_.next();
  const auto added = node("new", embedding, 1);
  ASSERT_TRUE(inner->add({&added, 1}));
  ASSERT_TRUE(inner->delete_nodes(std::vector<std::string>{"n7"}).is_ok());
  EXPECT_EQ(inner->query({.query_embedding = embedding})->ids, (std::vector<std::string>{"new"}));
  EXPECT_NE(store_->query({.query_embedding = embedding})->ids, (std::vector<std::string>{"new"}));
  ASSERT_TRUE(txn.commit().is_ok());
  EXPECT_EQ(store_->query({.query_embedding = embedding})->ids, (std::vector<std::string>{"new"}));
  EXPECT_GE(recall(20), 0.95);
  // More than queries compare beside the graph.
  auto large = *context.begin();
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 1000; i < 1700; ++i) nodes.push_back(node("n" + std::to_string(i), vectors_.next(), 1));
  ASSERT_TRUE((*large->vector_store())->add(nodes));
  ASSERT_TRUE(large.commit().is_ok());
  EXPECT_GE(recall(20), 0.95);
}

TEST_F(HnswTest, WhatFitsIntoNoGraphIsSearchedExactly) {
  add(0, 400);
  ASSERT_TRUE(store_->use_hnsw().is_ok());
  const auto zero = node("zero", Vector(kDimensions, 0.0), 1);
  ASSERT_TRUE(store_->add({&zero, 1}));
  const auto all = store_->query({.query_embedding = vectors_.next(), .similarity_top_k = 401});
  EXPECT_TRUE(std::ranges::any_of(all->similarities, [](double one) { return std::isnan(one); }));
  ASSERT_TRUE(store_->delete_nodes(std::vector<std::string>{"zero"}).is_ok());
  EXPECT_GE(recall(20), 0.95);
  const auto wrong = store_->query({.query_embedding = {1, 2, 3}});
  EXPECT_EQ(wrong.status().code(), StatusCode::kInvalidArgument);
}

TEST(HnswGraphTest, AFileWithAnyBitFlippedIsRefused) {
  const TempDir directory;
  const std::string path = directory / "graph.hnsw";
  HnswGraph graph(2, {.M = 4, .ef_construction = 8});
  const std::vector<HnswGraph::Point> points = {0, 1, 2};
  const std::vector<float> vectors = {1, 0, 0, 1, -1, 0};
  ASSERT_TRUE(graph.add(points, vectors).is_ok());
  ASSERT_TRUE(graph.save(path, [](HnswGraph::Point) { return "name"; }).is_ok());
  const auto loaded = [&] {
    return HnswGraph::load(path, [](HnswGraph::Point, std::string_view) {}).status();
  };
  ASSERT_TRUE(loaded().is_ok()) << loaded().to_string();
  std::string bytes = read_file(path);
  for (char& byte : bytes) {
    byte ^= 1;
    write_file(path, bytes);
    EXPECT_EQ(loaded().code(), StatusCode::kCorruption) << "byte " << &byte - bytes.data();
    byte ^= 1;
  }
}

TEST_F(HnswTest, RefusesOptionsOutOfBounds) {
  for (const HnswOptions& options : {HnswOptions{.M = 1}, HnswOptions{.M = 513, .ef_construction = 600},
                                     HnswOptions{.M = 16, .ef_construction = 15}, HnswOptions{.ef = 0}}) {
    EXPECT_EQ(store_->use_hnsw(options).code(), StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(store_->hnsw()->has_value());
}

}  // namespace
}  // namespace quipu::testing
