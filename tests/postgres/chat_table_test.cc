// Tables of chats in PostgreSQL, in the layout of LlamaIndex's PostgresChatStore.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "quipu/chat_store.h"
#include "quipu/document_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/open_store.h"
#include "tests/postgres/schema_test.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ChatTableTest : public SchemaTest {
 protected:
  using SchemaTest::table;
  std::string table() const { return table("chatstore"); }
  // The contents of a chat's messages, which chat_message() made.
  static std::vector<std::string> texts(const BaseChatStore& chats, const std::string& key,
                                        const MessageWindow& window = {}) {
    const Result<std::vector<Json>> messages = chats.get_messages(key, window);
    EXPECT_TRUE(messages) << messages.status().to_string();
    std::vector<std::string> texts;
    for (const Json& message : messages.value_or(std::vector<Json>())) texts.push_back(text_of(message));
    return texts;
  }
  static std::string text_of(JsonView message) {
    return message.find("blocks")->elements().begin().operator*().find("text")->string();
  }
  static Json message(const std::string& text) { return chat_message("user", text); }

  const std::shared_ptr<BaseKVStore> kvstore_ = *open_store(test_address(schema_));
};

TEST_F(ChatTableTest, TheTableIsThatOfPostgresChatStore) {
  PostgresChatStore chats(kvstore_, "ChatStore");
  EXPECT_THAT(texts(chats, "a"), IsEmpty());
  EXPECT_THAT(*chats.get_keys(), IsEmpty());
  EXPECT_EQ(run("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema_ + "'"), "0 ")
      << "nothing is made";
  ASSERT_TRUE(chats.add_message("a", message("\xc3\xa9")).is_ok());
  EXPECT_EQ(
      run("SELECT attname || ':' || format_type(atttypid, atttypmod) || ':' || attnotnull FROM pg_attribute "
          "WHERE attrelid = '" +
          table() + "'::regclass AND attnum > 0 ORDER BY attnum"),
      "id:integer:true key:character varying:true value:json[]:false ");
  EXPECT_EQ(run("SELECT conname || ':' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '" +
                table() + "'::regclass AND contype IN ('p', 'u') ORDER BY contype"),
            "chatstore_pkey:PRIMARY KEY (id) chatstore:unique_key:UNIQUE (key) ");
  EXPECT_EQ(run("SELECT value[1] FROM " + table()), message("\xc3\xa9").text() + " ");
  run("CREATE TABLE " + table("data_old") +
      " (id serial PRIMARY KEY, key varchar NOT NULL UNIQUE, value jsonb[])");
  PostgresChatStore old(kvstore_, "old");
  ASSERT_TRUE(old.add_message("k", message("1")).is_ok());
  EXPECT_EQ(run("SELECT count(*) FROM " + table("data_old")), "1 ") << "the name of former versions";
  EXPECT_THAT(texts(old, "k"), ElementsAre("1"));
  run("CREATE TABLE " + table("odd") + " (value int)");
  EXPECT_EQ(PostgresChatStore(kvstore_, "odd").get_keys().status().code(), StatusCode::kInvalidArgument);
  for (const std::string& name :
       {std::string(), std::string("a\0b", 3), std::string("\xff"), std::string(51, 'x')})
    EXPECT_EQ(PostgresChatStore(kvstore_, name).get_keys().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(PostgresChatStore(*open_store("memory:")).get_keys().status().code(), StatusCode::kNotSupported);
}

TEST_F(ChatTableTest, MessagesComeAndGo) {
  const std::string odd = "'; DROP TABLE x; --{\"\\}";
  PostgresChatStore chats(kvstore_, "x\"; --");
  ASSERT_TRUE(chats.set_messages(odd, std::vector{message("1"), message("2"), message("3")}).is_ok());
  ASSERT_TRUE(chats.add_messages(odd, std::vector{message("{4}"), message("\"5\\")}).is_ok());
  ASSERT_TRUE(chats.add_message("b", message("0")).is_ok());
  EXPECT_THAT(texts(chats, odd), ElementsAre("1", "2", "3", "{4}", "\"5\\"));
  EXPECT_THAT(texts(chats, odd, {.offset = -2, .limit = 1}), ElementsAre("{4}"));
  EXPECT_THAT(texts(chats, odd, {.offset = 9}), IsEmpty());
  EXPECT_EQ(*chats.count_messages(odd), 5u);
  EXPECT_EQ(*chats.count_messages(odd, MessageStatus::kArchived), 0u);
  EXPECT_EQ(text_of(**chats.delete_message(odd, 1)), "2");
  EXPECT_EQ(text_of(**chats.delete_last_message(odd)), "\"5\\");
  EXPECT_EQ(text_of(**chats.delete_message_of_id(odd, 1)), "1");
  EXPECT_FALSE(*chats.delete_message(odd, 7));
  EXPECT_EQ(chats.delete_message(odd, -7).status().message(), "IndexError: pop index out of range");
  EXPECT_THAT(texts(chats, odd), ElementsAre("3", "{4}"));
  EXPECT_THAT(*chats.get_keys(), ElementsAre(odd, "b"));
  EXPECT_EQ(chats.delete_oldest_messages("b", 3)->size(), 1u);
  EXPECT_THAT(*chats.get_keys(), ElementsAre(odd)) << "a chat goes with its last message";
  EXPECT_EQ((*chats.delete_messages(odd))->size(), 2u);
  EXPECT_FALSE(*chats.delete_messages(odd));
  EXPECT_FALSE(*chats.delete_last_message("unknown"));
  EXPECT_EQ(chats.archive_oldest_messages("b", 1).status().code(), StatusCode::kNotSupported);
  EXPECT_EQ(chats.add_message("b", message("x"), MessageStatus::kArchived).code(), StatusCode::kNotSupported);
}

TEST_F(ChatTableTest, WhatIsRefusedChangesNothing) {
  PostgresChatStore chats(kvstore_);
  ASSERT_TRUE(chats.add_message("a", message("1")).is_ok());
  const std::vector<Json> bad = {message("2"), Json::from_canonical("[1]")};
  EXPECT_EQ(chats.add_messages("a", bad).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(chats.set_messages("a", bad).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(chats.add_message("a", Json::from_canonical(R"({"a": NaN})")).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(chats.add_message(std::string("a\0b", 3), message("x")).code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(texts(chats, std::string("a\0b", 3)), IsEmpty());
  ASSERT_TRUE(
      chats.add_message("a", Json::from_canonical(R"({"blocks": [{"text": "\u0000 \ud800"}]})")).is_ok());
  EXPECT_EQ(*chats.count_messages("a"), 2u);
  const auto reader = *open_store(test_address(schema_), {.read_only = true});
  EXPECT_EQ(PostgresChatStore(reader).set_messages("a", {}).code(), StatusCode::kNotSupported);
  EXPECT_EQ(*PostgresChatStore(reader).count_messages("a"), 2u);
}

TEST_F(ChatTableTest, WritersLoseNothingOfEachOthers) {
  const auto add = [this](int writer) {
    PostgresChatStore chats(*open_store(test_address(schema_)));
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(chats.add_message("c", message(std::to_string(writer))).is_ok());
      if (i % 5 == 4) {
        ASSERT_TRUE(chats.delete_message("c", 0)->has_value());
      }
    }
  };
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) writers.emplace_back(add, writer);
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(*PostgresChatStore(kvstore_).count_messages("c"), 32u);
  EXPECT_EQ(run("SELECT last_value FROM " + table("chatstore_id_seq")), "1 ") << "a change uses up no number";
}

TEST_F(ChatTableTest, ATransactionIsOverChatsAndAllElse) {
  PostgresChatStore chats(kvstore_);
  ASSERT_TRUE(chats.add_message("a", message("1")).is_ok());
  ASSERT_TRUE(chats.add_message("b", message("1")).is_ok());
  const auto txn = *kvstore_->begin();
  PostgresChatStore inside(txn);
  ASSERT_TRUE(inside.add_message("a", message("2")).is_ok());
  ASSERT_TRUE(inside.add_message("c", message("3")).is_ok());
  ASSERT_TRUE(inside.delete_messages("b")->has_value());
  ASSERT_TRUE(inside.set_messages("b", std::vector{message("4")}).is_ok());
  ASSERT_TRUE(txn->put("k", Json::from_canonical("{}"), "data").is_ok());
  EXPECT_THAT(*inside.get_keys(), ElementsAre("a", "c", "b"));
  EXPECT_THAT(texts(inside, "a"), ElementsAre("1", "2"));
  EXPECT_THAT(texts(chats, "a"), ElementsAre("1"));
  ASSERT_TRUE(txn->commit({}).is_ok());
  EXPECT_THAT(texts(chats, "a"), ElementsAre("1", "2"));
  EXPECT_THAT(*chats.get_keys(), ElementsAre("a", "c", "b"));
  EXPECT_TRUE(*kvstore_->get("k", "data"));

  const auto late = *kvstore_->begin();
  ASSERT_TRUE(PostgresChatStore(late).add_message("a", message("late")).is_ok());
  run("UPDATE " + table() + " SET value = value || value WHERE key = 'a'");
  const Status conflict = late->commit({});
  EXPECT_EQ(conflict.code(), StatusCode::kBusy) << conflict.to_string();
  EXPECT_EQ(*chats.count_messages("a"), 4u);
}

}  // namespace
}  // namespace quipu::testing
