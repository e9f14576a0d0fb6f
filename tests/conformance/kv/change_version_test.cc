// change_version(): nothing where nobody else can write, or the writes of a collection, counted.

#include <gtest/gtest.h>

#include "quipu/write_batch.h"
#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

class ChangeVersionTest : public BackendFixture {
 protected:
  std::optional<uint64_t> version(const std::vector<std::string_view>& collections) const {
    const auto found = kv_->change_version(collections);
    EXPECT_TRUE(found) << found.error().to_string();
    return *found;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, ChangeVersionTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(ChangeVersionTest, GrowsByOneForEachCollectionThatAWriteChanges) {
  const Json value = Json::from_canonical("{}");
  const auto first = version({"a", "b"});
  if (!first) {  // and never is there one
    ASSERT_TRUE(kv_->put("x", value, "a").is_ok());
    EXPECT_EQ(version({"a", "b"}), std::nullopt);
    EXPECT_EQ(version({}), std::nullopt);
    return;
  }
  ASSERT_TRUE(kv_->put("x", value, "a").is_ok());
  EXPECT_EQ(version({"a", "b"}), *first + 1);
  ASSERT_TRUE(kv_->put("x", value, "c").is_ok());
  EXPECT_EQ(version({"a", "b"}), *first + 1);
  WriteBatch batch;
  batch.put("a", "x", Json::from_canonical("{\"n\": 1}"));
  batch.put("a", "y", value);
  batch.put("b", "z", value);
  batch.put("c", "z", value);
  const auto a = version({"a"});
  const auto b = version({"b"});
  ASSERT_TRUE(kv_->write(batch).is_ok());
  EXPECT_EQ(version({"a"}), *a + 1);
  EXPECT_EQ(version({"b"}), *b + 1);
  EXPECT_EQ(version({"a", "b"}), *first + 3);
  ASSERT_TRUE(*kv_->delete_("y", "a"));
  EXPECT_EQ(version({"a", "b"}), *first + 4);
  EXPECT_TRUE(kv_->get("x", "a") && kv_->get_all("b") && kv_->count("a"));
  EXPECT_EQ(version({"a", "b"}), *first + 4) << "reading is no change";
  ASSERT_TRUE(*kv_->drop_collection("b"));
  EXPECT_GT(*version({"a", "b"}), *first + 4);
}

}  // namespace
}  // namespace quipu::testing
