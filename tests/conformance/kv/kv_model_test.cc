// Random operations on a store and on a model of it, with the store taken down and up in between; every
// answer is compared. QUIPU_TEST_SEED replays a run.

#include <gtest/gtest.h>

#include <map>

#include "quipu/write_batch.h"
#include "tests/conformance/kv/model.h"
#include "tests/support/backends.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

constexpr int kOperations = 4000;

class KVModelTest : public BackendFixture {
 protected:
  void SetUp() override {
    BackendFixture::SetUp();
    if (kv_->capabilities().text_keys) return;
    keys_.emplace_back("\0", 1);
    // What is not durable may be taken down and up by way of a JSON file, which holds keys that are text.
    if (kv_->capabilities().durable) keys_.emplace_back("\xff\xfe");
  }

  const std::string& any_key() { return random_.pick(keys_); }
  const std::string& any_collection() { return random_.pick(collections_); }
  std::string any_value() {
    return "{\"v\": " + std::to_string(random_.below(1000)) + ", \"pad\": \"" +
           std::string(random_.below(300), 'x') + "\"}";
  }

  void put() {
    const std::string collection = any_collection();
    const std::string key = any_key();
    const std::string value = any_value();
    ASSERT_TRUE(kv_->put(key, JsonView::from_canonical(value), collection).is_ok());
    model_[collection].put(key, value);
  }
  void erase() {
    const std::string collection = any_collection();
    const std::string key = any_key();
    const auto erased = kv_->delete_(key, collection);
    ASSERT_TRUE(erased) << erased.error().to_string();
    ASSERT_EQ(*erased, model_[collection].erase(key)) << key;
  }
  void get() {
    const std::string collection = any_collection();
    const std::string key = any_key();
    const auto value = kv_->get(key, collection);
    ASSERT_TRUE(value) << value.error().to_string();
    const std::string* const expected = model_[collection].get(key);
    ASSERT_EQ(value->has_value(), expected != nullptr) << key;
    if (expected != nullptr) {
      ASSERT_EQ((*value)->text(), *expected);
    }
  }
  void write_batch() {
    WriteBatch batch;
    const uint64_t operations = random_.below(12);
    for (uint64_t i = 0; i < operations; ++i) {
      const std::string collection = any_collection();
      const std::string key = any_key();
      if (random_.one_in(3)) {
        batch.delete_(collection, key);
        model_[collection].erase(key);
      } else {
        const std::string value = any_value();
        batch.put(collection, key, JsonView::from_canonical(value));
        model_[collection].put(key, value);
      }
    }
    const Status written = kv_->write(batch);
    ASSERT_TRUE(written.is_ok()) << written.to_string();
  }
  void check_collection() {
    const std::string collection = any_collection();
    const ModelCollection& model = model_[collection];
    ASSERT_EQ(*kv_->count(collection), model.size());
    ScanOptions options;
    options.order = random_.one_in(2) ? ScanOptions::Order::kInsertion : ScanOptions::Order::kKey;
    options.reverse = random_.one_in(2);
    if (random_.one_in(3)) options.prefix = "k";
    const auto it = kv_->scan(options, collection);
    ASSERT_TRUE(it) << it.error().to_string();
    ModelCollection::Pairs found;
    while ((*it)->next()) found.emplace_back((*it)->key(), (*it)->val().text());
    ASSERT_TRUE((*it)->status().is_ok()) << (*it)->status().to_string();
    ASSERT_EQ(found, model.scan(options));
  }

  Random random_{test_seed()};
  std::vector<std::string> keys_ = {"",    "k0", "k1",  "k10", "k2",
                                    "a/b", "é",  "k\n", "zz",  std::string(5000, 'k')};
  const std::vector<std::string> collections_ = {"data", "", "docstore/data", "ünï", "c1", "c2", "c3"};
  std::map<std::string, ModelCollection> model_;
};

INSTANTIATE_TEST_SUITE_P(Backends, KVModelTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(KVModelTest, AnswersAsADictWould) {
  for (int i = 0; i < kOperations && !HasFatalFailure(); ++i) {
    SCOPED_TRACE("operation " + std::to_string(i));
    const uint64_t choice = random_.below(100);
    if (choice < 35) {
      put();
    } else if (choice < 55) {
      erase();
    } else if (choice < 75) {
      get();
    } else if (choice < 85) {
      write_batch();
    } else if (choice < 99) {
      check_collection();
    } else {
      reopen();
    }
  }
}

}  // namespace
}  // namespace quipu::testing
