// Rows come out in order, whether they fit into memory or not, and whether their ranks are near or far.

#include "backends/rocksdb/files/external_sorter.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using rocks::ExternalSorter;
using rocks::kByKey;
using rocks::kBySequence;
using rocks::Row;
using rocks::RowOrder;

// Random rows, each once, sorted by `order`, are what `rows` has them as.
template <class KeyOf>
void expect_sorted(const RowOrder& order, Random& random, const std::string& directory, KeyOf key_of) {
  ExternalSorter sorter(order, directory, random.below(2) == 0 ? 4096 : 1 << 20);
  std::map<decltype(key_of(Row{})), std::string> rows;
  const uint64_t span = uint64_t{1} << random.below(64);
  const uint64_t count = random.below(500);
  for (uint64_t i = 0; i < count; ++i) {
    std::string key(random.below(12), 'a');
    for (char& each : key) each = static_cast<char>('a' + random.below(3));
    const std::string value = "value " + std::to_string(i);
    const Row row{random.below(span), key, value};
    if (!rows.emplace(key_of(row), value).second) continue;
    ASSERT_TRUE(sorter.add(row).is_ok());
  }
  ASSERT_TRUE(sorter.finish().is_ok());
  ASSERT_EQ(sorter.size(), rows.size());
  Row row{};
  for (const auto& [key, value] : rows) {
    ASSERT_TRUE(*sorter.next(row));
    EXPECT_EQ(key_of(row), key);
    EXPECT_EQ(row.value, value);
  }
  EXPECT_FALSE(*sorter.next(row));
}

TEST(ExternalSorterTest, RowsComeInOrder) {
  Random random(test_seed());
  const TempDir directory;
  for (int i = 0; i < 200; ++i) {
    expect_sorted(kBySequence, random, directory.path(), [](const Row& row) { return row.sequence; });
    expect_sorted(kByKey, random, directory.path(),
                  [](const Row& row) { return std::pair(std::string(row.key), row.sequence); });
  }
}

}  // namespace
}  // namespace quipu::testing
