// Filters over columns of metadata: all rows at once against each row by itself, and by the filters' meaning.

#include "engine/vectors/filters/filter_run.h"

#include <gtest/gtest.h>

#include "engine/vectors/filters/metadata_filter.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

constexpr uint32_t kRows = 1500;

const std::vector<std::string> kValues = {"null",  "1",          "1.0",           "true",       "\"1\"",
                                          "\"a\"", "\"ab\"",     "\"\\u00e9\"",   "[\"a\", 1]", "[]",
                                          "\"\"",  "{\"a\": 1}", "[\"\\u00e9\"]", "-7.5"};
const std::vector<std::string> kWanted = {"1",
                                          "1.0",
                                          "\"a\"",
                                          "\"ab\"",
                                          "\"\\u00e9\"",
                                          "[\"a\"]",
                                          "[]",
                                          "[\"a\", \"1\"]",
                                          "[1, 2]",
                                          "\"\"",
                                          "[\"\\u00e9\", \"unknown\"]",
                                          "null"};
const std::vector<FilterOperator> kOperators = {
    FilterOperator::EQ,       FilterOperator::GT,         FilterOperator::LT,
    FilterOperator::NE,       FilterOperator::GTE,        FilterOperator::LTE,
    FilterOperator::IN,       FilterOperator::NIN,        FilterOperator::ANY,
    FilterOperator::ALL,      FilterOperator::TEXT_MATCH, FilterOperator::TEXT_MATCH_INSENSITIVE,
    FilterOperator::CONTAINS, FilterOperator::IS_EMPTY};

// Two columns; what a row has, nothing for one without metadata.
struct Table {
  explicit Table(Random& random) {
    for (uint32_t row = 0; row < kRows; ++row) {
      std::string metadata = "{\"x\": " + random.pick(kValues);
      if (!random.one_in(3)) metadata += ", \"y\": " + random.pick(kValues);
      rows.push_back(random.one_in(20) ? std::nullopt : std::optional(Json::from_canonical(metadata + "}")));
    }
    int times = 0;
    const std::vector<std::string> keys = {"x", "y", "x"};
    const Status made = columns.make(keys, kRows, [&](const auto& use) {
      ++times;
      for (uint32_t row = 0; row < kRows; ++row) {
        if (rows[row]) use(row, *rows[row]);
      }
      return Status::ok();
    });
    EXPECT_TRUE(made.is_ok());
    EXPECT_EQ(times, 1) << "the metadata are gone through once";
  }
  std::vector<std::optional<Json>> rows;
  MetadataColumns columns;
};

MetadataFilters random_filters(Random& random) {
  MetadataFilters filters;
  for (size_t i = random.below(4); i > 0; --i) {
    filters.filters.emplace_back(MetadataFilter{
        random.one_in(2) ? "x" : "y", Json::from_canonical(random.pick(kWanted)), random.pick(kOperators)});
  }
  filters.condition =
      random.pick(std::vector{FilterCondition::AND, FilterCondition::OR, FilterCondition::NOT});
  return filters;
}

TEST(FilterRunTest, AllRowsAtOnceAreAsEachByItself) {
  Random random(test_seed());
  Table table(random);
  size_t passed = 0;
  size_t failed = 0;
  for (int round = 0; round < 100; ++round) {
    const MetadataFilters filters = random_filters(random);
    FilterRun at_once(filters, table.columns);
    std::vector<uint32_t> passing;
    std::vector<uint32_t> unsure;
    at_once.select(kRows + 2, passing, unsure);  // two rows that no column knows
    FilterRun one_by_one(filters, table.columns);
    std::vector<uint32_t> expected;
    std::vector<uint32_t> failing;
    for (uint32_t row = 0; row < kRows + 2; ++row) {
      const std::optional<JsonView> metadata =
          row < kRows && table.rows[row] ? std::optional<JsonView>(*table.rows[row]) : std::nullopt;
      const Result<bool> right = filters_match(filters, "id", metadata);
      const Result<bool> single = one_by_one.passes(row, "id");
      ASSERT_EQ(single.has_value(), right.has_value()) << row;
      if (!right) {
        EXPECT_EQ(single.error().message(), right.error().message());
        failing.push_back(row);
      } else {
        EXPECT_EQ(*single, *right) << row;
        if (*right) expected.push_back(row);
      }
    }
    EXPECT_EQ(passing, expected);
    EXPECT_EQ(unsure, failing);
    passed += expected.size();
    failed += failing.size();
  }
  EXPECT_GT(passed, 1000u);
  EXPECT_GT(failed, 1000u);
}

TEST(FilterRunTest, NestedFiltersLeaveEveryRowUnsure) {
  Random random(1);
  Table table(random);
  const MetadataFilters filters{{MetadataFilters{}}};
  FilterRun run(filters, table.columns);
  std::vector<uint32_t> passing;
  std::vector<uint32_t> unsure;
  run.select(3, passing, unsure);
  EXPECT_TRUE(passing.empty());
  EXPECT_EQ(unsure, (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(run.passes(0, "id").error().message(), "ValueError: Nested MetadataFilters are not supported.");
}

// A failure of a value that no row has any more is nobody's.
TEST(FilterRunTest, ValuesOfDeletedRowsDoNotFail) {
  MetadataColumns columns;
  ASSERT_TRUE(columns
                  .make(std::vector<std::string>{"x"}, 2,
                        [](const auto& use) {
                          use(0, JsonView::from_canonical("{\"x\": \"text\"}"));
                          use(1, JsonView::from_canonical("{\"x\": 5}"));
                          return Status::ok();
                        })
                  .is_ok());
  const MetadataFilters filters{{MetadataFilter{"x", Json::from_int(3), FilterOperator::GT}}};
  std::vector<uint32_t> passing;
  std::vector<uint32_t> unsure;
  FilterRun(filters, columns).select(2, passing, unsure);
  EXPECT_EQ(passing, (std::vector<uint32_t>{1}));
  EXPECT_EQ(unsure, (std::vector<uint32_t>{0}));
  columns.forget(0);
  columns.set(0, JsonView::from_canonical("{\"x\": 4}"));
  passing.clear();
  unsure.clear();
  FilterRun(filters, columns).select(2, passing, unsure);
  EXPECT_EQ(passing, (std::vector<uint32_t>{0, 1}));
  EXPECT_TRUE(unsure.empty());
}

}  // namespace
}  // namespace quipu::testing
