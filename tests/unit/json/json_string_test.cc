#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "quipu/json.h"

namespace quipu::testing {
namespace {

using namespace std::string_view_literals;

std::string encoded(std::string_view utf8) {
  std::string text;
  append_json_string(utf8, text);
  return text;
}

std::string decoded(std::string_view canonical) {
  std::string utf8;
  append_decoded_string(canonical, utf8);
  return utf8;
}

struct StringCase {
  std::string_view utf8;
  std::string_view canonical;
};

constexpr StringCase kCases[] = {
    {"", R"("")"},
    {"plain text of more than sixteen bytes, / included",
     R"("plain text of more than sixteen bytes, / included")"},
    {"\"\\\n\r\t\b\f", R"("\"\\\n\r\t\b\f")"},
    {"\0\x01\x0b\x1f\x7f"sv, R"("\u0000\u0001\u000b\u001f\u007f")"},
    {"\xc2\x80\xc3\xa9\xdf\xbf", R"("\u0080\u00e9\u07ff")"},
    {"\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbf", R"("\u0800\u20ac\uffff")"},
    {"\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", R"("\ud800\udc00\ud83d\ude00\udbff\udfff")"},
    {"\xed\xa0\x80", R"("\ud800")"},
    {"\xed\xbf\xbfx\xed\xa0\x80", R"("\udfffx\ud800")"},
    {"0123456789abcde\"", R"("0123456789abcde\"")"},
    {"0123456789abcdef\n0123456789abcdef", R"("0123456789abcdef\n0123456789abcdef")"},
};

TEST(JsonStringTest, EncodesAndDecodes) {
  for (const StringCase& test : kCases) {
    EXPECT_EQ(encoded(test.utf8), test.canonical);
    EXPECT_EQ(decoded(test.canonical), test.utf8);
    EXPECT_EQ(Json::from_string(test.utf8).view().string(), test.utf8);
  }
}

TEST(JsonStringTest, InvalidUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(encoded("a\xff"
                    "b"),
            R"("a\ufffdb")");
  EXPECT_EQ(encoded("\xc3"), R"("\ufffd")");
  EXPECT_EQ(encoded("\xe2\x82"), R"("\ufffd\ufffd")");
  EXPECT_EQ(encoded("\xc0\x80"), R"("\ufffd\ufffd")");
  EXPECT_EQ(encoded("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");
}

// Two halves make one character, whether they were written as such or not.
TEST(JsonStringTest, SurrogateHalvesInARowAreOneCharacter) {
  EXPECT_EQ(encoded("\xed\xa0\xbd\xed\xb8\x80"), R"("\ud83d\ude00")");
  EXPECT_EQ(decoded(R"("\ud83d\ude00")"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(decoded(R"("\ud83d\ud83d\ude00\ude00")"), "\xed\xa0\xbd\xf0\x9f\x98\x80\xed\xb8\x80");
}

TEST(JsonStringTest, EachPlaceOfASpecialByte) {
  for (const char special : {'"', '\\', '\n', '\x1f', '\x7f'}) {
    for (size_t size = 1; size < 140; ++size) {
      for (size_t place = 0; place < size; ++place) {
        std::string text(size, 'x');
        text[place] = special;
        const std::string canonical = encoded(text);
        EXPECT_GT(canonical.size(), size + 2);
        ASSERT_EQ(decoded(canonical), text);
        const Result<Json> json = Json::parse(canonical);
        ASSERT_TRUE(json) << json.error().to_string();
        ASSERT_EQ(json->text(), canonical);
      }
    }
  }
}

TEST(JsonStringTest, DecodingGarbageStopsInside) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("\""), "");
  EXPECT_EQ(decoded(R"("\")"), "");
  EXPECT_EQ(decoded(R"("a\u12")"), "a");
  EXPECT_EQ(decoded(R"("a\uzzzz")"), "a");
  EXPECT_EQ(decoded(R"("\ud83d\u")"), "\xed\xa0\xbd");
}

}  // namespace
}  // namespace quipu::testing
