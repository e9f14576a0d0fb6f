// Composed values: whether a backend keeps them part by part or as one value, they read the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "quipu/backend/features.h"
#include "quipu/kv_transaction.h"
#include "quipu/verify.h"
#include "tests/support/backends.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

constexpr std::array<std::string_view, 3> kTexts = {"{\"d\": {", "}, \"l\": [", "]}"};

// What a composed value has to be.
struct Model {
  std::vector<std::pair<std::string, std::string>> slots[2];  // of key and text, in order

  void put(size_t slot, const std::string& key, const std::string& text) {
    auto& parts = slots[slot];
    const auto found = std::ranges::find(parts, key, [](const auto& part) { return part.first; });
    if (found != parts.end()) {
      found->second = text;
    } else {
      parts.emplace_back(key, text);
    }
  }
  void erase(size_t slot, const std::string& key) {
    std::erase_if(slots[slot], [&](const auto& part) { return part.first == key; });
  }
  std::string text() const {
    std::string all;
    for (size_t i = 0; i < 3; ++i) {
      all += kTexts[i];
      if (i == 2) break;
      for (size_t p = 0; p < slots[i].size(); ++p) all += (p == 0 ? "" : ", ") + slots[i][p].second;
    }
    return all;
  }
};

class ComposedValuesTest : public BackendFixture {
 protected:
  void write(const WriteBatch& batch) {
    const Status written = kv_->write(batch);
    ASSERT_TRUE(written.is_ok()) << written.to_string();
  }
  std::string value_of(const std::string& key) const {
    const auto value = kv_->get(key, "c");
    EXPECT_TRUE(value) << value.error().to_string();
    return value && *value ? (*value)->text() : std::string("none");
  }
  bool keeps() const { return kv_->capabilities().composed_values; }
  std::optional<uint64_t> revision(const std::string& key) const {
    const auto info = kv_->composed_values().composed_info("c", key);
    EXPECT_TRUE(info) << info.error().to_string();
    return info && *info ? std::optional((*info)->revision) : std::nullopt;
  }
  // As many random changes in one batch; of a new value where the backend does not keep it by its parts.
  void change(Model& model, size_t count) {
    WriteBatch batch;
    if (!keeps() || model.text() == Model().text() || random_.one_in(9)) {
      Model anew;
      batch.put_composed("c", "k", kTexts);
      if (!keeps()) {
        anew = model;
        for (size_t slot = 0; slot < 2; ++slot) {
          for (const auto& [key, text] : model.slots[slot]) batch.put_part("c", "k", slot, key, text);
        }
      }
      model = anew;
    }
    for (size_t i = 0; i < count; ++i) {
      const size_t slot = random_.below(2);
      const std::string key = std::string(1, static_cast<char>('a' + random_.below(12)));
      if (random_.one_in(3)) {
        batch.erase_part("c", "k", slot, key);
        model.erase(slot, key);
      } else {
        const std::string number = std::to_string(random_.below(1000));
        const std::string text = slot == 0 ? "\"" + key + "\": " + number : number;
        batch.put_part("c", "k", slot, key, text);
        model.put(slot, key, text);
      }
    }
    write(batch);
  }

  Random random_{test_seed()};
};
INSTANTIATE_TEST_SUITE_P(Backends, ComposedValuesTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(ComposedValuesTest, ReadAsTheirTextsAndParts) {
  Model model;
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    change(model, 1 + random_.below(20));
    ASSERT_EQ(value_of("k"), model.text());
    if (i % 20 == 7) reopen();
    if (!keeps()) continue;
    const auto parts = kv_->composed_values().parts("c", "k");
    ASSERT_TRUE(parts) << parts.error().to_string();
    auto part = parts->begin();
    for (size_t slot = 0; slot < 2; ++slot) {
      for (const auto& [key, text] : model.slots[slot]) {
        ASSERT_NE(part, parts->end());
        EXPECT_EQ(std::tie(part->slot, part->key, part->text), std::tie(slot, key, text));
        ++part;
      }
    }
    EXPECT_EQ(part, parts->end());
  }
  EXPECT_EQ(*kv_->count("c"), 1u);
  const auto all = kv_->scan({}, "c");
  ASSERT_TRUE(all && (*all)->next());
  EXPECT_EQ((*all)->val().text(), model.text());
  EXPECT_EQ((*kv_->get_all("c"))[0].val.text(), model.text());
}

TEST_P(ComposedValuesTest, EachChangeHasARevisionOfItsOwn) {
  std::vector<std::optional<uint64_t>> seen;
  const auto put = [&](size_t slot, const char* key) {
    WriteBatch batch;
    batch.put_composed("c", "k", kTexts);
    batch.put_part("c", "k", slot, key, "\"x\": 1");
    write(batch);
    seen.push_back(revision("k"));
  };
  put(0, "x");
  put(0, "x");
  ASSERT_TRUE(*kv_->delete_("k", "c"));
  EXPECT_FALSE(revision("k"));
  put(0, "x");
  EXPECT_EQ(seen[0].has_value(), keeps());
  if (!keeps()) return;
  WriteBatch nothing;
  nothing.erase_part("c", "k", 0, "absent");
  write(nothing);
  EXPECT_EQ(revision("k"), seen.back());
  WriteBatch part;
  part.erase_part("c", "k", 0, "x");
  write(part);
  seen.push_back(revision("k"));
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  EXPECT_EQ(value_of("k"), Model().text());
}

TEST_P(ComposedValuesTest, WhatTakesTheirPlaceLeavesNoParts) {
  Model model;
  change(model, 30);
  ASSERT_TRUE(kv_->put("k", Json::from_canonical("{}"), "c").is_ok());
  EXPECT_EQ(value_of("k"), "{}");
  EXPECT_FALSE(revision("k"));
  WriteBatch list;
  list.put_composed("c", "k", kTexts);
  list.put_list("c", "k", "{\"x\": [", "]}");
  list.add_member("c", "k", "1");
  write(list);
  EXPECT_EQ(value_of("k"), R"({"x": [1]})");
  WriteBatch again;
  again.put_composed("c", "k", kTexts);
  write(again);
  EXPECT_EQ(value_of("k"), Model().text());
  int faults = 0;
  ASSERT_TRUE(kv_->verify([&](const Fault&) { ++faults; }).is_ok());
  EXPECT_EQ(faults, 0);
  ASSERT_TRUE(*kv_->drop_collection("c"));
  EXPECT_EQ(value_of("k"), "none");
}

TEST_P(ComposedValuesTest, APartOfWhatIsNotComposedIsRefused) {
  ASSERT_TRUE(kv_->put("plain", Json::from_canonical("{}"), "c").is_ok());
  for (const char* const key : {"plain", "none"}) {
    WriteBatch batch;
    batch.put("c", "other", Json::from_canonical("{}"));
    batch.put_part("c", key, 0, "x", "1");
    const Status refused = kv_->write(batch);
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused.to_string();
    EXPECT_NE(refused.message().find(key), std::string::npos) << refused.message();
  }
  EXPECT_EQ(*kv_->count("c"), 1u);
}

TEST_P(ComposedValuesTest, ATransactionHasItsOwnUntilItCommits) {
  if (!kv_->capabilities().transactions || !keeps()) GTEST_SKIP();
  Model before;
  change(before, 20);
  const std::optional<uint64_t> revision_before = revision("k");
  for (const bool commit : {false, true}) {
    const std::shared_ptr<KVTransaction> transaction = *kv_->begin();
    WriteBatch batch;
    batch.put_part("c", "k", 0, "new", "\"new\": 1");
    batch.put_composed("c", "other", kTexts);
    batch.put_part("c", "other", 1, "x", "1");
    ASSERT_TRUE(transaction->write(batch).is_ok());
    WriteBatch second;
    second.put_part("c", "other", 1, "x", "2");
    second.put_part("c", "other", 1, "y", "3");
    ASSERT_TRUE(transaction->write(second).is_ok());
    Model inside = before;
    inside.put(0, "new", "\"new\": 1");
    EXPECT_EQ((*transaction->get("k", "c"))->text(), inside.text());
    EXPECT_EQ((*transaction->get("other", "c"))->text(), R"({"d": {}, "l": [2, 3]})");
    EXPECT_EQ(value_of("k"), before.text());
    if (!commit) {
      transaction->rollback();
      EXPECT_EQ(revision("k"), revision_before);
      continue;
    }
    ASSERT_TRUE(transaction->commit().is_ok());
    EXPECT_EQ(value_of("k"), inside.text());
    EXPECT_EQ(value_of("other"), R"({"d": {}, "l": [2, 3]})");
  }
}

// Reading what it is based on makes a transaction fail when that has been changed meanwhile.
TEST_P(ComposedValuesTest, ARevisionThatWasReadIsAConflict) {
  if (!kv_->capabilities().transactions || !keeps()) GTEST_SKIP();
  Model model;
  change(model, 5);
  const std::shared_ptr<KVTransaction> transaction = *kv_->begin();
  ASSERT_TRUE(*transaction->composed_values().composed_info("c", "k"));
  ASSERT_TRUE(transaction->put("other", Json::from_canonical("{}"), "c").is_ok());
  change(model, 5);
  EXPECT_EQ(transaction->commit().code(), StatusCode::kBusy);
}

}  // namespace
}  // namespace quipu::testing
