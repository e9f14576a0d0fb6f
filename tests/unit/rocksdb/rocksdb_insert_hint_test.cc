// Sorted inserts among range deletions, in every family that has both. RocksDB's assertions, where the
// library has them, abort on a wrong hint; without them keys go missing, which the reads here would see.

#include "backends/rocksdb/database/insert_hint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "backends/rocksdb/format/record.h"
#include "quipu/backend/features.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

TEST(InsertHintTest, WhereRangeDeletionsStartIsOutside) {
  const std::string list = rocks::list_prefix(7, "ref");
  EXPECT_FALSE(rocks::hint_behind_list()->InDomain(list));
  EXPECT_TRUE(rocks::hint_behind_list()->InDomain(list + "member"));
  std::string collection;
  rocks::put_u32(7, collection);
  EXPECT_FALSE(rocks::hint_behind_list()->InDomain(collection));
  EXPECT_FALSE(rocks::hint_behind_collection()->InDomain(collection));
  EXPECT_TRUE(rocks::hint_behind_collection()->InDomain(collection + "k"));
  EXPECT_TRUE(rocks::hint_for_all_keys()->InDomain(""));
}

TEST(InsertHintTest, KeysThatBeginAlikeShareAHint) {
  const auto shared = [](const auto& hint, const std::string& key) {
    return hint->Transform(key).ToString();
  };
  EXPECT_EQ(shared(rocks::hint_for_all_keys(), ""), "");
  EXPECT_EQ(shared(rocks::hint_for_all_keys(), "abc"), "ab");
  EXPECT_EQ(shared(rocks::hint_for_all_keys(), R"(["abc", "d", "e"])"), R"(["ab)");
  std::string collection;
  rocks::put_u32(7, collection);
  EXPECT_EQ(shared(rocks::hint_behind_collection(), collection + "abc"), collection + "ab");
  const std::string list = rocks::list_prefix(7, "abc");
  EXPECT_EQ(shared(rocks::hint_behind_list(), list + "member"), list.substr(0, list.size() - 1));
  EXPECT_EQ(shared(rocks::hint_behind_list(), rocks::list_prefix(7, "") + "m"), rocks::list_prefix(7, ""));
}

TEST(InsertHintTest, ManyKeysShareOne) {
  const auto hint = rocks::hint_for_all_keys();
  {
    const rocks::ManyInserts many(1000);
    EXPECT_EQ(hint->Transform("abc").ToString(), "");
    EXPECT_TRUE(hint->InDomain("abc"));
  }
  const rocks::ManyInserts few(2);
  EXPECT_EQ(hint->Transform("abc").ToString(), "ab");
}

TEST(InsertHintTest, EachCountHasItsOwn) {
  const auto hint = rocks::hint_for_counts();
  EXPECT_EQ(hint->Transform(rocks::count_key(7)).ToString(), rocks::count_key(7));
  EXPECT_FALSE(hint->InDomain(rocks::collection_key("c")));
}

class RangesAndInserts {
 public:
  explicit RangesAndInserts(const std::string& path)
      : store_(*RocksDBKVStore::open(path, {.max_collection_families = 1})) {}

  void step(Random& random) {
    const std::string name = "c" + std::to_string(random.below(3));
    EXPECT_TRUE(store_->declare_collection(name, {"", "hash"}).is_ok());
    switch (random.below(4)) {
      case 0: return drop(name);
      case 1: return replace_list(name, random);
      default: return put(name, random);
    }
  }

  void check() const {
    for (const auto& [name, keys] : values_) {
      EXPECT_EQ(*store_->count(name), keys.size() + lists_.contains(name)) << name;
      for (const auto& [key, hash] : keys) {
        const std::vector<std::string> listed = *store_->field_index().keys_with_value(name, "hash", hash);
        EXPECT_TRUE(std::ranges::find(listed, key) != listed.end()) << name << " " << key;
        EXPECT_TRUE(store_->get(key, name)->has_value()) << name << " " << key;
      }
    }
    for (const auto& [name, members] : lists_) {
      const std::vector<std::string> stored = *store_->member_lists().members(name, "list");
      EXPECT_EQ(std::set<std::string>(stored.begin(), stored.end()), members) << name;
    }
    const Status sound = store_->verify([](const Fault& fault) { ADD_FAILURE() << fault.message; });
    EXPECT_TRUE(sound.is_ok()) << sound.to_string();
  }

 private:
  void drop(const std::string& name) {
    EXPECT_TRUE(store_->drop_collection(name));
    values_.erase(name);
    lists_.erase(name);
  }

  // More members than are deleted one by one.
  void replace_list(const std::string& name, Random& random) {
    WriteBatch batch;
    std::set<std::string> members;
    batch.put_list(name, "list", "{\"ids\": [", "]}");
    for (uint64_t i = 0, first = random.below(5000); i < 1100; ++i) {
      const std::string member = i == 0 ? "\"\"" : std::to_string((first + i * 7919) % 10000);
      batch.add_member(name, "list", member);
      members.insert(member);
    }
    ASSERT_TRUE(store_->write(batch).is_ok());
    lists_[name] = members;
  }

  void put(const std::string& name, Random& random) {
    WriteBatch batch;
    for (int i = 0; i < 50; ++i) {
      const std::string key = i == 0 ? "" : "k" + std::to_string(random.below(300));
      const std::string hash = "h" + std::to_string(random.below(20));
      batch.put(name, key, Json::from_canonical("{\"hash\": \"" + hash + "\"}"));
      values_[name][key] = hash;
    }
    ASSERT_TRUE(store_->write(batch).is_ok());
  }

  std::shared_ptr<RocksDBKVStore> store_;
  std::map<std::string, std::map<std::string, std::string>> values_;
  std::map<std::string, std::set<std::string>> lists_;
};

TEST(InsertHintTest, RangeDeletionsAmongSortedInserts) {
  Random random(test_seed());
  TempDir directory;
  RangesAndInserts store(directory / "db");
  for (int i = 0; i < 300 && !::testing::Test::HasFatalFailure(); ++i) store.step(random);
  store.check();
}

}  // namespace
}  // namespace quipu::testing
