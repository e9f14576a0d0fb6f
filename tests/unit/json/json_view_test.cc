#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "quipu/json.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

JsonView view(std::string_view canonical) { return JsonView::from_canonical(canonical); }

std::vector<std::string> members_of(std::string_view object) {
  std::vector<std::string> members;
  for (const JsonMember& member : view(object).members()) {
    members.push_back(member.key() + "=" + std::string(member.value.text()));
  }
  return members;
}

std::vector<std::string> elements_of(std::string_view array) {
  std::vector<std::string> elements;
  for (const JsonView element : view(array).elements()) elements.emplace_back(element.text());
  return elements;
}

TEST(JsonViewTest, Kinds) {
  EXPECT_EQ(JsonView().kind(), JsonKind::kNull);
  EXPECT_EQ(view("null").kind(), JsonKind::kNull);
  EXPECT_EQ(view("true").kind(), JsonKind::kBool);
  EXPECT_EQ(view("false").kind(), JsonKind::kBool);
  EXPECT_EQ(view("-12").kind(), JsonKind::kInt);
  EXPECT_EQ(view("1.0").kind(), JsonKind::kFloat);
  EXPECT_EQ(view("1e+16").kind(), JsonKind::kFloat);
  EXPECT_EQ(view("NaN").kind(), JsonKind::kFloat);
  EXPECT_EQ(view("Infinity").kind(), JsonKind::kFloat);
  EXPECT_EQ(view("-Infinity").kind(), JsonKind::kFloat);
  EXPECT_EQ(view(R"("x")").kind(), JsonKind::kString);
  EXPECT_EQ(view("[]").kind(), JsonKind::kArray);
  EXPECT_EQ(view("{}").kind(), JsonKind::kObject);
}

TEST(JsonViewTest, WalksMembers) {
  EXPECT_THAT(members_of("{}"), IsEmpty());
  EXPECT_THAT(members_of(R"({"a": 1})"), ElementsAre("a=1"));
  EXPECT_THAT(members_of(R"({"": "", "a\"b": [1, {"x": "]}\""}], "c": {"d": {}}, "e": null})"),
              ElementsAre("=\"\"", R"(a"b=[1, {"x": "]}\""}])", R"(c={"d": {}})", "e=null"));
}

TEST(JsonViewTest, WalksElements) {
  EXPECT_THAT(elements_of("[]"), IsEmpty());
  EXPECT_THAT(elements_of("[1]"), ElementsAre("1"));
  EXPECT_THAT(elements_of(R"([[], {}, "a, b", -1.5, [[1], 2], "\\", true])"),
              ElementsAre("[]", "{}", R"("a, b")", "-1.5", "[[1], 2]", R"("\\")", "true"));
}

TEST(JsonViewTest, FindsMembersByDecodedKey) {
  const Json json =
      *Json::parse(R"({"a": 1, "\u00e9": 2, "\n": 3, "long key of more than sixteen bytes": {"a": 4}})");
  EXPECT_EQ(json.view().find("a")->text(), "1");
  EXPECT_EQ(json.view().find("\xc3\xa9")->text(), "2");
  EXPECT_EQ(json.view().find("\n")->text(), "3");
  EXPECT_EQ(json.view().find("long key of more than sixteen bytes")->find("a")->text(), "4");
  EXPECT_FALSE(json.view().find("b"));
  EXPECT_FALSE(json.view().find("\\n"));
  EXPECT_FALSE(json.view().find("\\u00e9"));
  EXPECT_FALSE(view("[1]").find("a"));
  EXPECT_FALSE(view("null").find("a"));
}

TEST(JsonViewTest, KeysCompareDecoded) {
  const JsonMember escaped{R"("a\\n\ud83d\ude00")", view("1")};
  EXPECT_TRUE(escaped.key_is("a\\n\xf0\x9f\x98\x80"));
  EXPECT_FALSE(escaped.key_is("a\\n"));
  EXPECT_FALSE(escaped.key_is(R"(a\\n\ud83d\ude00)"));
  EXPECT_FALSE((JsonMember{R"("\ufffd")", view("1")}.key_is("\xff")));
}

TEST(JsonViewTest, Truthy) {
  for (const std::string_view text : {"null", "false", "0", "0.0", "-0.0", R"("")", "[]", "{}"}) {
    EXPECT_FALSE(view(text).truthy()) << text;
  }
  for (const std::string_view text : {"true", "1", "-1", "NaN", "5e-324", R"(" ")", "[0]", R"({"": 0})"}) {
    EXPECT_TRUE(view(text).truthy()) << text;
  }
}

TEST(JsonViewTest, Numbers) {
  EXPECT_EQ(view("-9223372036854775808").int64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(view("9223372036854775807").int64(), std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(view("9223372036854775808").int64());
  EXPECT_FALSE(view("1.0").int64());
  EXPECT_FALSE(view("true").int64());
  EXPECT_EQ(view("1").number(), 1.0);
  EXPECT_EQ(view("0.1").number(), 0.1);
  EXPECT_EQ(view("9223372036854775808").number(), 9223372036854775808.0);
  EXPECT_EQ(view("-Infinity").number(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(*view("NaN").number()));
  EXPECT_EQ(view("1" + std::string(400, '0')).number(), std::numeric_limits<double>::infinity());
  EXPECT_FALSE(view("null").number());
  EXPECT_FALSE(view(R"("1")").number());
  EXPECT_TRUE(view("true").boolean());
  EXPECT_FALSE(view("false").boolean());
}

// Reads all there is to read, in an allocation of the text's very size.
void read_everything(std::string_view text, int depth) {
  const std::vector<char> exact(text.begin(), text.end());
  const JsonView value = view({exact.data(), exact.size()});
  static_cast<void>(value.kind());
  static_cast<void>(value.truthy());
  static_cast<void>(value.int64());
  static_cast<void>(value.number());
  static_cast<void>(value.string());
  static_cast<void>(value.find("a"));
  for (const JsonMember& member : value.members()) {
    static_cast<void>(member.key_is("a\nb"));
    static_cast<void>(member.key());
    if (depth < 4) read_everything(member.value.text(), depth + 1);
  }
  for (const JsonView element : value.elements()) {
    if (depth < 4) read_everything(element.text(), depth + 1);
  }
}

TEST(JsonViewTest, GarbageIsReadWithoutHarm) {
  const std::vector<std::string> pieces = {"{",  "}", "[",    "]",       "\"", "\\",  ": ",
                                           ", ", ",", ":",    "\\u",     "1",  "1e9", "1e999",
                                           "-",  "I", "null", "\\ud83d", "\n", "abc"};
  Random random(test_seed());
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint64_t n = random.below(24); n > 0; --n) text += random.pick(pieces);
    read_everything(text, 0);
  }
  const std::string whole = R"({"a": [1, {"b\n": "c\u00e9"}], "d": -1.5e-07})";
  for (size_t begin = 0; begin < whole.size(); ++begin) {
    for (size_t size = 0; size <= whole.size() - begin; ++size) read_everything(whole.substr(begin, size), 0);
  }
}

}  // namespace
}  // namespace quipu::testing
