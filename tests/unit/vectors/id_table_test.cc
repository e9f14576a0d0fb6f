#include "engine/vectors/id_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

TEST(IdTableTest, FindsWhatIsThereAndNothingElse) {
  Random random(test_seed());
  IdTable table;
  std::map<std::string, uint32_t> expected;
  std::vector<std::string> ids;
  std::vector<uint32_t> free;
  const auto id_of = [&](uint32_t row) { return std::string_view(ids[row]); };
  EXPECT_EQ(table.find("0", id_of), std::nullopt);
  for (int change = 0; change < 30'000; ++change) {
    const std::string id = std::to_string(random.below(change % 10'000 < 5'000 ? 3'000 : 30));
    const auto known = expected.find(id);
    const std::optional<uint32_t> found = table.find(id, id_of);
    ASSERT_EQ(found, known == expected.end() ? std::nullopt : std::optional(known->second)) << id;
    if (found) {
      table.remove(id, *found);
      free.push_back(*found);
      expected.erase(known);
    } else {
      if (free.empty()) {
        free.push_back(static_cast<uint32_t>(ids.size()));
        ids.emplace_back();
      }
      ids[free.back()] = id;
      table.add(id, free.back());
      expected[id] = free.back();
      free.pop_back();
    }
    ASSERT_EQ(table.size(), expected.size());
  }
  for (const auto& [id, row] : expected) EXPECT_EQ(table.find(id, id_of), row);
  EXPECT_LE(table.memory_bytes(), 22U * 4096);
  table.clear();
  EXPECT_EQ(table.find(ids.front(), id_of), std::nullopt);
}

}  // namespace
}  // namespace quipu::testing
