// A bulk load of long values: sorted, repeated and kept as shorter ones are, in memory for about two of them.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "quipu/bulk_load.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr size_t kLength = 30 << 20;

Json value_of(size_t length, char fill) {
  return Json::from_canonical("{\"v\": \"" + std::string(length, fill) + "\"}");
}

long peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

// Exits with what the load added to the peak of memory, in long values; beside the one that is given to it.
int load_long_values(const std::string& path, int) {
  const auto store = RocksDBKVStore::open(path);
  if (!store) return 101;
  const Json value = value_of(kLength, 'x');
  const long before = peak_bytes();
  const auto load = *(*store)->bulk_load();
  if (!load->begin_collection("c", {}).is_ok()) return 102;
  for (int i = 0; i < 4; ++i) {
    if (!load->put("k" + std::to_string(i), value).is_ok()) return 103;
  }
  if (!load->commit().is_ok()) return 104;
  return static_cast<int>((peak_bytes() - before) / static_cast<long>(kLength));
}

const ChildWork kLoadLongValues("load_long_values", load_long_values);

TEST(LongValueTest, ABulkLoadHoldsFewOfThem) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes memory of its own";
#endif
  const TempDir directory;
  EXPECT_LE(wait_for(start_child("load_long_values", directory / "db", 0)), 4);
}

TEST(LongValueTest, TheyAreSortedAmongOthers) {
  const TempDir directory;
  RocksDBOptions small;
  small.memory_budget_bytes = 16 << 20;
  const auto store = *RocksDBKVStore::open(directory / "db", small);
  const auto load = *store->bulk_load();
  ASSERT_TRUE(load->begin_collection("c", {}).is_ok());
  const std::vector<std::pair<std::string, Json>> rows = {
      {"m", value_of(5 << 20, 'a')}, {"b", value_of(10, 'b')}, {"z", value_of(6 << 20, 'c')},
      {"a", value_of(5 << 20, 'd')}, {"m", value_of(20, 'e')}, {"b", value_of(7 << 20, 'f')},
  };
  for (const auto& [key, value] : rows) ASSERT_TRUE(load->put(key, value).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  const auto entries = store->get_all("c");
  ASSERT_TRUE(entries) << entries.error().to_string();
  ASSERT_EQ(entries->size(), 4u);
  const size_t expected[] = {4, 5, 2, 3};  // in the order of the first of each key, with the last's value
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ((*entries)[i].key, rows[expected[i]].first);
    EXPECT_TRUE((*entries)[i].val == rows[expected[i]].second) << i;
  }
}

}  // namespace
}  // namespace quipu::testing
