// bulk_load(): collections that come whole or not at all.

#include "quipu/bulk_load.h"

#include <gtest/gtest.h>

#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

Json value(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

class BulkLoadTest : public BackendFixture {
 protected:
  std::unique_ptr<BulkLoad> begin() {
    auto load = kv_->bulk_load();
    EXPECT_TRUE(load) << load.error().to_string();
    return *std::move(load);
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, BulkLoadTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(BulkLoadTest, NothingIsSeenBeforeItIsCommitted) {
  auto load = begin();
  ASSERT_TRUE(load->begin_file("f.json").is_ok());
  ASSERT_TRUE(load->begin_collection("a", {"f.json", ""}).is_ok());
  for (const char* const key : {"z", "b", "z"}) ASSERT_TRUE(load->put(key, value(1)).is_ok());
  ASSERT_TRUE(load->begin_collection("v", {"f.json", ""}).is_ok());
  ASSERT_TRUE(load->put_vector("k", std::vector<double>{0.5}).is_ok());
  EXPECT_EQ(content("a"), "");
  const Status done = load->commit();
  ASSERT_TRUE(done.is_ok()) << done.to_string();
  load.reset();
  EXPECT_EQ(content("a"), R"(z={"n": 1};b={"n": 1};)");
  EXPECT_EQ(content("v"), R"(k={"embedding": [0.5]};)");
  if (lists_collections()) {
    EXPECT_EQ(*kv_->persist_files(), std::vector<std::string>{"f.json"});
    EXPECT_EQ(kv_->collections()->at(0).persist_file, "f.json");
  }
  reopen();
  EXPECT_EQ(content("a"), R"(z={"n": 1};b={"n": 1};)");
}

TEST_P(BulkLoadTest, WithoutACommitNothingHasHappened) {
  ASSERT_TRUE(kv_->put("k", value(0), "a").is_ok());
  {
    const auto load = begin();
    ASSERT_TRUE(load->begin_collection("a", {}).is_ok());
    ASSERT_TRUE(load->put("k", value(1)).is_ok());
    ASSERT_TRUE(load->begin_collection("b", {}).is_ok());
    ASSERT_TRUE(load->put("k", value(1)).is_ok());
  }
  EXPECT_EQ(content("a"), R"(k={"n": 0};)");
  EXPECT_EQ(content("b"), "");
}

TEST_P(BulkLoadTest, AKeyAndACollectionMayComeAgain) {
  const auto load = begin();
  ASSERT_TRUE(load->begin_collection("a", {}).is_ok());
  ASSERT_TRUE(load->put("gone", value(1)).is_ok());
  ASSERT_TRUE(load->begin_collection("b", {}).is_ok());
  ASSERT_TRUE(load->put("x", value(1)).is_ok());
  ASSERT_TRUE(load->put("y", value(2)).is_ok());
  ASSERT_TRUE(load->put("x", value(3)).is_ok());  // keeps its place
  ASSERT_TRUE(load->begin_collection("a", {}).is_ok());
  ASSERT_TRUE(load->put("k", value(4)).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_EQ(content("a"), R"(k={"n": 4};)");
  EXPECT_EQ(content("b"), R"(x={"n": 3};y={"n": 2};)");
}

TEST_P(BulkLoadTest, MergesOverWhatIsThere) {
  ASSERT_TRUE(kv_->put("old", value(0), "a").is_ok());
  ASSERT_TRUE(kv_->put("kept", value(0), "a").is_ok());
  const auto load = begin();
  ASSERT_TRUE(load->begin_collection("a", {}).is_ok());
  ASSERT_TRUE(load->put("new", value(2)).is_ok());
  ASSERT_TRUE(load->put("old", value(1)).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_EQ(content("a"), R"(old={"n": 1};kept={"n": 0};new={"n": 2};)");
  EXPECT_EQ(*kv_->count("a"), 3u);
}

TEST_P(BulkLoadTest, RefusesWhatIsNoObjectOrInNoCollection) {
  const auto load = begin();
  EXPECT_EQ(load->put("k", value(1)).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(load->begin_collection("a", {}).is_ok());
  EXPECT_EQ(load->put("k", Json::from_canonical("[]")).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace quipu::testing
