#include "engine/persist/id_table.h"

#include <gtest/gtest.h>

namespace quipu::testing {
namespace {

TEST(IdTableTest, HasWhatWasAddedAndLittleElse) {
  IdTable table;
  EXPECT_FALSE(table.has("0", 1));
  for (int i = 0; i < 100000; ++i) table.add(std::to_string(i), i % 2 == 0 ? 1 : 2);
  table.add("0", 2);
  for (int i = 0; i < 100000; ++i) {
    EXPECT_EQ(table.has(std::to_string(i), 1), i % 2 == 0) << i;
    EXPECT_EQ(table.has(std::to_string(i), 2), i == 0 || i % 2 == 1) << i;
    EXPECT_FALSE(table.has(std::to_string(i) + "x", 3)) << i;
  }
}

TEST(IdTableTest, AFullTableHasTooMuchButMissesNothing) {
  IdTable table(2048);
  for (int i = 0; i < 100000; ++i) table.add(std::to_string(i), 1);
  int unknown = 0;
  for (int i = 0; i < 100000; ++i) {
    EXPECT_TRUE(table.has(std::to_string(i), 1)) << i;
    if (!table.has(std::to_string(i) + "x", 1)) ++unknown;
  }
  EXPECT_GT(unknown, 500);
  EXPECT_LT(unknown, 4000);
}

}  // namespace
}  // namespace quipu::testing
