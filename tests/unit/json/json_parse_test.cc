#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"

namespace quipu::testing {
namespace {

using ::testing::HasSubstr;
using std::string_view_literals::operator""sv;

std::string repeat(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

// The canonical text, or the error in angle brackets.
std::string parsed(std::string_view text) {
  const Result<Json> json = Json::parse(text);
  return json ? json->text() : "<" + json.error().message() + ">";
}

TEST(JsonParseTest, KeepsCanonicalTextAsItIs) {
  for (const std::string_view text : {"null"sv,
                                      "true"sv,
                                      "false"sv,
                                      "0"sv,
                                      "-1"sv,
                                      "1.0"sv,
                                      "-0.0"sv,
                                      "1e-05"sv,
                                      "1e+16"sv,
                                      "NaN"sv,
                                      "Infinity"sv,
                                      "-Infinity"sv,
                                      R"("")"sv,
                                      R"("a/b")"sv,
                                      R"("\"\\\n\r\t\b\f\u0000\u001f\u007f\u00e9")"sv,
                                      R"("\ud83d\ude00 \ud800 \udc00")"sv,
                                      "[]"sv,
                                      "{}"sv,
                                      "[[], {}]"sv,
                                      R"({"": {"": []}})"sv,
                                      R"({"a": [1, 2.5, "x", null], "b": {"a": false}})"sv}) {
    EXPECT_EQ(parsed(text), text);
  }
}

TEST(JsonParseTest, TakesOutWhiteSpaceAndPutsJsonDumpsOwn) {
  EXPECT_EQ(parsed(" \t\r\n[1,2 ,\n3]\n"), "[1, 2, 3]");
  EXPECT_EQ(parsed("[ 1 ]"), "[1]");
  EXPECT_EQ(parsed("[1,  2]"), "[1, 2]");
  EXPECT_EQ(parsed("[1 , 2]"), "[1, 2]");
  EXPECT_EQ(parsed("[1,\t2]"), "[1, 2]");
  EXPECT_EQ(parsed("[ ]"), "[]");
  EXPECT_EQ(parsed("{\n}"), "{}");
  EXPECT_EQ(parsed(R"({"a":1})"), R"({"a": 1})");
  EXPECT_EQ(parsed(R"({"a" : 1})"), R"({"a": 1})");
  EXPECT_EQ(parsed(R"({"a":  1 , "b": [ ]})"), R"({"a": 1, "b": []})");
  EXPECT_EQ(parsed("{ \"a\": 1}"), R"({"a": 1})");
}

TEST(JsonParseTest, WritesStringsAsJsonDumps) {
  EXPECT_EQ(parsed(R"("\/")"), R"("/")");
  EXPECT_EQ(parsed(R"("\u0041\u002F")"), R"("A/")");
  EXPECT_EQ(parsed(R"("\u00E9\uD83D\uDE00\uD800")"), R"("\u00e9\ud83d\ude00\ud800")");
  EXPECT_EQ(parsed(R"("\u000a\u000D\u0009\u0008\u000c\u0022\u005c\u007F\u000b")"),
            R"("\n\r\t\b\f\"\\\u007f\u000b")");
  EXPECT_EQ(parsed("\"\x7f\""), R"("\u007f")");
  EXPECT_EQ(parsed("\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbe\""),
            R"("\u00e9 \u20ac \ud83d\ude00 \ufffe")");
}

TEST(JsonParseTest, TakesSurrogatesAsThreeBytes) {
  EXPECT_EQ(parsed("\"\xed\xa0\x80\""), R"("\ud800")");
  EXPECT_EQ(parsed("\"\xed\xbf\xbf\""), R"("\udfff")");
  EXPECT_EQ(parsed("\"\xed\xa0\xbd\xed\xb8\x80\""), R"("\ud83d\ude00")");
}

TEST(JsonParseTest, WritesNumbersAsJsonDumps) {
  EXPECT_EQ(parsed("-0"), "0");
  EXPECT_EQ(parsed("-0.0"), "-0.0");
  EXPECT_EQ(parsed("-0e5"), "-0.0");
  EXPECT_EQ(parsed("1E5"), "100000.0");
  EXPECT_EQ(parsed("1.00"), "1.0");
  EXPECT_EQ(parsed("1e16"), "1e+16");
  EXPECT_EQ(parsed("1e15"), "1000000000000000.0");
  EXPECT_EQ(parsed("0.0001"), "0.0001");
  EXPECT_EQ(parsed("0.00001"), "1e-05");
  EXPECT_EQ(parsed("1e999"), "Infinity");
  EXPECT_EQ(parsed("-1e999"), "-Infinity");
  EXPECT_EQ(parsed("1e-999"), "0.0");
  EXPECT_EQ(parsed("-1e-999"), "-0.0");
  EXPECT_EQ(parsed("0e999999999999999999999"), "0.0");
  EXPECT_EQ(parsed("1e99999999999999999999999"), "Infinity");
  EXPECT_EQ(parsed("1e-99999999999999999999999"), "0.0");
  EXPECT_EQ(parsed("0.1000000000000000055511151231257827"), "0.1");
  EXPECT_EQ(parsed("123456789012345678.0"), "1.2345678901234568e+17");
  EXPECT_EQ(parsed(repeat("9", 400) + ".5"), "Infinity");
  EXPECT_EQ(parsed("0." + repeat("0", 400) + "1"), "0.0");
  EXPECT_EQ(parsed("0." + repeat("0", 400) + "1e401"), "1.0");
}

TEST(JsonParseTest, LimitsIntegersAsPython) {
  const std::string longest = repeat("7", kMaxJsonIntDigits);
  EXPECT_EQ(parsed(longest), longest);
  EXPECT_EQ(parsed("-" + longest), "-" + longest);
  EXPECT_THAT(parsed("[0, " + longest + "7]"), HasSubstr("Exceeds the limit (4300 digits)"));
  EXPECT_EQ(parsed(longest + "7.0"), "Infinity");  // floats have no such limit
}

TEST(JsonParseTest, LimitsNesting) {
  const std::string deepest = repeat("[", kMaxJsonDepth) + repeat("]", kMaxJsonDepth);
  EXPECT_EQ(parsed(deepest), deepest);
  EXPECT_EQ(parsed("[" + deepest + "]"), "<nested too deeply at byte 1000>");
  EXPECT_THAT(parsed(repeat("{\"a\":", kMaxJsonDepth + 1)), HasSubstr("nested too deeply"));
  EXPECT_THAT(parsed(repeat("[", 1 << 20)), HasSubstr("nested too deeply"));
  const std::string objects = repeat("{\"a\":", kMaxJsonDepth - 1) + "{}" + repeat("}", kMaxJsonDepth - 1);
  EXPECT_EQ(parsed(objects), repeat("{\"a\": ", kMaxJsonDepth - 1) + "{}" + repeat("}", kMaxJsonDepth - 1));
}

TEST(JsonParseTest, LastOfRepeatedKeysWinsAtTheFirstPlace) {
  EXPECT_EQ(parsed(R"({"a": 1, "b": 2, "a": 3})"), R"({"a": 3, "b": 2})");
  EXPECT_EQ(parsed(R"({"a": 1, "a": 2, "a": {"b": []}})"), R"({"a": {"b": []}})");
  EXPECT_EQ(parsed(R"({"a": 1, "b": {"x": 1, "y": 2, "x": {"z": 1, "z": 2}}, "a": [{"c": 1, "c": 2}]})"),
            R"({"a": [{"c": 2}], "b": {"x": {"z": 2}, "y": 2}})");
  EXPECT_EQ(parsed(R"([{"a": 1, "a": 2}, {"a": 1}, {"a": 3, "a": 4}])"), R"([{"a": 2}, {"a": 1}, {"a": 4}])");
  EXPECT_EQ(parsed(R"({"a": {"a": {"a": 1}}})"), R"({"a": {"a": {"a": 1}}})");
}

TEST(JsonParseTest, ComparesKeysDecoded) {
  EXPECT_EQ(parsed(R"({"a": 1, "\u0061": 2})"), R"({"a": 2})");
  EXPECT_EQ(parsed("{\"\\u00e9\": 1, \"\xc3\xa9\": 2, \"\\u00E9\": 3}"), R"({"\u00e9": 3})");
  EXPECT_EQ(parsed(R"({"\n": 1, "\u000A": 2, "n": 3})"), R"({"\n": 2, "n": 3})");
  EXPECT_EQ(parsed(R"({"/": 1, "\/": 2})"), R"({"/": 2})");
}

// More keys than are compared one by one, so the other way to find repeats is taken.
TEST(JsonParseTest, FindsRepeatsAmongManyKeys) {
  for (const int keys : {31, 32, 33, 34, 200, 100000}) {
    std::string members;
    for (int i = 0; i < keys; ++i) members += "\"key" + std::to_string(i) + "\": " + std::to_string(i) + ", ";
    const std::string tail = members.substr(members.find(", "), members.size() - members.find(", ") - 2);
    EXPECT_EQ(parsed("{" + members + "\"key0\": \"again\"}"), "{\"key0\": \"again\"" + tail + "}") << keys;
    EXPECT_EQ(parsed("{" + members + "\"more\": 1}"), "{" + members + "\"more\": 1}") << keys;
  }
}

// Long objects and short ones are put right at different times.
TEST(JsonParseTest, RepeatsInShortObjectsInsideLongOnes) {
  const std::string pad = R"("pad": ")" + std::string(5000, 'x') + R"(")";
  EXPECT_EQ(parsed("{" + pad +
                   R"(, "a": {"s": 1, "s": 2, "t": 3}, "b": {"u": 1, "u": {"v": 1, "v": 2}},)"
                   R"( "a": [{"w": 1, "w": 2}, 3], "c": {}, "b": 4, "b": {"x": 5, "x": 6}})"),
            "{" + pad + R"(, "a": [{"w": 2}, 3], "b": {"x": 6}, "c": {}})");
  EXPECT_EQ(parsed(R"({"a": {"b": 1, )" + pad + R"(, "b": {"c": 1, "c": 2}}, "a": {)" + pad +
                   R"(, "d": 1, "e": 2, "d": {)" + pad + ", " + pad + "}}}"),
            R"({"a": {)" + pad + R"(, "d": {)" + pad + R"(}, "e": 2}})");
}

// In a deep nesting with a repeat at each level no text may be moved once a level.
TEST(JsonParseTest, RepeatsAtEachLevelOfADeepNesting) {
  const std::string large = "\"" + std::string(1 << 20, 'x') + "\"";
  const std::string text = repeat(R"({"a": 1, "b": 2, "a": )", 900) + large + repeat("}", 900);
  EXPECT_EQ(parsed(text), repeat(R"({"a": )", 900) + large + repeat(R"(, "b": 2})", 900));
}

TEST(JsonParseTest, LooksAtTheEncoding) {
  EXPECT_EQ(parsed("\xef\xbb\xbf {} "), "{}");
  EXPECT_EQ(parsed("\xef\xbb\xbf\xef\xbb\xbf{}"), "<Expecting value at byte 3>");
  EXPECT_EQ(parsed(" \xef\xbb\xbf{}"), "<Expecting value at byte 1>");
  EXPECT_EQ(parsed("[\"\xef\xbb\xbf\"]"), R"(["\ufeff"])");
  EXPECT_EQ(parsed("\xff\xfe{\0}\0"sv), "<the text is UTF-16, only UTF-8 is read at byte 0>");
  EXPECT_EQ(parsed("{\0}\0"sv), "<the text is UTF-16, only UTF-8 is read at byte 0>");
  EXPECT_EQ(parsed("\xff\xfe\0\0{\0\0\0"sv), "<the text is UTF-32, only UTF-8 is read at byte 0>");
  EXPECT_EQ(parsed("\0\0\0{\0\0\0}"sv), "<the text is UTF-32, only UTF-8 is read at byte 0>");
}

struct Refusal {
  std::string_view text;
  std::string_view message;
};

TEST(JsonParseTest, SaysWhatIsWrongAndWhere) {
  const std::vector<Refusal> refusals = {
      {"", "Expecting value at byte 0"},
      {" \n", "Expecting value at byte 2"},
      {"[1, 2", "Expecting ',' delimiter at byte 5"},
      {"[1 2]", "Expecting ',' delimiter at byte 3"},
      {"[1,]", "Expecting value at byte 3"},
      {"[1}", "Expecting ',' delimiter at byte 2"},
      {"{\"a\": 1]", "Expecting ',' delimiter at byte 7"},
      {"{\"a\" 1}", "Expecting ':' delimiter at byte 5"},
      {"{\"a\"", "Expecting ':' delimiter at byte 4"},
      {"{\"a\": 1,}", "Expecting property name enclosed in double quotes at byte 8"},
      {"{1: 2}", "Expecting property name enclosed in double quotes at byte 1"},
      {"{\"a\": }", "Expecting value at byte 6"},
      {"{} {}", "Extra data at byte 3"},
      {"{}\0"sv, "Extra data at byte 2"},
      {"nul", "Expecting value at byte 0"},
      {"-", "Expecting value at byte 0"},
      {"01", "Extra data at byte 1"},
      {"[1.]", "Expecting a digit at byte 3"},
      {"[1e+]", "Expecting a digit at byte 4"},
      {"\"abc", "Unterminated string at byte 0"},
      {"[\"a\nb\"]", "Invalid control character at byte 3"},
      {"\"\\x\"", "Invalid \\escape at byte 1"},
      {"\"\\u12g4\"", "Invalid \\uXXXX escape at byte 1"},
      {"\"a\xff\"", "Invalid UTF-8 at byte 2"},
      {"\"a\xc0\x80\"", "Invalid UTF-8 at byte 2"},
      {"\"a\xe2\x82\"", "Invalid UTF-8 at byte 2"},
      {"\"a\xf4\x90\x80\x80\"", "Invalid UTF-8 at byte 2"},
      {"\"\xf0\x8f\xbf\xbf\"", "Invalid UTF-8 at byte 1"},
      {"// comment\n1", "Expecting value at byte 0"},
      {"['a']", "Expecting value at byte 1"},
      {"\f1", "Expecting value at byte 0"},
  };
  for (const Refusal& refusal : refusals) {
    const Result<Json> json = Json::parse(refusal.text);
    ASSERT_FALSE(json) << refusal.text;
    EXPECT_EQ(json.error(), Status::invalid_argument(std::string(refusal.message))) << refusal.text;
  }
}

TEST(JsonParseTest, RefusesEachTruncation) {
  const std::string whole =
      "{\"a\": [1.5e+20, -12, true, null, NaN, -Infinity], \"\xc3\xa9\xf0\x9f\x98\x80\": "
      "\"\\n\\u00e9\\ud83d\"}";
  ASSERT_TRUE(Json::parse(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    // A copy of that very size, so that a read behind its end is one behind the allocation.
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(Json::parse({cut.data(), cut.size()})) << size;
  }
}

}  // namespace
}  // namespace quipu::testing
