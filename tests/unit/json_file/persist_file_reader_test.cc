#include "engine/json_file/persist_file_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kGoldens = QUIPU_SOURCE_DIR "/tests/data/goldens/";

// What was handed on, a line a call.
class Recorder : public PersistFileHandler {
 public:
  Status begin_collection(std::string_view name, JsonKind /*kind*/) override {
    calls.push_back("begin " + std::string(name));
    return Status::ok();
  }
  Status entry(std::string_view key, JsonView value) override {
    calls.push_back(std::string(key) + "=" + std::string(value.text()));
    if (key == "refuse me") return Status::busy("refused");
    return Status::ok();
  }
  Status end_collection() override {
    calls.emplace_back("end");
    return Status::ok();
  }

  std::vector<std::string> calls;
};

class PersistFileReaderTest : public ::testing::Test {
 protected:
  Status read_text(std::string_view text, const PersistFileOptions& options = {}) {
    write_file(path_, text);
    recorder_.calls.clear();
    return read_persist_file(path_, options, recorder_);
  }
  // The message of the refusal, without the path.
  std::string refusal(std::string_view text, const PersistFileOptions& options = {}) {
    const Status status = read_text(text, options);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
    EXPECT_THAT(status.message(), StartsWith(path_ + ": "));
    return status.message().substr(std::min(status.message().size(), path_.size() + 2));
  }

  TempDir directory_;
  const std::string path_ = directory_ / "docstore.json";
  Recorder recorder_;
};

TEST_F(PersistFileReaderTest, HandsOnEntriesInOrder) {
  ASSERT_TRUE(read_text(R"({"docstore/data": {"a": {"x": [1, 2]}, "b": {}}, "empty": {}})").is_ok());
  EXPECT_THAT(recorder_.calls,
              ElementsAre("begin docstore/data", R"(a={"x": [1, 2]})", "b={}", "end", "begin empty", "end"));
  ASSERT_TRUE(read_text("{}").is_ok());
  EXPECT_THAT(recorder_.calls, IsEmpty());
}

TEST_F(PersistFileReaderTest, BringsValuesIntoCanonicalFormAndDecodesKeys) {
  ASSERT_TRUE(read_text("\xef\xbb\xbf\r\n { \"c\\u002fd\" "
                        ":\n{\"\xc3\xa9\\n\":{\"x\":1.0e1,\"x\":2},\n\t\"\\ud83d\\ude00\" : {\n} }\n}\n")
                  .is_ok());
  EXPECT_THAT(recorder_.calls,
              ElementsAre("begin c/d", "\xc3\xa9\n={\"x\": 2}", "\xf0\x9f\x98\x80={}", "end"));
}

TEST_F(PersistFileReaderTest, PassesRepeatsOn) {
  ASSERT_TRUE(read_text(R"({"c": {"k": {"v": 1}, "k": {"v": 2}}, "d": {}, "c": {"k": {}}})").is_ok());
  EXPECT_THAT(recorder_.calls, ElementsAre("begin c", R"(k={"v": 1})", R"(k={"v": 2})", "end", "begin d",
                                           "end", "begin c", "k={}", "end"));
}

TEST_F(PersistFileReaderTest, SurrogateHalvesInAKeyAreJoined) {
  ASSERT_TRUE(read_text("{\"c\": {\"\xed\xa0\xbd\\ude00\": {}, \"\\ud83d\": {}}}").is_ok());
  EXPECT_THAT(recorder_.calls, ElementsAre("begin c", "\xf0\x9f\x98\x80={}", "\xed\xa0\xbd={}", "end"));
}

TEST_F(PersistFileReaderTest, AnyWindowGivesTheSame) {
  const std::string indented =
      "{\n  \"c\": {\n    \"k\\u00e9y\": {\n      \"a\": [1, 2.50, \"\xe2\x82\xac\", \"\\u0041\"],\n      "
      "\"b\": null\n"
      "    },\n    \"k2\": {}\n  }\n}\n";
  const auto check = [&](const std::string& path) {
    Recorder whole;
    ASSERT_TRUE(read_persist_file(path, {}, whole).is_ok()) << path;
    for (size_t window = 16; window <= 64; ++window) {
      Recorder windowed;
      PersistFileOptions options;
      options.window_bytes = window;
      const Status status = read_persist_file(path, options, windowed);
      ASSERT_TRUE(status.is_ok()) << status.to_string();
      ASSERT_EQ(windowed.calls, whole.calls) << path << " " << window;
      ASSERT_TRUE(check_json_file(path, options).is_ok()) << path << " " << window;
    }
  };
  write_file(path_, indented);
  check(path_);
  int files = 0;
  for (const auto& golden : std::filesystem::directory_iterator(kGoldens)) {
    for (const char* name : {"docstore.json", "index_store.json"}) {
      const std::filesystem::path path = golden.path() / name;
      if (!std::filesystem::exists(path) || std::filesystem::file_size(path) > 100000) continue;
      check(path.string());
      ++files;
    }
  }
  EXPECT_GT(files, 10);
}

// Values of the reference's own files are canonical already, so reading changes no byte of them.
TEST_F(PersistFileReaderTest, GoldensAreHandedOnAsTheyStand) {
  for (const char* name : {"basic", "unicode", "numbers", "node_types"}) {
    const std::string path = kGoldens + name + "/docstore.json";
    const std::string text = read_file(path);
    recorder_.calls.clear();
    ASSERT_TRUE(read_persist_file(path, {}, recorder_).is_ok()) << path;
    ASSERT_FALSE(recorder_.calls.empty());
    for (const std::string& call : recorder_.calls) {
      const size_t value = call.find("={");
      if (value == std::string::npos) continue;
      EXPECT_NE(text.find(call.substr(value + 1)), std::string::npos) << path;
    }
  }
}

TEST_F(PersistFileReaderTest, SaysWhereAndWhat) {
  EXPECT_THAT(refusal(""), StartsWith("the file is empty"));
  EXPECT_EQ(refusal(" \n\n"), "line 3, byte 3: Expecting value");
  EXPECT_EQ(refusal("{\"c\": {\"k\": {\"a\": 1,\n\"b\":\ntru}}}"),
            R"(line 3, byte 26: Expecting value (in collection "c", key "k"))");
  EXPECT_EQ(refusal("{\"c\": {\n\n\"k\" {}}}"),
            R"(line 3, byte 13: Expecting ':' delimiter (in collection "c"))");
  EXPECT_EQ(refusal("{\"c\": {\"k\": {}}\n,\n\"d\": {\"a\": {\"x\": 1}, \"b\": {\"y\": \"\\z\"}}}"),
            R"(line 3, byte 51: Invalid \escape (in collection "d", key "b"))");
  EXPECT_EQ(refusal(R"({"c": {"k": {}},})"),
            "line 1, byte 16: Expecting property name enclosed in double quotes");
  EXPECT_EQ(refusal(R"({"c": {"k": {},}})"),
            R"(line 1, byte 15: Expecting property name enclosed in double quotes (in collection "c"))");
  EXPECT_EQ(refusal(R"({"c": {}} {})"), "line 1, byte 10: Extra data");
  EXPECT_EQ(refusal(R"({"c": {}, "d)"), "line 1, byte 10: Unterminated string");
  EXPECT_EQ(refusal(std::string("{}\0", 3)), "line 1, byte 2: Extra data");
  EXPECT_THAT(refusal("{\"c\xff\": {}}"), StartsWith("line 1, byte 3: Invalid UTF-8; LlamaIndex on Windows"));
  EXPECT_EQ(refusal(R"({"c": {"k": }})"), R"(line 1, byte 12: Expecting value (in collection "c", key "k"))");
  EXPECT_EQ(refusal(std::string("{\0}\0", 4)),
            "line 1, byte 0: the text is UTF-16, only UTF-8 is read (encoding utf-16 converts it)");
}

TEST_F(PersistFileReaderTest, WantsObjects) {
  const std::string advice = "; another program wrote this: LlamaIndex writes {collection: {key: {...}}}";
  EXPECT_EQ(refusal("[1]"), "line 1, byte 0: the file's root is an array, not an object" + advice);
  EXPECT_EQ(refusal("12"), "line 1, byte 0: the file's root is a number, not an object" + advice);
  EXPECT_EQ(refusal(R"({"c": null})"),
            "line 1, byte 6: the collection is null, not an object" + advice + " (in collection \"c\")");
  EXPECT_EQ(refusal(R"({"c": {}, "d": "x"})"),
            "line 1, byte 15: the collection is a string, not an object" + advice + " (in collection \"d\")");
  EXPECT_EQ(refusal("{\"c\": {\"k\n"), "line 1, byte 9: Invalid control character (in collection \"c\")");
  EXPECT_EQ(refusal("{\"c\": {\"a\\nb\": true}}"),
            "line 1, byte 15: the first value is a boolean, not an object" + advice +
                R"( (in collection "c", key "a\nb"))");
  EXPECT_EQ(refusal(R"({"c": {"a": {}, "b": true}})"),
            R"(line 1, byte 21: the value is a boolean, not an object (in collection "c", key "b"))");
}

TEST_F(PersistFileReaderTest, CountsLinesInWhatHasLeftTheWindow) {
  PersistFileOptions options;
  options.window_bytes = 64;
  std::string text = "{\n\"c\": {\n";
  for (int i = 0; i < 100; ++i) text += "\"k" + std::to_string(i) + "\": {\n\"a\": [\n1]}\n,\n";
  EXPECT_EQ(refusal(text + "!", options),
            "line 403, byte " + std::to_string(text.size()) +
                ": Expecting property name enclosed in double quotes (in collection \"c\")");
}

TEST_F(PersistFileReaderTest, CutsOffLongKeysInMessages) {
  const std::string key(1000, 'k');
  EXPECT_THAT(refusal("{\"c\": {\"" + key + "\": 1}}"), EndsWith("key \"" + key.substr(0, 200) + "\"...)"));
}

TEST_F(PersistFileReaderTest, RefusesEachTruncation) {
  const std::string text =
      "{\"c\": {\"k\\u00e9\": {\"a\": [1.5e+20, true, \"\\n\xc3\xa9\"]}, \"l\": {}}, \"d\": {}}";
  ASSERT_TRUE(read_text(text).is_ok());
  for (const size_t window : {size_t{16}, size_t{4096}}) {
    PersistFileOptions options;
    options.window_bytes = window;
    for (size_t size = 0; size < text.size(); ++size) {
      EXPECT_FALSE(read_text(text.substr(0, size), options).is_ok()) << size;
      EXPECT_FALSE(check_json_file(path_, options).is_ok()) << size;
    }
  }
}

TEST_F(PersistFileReaderTest, LimitsNesting) {
  PersistFileOptions options;
  options.max_nesting = 3;
  EXPECT_TRUE(read_text(R"({"c": {"k": {"a": [[]]}}})", options).is_ok());
  const std::string said = read_text(R"({"c": {"k": {"a": [[[]]]}}})", options).message();
  EXPECT_EQ(said, path_ +
                      ": line 1, byte 20: nested too deeply, the limit is 3 (max_nesting) (in collection " +
                      R"("c", key "k"))");
}

TEST_F(PersistFileReaderTest, LimitsValuesAndKeys) {
  PersistFileOptions options;
  options.window_bytes = 64;
  options.max_value_bytes = 1000;
  const auto with_value = [](size_t bytes) {  // of this size in all
    return R"({"c": {"k": {"a": ")" + std::string(bytes - 9, 'x') + R"("}, "l": {}}})";
  };
  EXPECT_TRUE(read_text(with_value(1000), options).is_ok());
  EXPECT_EQ(
      refusal(with_value(1001), options),
      R"(line 1, byte 12: the value is longer than the limit of 1000 bytes (in collection "c", key "k"))");
  EXPECT_EQ(
      refusal(R"({"c": {"k": {"a": ")" + std::string(100000, 'x'), options),
      R"(line 1, byte 12: the value is longer than the limit of 1000 bytes (in collection "c", key "k"))");
  const std::string key(16 << 20, 'k');
  EXPECT_EQ(refusal("{\"c\": {\"" + key + "\": {}}}"),
            R"(line 1, byte 7: a key is longer than the limit of 16777216 bytes (in collection "c"))");
  EXPECT_TRUE(read_text("{\"c\": {\"" + key.substr(2) + "\": {}}}").is_ok());
}

TEST_F(PersistFileReaderTest, ReturnsTheHandlersError) {
  EXPECT_EQ(read_text(R"({"c": {"refuse me": {}, "k": {}}})"), Status::busy("refused"));
  EXPECT_THAT(recorder_.calls, ElementsAre("begin c", "refuse me={}"));
}

TEST_F(PersistFileReaderTest, TellsTheProgressAndCanBeCancelled) {
  std::string text = "{\"c\": {\"k\": {}";
  for (int i = 0; i < 1000; ++i) text += ", \"key " + std::to_string(i) + "\": {}";
  text += "}}";
  PersistFileOptions options;
  options.window_bytes = 4096;
  std::vector<uint64_t> done;
  options.progress = [&](uint64_t bytes_done, uint64_t bytes_total) {
    EXPECT_EQ(bytes_total, text.size());
    done.push_back(bytes_done);
    return Status::ok();
  };
  ASSERT_TRUE(read_text(text, options).is_ok());
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.back(), text.size());
  EXPECT_GE(done.size(), text.size() / 4096);
  EXPECT_LE(done.size(), text.size() / 4096 + 4);

  options.progress = [&](uint64_t bytes_done, uint64_t) {
    return bytes_done > 8000 ? Status::busy("cancelled") : Status::ok();
  };
  EXPECT_EQ(read_text(text, options), Status::busy("cancelled"));
}

TEST_F(PersistFileReaderTest, RefusesWhatIsNoFile) {
  const auto refused = [&](const std::string& path) {
    const Status status = read_persist_file(path, {}, recorder_);
    EXPECT_EQ(status.code(), StatusCode::kIoError) << status.to_string();
    EXPECT_EQ(check_json_file(path, {}), status);
    return status.message();
  };
  EXPECT_EQ(refused(directory_.path()),
            "cannot read " + directory_.path() + ": it is a directory, not a file");
  EXPECT_EQ(refused("/dev/zero"), "cannot read /dev/zero: it is a device, not a file");
  EXPECT_EQ(refused(path_), "cannot open " + path_ + ": No such file or directory");

  const std::string pipe = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refused(pipe), "cannot read " + pipe + ": it is a named pipe, not a file");

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = directory_ / "socket";
  ASSERT_LT(name.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, name.data(), name.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(refused(name), "cannot read " + name + ": it is a socket, not a file");
  ::close(socket);

  const std::string loop = directory_ / "loop";
  ASSERT_EQ(::symlink(loop.c_str(), loop.c_str()), 0);
  EXPECT_EQ(refused(loop), "cannot open " + loop + ": Too many levels of symbolic links");
}

// A file that others cut off or append to while it is read.
TEST_F(PersistFileReaderTest, FilesThatChangeUnderWay) {
  std::string text = "{\"c\": {\"k\": {}";
  for (int i = 0; i < 10000; ++i) text += ", \"key " + std::to_string(i) + "\": {}";
  PersistFileOptions options;
  options.window_bytes = 4096;
  write_file(path_, text + "}}");
  options.progress = [&](uint64_t, uint64_t) {
    EXPECT_EQ(::truncate(path_.c_str(), 9000), 0);
    return Status::ok();
  };
  EXPECT_EQ(read_persist_file(path_, options, recorder_).code(), StatusCode::kInvalidArgument);

  write_file(path_, text + "}}");
  bool appended = false;
  options.progress = [&](uint64_t, uint64_t) {
    if (!std::exchange(appended, true)) write_file(path_, text + ", \"last\": {}}}");
    return Status::ok();
  };
  recorder_.calls.clear();
  EXPECT_TRUE(read_persist_file(path_, options, recorder_).is_ok());
  EXPECT_EQ(recorder_.calls[recorder_.calls.size() - 2], "last={}");
}

}  // namespace
}  // namespace quipu::testing
