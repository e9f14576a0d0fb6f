// Readers: beside a writer of this or another process, and over what one has left.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <cmath>
#include <map>
#include <string>

#include "quipu/backend/features.h"
#include "quipu/bulk_load.h"
#include "quipu/document_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;
using StorePtr = std::shared_ptr<BaseKVStore>;

Json number(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

// Writes pairs in one batch to two collections for ever, and says so after each. Small buffers: tables are
// written, compacted and removed, and logs come and go.
int write_pairs(const std::string& path, int) {
  RocksDBOptions options;
  options.memory_budget_bytes = 16 << 20;
  const auto store = RocksDBKVStore::open(path, options);
  if (!store) return 1;
  const std::string filler(20'000, 'x');
  for (int i = 0;; ++i) {
    const Json value =
        Json::from_canonical("{\"n\": " + std::to_string(i) + ", \"filler\": \"" + filler + "\"}");
    WriteBatch batch;
    batch.put("left", "newest", value);
    batch.put("left", std::to_string(i % 500), value);
    batch.put("right", "newest", value);
    batch.put("right", std::to_string(i % 500), value);
    if (!(*store)->write(batch).is_ok()) return 2;
    if (i % 300 == 299 && !(*store)->drop_collection("dropped").has_value()) return 3;
    if (!(*store)->put("k", number(i), "dropped").is_ok()) return 4;
    const std::string said = std::to_string(i) + "\n";
    if (::write(STDIN_FILENO, said.data(), said.size()) < 0) return 5;
  }
}
const ChildWork kWritePairs("write_pairs", write_pairs);

int number_of(const std::optional<Json>& value) {
  return value ? static_cast<int>(*value->view().find("n")->number()) : -1;
}

// A child that goes when the test does, however that ends.
class KilledChild {
 public:
  KilledChild(const std::string& work, const std::string& path) {
    const auto [theirs, ours] = socket_pair();
    child_ = start_child(work, path, 0, theirs);
    ::close(theirs);
    end_ = ours;
  }
  ~KilledChild() { kill(); }
  void kill() {
    if (end_ < 0) return;
    kill_child(child_);
    ::close(end_);
    end_ = -1;
  }
  // The number on the next line that it says.
  int read_number() const {
    std::string line;
    for (char byte = 0; ::read(end_, &byte, 1) == 1 && byte != '\n';) line += byte;
    return std::atoi(line.c_str());
  }

 private:
  pid_t child_ = -1;
  int end_ = -1;
};

class RocksDBReaderTest : public ::testing::Test {
 protected:
  // Every file and folder with its bytes.
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      all[entry.path().string()] =
          fs::is_directory(entry.path()) ? "folder" : read_file(entry.path().string());
    }
    return all;
  }
  StorePtr writer() const {
    auto store = RocksDBKVStore::open(path_);
    EXPECT_TRUE(store) << store.error().to_string();
    return *store;
  }
  StorePtr reader(const RocksDBOptions& options = {}) const {
    auto store = RocksDBKVStore::open_reader(path_, options);
    EXPECT_TRUE(store) << store.error().to_string();
    return store.value_or(nullptr);
  }
  static std::string faults(const BaseKVStore& store) {
    std::string all;
    EXPECT_TRUE(store.verify([&](const Fault& fault) { all += fault.message + "\n"; }).is_ok());
    return all;
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(RocksDBReaderTest, ShowsTheMomentOfItsOpeningAndRefreshes) {
  const StorePtr store = writer();
  ASSERT_TRUE(store->put("a", number(1)).is_ok());
  const StorePtr before = reader();
  EXPECT_EQ(*before->refresh(), before);  // nothing has happened
  ASSERT_TRUE(store->put("a", number(2)).is_ok());
  ASSERT_TRUE(store->put("b", number(3), "new").is_ok());
  const StorePtr after = *before->refresh();
  EXPECT_NE(after, before);
  EXPECT_EQ(number_of(*before->get("a")), 1);
  EXPECT_EQ(before->collections()->size(), 1u);
  EXPECT_EQ(number_of(*after->get("a")), 2);
  EXPECT_EQ(number_of(*after->get("b", "new")), 3);
  EXPECT_EQ(*after->count("new"), 1u);
  EXPECT_EQ(after->get_all("new")->size(), 1u);
  EXPECT_EQ(number_of(*(*after->snapshot())->get("a")), 2);
  EXPECT_EQ(faults(*after), "");
}

// Readers that were refreshed from each other follow one log, and each keeps its moment: random batches, with
// values beyond a block of the log, flushes, collections that come and go, and a bulk load between them.
TEST_F(RocksDBReaderTest, RefreshedReadersKeepTheirMomentWhateverIsTakenInLater) {
  const StorePtr store = writer();
  ASSERT_TRUE(store->put("first", number(0), "c0").is_ok());
  using Contents = std::map<std::string, std::map<std::string, std::string>>;
  const auto read = [](const BaseKVStore& from) {
    Contents all;
    const std::vector<CollectionInfo> collections = *from.collections();
    for (const CollectionInfo& info : collections) {
      const std::vector<KVEntry> entries = *from.get_all(info.name);
      for (const KVEntry& entry : entries) all[info.name][entry.key] = entry.val.text();
      EXPECT_EQ(*from.count(info.name), all[info.name].size());
    }
    return all;
  };
  Random random(test_seed());
  std::vector<std::pair<StorePtr, Contents>> kept;
  StorePtr newest = *reader()->refresh();
  for (int round = 0; round < 120; ++round) {
    WriteBatch batch;
    for (int i = 0; i < 4; ++i) {
      const std::string collection = "c" + std::to_string(random.below(3));
      const std::string key = "k" + std::to_string(random.below(40));
      const std::string filler(random.below(8) == 0 ? 70'000 : random.below(300), 'x');
      if (random.below(4) == 0) {
        batch.delete_(collection, key);
      } else {
        batch.put(collection, key,
                  Json::from_canonical("{\"n\": " + std::to_string(round) + ", \"f\": \"" + filler + "\"}"));
      }
    }
    ASSERT_TRUE(store->write(batch).is_ok());
    if (random.below(25) == 0) {
      ASSERT_TRUE(store->flush().is_ok());
    }
    if (random.below(30) == 0) {
      ASSERT_TRUE(store->drop_collection("c1"));
    }
    if (random.below(3) != 0) continue;
    newest = *newest->refresh();
    const Contents now = read(*newest);
    ASSERT_EQ(now, read(*store)) << "round " << round;
    kept.emplace_back(newest, now);
    if (kept.size() > 6) kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(random.below(3)));
    for (const auto& [reader, contents] : kept) ASSERT_EQ(read(*reader), contents) << "round " << round;
  }
  EXPECT_EQ(faults(*newest), "");
  EXPECT_EQ(faults(*kept.front().first), "");
}

TEST_F(RocksDBReaderTest, ADamagedLogIsNotFollowed) {
  const StorePtr store = writer();
  ASSERT_TRUE(store->put("a", number(1)).is_ok());
  const StorePtr first = reader();
  ASSERT_TRUE(store->put("b", number(2)).is_ok());
  const StorePtr following = *first->refresh();
  ASSERT_TRUE(store->put("c", number(3)).is_ok());
  for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
    if (entry.path().extension() != ".log") continue;
    std::string bytes = read_file(entry.path().string());
    bytes[bytes.size() - 3] ^= 1;
    write_file(entry.path().string(), bytes);
  }
  const auto refused = following->refresh();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), StatusCode::kCorruption);
  EXPECT_EQ(number_of(*following->get("b")), 2);
}

TEST_F(RocksDBReaderTest, DropsAndCompactionsLeaveAReaderAlone) {
  const StorePtr store = writer();
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(store->put("k" + std::to_string(i), number(i), "c").is_ok());
  ASSERT_TRUE(store->flush().is_ok());
  for (int i = 0; i < 2000; i += 2) ASSERT_TRUE(store->delete_("k" + std::to_string(i), "c"));
  const StorePtr open = reader();
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  const auto it = open->scan(in_order, "c");
  ASSERT_TRUE(it && (*it)->next());
  ASSERT_TRUE(store->compact().is_ok());
  ASSERT_TRUE(*store->drop_collection("c"));
  ASSERT_TRUE(store->compact().is_ok());
  int found = 1;
  while ((*it)->next()) ++found;
  EXPECT_TRUE((*it)->status().is_ok());
  EXPECT_EQ(found, 1000);
  EXPECT_EQ(*open->count("c"), 1000u);
  EXPECT_EQ(number_of(*open->get("k1999", "c")), 1999);
  EXPECT_EQ(faults(*open), "");
  EXPECT_TRUE((*open->refresh())->collections()->empty());
  EXPECT_EQ(faults(*store), "");
}

TEST_F(RocksDBReaderTest, RefusesEveryWrite) {
  {
    const StorePtr store = writer();
    ASSERT_TRUE(store->put("k", number(1), "c").is_ok());
    ASSERT_TRUE(store->close().is_ok());
  }
  const StorePtr open = reader();
  const auto refused = [&](const Status& status) {
    return status.code() == StatusCode::kNotSupported &&
           status.message().find(path_ + " is open for reading only") != std::string::npos;
  };
  WriteBatch batch;
  batch.put("other", "k", number(2));
  EXPECT_TRUE(open->capabilities().read_only);
  EXPECT_TRUE(refused(open->put("k", number(2), "c")));
  EXPECT_TRUE(refused(open->put("k", number(2), "other")));
  EXPECT_TRUE(refused(open->delete_("k", "c").status()));
  EXPECT_TRUE(refused(open->write(batch)));
  EXPECT_TRUE(refused(open->begin().status()));
  EXPECT_TRUE(refused(open->bulk_load().status()));
  EXPECT_TRUE(refused(open->declare_collection("c", {})));
  EXPECT_TRUE(refused(open->drop_collection("c").status()));
  EXPECT_TRUE(refused(open->field_index().ensure_index("c", "n")));
  EXPECT_TRUE(refused(open->sync()));
  EXPECT_TRUE(refused(open->flush()));
  EXPECT_TRUE(refused(open->compact()));
  EXPECT_EQ(number_of(*open->get("k", "c")), 1);
  EXPECT_TRUE(open->close().is_ok());
  EXPECT_EQ(open->get("k", "c").error().code(), StatusCode::kInvalidArgument);
}

TEST_F(RocksDBReaderTest, LooksHashesUpWithOrWithoutAnIndex) {
  for (const char* const field : {"", "doc_hash"}) {
    const std::string ns = *field == '\0' ? "plain" : "indexed";
    {
      const StorePtr store = writer();
      ASSERT_TRUE(store->declare_collection(ns + "/metadata", {"docstore.json", field}).is_ok());
      for (const auto& [id, hash] : {std::pair("b", "x"), {"a", "x"}, {"c", "y"}, {"d", ""}}) {
        const Json value = Json::from_canonical("{\"doc_hash\": \"" + std::string(hash) + "\"}");
        ASSERT_TRUE(store->put(id, value, ns + "/metadata").is_ok());
      }
      ASSERT_TRUE(store->close().is_ok());
    }
    const KVDocumentStore documents(reader(), {.ns = ns});
    EXPECT_EQ(*documents.ids_by_hash("x"), (std::vector<std::string>{"a", "b"})) << ns;
    EXPECT_EQ(*documents.ids_by_hash(""), std::vector<std::string>()) << ns;
    const std::vector<std::string> asked = {"z", "x", "", "z", "y"};
    EXPECT_EQ(*documents.missing_hashes(asked), (std::vector<std::string>{"z", "", "z"})) << ns;
  }
}

TEST_F(RocksDBReaderTest, TouchesNothing) {
  {
    const StorePtr store = writer();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(store->put("k" + std::to_string(i), number(i)).is_ok());
    ASSERT_TRUE(store->flush().is_ok());
    ASSERT_TRUE(store->put("in the log", number(1)).is_ok());
    const auto before = contents();
    {
      const StorePtr open = reader();
      EXPECT_EQ(open->get_all()->size(), 101u);
      EXPECT_EQ(faults(*open), "");
      EXPECT_EQ(*open->index_directory(), path_ + "/indexes");
      EXPECT_GT(*open->disk_bytes(), 0u);
    }
    EXPECT_EQ(contents(), before);
  }
  const auto closed = contents();
  EXPECT_EQ(reader()->get_all()->size(), 101u);
  EXPECT_EQ(contents(), closed);
  EXPECT_EQ(writer()->get_all()->size(), 101u);
}

TEST_F(RocksDBReaderTest, NoDatabaseIsAnErrorAndMakesNone) {
  EXPECT_EQ(RocksDBKVStore::open_reader(path_).error().code(), StatusCode::kIoError);
  EXPECT_FALSE(fs::exists(path_));
  fs::create_directory(path_);
  EXPECT_EQ(RocksDBKVStore::open_reader(path_).error().code(), StatusCode::kInvalidArgument);
  write_file(path_ + "/notes.txt", "mine");
  EXPECT_EQ(RocksDBKVStore::open_reader(path_).error().code(), StatusCode::kInvalidArgument);
  fs::remove(path_ + "/notes.txt");
  write_file(path_ + "/QUIPU", "quipu format 1\n");  // one that its maker has not finished
  EXPECT_EQ(RocksDBKVStore::open_reader(path_).error().code(), StatusCode::kIoError);
  write_file(path_ + "/QUIPU", "quipu format 4\n");
  EXPECT_EQ(RocksDBKVStore::open_reader(path_).error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(contents().size(), 1u);
}

TEST_F(RocksDBReaderTest, LostWritesAreNoticed) {
  const StorePtr store = writer();
  ASSERT_TRUE(store->put("k", number(1)).is_ok());
  for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
    if (entry.path().extension() == ".log") fs::resize_file(entry.path(), 0);
  }
  const auto refused = RocksDBKVStore::open_reader(path_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), StatusCode::kCorruption);
  EXPECT_NE(refused.error().message().find("acknowledged writes are missing"), std::string::npos);
  RocksDBOptions accept;
  accept.accept_lost_writes = true;
  EXPECT_FALSE(reader(accept)->get("k")->has_value());
  fs::remove(path_ + "/SESSION");
  EXPECT_EQ(RocksDBKVStore::open_reader(path_).error().code(), StatusCode::kCorruption);
}

TEST_F(RocksDBReaderTest, TooManyFilesAreNamed) {
  const StorePtr store = writer();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->put("k", number(i), "c" + std::to_string(i)).is_ok());
  }
  ASSERT_TRUE(store->flush().is_ok());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ::close(next);
  const rlimit few{static_cast<rlim_t>(next) + 10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto refused = RocksDBKVStore::open_reader(path_);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), StatusCode::kIoError);
  EXPECT_NE(refused.error().message().find("ulimit"), std::string::npos) << refused.error().message();
  EXPECT_EQ(number_of(*reader()->get("k", "c19")), 19);
}

TEST_F(RocksDBReaderTest, BesideAWriterEveryBatchIsWholeAndNothingAcknowledgedIsMissing) {
  KilledChild child("write_pairs", path_);
  child.read_number();
  StorePtr open = reader();
  int refreshed = 0;
  for (int acknowledged = 0; acknowledged < 1500;) {
    acknowledged = child.read_number();
    if (acknowledged % 30 != 0) continue;
    const auto next = open->refresh();
    ASSERT_TRUE(next) << next.error().to_string();
    open = *next;
    ++refreshed;
    const int left = number_of(*open->get("newest", "left"));
    ASSERT_GE(left, acknowledged);
    ASSERT_EQ(number_of(*open->get("newest", "right")), left);
    ASSERT_EQ(number_of(*open->get(std::to_string(left % 500), "left")), left);
    ASSERT_EQ(*open->count("left"), static_cast<uint64_t>(std::min(left + 1, 500)) + 1);
    if (refreshed % 10 == 0) {
      ASSERT_EQ(faults(*open), "");
    }
  }
  child.kill();
  EXPECT_GE(refreshed, 30);
  EXPECT_EQ(faults(*reader()), "");  // of one that was killed
  EXPECT_EQ(faults(*writer()), "");
}

TEST_F(RocksDBReaderTest, StoresWorkOverAReader) {
  const StorePtr store = writer();
  KVVectorStore vectors(store);
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < 60; ++i) {
    TextNodeBuilder builder;
    builder.id("n" + std::to_string(i)).text("text");
    builder.embedding(std::vector<double>{std::cos(i * 0.1), std::sin(i * 0.1)});
    nodes.push_back(*builder.build());
  }
  ASSERT_TRUE(vectors.add(std::span(nodes).first(30)));
  ASSERT_TRUE(vectors.use_hnsw({}).is_ok());
  ASSERT_TRUE(KVDocumentStore(store).add_documents(nodes).is_ok());
  // A graph that is far behind: a writer would save it anew.
  const std::string graph = fs::directory_iterator(path_ + "/indexes")->path().string();
  const std::string saved = read_file(graph);
  ASSERT_TRUE(vectors.add(std::span(nodes).last(30)));
  write_file(graph, saved);
  const StorePtr open = reader();
  VectorStoreQuery query;
  query.query_embedding = {std::cos(4.5), std::sin(4.5)};
  query.similarity_top_k = 1;
  const auto found = KVVectorStore(open).query(query);
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->ids, std::vector<std::string>{"n45"});
  EXPECT_EQ(KVDocumentStore(open).docs()->size(), 60u);
  EXPECT_EQ(read_file(graph), saved);
}

}  // namespace
}  // namespace quipu::testing
