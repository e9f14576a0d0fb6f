// Damaged files: one bit flipped anywhere is noticed, or changes nothing that is read. A log that is flipped,
// cut or gone is noticed when the store is opened.
//
// QUIPU_BIT_FLIPS says how many; the default is that of an ordinary run.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "tests/crash/workload.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

enum Outcome { kAsBefore = 0, kNoticed = 20, kWrong = 21 };

std::shared_ptr<const BaseNode> vector_node(int number) {
  TextNodeBuilder builder;
  builder.id("v" + std::to_string(number)).text("text");
  builder.embedding(std::vector<double>{1.0, number / 50.0, number % 7 / 3.0});
  return *builder.build();
}

// A directory with tables, a log with what came later, and a saved search graph; the process dies.
int make_directory(const std::string& path, int seed) {
  auto context = StorageContext::open(path);
  if (!context) return 1;
  const auto& store = context->kvstore();
  const Workload work(static_cast<uint64_t>(seed), "w");
  const auto run = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      if (!work.run(i, store).is_ok()) return false;
    }
    return true;
  };
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < 200; ++i) nodes.push_back(vector_node(i));
  const auto vectors = std::dynamic_pointer_cast<KVVectorStore>(*context->vector_store());
  if (!run(0, 100) || !vectors->add(nodes) || !vectors->use_hnsw().is_ok()) return 2;
  if (!std::dynamic_pointer_cast<RocksDBKVStore>(store)->compact().is_ok() || !run(101, 120)) return 3;
  ::_exit(0);
}

// Everything that can be read, or the first error.
Result<std::string> read_everything(const std::string& path) {
  QUIPU_ASSIGN_OR_RETURN(const StorageContext context, StorageContext::open(path));
  const auto store = std::dynamic_pointer_cast<RocksDBKVStore>(context.kvstore());
  std::string all;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store->collections());
  for (const CollectionInfo& info : infos) {
    all += info.name + " " + std::to_string(info.count) + " " + info.indexed_field + "\n";
    QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> entries, store->get_all(info.name));
    for (const KVEntry& entry : entries) {
      QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> again, store->get(entry.key, info.name));
      all += entry.key + ": " + entry.val.text() + (again == entry.val ? "\n" : " is not what get() finds\n");
    }
  }
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorStore> vectors, context.vector_store());
  QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult near,
                         vectors->query({.query_embedding = {1, 1, 1}, .similarity_top_k = 10}));
  for (const std::string& id : near.ids) all += id + "\n";
  return all;
}

// Compares what is read with the file beside the directory.
int read_and_compare(const std::string& path, int) {
  const Result<std::string> found = read_everything(path);
  if (!found) return kNoticed;
  return *found == read_file(path + ".expected") ? kAsBefore : kWrong;
}

int open_only(const std::string& path, int) {
  return RocksDBKVStore::open(path).status().code() == StatusCode::kCorruption ? kNoticed : kAsBefore;
}

const ChildWork kMakeDirectory("make_directory_to_damage", make_directory);
const ChildWork kReadAndCompare("read_and_compare", read_and_compare);
const ChildWork kOpenOnly("open_damaged", open_only);

class DamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const int seed = static_cast<int>(random_.below(1 << 20));
    ASSERT_EQ(wait_for(start_child("make_directory_to_damage", whole_, seed)), 0);
    restore();
    const Result<std::string> expected = read_everything(path_);
    ASSERT_TRUE(expected) << expected.error().to_string();
    write_file(path_ + ".expected", *expected);
  }
  void restore() {
    fs::remove_all(path_);
    fs::copy(whole_, path_, fs::copy_options::recursive);
  }
  // Files of the whole directory that hold data, by what they are.
  std::map<std::string, std::vector<std::string>> files() const {
    std::map<std::string, std::vector<std::string>> by_kind;
    for (const auto& entry : fs::recursive_directory_iterator(whole_)) {
      if (!entry.is_regular_file() || entry.file_size() == 0) continue;
      const std::string name = entry.path().filename().string();
      if (name.starts_with("LOG") || name == "LOCK" || name.starts_with("OPTIONS") || name == "IDENTITY")
        continue;
      const std::string kind = name.starts_with("MANIFEST")   ? "MANIFEST"
                               : entry.path().has_extension() ? entry.path().extension().string()
                                                              : name;
      by_kind[kind].push_back(fs::relative(entry.path(), whole_).string());
    }
    return by_kind;
  }
  // Returns the place, for people.
  std::string flip_bit(const std::string& file) {
    std::string bytes = read_file(path_ + "/" + file);
    const uint64_t at = random_.below(bytes.size());
    const uint64_t bit = random_.below(8);
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    write_file(path_ + "/" + file, bytes);
    return file + ", byte " + std::to_string(at) + " of " + std::to_string(bytes.size()) + ", bit " +
           std::to_string(bit);
  }

  Random random_{test_seed()};
  TempDir directory_;
  const std::string whole_ = directory_ / "whole";
  const std::string path_ = directory_ / "db";
};

TEST_F(DamageTest, NoFlippedBitGivesWrongAnswers) {
  const int flips = test_scale("QUIPU_BIT_FLIPS", 100);
  const auto by_kind = files();
  for (const char* const kind : {".sst", ".log", ".hnsw", "MANIFEST", "CURRENT", "SESSION", "QUIPU"}) {
    ASSERT_TRUE(by_kind.contains(kind)) << kind;
  }
  struct Counts {
    int flips = 0, as_before = 0, noticed = 0, ended = 0;
  };
  std::map<std::string, Counts> counts;
  for (int flip = 0; flip < flips; ++flip) {
    auto kind = by_kind.begin();
    std::advance(kind, flip % static_cast<int>(by_kind.size()));
    restore();
    const std::string place = flip_bit(random_.pick(kind->second));
    const int outcome = wait_for(start_child("read_and_compare", path_, 0));
    Counts& count = counts[kind->first];
    ++count.flips;
    count.as_before += outcome == kAsBefore ? 1 : 0;
    count.noticed += outcome == kNoticed ? 1 : 0;
    count.ended += outcome == -1 ? 1 : 0;
    EXPECT_NE(outcome, kWrong) << "a wrong answer: " << place;
    EXPECT_NE(outcome, -1) << "the process ended: " << place;
  }
  for (const auto& [kind, count] : counts) {
    std::printf("%-10s %4d flips: %4d noticed, %4d without effect, %d ended the process\n", kind.c_str(),
                count.flips, count.noticed, count.as_before, count.ended);
  }
}

TEST_F(DamageTest, ADamagedLogIsNoticedWhenTheStoreIsOpened) {
  const int rounds = test_scale("QUIPU_BIT_FLIPS", 100) / 10;
  std::vector<std::string> logs = files().at(".log");
  for (int round = 0; round < rounds; ++round) {
    for (const std::string damage : {"flipped", "cut", "gone"}) {
      restore();
      const std::string& log = random_.pick(logs);
      const std::string file = path_ + "/" + log;
      std::string place = log + " " + damage;
      if (damage == "flipped") place = flip_bit(log);
      if (damage == "cut") fs::resize_file(file, random_.below(fs::file_size(file)));
      if (damage == "gone") fs::remove(file);
      EXPECT_EQ(wait_for(start_child("open_damaged", path_, 0)), kNoticed) << place;
    }
  }
}

}  // namespace
}  // namespace quipu::testing
