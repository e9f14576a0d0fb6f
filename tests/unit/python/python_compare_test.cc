// Python's comparisons and lower case, against what Python 3.11 says.

#include "engine/python/python_compare.h"

#include <gtest/gtest.h>

#include "engine/python/python_lower.h"
#include "engine/vectors/filters/metadata_filter.h"

namespace quipu::testing {
namespace {

JsonView view(const char* text) { return JsonView::from_canonical(text); }

TEST(PythonCompareTest, EqualityIsPythons) {
  for (const auto& [a, b] :
       {std::pair("1", "1.0"), std::pair("1", "true"), std::pair("0.0", "false"), std::pair("-0.0", "0"),
        std::pair("[1, 2]", "[1.0, 2]"), std::pair(R"({"a": 1, "b": 2})", R"({"b": 2.0, "a": true})"),
        std::pair("9007199254740993", "9007199254740993"), std::pair("null", "null")}) {
    EXPECT_TRUE(python_equal(view(a), view(b))) << a << " " << b;
    EXPECT_TRUE(python_equal(view(b), view(a))) << a << " " << b;
  }
  for (const auto& [a, b] :
       {std::pair("9007199254740993", "9007199254740992.0"), std::pair("NaN", "NaN"), std::pair("\"1\"", "1"),
        std::pair("null", "0"), std::pair("[1]", "[1, 2]"), std::pair(R"({"a": 1})", R"({"a": 1, "b": 2})"),
        std::pair("1", "1e+300"), std::pair("Infinity", "100000000000000000000000000000000000000")}) {
    EXPECT_FALSE(python_equal(view(a), view(b))) << a << " " << b;
  }
}

TEST(PythonCompareTest, OrderIsExact) {
  const auto less = [](const char* a, const char* b) { return *python_order(view(a), view(b), "<") < 0; };
  EXPECT_TRUE(less("9007199254740992.0", "9007199254740993"));
  EXPECT_FALSE(less("9007199254740993", "9007199254740992.0"));
  EXPECT_TRUE(less("-3", "-2.5"));
  EXPECT_TRUE(less("-2.5", "-2"));
  EXPECT_TRUE(less("99999999999999999999999", "Infinity"));
  EXPECT_TRUE(less("-Infinity", "-99999999999999999999999"));
  EXPECT_FALSE(less("NaN", "1"));
  EXPECT_FALSE(less("1", "NaN"));
  EXPECT_TRUE(less("\"\\uffff\"", "\"\\ud83d\\ude00\""));  // by code point, not by UTF-16
  EXPECT_TRUE(less("[1, 2]", "[1, 3]"));
  EXPECT_TRUE(less("[1]", "[1, 0]"));
  EXPECT_TRUE(less("false", "1"));
  EXPECT_EQ(python_order(view("1"), view("\"a\""), "<").error().message(),
            "TypeError: '<' not supported between instances of 'int' and 'str'");
  EXPECT_EQ(python_order(view("{}"), view("{}"), ">=").error().message(),
            "TypeError: '>=' not supported between instances of 'dict' and 'dict'");
}

TEST(PythonCompareTest, MembershipIsPythons) {
  EXPECT_TRUE(*python_in(view("\"b\""), view("\"abc\"")));
  EXPECT_TRUE(*python_in(view("\"\""), view("\"\"")));
  EXPECT_TRUE(*python_in(view("1.0"), view("[2, 1]")));
  EXPECT_TRUE(*python_in(view("\"k\""), view(R"({"k": 1})")));
  EXPECT_FALSE(*python_in(view("1"), view(R"({"1": 1})")));
  EXPECT_EQ(python_in(view("1"), view("5")).error().message(),
            "TypeError: argument of type 'int' is not iterable");
  EXPECT_EQ(python_in(view("1"), view("\"a\"")).error().message(),
            "TypeError: 'in <string>' requires string as left operand, not int");
}

TEST(PythonLowerTest, FullMappings) {
  EXPECT_EQ(python_lower("ABC xyz 1"), "abc xyz 1");
  EXPECT_EQ(python_lower("\u0130"), "i\u0307");
  EXPECT_EQ(python_lower("\u039f\u0394\u039f\u03a3 \u03a3\u03a3"), "\u03bf\u03b4\u03bf\u03c2 \u03c3\u03c2");
  EXPECT_EQ(python_lower("STRA\u00dfE \u1e9e"), "stra\u00dfe \u00df");
  EXPECT_EQ(python_lower("\u01c5\U00010400\ua77d"), "\u01c6\U00010428\u1d79");
  EXPECT_EQ(python_lower("\xed\xa0\x80\u00c9"), "\xed\xa0\x80\u00e9");
}

TEST(MetadataFilterTest, RefusesWhatPydanticRefuses) {
  for (const char* const text :
       {R"({"key": "k", "value": true})", R"({"key": "k", "value": {}})", R"({"key": 1, "value": 1})",
        R"({"key": "k"})", R"({"key": "k", "value": 1, "operator": "~"})",
        R"({"key": "k", "value": [1, "a"]})"}) {
    EXPECT_FALSE(MetadataFilter::from_json(view(text))) << text;
  }
  EXPECT_EQ(MetadataFilter::from_json(view(R"({"key": "k", "value": [1, 2.5]})"))->value.text(),
            "[1.0, 2.5]");
  EXPECT_FALSE(MetadataFilters::from_json(view(R"({"filters": [], "condition": "xor"})")));
  EXPECT_TRUE(MetadataFilters::from_json(view(R"({"filters": [], "condition": null})")));
}

}  // namespace
}  // namespace quipu::testing
