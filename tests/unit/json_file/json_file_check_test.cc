#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/json_file/input_window.h"
#include "engine/json_file/persist_file_reader.h"
#include "quipu/json.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class JsonFileCheckTest : public ::testing::Test {
 protected:
  Status check(std::string_view text, size_t window_bytes) {
    write_file(path_, text);
    PersistFileOptions options;
    options.window_bytes = window_bytes;
    return check_json_file(path_, options);
  }

  TempDir directory_;
  const std::string path_ = directory_ / "file.json";
};

// With a window of 16 bytes nearly each token is cut off somewhere.
TEST_F(JsonFileCheckTest, AgreesWithParse) {
  const std::vector<std::string> pieces = {"{",
                                           "}",
                                           "[",
                                           "]",
                                           "\"",
                                           ":",
                                           ",",
                                           "\"a\"",
                                           "\"a\": ",
                                           "1",
                                           "-0.5e+10",
                                           "null",
                                           "true",
                                           "false",
                                           "NaN",
                                           "-",
                                           "1.",
                                           "-Infinity",
                                           "Infinit",
                                           "\\n",
                                           "\\u",
                                           "\\u00e9\\ud83d",
                                           "\\",
                                           "\xc3",
                                           "\xc3\xa9",
                                           "\xed\xa0\x80",
                                           "\xf0\x9f\x98\x80",
                                           "\xff",
                                           " ",
                                           "\n",
                                           "\"plain text of a length\"",
                                           "01",
                                           "e5",
                                           "\x01",
                                           "\x7f",
                                           "{}",
                                           "[]",
                                           "\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"",
                                           "[1, {\"b\": \"c\"}]"};
  Random random(test_seed());
  int accepted = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (uint64_t n = 1 + random.below(random.one_in(2) ? 3 : 12); n > 0; --n) text += random.pick(pieces);
    if (random.one_in(2)) text = "[\"" + text + "\", " + random.pick(pieces) + "]";
    const bool good = Json::parse(text).has_value();
    accepted += good ? 1 : 0;
    ASSERT_EQ(check(text, 16).is_ok(), good) << text;
    ASSERT_EQ(check(text, 64).is_ok(), good) << text;
  }
  EXPECT_GT(accepted, 50);
}

TEST_F(JsonFileCheckTest, TokensLongerThanTheWindow) {
  const std::string megabyte(1 << 20, 'x');
  const std::string zeros(1 << 20, '0');
  EXPECT_TRUE(check("\"" + megabyte + "\"", 4096).is_ok());
  EXPECT_TRUE(check("{\"" + megabyte + "\": 1, \"" + megabyte + "\": 2}", 4096).is_ok());
  EXPECT_TRUE(check(std::string(1 << 20, ' ') + "[]" + std::string(1 << 20, '\n'), 4096).is_ok());
  EXPECT_TRUE(check("0." + zeros + "1", 4096).is_ok());
  EXPECT_TRUE(check("[1" + zeros + "E5]", 4096).is_ok());
  EXPECT_TRUE(check("1e" + zeros, 4096).is_ok());
  EXPECT_TRUE(check(std::string(kMaxJsonIntDigits, '9'), 4096).is_ok());

  EXPECT_THAT(check("\"" + megabyte, 4096).message(), EndsWith("line 1, byte 1048577: Unterminated string"));
  EXPECT_THAT(check("1" + zeros, 4096).message(), HasSubstr("Exceeds the limit (4300 digits)"));
  EXPECT_THAT(check(std::string(1 << 20, '['), 4096).message(), EndsWith("byte 1000: nested too deeply"));
  EXPECT_THAT(check(std::string(1 << 20, '\n') + "]", 4096).message(),
              EndsWith("line 1048577, byte 1048576: Expecting value"));
}

TEST_F(JsonFileCheckTest, LargeFilesOfSmallTokens) {
  std::string text = "[";
  for (int i = 0; i < 100000; ++i) text += "[\"\\u00e9\", 1.5, {\"a\": null}], ";
  EXPECT_TRUE(check(text + "0]", 4096).is_ok());
  EXPECT_THAT(check(text + "]", 4096).message(), EndsWith("Expecting value"));
}

TEST_F(JsonFileCheckTest, SaysWhereAndWhat) {
  const auto message = [&](std::string_view text) {
    const Status status = check(text, 16);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    return status.message().substr(path_.size() + 2);
  };
  EXPECT_THAT(message(""), ::testing::StartsWith("the file is empty"));
  EXPECT_EQ(message("\n \n[1,\n2,\n]"), "line 5, byte 10: Expecting value");
  EXPECT_EQ(message("{\"a\": \"\\u12x4\"}"), "line 1, byte 7: Invalid \\uXXXX escape");
  EXPECT_EQ(message("{} x"), "line 1, byte 3: Extra data");
  EXPECT_EQ(message("\xef\xbb\xbf"), "line 1, byte 3: Expecting value");
  EXPECT_EQ(message(std::string("\0\0\0{", 4)),
            "line 1, byte 0: the text is UTF-32, only UTF-8 is read (encoding utf-32 converts it)");
}

// The window grows for what is kept unread in it, and shrinks again.
TEST_F(JsonFileCheckTest, WindowsGrowAndShrink) {
  write_file(path_, std::string(100000, 'x'));
  InputWindow window;
  ASSERT_TRUE(window.open(path_, 1000).is_ok());
  const auto unread = [&] { return window.end() - window.begin(); };
  ASSERT_TRUE(window.read_more().is_ok());
  EXPECT_EQ(unread(), 1000);
  ASSERT_TRUE(window.read_more().is_ok());
  EXPECT_EQ(unread(), 2000);
  ASSERT_TRUE(window.read_more().is_ok());
  EXPECT_EQ(unread(), 4000);
  window.consume(window.end() - 10);
  ASSERT_TRUE(window.read_more().is_ok());
  EXPECT_EQ(unread(), 2000);
  EXPECT_EQ(window.offset(), 3990U);
  window.consume(window.end());
  ASSERT_TRUE(window.read_more().is_ok());
  EXPECT_EQ(unread(), 1000);
  EXPECT_EQ(window.offset(), 5990U);
}

}  // namespace
}  // namespace quipu::testing
