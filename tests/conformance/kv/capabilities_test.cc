// capabilities() is told truly: what is claimed works, and what is not is refused as documented.

#include <gtest/gtest.h>

#include <algorithm>

#include "quipu/kv_transaction.h"
#include "quipu/verify.h"
#include "tests/support/backends.h"
#include "tests/support/random.h"
#include "tests/support/resource_usage.h"

namespace quipu::testing {
namespace {

const Json kValue = Json::from_canonical("{\"n\": 1}");

class CapabilitiesTest : public BackendFixture {};
INSTANTIATE_TEST_SUITE_P(Backends, CapabilitiesTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(CapabilitiesTest, AStoreIsMadeForWritingAndNoTransaction) {
  EXPECT_FALSE(kv_->capabilities().read_only);
  EXPECT_FALSE(kv_->capabilities().in_transaction);
}

TEST_P(CapabilitiesTest, TransactionsWorkOrAreRefused) {
  const auto txn = kv_->begin();
  if (!kv_->capabilities().transactions) {
    EXPECT_EQ(txn.status(), Status::not_supported("this key-value store has no transactions"));
    return;
  }
  ASSERT_TRUE(txn) << txn.error().to_string();
  EXPECT_TRUE((*txn)->capabilities().in_transaction);
  ASSERT_TRUE((*txn)->put("k", kValue, "c").is_ok());
  EXPECT_FALSE(*kv_->exists("k", "c"));
  ASSERT_TRUE((*txn)->commit().is_ok());
  EXPECT_TRUE(*kv_->exists("k", "c"));
}

TEST_P(CapabilitiesTest, WhatIsDurableOutlivesItsObject) {
  ASSERT_TRUE(kv_->put("k", kValue, "c").is_ok());
  ASSERT_TRUE(kv_->put("gone", kValue, "c").is_ok());
  ASSERT_TRUE(*kv_->delete_("gone", "c"));
  const bool durable = kv_->capabilities().durable;
  if (durable) {
    kv_.reset();  // without a close()
    auto again = stores_.make_again();
    ASSERT_TRUE(again) << again.error().to_string();
    kv_ = *std::move(again);
  }
  EXPECT_EQ(kv_->get_all("c")->size(), 1u);
  EXPECT_EQ((*kv_->get("k", "c"))->text(), kValue.text());
  EXPECT_EQ(kv_->capabilities().durable, durable);
}

TEST_P(CapabilitiesTest, CloseReleasesADurableStore) {
  ASSERT_TRUE(kv_->put("k", kValue, "c").is_ok());
  const Status closed = kv_->close();
  ASSERT_TRUE(closed.is_ok()) << closed.to_string();
  EXPECT_TRUE(kv_->close().is_ok()) << "a second time";
  if (!kv_->capabilities().durable) return;
  const auto again = stores_.make_again();  // while the closed object is there
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(*(*again)->exists("k", "c"));
}

// Numbers that a key keeps, or its place among the keys that are there.
TEST_P(CapabilitiesTest, OrderIsKeptOrCounted) {
  for (const char* const key : {"c", "a", "b"}) ASSERT_TRUE(kv_->put(key, kValue, "c").is_ok());
  const std::vector<std::string_view> keys = {"a", "b", "c", "none"};
  const auto before = *kv_->insertion_order(keys, "c");
  EXPECT_LT(*before[2], *before[0]);
  EXPECT_LT(*before[0], *before[1]);
  EXPECT_FALSE(before[3]);
  ASSERT_TRUE(*kv_->delete_("c", "c"));
  ASSERT_TRUE(kv_->put("a", Json::from_canonical("{}"), "c").is_ok());
  ASSERT_TRUE(kv_->put("c", kValue, "c").is_ok());
  const auto after = *kv_->insertion_order(keys, "c");
  EXPECT_LT(*after[0], *after[1]);
  EXPECT_LT(*after[1], *after[2]);
  if (!kv_->capabilities().keeps_order) return;
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_GT(*after[2], *before[1]);
}

// Of a collection of 128 MiB a second scan, when caches are full, takes less than a third.
TEST_P(CapabilitiesTest, AStreamingScanDoesNotHoldTheCollection) {
  if (!kv_->capabilities().streams) return;  // and may hold it: there is nothing that it could refuse
  constexpr int kValues = 2048;
  Random random(test_seed());
  std::string text = "{\"t\": \"" + std::string(size_t{64} << 10, ' ') + "\"}";
  for (size_t i = 7; i + 2 < text.size(); ++i) text[i] = static_cast<char>('a' + random.below(26));
  for (int i = 0; i < kValues; ++i) {
    ASSERT_TRUE(kv_->put(std::to_string(i), JsonView::from_canonical(text), "c").is_ok());
  }
  const auto scan_all = [&](ScanOptions::Order order) {
    const double before = least_resource_usage().mib;
    double most = 0;
    const auto it = kv_->scan({.order = order}, "c");
    EXPECT_TRUE(it) << it.error().to_string();
    int count = 0;
    for (; (*it)->next(); ++count) {
      if (count % 64 == 0) most = std::max(most, resource_usage().mib - before);
    }
    EXPECT_EQ(count, kValues);
    return most;
  };
  for (const auto order : {ScanOptions::Order::kKey, ScanOptions::Order::kInsertion}) {
    scan_all(order);
    const double grown = scan_all(order);
    if (kMemoryIsMeasured) {
      EXPECT_LT(grown, 40) << "MiB";
    }
  }
}

TEST_P(CapabilitiesTest, CareOfTheStoreChangesNothing) {
  for (const char* const key : {"b", "a"}) ASSERT_TRUE(kv_->put(key, kValue, "c").is_ok());
  const auto unchanged = [&] {
    const auto entries = kv_->get_all("c");
    return entries && entries->size() == 2 && entries->at(0).key == "b" && entries->at(1).key == "a";
  };
  EXPECT_TRUE(kv_->sync().is_ok());
  EXPECT_TRUE(kv_->flush().is_ok());
  EXPECT_TRUE(kv_->compact().is_ok());
  EXPECT_TRUE(kv_->check_complete().is_ok());
  EXPECT_TRUE(
      kv_->verify([](const Fault& fault) { ADD_FAILURE() << fault.key << ": " << fault.message; }).is_ok());
  EXPECT_TRUE(unchanged());
  const auto present = kv_->refresh();
  ASSERT_TRUE(present) << present.error().to_string();
  EXPECT_TRUE(*present == nullptr || *present == kv_) << "it shows the present as it is";
  EXPECT_TRUE(unchanged());
}

TEST_P(CapabilitiesTest, FormatAndSizeAreKnownOrRefused) {
  ASSERT_TRUE(kv_->put("k", kValue, "c").is_ok());
  const auto format = kv_->format();
  const auto bytes = kv_->disk_bytes();
  if (format) {
    EXPECT_GT(*format, 0u);
  } else {
    EXPECT_EQ(format.status(), Status::not_supported("this key-value store has no format of its own"));
  }
  if (bytes) {
    EXPECT_GT(*bytes, 0u);
  } else {
    EXPECT_EQ(bytes.status(),
              Status::not_supported("this key-value store does not know how many bytes it takes"));
  }
}

}  // namespace
}  // namespace quipu::testing
