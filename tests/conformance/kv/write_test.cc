// write(): batches over several collections.

#include "quipu/write_batch.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

Json value(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

class WriteTest : public BackendFixture {
 protected:
  void write(const WriteBatch& batch) {
    const Status written = kv_->write(batch);
    ASSERT_TRUE(written.is_ok()) << written.to_string();
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, WriteTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(WriteTest, ALaterOperationSeesTheEarlier) {
  ASSERT_TRUE(kv_->put("old", value(0), "a").is_ok());
  WriteBatch batch;
  batch.put("a", "x", value(1));
  batch.put("b", "x", value(2));
  batch.put("a", "y", value(3));
  batch.put("a", "x", value(4));  // keeps its place
  batch.delete_("a", "old");
  batch.put("a", "old", value(5));  // goes to the end
  batch.put("b", "gone", value(6));
  batch.delete_("b", "gone");
  batch.delete_("c", "never");
  write(batch);
  EXPECT_EQ(content("a"), R"(x={"n": 4};y={"n": 3};old={"n": 5};)");
  EXPECT_EQ(content("b"), R"(x={"n": 2};)");
  EXPECT_EQ(content("c"), "");
  EXPECT_EQ(*kv_->count("a"), 3u);
  EXPECT_EQ(*kv_->count("b"), 1u);
}

TEST_P(WriteTest, AnEmptyBatchIsNothing) {
  write(WriteBatch());
  if (lists_collections()) {
    EXPECT_TRUE(kv_->collections()->empty());
  }
}

TEST_P(WriteTest, NamesAndKeysAreAnyBytesOrAnyText) {
  const std::string text = "\x01\u00e9/\n\"{";
  const std::string bytes = kv_->capabilities().text_keys ? text : std::string("\0\xff/\n\"{", 6);
  WriteBatch batch;
  for (const std::string& collection : {std::string(), bytes, std::string("data")}) {
    for (const std::string& key : {std::string(), bytes, std::string("../k")}) {
      batch.put(collection, key, Json::from_canonical("{\"key\": " + std::to_string(key.size()) + "}"));
    }
  }
  write(batch);
  const std::string value = "{\"key\": " + std::to_string(bytes.size()) + "}";
  for (const std::string& collection : {std::string(), bytes, std::string("data")}) {
    EXPECT_EQ(*kv_->count(collection), 3u);
    const auto found = kv_->get(bytes, collection);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->text(), value);
    EXPECT_TRUE(*kv_->exists("", collection) && *kv_->exists("../k", collection));
  }
  if (!kv_->capabilities().durable) return;
  reopen();
  EXPECT_EQ(*kv_->count(bytes), 3u);
  EXPECT_EQ((*kv_->get(bytes, bytes))->text(), value);
}

TEST_P(WriteTest, KeysThatAreNoTextAreRefusedWhereTheyCannotBe) {
  if (!kv_->capabilities().text_keys) return;  // the test above stores them
  ASSERT_TRUE(kv_->put("k", value(0), "c").is_ok());
  for (const std::string& odd : {std::string("a\0b", 3), std::string("\xff"), std::string("\xed\xa0\x80")}) {
    for (const auto& [key, collection] : {std::pair<std::string, std::string>(odd, "c"), {"k", odd}}) {
      WriteBatch batch;
      batch.put("c", "k", value(1));
      batch.put(collection, key, value(2));
      const Status refused = kv_->write(batch);
      EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused.to_string();
      EXPECT_NE(refused.message().find(Json::from_string(odd).text()), std::string::npos)
          << refused.message();
      EXPECT_EQ(kv_->put(key, value(2), collection).code(), StatusCode::kInvalidArgument);
      EXPECT_FALSE(kv_->get(key, collection)->has_value());
      EXPECT_FALSE(*kv_->delete_(key, collection));
      const std::vector<std::string_view> keys = {"k", key};
      EXPECT_EQ(kv_->multi_get(keys, collection)->back(), std::nullopt);
    }
    EXPECT_EQ(*kv_->count(odd), 0u);
    EXPECT_TRUE(kv_->get_all(odd)->empty());
    EXPECT_FALSE(*kv_->drop_collection(odd));
  }
  EXPECT_EQ(content("c"), R"(k={"n": 0};)");
}

// Whole or not at all, where that is promised; else what stands before the operation that is refused is done.
TEST_P(WriteTest, ABatchThatIsRefusedIsUndoneWhereBatchesAreAtomic) {
  ASSERT_TRUE(kv_->put("x", value(0), "a").is_ok());
  WriteBatch batch;
  batch.put("a", "x", value(1));
  batch.put("b", "y", value(2));
  batch.put("a", "bad", Json::from_canonical("[]"));
  batch.put("a", "z", value(3));
  EXPECT_EQ(kv_->write(batch).code(), StatusCode::kInvalidArgument);
  const bool atomic = kv_->capabilities().atomic_batches;
  EXPECT_EQ(content("a"), atomic ? R"(x={"n": 0};)" : R"(x={"n": 1};)");
  EXPECT_EQ(content("b"), atomic ? "" : R"(y={"n": 2};)");

  const std::vector<std::string> texts = {R"({"n": 7})", "[]"};
  const std::vector<KVPair> pairs = {{"p", JsonView::from_canonical(texts[0])},
                                     {"q", JsonView::from_canonical(texts[1])}};
  EXPECT_EQ(kv_->put_all(pairs, "d").code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(*kv_->exists("q", "d"));
  if (kv_->capabilities().batched_put_all) {
    EXPECT_EQ(content("d"), "");
  }
}

TEST_P(WriteTest, AnOperationThatTheStoreHasNotHeardOfIsRefused) {
  static constexpr WriteOp::Kind kUnheardOf{"unheard_of", true, true};
  WriteBatch batch;
  batch.put("a", "x", value(1));
  batch.add({&kUnheardOf, "a", "y", "{}"});
  const Status refused = kv_->write(batch);
  EXPECT_EQ(refused.code(), StatusCode::kNotSupported) << refused.to_string();
  EXPECT_NE(refused.message().find("unheard_of"), std::string::npos) << refused.message();
  EXPECT_EQ(content("a"), "");
}

}  // namespace
}  // namespace quipu::testing
