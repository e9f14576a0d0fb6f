// Persist files in other encodings.

#include "engine/files/decoding_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace quipu::testing {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using ::testing::HasSubstr;

class DecodingFileSystemTest : public ::testing::Test {
 protected:
  // What reading `bytes` in the encoding gives, `step` bytes at a time.
  Result<std::string> read(const std::string& encoding, std::string_view bytes, size_t step = 1000) {
    const auto file = *files_.create("f.json");
    EXPECT_TRUE(file->append(bytes).is_ok());
    EXPECT_TRUE(file->commit().is_ok());
    QUIPU_ASSIGN_OR_RETURN(const auto decoding, DecodingFileSystem::make(files_, encoding));
    QUIPU_ASSIGN_OR_RETURN(const auto input, decoding->open("f.json"));
    EXPECT_EQ(input->size(), bytes.size());
    std::string text;
    std::string window(step, '\0');
    while (true) {
      QUIPU_ASSIGN_OR_RETURN(const size_t got, input->read(window.data(), window.size()));
      if (got == 0) return text;
      text += window.substr(0, got);
    }
  }

  const MemoryFileSystem files_;
};

TEST_F(DecodingFileSystemTest, ConvertsByPythonsAndIconvsNames) {
  const std::string chinese = "{\"\xd6\xd0\xce\xc4\": 1}";           // 中文
  const std::string japanese = "{\"\x93\xfa\x96\x7b\x5c\x5c\": 1}";  // 日本 and an escaped backslash
  for (const char* name : {"gbk", "GBK", "cp936", "gb18030", "gb2312"}) {
    EXPECT_EQ(*read(name, chinese), "{\"中文\": 1}") << name;
  }
  for (const char* name : {"cp932", "shift_jis", "Shift-JIS", "sjis", "ms932", "windows-31j"}) {
    EXPECT_EQ(*read(name, japanese), "{\"日本\\\\\": 1}") << name;
  }
  for (const char* name :
       {"cp1252", "windows-1252", "latin-1", "latin_1", "latin1", "iso8859_1", "ISO-8859-1"}) {
    EXPECT_EQ(*read(name, "{\"caf\xe9\": 1}"), "{\"café\": 1}") << name;
  }
  EXPECT_EQ(*read("euc_kr", "{\"\xc7\xd1\": 1}"), "{\"한\": 1}");
  EXPECT_EQ(*read("big5", "{\"\xa4\xa4\xa4\xe5\": 1}"), "{\"中文\": 1}");
  EXPECT_EQ(*read("koi8_r", "\xcd\xc9\xd2"), "мир");
  EXPECT_EQ(*read("mac_roman", "\x8e"), "é");
}

TEST_F(DecodingFileSystemTest, LeavesAsciiAndUtf8Alone) {
  EXPECT_EQ(*read("gbk", "{\"a\": 1}"), "{\"a\": 1}");
  EXPECT_EQ(*read("gbk", ""), "");
  EXPECT_EQ(*read("gbk", "{\"中文 café 🦙\": 1}"), "{\"中文 café 🦙\": 1}");
  EXPECT_EQ(*read("cp1252", "\xef\xbb\xbf{}"), "\xef\xbb\xbf{}");
  // A character of UTF-8 that the window cuts off.
  for (size_t before = 65'530; before < 65'540; ++before) {
    const std::string text = "é" + std::string(before, 'x') + "中文";
    EXPECT_EQ(*read("gbk", text), text) << before;
  }
}

TEST_F(DecodingFileSystemTest, CharactersMayLieAcrossBuffers) {
  std::string bytes(65'530, 'x');
  std::string text = bytes;
  for (int i = 0; i < 100'000; ++i) {
    bytes += i % 7 == 0 ? "a" : "\xd6\xd0";
    text += i % 7 == 0 ? "a" : "中";
  }
  for (const size_t step : {size_t{1}, size_t{3}, size_t{65'536}, size_t{1'000'000}}) {
    EXPECT_TRUE(*read("gbk", bytes, step) == text) << step;
  }
}

TEST_F(DecodingFileSystemTest, Utf16AndUtf32WithAndWithoutMark) {
  EXPECT_EQ(*read("utf-16", "\xff\xfe{\0\x2d\x4e}\0"sv), "{中}");
  EXPECT_EQ(*read("utf_16_le", "{\0\x2d\x4e}\0"sv), "{中}");
  EXPECT_EQ(*read("utf-16", "\xfe\xff\0{\x4e\x2d\0}"sv), "{中}");
  EXPECT_EQ(*read("utf-32", "\xff\xfe\0\0{\0\0\0\x2d\x4e\0\0"sv), "{中");
  EXPECT_EQ(*read("utf-16", "{\"é\": 1}"), "{\"é\": 1}");  // another file of the directory
}

TEST_F(DecodingFileSystemTest, NamesTheByteThatIsNoCharacter) {
  EXPECT_EQ(read("cp1252", "{\"caf\xe9 \x81\": 1}").error(),
            Status::invalid_argument("f.json: byte 7: no character of cp1252"));
  EXPECT_EQ(read("gbk", "{\"\xd6\xd0\xce").error(),
            Status::invalid_argument("f.json: byte 4: no character of gbk, for the file ends in it"));
  const std::string far = "\xd6\xd0" + std::string(200'000, 'x') + "\xff\xff";
  EXPECT_EQ(read("gbk", far).error(), Status::invalid_argument("f.json: byte 200002: no character of gbk"));
  EXPECT_EQ(read("utf-8", "caf\xe9!").error(),
            Status::invalid_argument("f.json: byte 3: no character of utf-8"));
}

TEST_F(DecodingFileSystemTest, RefusesNamesThatAreNone) {
  for (const char* name : {"klingon", "gbk//IGNORE", "../gbk", "gb\xff", "mbcs", "-"}) {
    const Status status = DecodingFileSystem::make(files_, name).error();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(status.message(), HasSubstr("known are gbk, cp932")) << name;
  }
  EXPECT_THAT(DecodingFileSystem::make(files_, "utf-7").error().message(), HasSubstr("another meaning"));
}

TEST_F(DecodingFileSystemTest, IsTheOtherFileSystemElse) {
  const auto decoding = *DecodingFileSystem::make(files_, "gbk");
  const auto file = *decoding->create("d/x");
  ASSERT_TRUE(file->append("\xd6\xd0").is_ok());
  ASSERT_TRUE(file->commit().is_ok());
  EXPECT_EQ(**decoding->file_size("d/x"), 2u);
  EXPECT_EQ(*decoding->list("d"), std::vector<std::string>{"x"});
  EXPECT_TRUE(decoding->make_directory("e").has_value());
  decoding->remove_directory("e");
  EXPECT_EQ(decoding->open("none").error(), files_.open("none").error());
}

}  // namespace
}  // namespace quipu::testing
