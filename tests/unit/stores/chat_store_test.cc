// Chat stores: records of chats, and files in every form that LlamaIndex has written.

#include "quipu/chat_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/layout/chat_record.h"
#include "quipu/backend/quarantine.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/verify.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

std::string read_file(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class TakenOut : public Quarantine {
 public:
  Status entry(std::string_view /*collection*/, std::string_view key, JsonView /*value*/) override {
    keys.append(key) += ',';
    return Status::ok();
  }
  Status sync() override { return Status::ok(); }
  std::string keys;
};

class ChatFileTest : public ::testing::Test {
 protected:
  // A file of this content, imported.
  std::shared_ptr<BaseKVStore> imported(const std::string& bytes) {
    const std::string in = directory_ / ("in" + std::to_string(++files_));
    std::filesystem::create_directory(in);
    write_file(in + "/chat_store.json", bytes);
    std::shared_ptr<BaseKVStore> kv = *RocksDBKVStore::open(in + "/database");
    report_ = import_persist_dir(in, *kv);
    return kv;
  }
  std::string exported(const BaseKVStore& kv) {
    const std::string out = directory_ / ("out" + std::to_string(++files_));
    const auto report = export_persist_dir(kv, out);
    EXPECT_TRUE(report) << report.error().to_string();
    return read_file(out + "/chat_store.json");
  }
  // What is said of a file that is refused, by an import and by a verification.
  std::string refused(const std::string& bytes) {
    const auto kv = imported(bytes);
    EXPECT_FALSE(report_) << bytes;
    if (report_) return {};
    MemoryKVStore scratch;
    int faults = 0;
    EXPECT_TRUE(verify_persist_dir(directory_ / ("in" + std::to_string(files_)), scratch,
                                   [&](const Fault& /*fault*/) { ++faults; })
                    .is_ok());
    EXPECT_GE(faults, 1) << bytes;
    return report_.error().message();
  }

  TempDir directory_;
  int files_ = 0;
  Result<ImportReport> report_ = ImportReport();
};

// A file of each version that has changed its form, in and out.
TEST_F(ChatFileTest, ComesOutAsItWentIn) {
  for (const std::string version : {"0.10.68", "0.11.23", "0.13.6", "0.14.25"}) {
    SCOPED_TRACE(version);
    const std::string path = std::string(QUIPU_SOURCE_DIR) + "/tests/data/chats/" + version + ".json";
    const std::string golden = read_file(path);
    const auto kv = imported(golden);
    ASSERT_TRUE(report_) << report_.error().to_string();
    ASSERT_EQ(report_->files.size(), 1U);
    EXPECT_EQ(report_->files[0].collections[0].count, 4U);
    expect_consistent(*kv);
    const KVChatStore store(kv);
    EXPECT_EQ(*store.get_keys(), (std::vector<std::string>{"user-1", "user-2 \xc3\xa9", "none"}));
    EXPECT_EQ(store.get_messages("user-1")->size(), 3U);
    EXPECT_EQ(exported(*kv), golden);
    ASSERT_TRUE(store.persist(directory_ / "persisted.json").is_ok());
    EXPECT_EQ(read_file(directory_ / "persisted.json"), golden);
    const auto simple = SimpleChatStore::from_persist_path(path);
    ASSERT_TRUE(simple) << simple.error().to_string();
    EXPECT_EQ(*simple->get_messages("user-1"), *store.get_messages("user-1"));
    ASSERT_TRUE(simple->persist(directory_ / "simple.json").is_ok());
    EXPECT_EQ(read_file(directory_ / "simple.json"), golden);
  }
}

// A database of chats alone is no storage context: no empty stores are written beside them.
TEST_F(ChatFileTest, OfChatsAloneOnlyChatsAreWritten) {
  const std::shared_ptr<BaseKVStore> kv = *RocksDBKVStore::open(directory_ / "database");
  ASSERT_TRUE(KVChatStore(kv).add_message("a", chat_message("user", "b")).is_ok());
  const auto report = export_persist_dir(*kv, directory_ / "out");
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->files.size(), 1U);
  EXPECT_EQ(report->files[0].name, CHAT_STORE_PERSIST_FNAME);
}

TEST_F(ChatFileTest, ASimpleStoreWithoutAFileIsEmpty) {
  const auto store = SimpleChatStore::from_persist_path(directory_ / "none.json");
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->get_keys()->empty());
  ASSERT_TRUE(store->persist(directory_ / "new/chat_store.json").is_ok());
  EXPECT_EQ(read_file(directory_ / "new/chat_store.json"), R"({"store":{},"class_name":"SimpleChatStore"})");
}

TEST_F(ChatFileTest, RefusesWhatIsNoChats) {
  EXPECT_NE(refused(R"({"store": {"a": {}}})").find(R"((in collection "store", key "a"))"),
            std::string::npos);
  EXPECT_NE(refused(R"({"store": {"a": [1]}})").find("line 1, byte 17: the value is a number"),
            std::string::npos);
  EXPECT_NE(refused(R"({"store": {"a": [], "a": []}})").find("the chat is there twice"), std::string::npos);
  EXPECT_NE(refused(R"({"store": [])").find("the collection is an array"), std::string::npos);
  EXPECT_NE(refused(R"("{\"store\": )").find("byte 13: Unterminated string"), std::string::npos);
  EXPECT_NE(refused(R"("{\"store\": {\"a\": [7]}}")").find("the value is a number"), std::string::npos);
  EXPECT_NE(refused(R"("{\"store\": \q}")").find("byte 13: Invalid \\escape"), std::string::npos);
  EXPECT_NE(refused(R"("{}" x)").find("byte 5: Extra data"), std::string::npos);
  EXPECT_NE(refused(R"("\"{}\"")").find("the file's root is a string"), std::string::npos);
}

// A chat of the file takes the place of the one that is there, others stay.
TEST_F(ChatFileTest, MergesChatByChat) {
  const auto kv = imported(R"({"store": {"a": [{"n": 1}, {"n": 2}, {"n": 3}], "b": [{"n": 4}]}})");
  ASSERT_TRUE(report_) << report_.error().to_string();
  const std::string in = directory_ / "more";
  std::filesystem::create_directory(in);
  write_file(in + "/chat_store.json", R"({"store": {"c": [{"n": 5}], "a": [{"n": 6}]}})");
  const auto merged = import_persist_dir(in, *kv, {.merge = true});
  ASSERT_TRUE(merged) << merged.error().to_string();
  KVChatStore store(kv);
  EXPECT_EQ(*store.get_keys(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(*store.get_messages("a"), std::vector{*Json::parse(R"({"n": 6})")});
  EXPECT_EQ(*store.get_messages("b"), std::vector{*Json::parse(R"({"n": 4})")});
  EXPECT_EQ(*kv->count("chat_store/messages"), 3U);
  expect_consistent(*kv);
}

// What a repair makes of records and messages that do not fit together.
TEST_F(ChatFileTest, VerifyFindsWhatRepairMends) {
  const auto kv =
      imported(R"({"store": {"a": [{"n": 1}, {"n": 2}, {"n": 3}], "b": [{"n": 4}], "c": [{"n": 5}]}})");
  KVChatStore store(kv);
  ASSERT_TRUE(store.archive_oldest_messages("a", 1));
  const auto faults = [&] {
    std::string found;
    EXPECT_TRUE(verify_stores(*kv, [&](const Fault& fault) {
                  found += fault.key + ": " + fault.message + '\n';
                }).is_ok());
    return found;
  };
  ASSERT_EQ(faults(), "");
  const auto one = [](uint64_t id) { return message_key("a", id); };
  ASSERT_TRUE(*kv->delete_(one(2), kChatMessages));
  EXPECT_EQ(faults(), "a: there is no message 2\n");
  ASSERT_TRUE(*kv->delete_(one(1), kChatMessages));
  EXPECT_EQ(faults(), "a: there is no message 1\n");
  ASSERT_TRUE(kv->put(one(1), *Json::parse(R"({"n": 1})"), kChatMessages).is_ok());
  ASSERT_TRUE(kv->put(one(7), *Json::parse(R"({"n": 7})"), kChatMessages).is_ok());
  ASSERT_TRUE(kv->put("key", *Json::parse("{}"), kChatMessages).is_ok());
  ASSERT_TRUE(kv->put("b", *Json::parse("{}"), kChats).is_ok());
  ASSERT_TRUE(*kv->delete_("c", kChats));
  ASSERT_TRUE(kv->put("form", *Json::parse("{}"), kChatState).is_ok());
  EXPECT_EQ(
      faults(),
      "b: not a record of a chat's messages\n\"a\" 0000000000000007: the chat's record does not name the "
      "message\na: there is no message 2\n\"c\" 0000000000000001: there is no such chat\n"
      "key: not the key of a message\nform: not the form of a file of chats\n");
  TakenOut taken_out;
  ASSERT_TRUE(repair_stores(*kv, taken_out, {}).is_ok());
  EXPECT_EQ(faults(), "");
  EXPECT_EQ(taken_out.keys, "\"a\" 0000000000000007,\"c\" 0000000000000001,key,form,");
  EXPECT_EQ(store.get_messages("a")->size(), 2U);
  EXPECT_EQ(*store.get_messages("a", {.status = MessageStatus::kArchived}),
            std::vector{*Json::parse(R"({"n": 1})")});
  EXPECT_EQ(*store.get_messages("b"), std::vector{*Json::parse(R"({"n": 4})")});
}

// Stores with the same chats are the same, whatever the ids of the messages.
TEST_F(ChatFileTest, DiffComparesChats) {
  const auto kv = imported(R"({"store":{"a":[{"n":1},{"n":2},{"n":3}],"b":[{"n":4}]}})");
  KVChatStore store(kv);
  ASSERT_TRUE(*store.delete_message("a", 1));
  ASSERT_TRUE(store.archive_oldest_messages("a", 1));
  const auto copy = imported(exported(*kv));
  const auto differences = [&] {
    std::string found;
    EXPECT_TRUE(diff_stores(*kv, *copy, [&](const Difference& difference) {
                  found += difference.collection + "/" + difference.key + ": " + difference.what + '\n';
                }).is_ok());
    return found;
  };
  EXPECT_EQ(differences(), "");
  ASSERT_TRUE(store.archive_oldest_messages("a", 1));
  EXPECT_EQ(differences(), "chat_store/messages/\"a\" 0000000000000002: another value\n");
  ASSERT_TRUE(*store.delete_last_message("a"));
  EXPECT_EQ(differences(), "chat_store/messages/\"a\" 0000000000000002: only in B\n");
}

// Strings are decoded in pieces: no character and no escape may be lost between them.
TEST_F(ChatFileTest, LongStringsOfJsonAreDecodedWhole) {
  Random random(test_seed());
  const std::vector<std::string> parts = {
      "a", "\xc3\xa9", "\xf0\x9f\xa7\xb6", "\n", "\\", "\"", "\xed\xa0\x80", "\x7f", "/", "0"};
  std::string content(65'500, 'x');
  for (int i = 0; i < 60'000; ++i) content += random.pick(parts);
  KVChatStore store(std::make_shared<MemoryKVStore>());
  const Json message = chat_message("user", content);
  std::string inner = R"({"store": {"a": [)" + message.text() + R"(]}, "class_name": "SimpleChatStore"})";
  const std::string file = Json::from_string(inner).text();
  const auto kv = imported(file);
  ASSERT_TRUE(report_) << report_.error().to_string();
  EXPECT_EQ(KVChatStore(kv).get_messages("a")->front(), message);
  EXPECT_EQ(exported(*kv), file);
}

// Against a vector of what each id has.
TEST(ChatRecordTest, SelectsWhatAListHas) {
  Random random(test_seed());
  using Ids = ChatRecord::Ids;
  const auto ids_of = [](const std::vector<Ids>& stretches) {
    std::vector<uint64_t> ids;
    for (const Ids& stretch : stretches) {
      for (uint64_t id = stretch.begin; id < stretch.end; ++id) ids.push_back(id);
    }
    return ids;
  };
  ChatRecord record;
  std::map<uint64_t, MessageStatus> model;
  for (int i = 0; i < 3000; ++i) {
    const auto status = random.one_in(3) ? MessageStatus::kArchived : MessageStatus::kActive;
    MessageWindow window{.offset = static_cast<int64_t>(random.below(30)) - 15, .limit = random.below(8)};
    if (random.one_in(3)) window.status = status;
    std::vector<uint64_t> all;
    for (const auto& [id, had] : model) {
      if (!window.status || had == *window.status) all.push_back(id);
    }
    const auto size = static_cast<int64_t>(all.size());
    const int64_t begin =
        window.offset < 0 ? std::max<int64_t>(0, size + window.offset) : std::min(size, window.offset);
    const int64_t end = std::min<int64_t>(size, begin + static_cast<int64_t>(*window.limit));
    const std::vector<uint64_t> wanted(all.begin() + begin, all.begin() + end);
    const std::vector<Ids> selected = record.select(window);
    ASSERT_EQ(ids_of(selected), wanted);
    for (size_t at = 1; at < selected.size(); ++at) ASSERT_GT(selected[at].begin, selected[at - 1].end);
    const uint64_t kind = random.below(4);
    if (kind == 0) {
      record.remove(selected);
      for (const uint64_t id : wanted) model.erase(id);
    } else if (kind == 1) {
      record.archive(selected);
      for (const uint64_t id : wanted) model[id] = MessageStatus::kArchived;
    } else if (model.size() < 40) {
      const uint64_t n = random.below(4);
      const uint64_t first = record.append(n, status);
      if (!model.empty()) {
        ASSERT_EQ(first, model.rbegin()->first + 1);
      }
      for (uint64_t id = first; id < first + n; ++id) model[id] = status;
    }
    ASSERT_EQ(record.count(std::nullopt), model.size());
    const auto parsed = ChatRecord::parse("chat", record.to_json());
    ASSERT_TRUE(parsed) << record.to_json().text();
    ASSERT_EQ(parsed->to_json(), record.to_json());
    ChatRecord entered;
    for (const auto& [id, had] : model) entered.enter(id, had);
    if (!model.empty()) {
      ASSERT_EQ(entered.to_json(), record.to_json());
    }
  }
}

TEST(ChatRecordTest, RefusesWhatIsNoRecord) {
  for (const char* const text :
       {"{}", R"({"first": 0, "runs": []})", R"({"first": 1, "runs": [["active"]]})",
        R"({"first": 1, "runs": [["gone", 1]]})", R"({"first": 1, "runs": [["active", 0]]})",
        R"({"first": 1, "runs": [["active", 1.0]]})", R"({"first": 1, "runs": [["none", 1]]})",
        R"({"first": 1, "runs": [["active", 1], ["none", 1]]})",
        R"({"first": 2, "runs": [["active", 9999999999999998]]})"}) {
    EXPECT_EQ(ChatRecord::parse("c", Json::from_canonical(text)).status().code(), StatusCode::kCorruption)
        << text;
  }
}

TEST(ChatRecordTest, KeysAreThoseOfMessagesOnly) {
  EXPECT_EQ(message_key("a\"b", 12), R"("a\"b" 0000000000000012)");
  const auto place = parse_message_key(R"("a\"b" 0000000000000012)");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->chat, "a\"b");
  EXPECT_EQ(place->id, 12U);
  for (const char* const key :
       {"", "a", R"("a" 0)", R"("a" 0000000000000000)", R"("a"  000000000000012)", R"("a"x0000000000000012)",
        R"(12 0000000000000012)", R"("\/" 0000000000000012)"}) {
    EXPECT_FALSE(parse_message_key(key)) << key;
  }
}

}  // namespace
}  // namespace quipu::testing
