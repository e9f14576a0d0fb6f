// Chat stores: each call against lists.

#include "quipu/chat_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "quipu/kv_transaction.h"
#include "quipu/persist_dir.h"
#include "quipu/verify.h"
#include "tests/support/backends.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Messages = std::vector<Json>;

Json text(const std::string& content) { return chat_message("user", content); }

// What the reference's stores would have.
struct Entry {
  Json message;
  MessageStatus status;
};
using Chat = std::vector<Entry>;

class ChatStoreTest : public BackendFixture {
 protected:
  static Messages of(const Chat& chat, const MessageWindow& window) {
    Messages all;
    for (const Entry& entry : chat) {
      if (!window.status || entry.status == *window.status) all.push_back(entry.message);
    }
    const auto size = static_cast<int64_t>(all.size());
    const int64_t begin =
        window.offset < 0 ? std::max<int64_t>(0, size + window.offset) : std::min(size, window.offset);
    const int64_t end =
        window.limit ? std::min<int64_t>(size, begin + static_cast<int64_t>(*window.limit)) : size;
    return {all.begin() + begin, all.begin() + end};
  }

  void expect_equal(const KVChatStore& store) {
    for (const std::string& name : names_) {
      const Chat& chat = chats_[name];
      EXPECT_EQ(*store.get_messages(name), of(chat, {})) << name;
      for (const auto status : {MessageStatus::kActive, MessageStatus::kArchived}) {
        EXPECT_EQ(*store.get_messages(name, {.status = status}), of(chat, {.status = status})) << name;
        EXPECT_EQ(*store.count_messages(name, status), of(chat, {.status = status}).size()) << name;
      }
    }
    EXPECT_EQ(*store.get_keys(), names_);
  }

  Chat* find(const std::string& name) {
    const bool known = std::ranges::find(names_, name) != names_.end();
    return known ? &chats_[name] : nullptr;
  }
  Chat& make(const std::string& name) {
    if (find(name) == nullptr) {
      names_.push_back(name);
      chats_[name].clear();
    }
    return chats_[name];
  }
  void drop(const std::string& name) { std::erase(names_, name); }

  // One call, and the same on the model.
  void step(KVChatStore& store, Random& random);
  void pop(KVChatStore& store, const std::string& name, int64_t idx);
  void insert(KVChatStore& store, const std::string& name, int64_t idx, MessageStatus status);
  Messages take_oldest(const std::string& name, uint64_t n, bool archive);

  std::vector<std::string> names_;
  std::map<std::string, Chat> chats_;
  int made_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Backends, ChatStoreTest, ::testing::ValuesIn(backends()), backend_name);

Messages ChatStoreTest::take_oldest(const std::string& name, uint64_t n, bool archive) {
  Messages taken;
  Chat* const chat = find(name);
  if (chat == nullptr) return taken;
  Chat left;
  for (Entry& entry : *chat) {
    if (entry.status != MessageStatus::kActive || taken.size() == n) {
      left.push_back(entry);
      continue;
    }
    taken.push_back(entry.message);
    if (archive) left.push_back({entry.message, MessageStatus::kArchived});
  }
  *chat = left;
  if (left.empty() && !taken.empty()) drop(name);
  return taken;
}

void ChatStoreTest::pop(KVChatStore& store, const std::string& name, int64_t idx) {
  Chat* const chat = find(name);
  const auto gone = store.delete_message(name, idx);
  const auto size = static_cast<int64_t>(chat != nullptr ? chat->size() : 0);
  if (chat != nullptr && idx < -size) {
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().message(),
              size == 0 ? "IndexError: pop from empty list" : "IndexError: pop index out of range");
    return;
  }
  ASSERT_TRUE(gone);
  ASSERT_EQ(gone->has_value(), chat != nullptr && idx < size);
  if (!*gone) return;
  const auto at = chat->begin() + (idx < 0 ? size + idx : idx);
  EXPECT_EQ(**gone, at->message);
  chat->erase(at);
}

void ChatStoreTest::insert(KVChatStore& store, const std::string& name, int64_t idx, MessageStatus status) {
  const Json message = text(std::to_string(++made_));
  ASSERT_TRUE(store.insert_message(name, idx, message, status).is_ok());
  Chat& chat = make(name);
  const auto size = static_cast<int64_t>(chat.size());
  chat.insert(chat.begin() + std::clamp(idx < 0 ? size + idx : idx, int64_t{0}, size), {message, status});
}

void ChatStoreTest::step(KVChatStore& store, Random& random) {
  const std::string name = random.pick(std::vector<std::string>{"a", "a\" 0", "b \xe2\x82\xac", ""});
  const auto status = random.one_in(4) ? MessageStatus::kArchived : MessageStatus::kActive;
  const auto some = [&](uint64_t most) {
    Messages messages;
    for (uint64_t n = random.below(most + 1); n > 0; --n) messages.push_back(text(std::to_string(++made_)));
    return messages;
  };
  Chat* const chat = find(name);
  const auto idx = static_cast<int64_t>(random.below(12)) - 6;
  switch (random.below(13)) {
    case 0: {
      const Messages messages = some(5);
      ASSERT_TRUE(store.set_messages(name, messages, status).is_ok());
      Chat& made = make(name);
      made.clear();
      for (const Json& message : messages) made.push_back({message, status});
      return;
    }
    case 1:
    case 2: {
      const Messages messages = some(3);
      ASSERT_TRUE(store.add_messages(name, messages, status).is_ok());
      for (const Json& message : messages) make(name).push_back({message, status});
      return;
    }
    case 3: {
      if (!random.one_in(4)) return;
      const auto gone = store.delete_messages(name);
      ASSERT_TRUE(gone);
      ASSERT_EQ(gone->has_value(), chat != nullptr);
      if (chat != nullptr) {
        EXPECT_EQ(**gone, of(*chat, {}));
      }
      return drop(name);
    }
    case 4: return pop(store, name, idx);
    case 5:
    case 6: {
      const bool archive = random.one_in(2);
      const uint64_t n = random.below(4);
      const auto taken =
          archive ? store.archive_oldest_messages(name, n) : store.delete_oldest_messages(name, n);
      ASSERT_TRUE(taken);
      EXPECT_EQ(*taken, take_oldest(name, n, archive));
      return;
    }
    case 7: {
      ASSERT_TRUE(store.delete_messages_of(name, status).is_ok());
      if (chat == nullptr) return;
      std::erase_if(*chat, [&](const Entry& entry) { return entry.status == status; });
      if (chat->empty()) drop(name);
      return;
    }
    case 8: return insert(store, name, idx, status);
    default: {
      const Json message = text(std::to_string(++made_));
      ASSERT_TRUE(store.add_message(name, message, status).is_ok());
      make(name).push_back({message, status});
    }
  }
  MessageWindow window{.offset = idx, .limit = random.below(5)};
  if (random.one_in(2)) window.status = status;
  EXPECT_EQ(*store.get_messages(name, window), of(find(name) != nullptr ? chats_[name] : Chat(), window));
}

TEST_P(ChatStoreTest, DoesWhatListsDo) {
  Random random(test_seed());
  KVChatStore store(kv_);
  for (int i = 0; i < 600 && !HasFailure(); ++i) step(store, random);
  expect_equal(store);
  if (lists_collections()) expect_consistent(*kv_);
  reopen();
  expect_equal(KVChatStore(kv_));
}

TEST_P(ChatStoreTest, KnowsMessagesByTheirIds) {
  KVChatStore store(kv_);
  for (const char* const message : {"1", "2", "3", "4"}) {
    ASSERT_TRUE(store.add_message("chat", text(message)).is_ok());
  }
  EXPECT_EQ(**store.delete_message_of_id("chat", 2), text("2"));
  EXPECT_FALSE(*store.delete_message_of_id("chat", 2));
  EXPECT_FALSE(*store.delete_message_of_id("chat", 0));
  EXPECT_FALSE(*store.delete_message_of_id("chat", 5));
  EXPECT_FALSE(*store.delete_message_of_id("another", 1));
  EXPECT_EQ(**store.delete_message_of_id("chat", 4), text("4"));
  ASSERT_TRUE(store.add_message("chat", text("5")).is_ok());
  EXPECT_EQ(**store.delete_message_of_id("chat", 4), text("5"));  // an id at the end is given again
  EXPECT_EQ(*store.get_messages("chat"), (Messages{text("1"), text("3")}));
}

TEST_P(ChatStoreTest, RefusesWhatIsNoMessage) {
  KVChatStore store(kv_);
  const Json number = Json::from_int(1);
  EXPECT_EQ(store.add_message("chat", number).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store.set_messages("chat", std::vector{text("1"), number}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*store.get_keys(), std::vector<std::string>());
}

// Nothing is lost, and each reader sees whole changes: pairs of messages that are added and taken together.
TEST_P(ChatStoreTest, ManyThreadsWriteToOneChat) {
  KVChatStore store(kv_);
  constexpr int kThreads = 4;
  constexpr int kAdded = 25;
  std::atomic<int> archived = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kAdded; ++i) {
          const Json message = text(std::to_string(thread));
          EXPECT_TRUE(store.add_messages("chat", std::vector{message, message}).is_ok());
          if (i % 5 == 0) archived += static_cast<int>(store.archive_oldest_messages("chat", 2)->size());
          const Messages all = *store.get_messages("chat");
          EXPECT_EQ(all.size() % 2, 0U);
          for (size_t at = 0; at + 1 < all.size(); at += 2) EXPECT_EQ(all[at], all[at + 1]);
        }
      });
    }
  }
  EXPECT_EQ(*store.count_messages("chat"), 2U * kThreads * kAdded);
  EXPECT_EQ(*store.count_messages("chat", MessageStatus::kArchived), static_cast<uint64_t>(archived));
}

TEST_P(ChatStoreTest, IsPartOfTransactions) {
  if (!kv_->capabilities().transactions) {
    EXPECT_EQ(kv_->begin().status().code(), StatusCode::kNotSupported);
    return;
  }
  KVChatStore store(kv_);
  ASSERT_TRUE(store.add_message("chat", text("1")).is_ok());
  ASSERT_TRUE(store.add_message("other", text("1")).is_ok());
  const auto first = *kv_->begin();
  KVChatStore in_first(first);
  ASSERT_TRUE(in_first.add_message("chat", text("2")).is_ok());
  EXPECT_EQ(in_first.get_messages("chat")->size(), 2U);
  EXPECT_EQ(store.get_messages("chat")->size(), 1U);
  ASSERT_TRUE(store.add_message("other", text("2")).is_ok());  // another chat is no conflict
  ASSERT_TRUE(first->commit().is_ok());
  EXPECT_EQ(store.get_messages("chat")->size(), 2U);
  const auto second = *kv_->begin();
  KVChatStore in_second(second);
  ASSERT_TRUE(in_second.add_message("chat", text("3")).is_ok());
  ASSERT_TRUE(store.add_message("chat", text("4")).is_ok());
  EXPECT_EQ(second->commit().code(), StatusCode::kBusy);
  EXPECT_EQ(*store.get_messages("chat", {.offset = -1}), Messages{text("4")});
}

TEST_P(ChatStoreTest, AsyncCallsAreTheSame) {
  KVChatStore store(kv_);
  EXPECT_TRUE(store.aset_messages("chat", {text("1"), text("2"), text("3")}).get().is_ok());
  EXPECT_TRUE(store.async_add_message("chat", text("4")).get().is_ok());
  EXPECT_EQ(store.aget_messages("chat", {.offset = -1}).get()->front(), text("4"));
  EXPECT_EQ(**store.adelete_message("chat", 0).get(), text("1"));
  EXPECT_EQ(**store.adelete_last_message("chat").get(), text("4"));
  EXPECT_EQ(*store.aget_keys().get(), std::vector<std::string>{"chat"});
  EXPECT_EQ(**store.adelete_messages("chat").get(), (Messages{text("2"), text("3")}));
}

TEST_P(ChatStoreTest, ArchivedMessagesAndGapsSurviveAFile) {
  if (!lists_collections()) return;
  Random random(test_seed());
  KVChatStore store(kv_);
  for (int i = 0; i < 200 && !HasFailure(); ++i) step(store, random);
  ASSERT_TRUE(store.add_message("a", text("last")).is_ok());
  make("a").push_back({text("last"), MessageStatus::kActive});
  const auto exported = export_persist_dir(*kv_, directory_ / "out");
  ASSERT_TRUE(exported) << exported.error().to_string();
  auto stores = BackendStores(GetParam());
  const auto copy = *stores.create();
  ASSERT_TRUE(import_persist_dir(directory_ / "out", *copy));
  expect_equal(KVChatStore(copy));
  expect_consistent(*copy);
}

}  // namespace
}  // namespace quipu::testing
