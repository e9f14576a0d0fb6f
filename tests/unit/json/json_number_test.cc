#include "engine/json/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "quipu/json.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct FloatCase {
  double value;
  std::string_view repr;
};

TEST(JsonNumberTest, PrintsFloatsAsPython) {
  const FloatCase cases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {100.0, "100.0"},
      {123456.789, "123456.789"},
      {0.0001, "0.0001"},
      {0.00012345, "0.00012345"},
      {0.00001, "1e-05"},
      {1.5e-7, "1.5e-07"},
      {1e15, "1000000000000000.0"},
      {9999999999999998.0, "9999999999999998.0"},
      {1e16, "1e+16"},
      {1.2345678901234567e16, "1.2345678901234568e+16"},
      {1e22, "1e+22"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"},
      {-1.7976931348623157e308, "-1.7976931348623157e+308"},
      {kInfinity, "Infinity"},
      {-kInfinity, "-Infinity"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
  };
  for (const FloatCase& test : cases) EXPECT_EQ(Json::from_double(test.value).text(), test.repr);
}

TEST(JsonNumberTest, PrintsInts) {
  EXPECT_EQ(Json::from_int(0).text(), "0");
  EXPECT_EQ(Json::from_int(std::numeric_limits<int64_t>::min()).text(), "-9223372036854775808");
  EXPECT_EQ(Json::from_int(std::numeric_limits<int64_t>::max()).text(), "9223372036854775807");
}

TEST(JsonNumberTest, ReadsBeyondTheRange) {
  EXPECT_EQ(parse_json_float("1e999"), kInfinity);
  EXPECT_EQ(parse_json_float("-1e999"), -kInfinity);
  EXPECT_EQ(parse_json_float("0.0001e999"), kInfinity);
  EXPECT_EQ(parse_json_float("1000000e-999"), 0.0);
  EXPECT_TRUE(std::signbit(parse_json_float("-1e-999")));
  EXPECT_EQ(parse_json_float("1e-0000000000000000000000000000000999"), 0.0);
  EXPECT_EQ(parse_json_float("1e0000000000000000000000000000000999"), kInfinity);
  EXPECT_EQ(parse_json_float("1" + std::string(400, '0')), kInfinity);
  EXPECT_EQ(parse_json_float("1" + std::string(400, '0') + "e-400"), 1.0);
  EXPECT_EQ(parse_json_float("Infinity"), kInfinity);
  EXPECT_TRUE(std::isnan(parse_json_float("NaN")));
}

// Against printf: the repr of a double is the shortest %.{n}e that reads back, laid out anew.
TEST(JsonNumberTest, RandomDoublesReadBackShortest) {
  Random random(test_seed());
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random.below(uint64_t{1} << 32) << 32 | random.below(uint64_t{1} << 32);
    const double value = random.one_in(2) ? std::bit_cast<double>(bits)
                                          : static_cast<double>(random.below(2000000)) / 1000.0 - 1000.0;
    if (!std::isfinite(value)) continue;
    const std::string text = Json::from_double(value).text();
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    ASSERT_TRUE(is_python_float(text)) << text;
    char shortest[40];
    int digits = 0;
    do {
      std::snprintf(shortest, sizeof shortest, "%.*e", digits++, value);
    } while (std::strtod(shortest, nullptr) != value);
    std::string expected_digits;
    for (const char* c = shortest; *c != 'e'; ++c) {
      if (*c >= '0' && *c <= '9') expected_digits += *c;
    }
    std::string printed_digits;
    for (const char c : text.substr(0, text.find('e'))) {
      if (c >= '0' && c <= '9') printed_digits += c;
    }
    const auto trim = [](std::string all) {
      all.erase(0, std::min(all.find_first_not_of('0'), all.size()));
      return all.erase(all.find_last_not_of('0') + 1);
    };
    ASSERT_EQ(trim(printed_digits).size(), trim(expected_digits).size()) << text << " " << shortest;
  }
}

TEST(JsonNumberTest, KnowsPythonsOwnText) {
  for (const std::string_view text :
       {"0.5", "-0.0", "123456789012345.6", "0.30000000000000004", "1e-05", "5e-324"}) {
    EXPECT_TRUE(is_python_float(text)) << text;
  }
  for (const std::string_view text :
       {"0.50", "1.00", "1E5", "1e5", "1e+5", "1e-5", "0.00001", "10000000000000000.0", "0.30000000000000001",
        "123456789012345678.0", "1e999", "0.1e1", "1e+016", "0.000012345", "-0.00"}) {
    EXPECT_FALSE(is_python_float(text)) << text;
  }
}

}  // namespace
}  // namespace quipu::testing
