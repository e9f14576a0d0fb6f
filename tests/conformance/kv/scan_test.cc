// Scans: every option, alone and together, against a model.

#include <gtest/gtest.h>

#include "tests/conformance/kv/model.h"
#include "tests/support/backends.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

std::string text_of(const ScanOptions& options) {
  const auto quoted = [](const std::optional<std::string>& key) {
    return key ? Json::from_string(*key).text() : std::string("none");
  };
  return "prefix " + quoted(options.prefix) + ", start " + quoted(options.start) + ", end " +
         quoted(options.end) + ", limit " + std::to_string(options.limit) +
         (options.reverse ? ", reverse" : "") + (options.keys_only ? ", keys only" : "") +
         (options.order == ScanOptions::Order::kKey ? ", by key" : ", by insertion");
}

class ScanTest : public BackendFixture {
 protected:
  // Up to three of few kinds, so that keys begin alike and repeat.
  std::string any_of(const std::vector<std::string>& pieces) {
    std::string key;
    for (uint64_t size = random_.below(4); size > 0; --size) key += random_.pick(pieces);
    return key;
  }
  std::string any_key() { return any_of(kv_->capabilities().text_keys ? kTexts : kBytes); }
  // Of any bytes, whatever keys are of.
  std::string any_bound() { return any_of(random_.one_in(2) ? kTexts : kBytes); }
  ScanOptions any_options() {
    ScanOptions options;
    if (random_.one_in(3)) options.prefix = any_bound();
    if (random_.one_in(3)) options.start = any_bound();
    if (random_.one_in(3)) options.end = any_bound();
    if (random_.one_in(3)) options.limit = random_.below(20);
    options.reverse = random_.one_in(2);
    options.keys_only = random_.one_in(3);
    if (random_.one_in(2)) options.order = ScanOptions::Order::kInsertion;
    return options;
  }
  void change(int times) {
    for (; times > 0; --times) {
      const std::string key = any_key();
      if (random_.one_in(3)) {
        const auto erased = kv_->delete_(key, "c");
        ASSERT_TRUE(erased) << erased.error().to_string();
        ASSERT_EQ(*erased, model_.erase(key));
      } else {
        const std::string value = "{\"n\": " + std::to_string(random_.below(1000)) + "}";
        ASSERT_TRUE(kv_->put(key, JsonView::from_canonical(value), "c").is_ok());
        model_.put(key, value);
      }
    }
  }
  static ModelCollection::Pairs all(KVIterator& it) {
    ModelCollection::Pairs found;
    while (it.next()) {
      found.emplace_back(it.key(), it.val().is_null() ? std::string() : std::string(it.val().text()));
    }
    EXPECT_TRUE(it.status().is_ok()) << it.status().to_string();
    EXPECT_FALSE(it.next()) << "after the end";
    return found;
  }
  static void expect(const KVReader& reader, const ModelCollection& model, const ScanOptions& options) {
    SCOPED_TRACE(text_of(options));
    const auto it = reader.scan(options, "c");
    ASSERT_TRUE(it) << it.error().to_string();
    EXPECT_EQ(all(**it), model.scan(options));
  }

  const std::vector<std::string> kBytes = {"a", "b", std::string("\0", 1), "\xff", "\xed\xa0\x80", "\xc3"};
  const std::vector<std::string> kTexts = {"a", "b", "\x01", "\u00e9", "\ud7ff", "\U0010ffff"};
  Random random_{test_seed()};
  ModelCollection model_;
};
INSTANTIATE_TEST_SUITE_P(Backends, ScanTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(ScanTest, EveryOptionGivesWhatTheModelDoes) {
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    change(20);
    for (int i = 0; i < 25; ++i) expect(*kv_, model_, any_options());
  }
}

TEST_P(ScanTest, ASnapshotIsScannedAsTheStoreIs) {
  change(60);
  if (!kv_->capabilities().snapshots) {
    EXPECT_EQ(kv_->snapshot().status().code(), StatusCode::kNotSupported);
    return;
  }
  const auto snapshot = kv_->snapshot();
  ASSERT_TRUE(snapshot) << snapshot.error().to_string();
  const ModelCollection before = model_;
  change(60);
  for (int i = 0; i < 50; ++i) {
    const ScanOptions options = any_options();
    expect(**snapshot, before, options);
    expect(*kv_, model_, options);
  }
}

TEST_P(ScanTest, SeesTheCollectionAsItWasWhenItBegan) {
  change(60);
  for (int i = 0; i < 10; ++i) {
    const ScanOptions options = any_options();
    SCOPED_TRACE(text_of(options));
    const ModelCollection before = model_;
    const auto it = kv_->scan(options, "c");
    ASSERT_TRUE(it) << it.error().to_string();
    change(20);
    EXPECT_EQ(all(**it), before.scan(options));
  }
}

TEST_P(ScanTest, WhatIsNotThereIsEmpty) {
  for (const auto order : {ScanOptions::Order::kKey, ScanOptions::Order::kInsertion}) {
    const auto it = kv_->scan({.order = order}, "never written");
    ASSERT_TRUE(it) << it.error().to_string();
    EXPECT_EQ(all(**it), ModelCollection::Pairs());
  }
  EXPECT_TRUE(kv_->get_all("never written")->empty());
  EXPECT_EQ(*kv_->count("never written"), 0u);
}

TEST_P(ScanTest, OrderIsTheNumberThatInsertionOrderGives) {
  change(60);
  for (const auto order : {ScanOptions::Order::kKey, ScanOptions::Order::kInsertion}) {
    const auto it = kv_->scan({.order = order}, "c");
    ASSERT_TRUE(it) << it.error().to_string();
    while ((*it)->next()) {
      const std::string key((*it)->key());
      const std::vector<std::string_view> one = {key};
      if (kv_->capabilities().keeps_order) {
        EXPECT_EQ((*it)->order(), kv_->insertion_order(one, "c")->at(0));
      } else {
        EXPECT_EQ((*it)->order(), std::nullopt) << "a number that the key may not keep";
      }
    }
  }
}

}  // namespace
}  // namespace quipu::testing
