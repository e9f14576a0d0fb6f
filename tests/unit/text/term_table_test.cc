#include "engine/text/analysis/term_table.h"

#include <gtest/gtest.h>

#include <string>

namespace quipu::testing {
namespace {

TEST(TermTableTest, NumbersTermsInTheOrderInWhichTheyCome) {
  TermTable table;
  EXPECT_EQ(0u, table.number_of("b"));
  EXPECT_EQ(1u, table.number_of(""));
  EXPECT_EQ(2u, table.number_of(std::string_view("b\0", 2)));
  EXPECT_EQ(0u, table.number_of("b"));
  EXPECT_EQ(1u, table.number_of(""));
  EXPECT_EQ(3u, table.size());
  EXPECT_EQ(std::string_view("b\0", 2), table.term(2));
}

TEST(TermTableTest, ManyTermsAndLongOnesKeepTheirNumbersAndPlaces) {
  TermTable table;
  const auto name = [](uint32_t i) {
    return std::string(i % 1000 == 7 ? 100'000 : i % 20, 'x') + std::to_string(i);
  };
  std::vector<const char*> places;
  for (uint32_t i = 0; i < 20'000; ++i) {
    ASSERT_EQ(i, table.number_of(name(i)));
    places.push_back(table.term(i).data());
  }
  for (uint32_t i = 0; i < 20'000; ++i) {
    ASSERT_EQ(i, table.number_of(name(i)));
    ASSERT_EQ(name(i), table.term(i));
    ASSERT_EQ(places[i], table.term(i).data());
  }
  table.clear();
  EXPECT_EQ(0u, table.size());
  EXPECT_EQ(0u, table.number_of(name(7)));
}

}  // namespace
}  // namespace quipu::testing
