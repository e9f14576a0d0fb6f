// Index stores.

#include "quipu/index_store.h"

#include <gtest/gtest.h>

#include "tests/support/backends.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

IndexStruct make(std::string_view type, const std::string& data) {
  auto made = IndexStruct::create(type, Json::from_canonical(data));
  EXPECT_TRUE(made) << made.error().to_string();
  return *std::move(made);
}

class IndexStoreTest : public BackendFixture {
 protected:
  static std::string ids(const KVIndexStore& store) {
    std::string all;
    const auto structs = store.index_structs();
    for (const IndexStruct& index_struct : *structs) all += index_struct.index_id() + " ";
    return all;
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, IndexStoreTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(IndexStoreTest, KeepsStructsInInsertionOrder) {
  KVIndexStore store(kv_);
  for (const std::string id : {"z", "a", "m"}) {
    ASSERT_TRUE(store.add_index_struct(make("list", "{\"index_id\": \"" + id + "\"}")).is_ok());
  }
  const IndexStruct changed = make("list", R"({"index_id": "a", "summary": "new"})");
  ASSERT_TRUE(store.add_index_struct(changed).is_ok());
  reopen();
  KVIndexStore again(kv_);
  EXPECT_EQ(ids(again), "z a m ");
  EXPECT_EQ((**again.get_index_struct("a")).to_json().text(), changed.to_json().text());
  ASSERT_TRUE(again.delete_index_struct("z").is_ok());
  ASSERT_TRUE(again.delete_index_struct("unknown").is_ok());
  EXPECT_EQ(ids(again), "a m ");
}

// What is stored stays, to the byte, where loading an index puts an equal struct back.
TEST_P(IndexStoreTest, AnEqualStructIsNotWritten) {
  KVIndexStore store(kv_);
  const auto stored_after = [&](const IndexStruct& before, const IndexStruct& added) {
    EXPECT_TRUE(kv_->put("i", before.to_json(), store.collection()).is_ok());
    EXPECT_TRUE(store.add_index_struct(added).is_ok());
    return (*kv_->get("i", store.collection()))->text();
  };
  const auto kept = [&](std::string_view type, const std::string& before, const std::string& added) {
    return stored_after(make(type, before), make(type, added)) == make(type, before).to_json().text();
  };
  const auto stored = [&](std::string_view type, const std::string& before, const std::string& added) {
    return stored_after(make(type, before), make(type, added)) == make(type, added).to_json().text();
  };
  const std::string table =
      R"({"index_id": "i", "summary": null, "table": {"cord": ["a", "b"], "knot": ["c"]}})";
  const std::string other =
      R"({"index_id": "i", "summary": null, "table": {"cord": ["b", "a"], "knot": ["c"]}})";
  EXPECT_TRUE(kept("keyword_table", table, other));
  EXPECT_TRUE(kept("kg", table, other));
  EXPECT_TRUE(stored("list", table, other));  // a list has an order
  EXPECT_TRUE(stored("keyword_table", table,
                     R"({"index_id": "i", "summary": null, "table": {"cord": ["b", "d"], "knot": ["c"]}})"));
  EXPECT_TRUE(stored("keyword_table", table,
                     R"({"index_id": "i", "summary": null, "table": {"cord": ["b", "a"], "knat": ["c"]}})"));
  EXPECT_TRUE(
      stored("keyword_table", table, R"({"index_id": "i", "summary": null, "table": {"cord": ["b", "a"]}})"));
  EXPECT_TRUE(
      stored("keyword_table", table, R"({"index_id": "i", "summary": "s", "table": {"cord": ["b", "a"]}})"));
  // Fields that have come since.
  EXPECT_TRUE(kept("list", R"({"index_id": "i", "nodes": ["a"]})",
                   R"({"index_id": "i", "summary": null, "nodes": ["a"], "more": {}, "others": []})"));
  EXPECT_TRUE(stored("list", R"({"index_id": "i", "nodes": ["a"]})",
                     R"({"index_id": "i", "summary": "s", "nodes": ["a"]})"));
  EXPECT_TRUE(stored("list", R"({"index_id": "i", "nodes": ["a"]})",
                     R"({"index_id": "i", "summary": null, "nodes": ["b"]})"));
  EXPECT_EQ(stored_after(make("list", R"({"index_id": "i"})"), make("tree", R"({"index_id": "i"})")),
            make("tree", R"({"index_id": "i"})").to_json().text());
}

// A random struct over another: what is stored is what a store without composed values would have.
TEST_P(IndexStoreTest, ADifferenceIsWrittenAsTheWholeWouldBe) {
  KVIndexStore store(kv_);
  Random random(test_seed());
  const std::vector<std::string> keys = {"a", "b", R"(\u00e9)", R"(d\"q)", R"(e\\)", "f", ""};
  const auto draw = [&] {
    std::string dict;
    std::string list;
    for (uint64_t i = random.below(12); i > 0; --i) {
      const std::string key = '"' + random.pick(keys) + '"';
      const bool is_new = dict.find(key + ": ") == std::string::npos;
      if (is_new) dict += (dict.empty() ? "" : ", ") + key + ": " + std::to_string(random.below(3));
      list += (list.empty() ? "" : ", ") + key;
    }
    const std::string summary = random.one_in(5) ? "\"s\"" : "null";
    return make(random.one_in(4) ? "list" : "vector_store", R"({"index_id": "i", "summary": )" + summary +
                                                                R"(, "d": {)" + dict + R"(}, "l": [)" + list +
                                                                R"(], "n": 1})");
  };
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    const IndexStruct now = draw();
    ASSERT_TRUE(store.add_index_struct(now).is_ok());
    ASSERT_EQ((**store.get_index_struct("i")).to_json().text(), now.to_json().text()) << i;
    if (i % 50 != 20) continue;
    reopen();
    store = KVIndexStore(kv_);
  }
}

TEST_P(IndexStoreTest, AChangeIsAppliedToTheStructItWasTakenFromOnly) {
  KVIndexStore store(kv_);
  const auto text = [&] { return std::string((**store.get_index_struct("i")).data().text()); };
  const auto added = store.add_revised(
      make("vector_store",
           R"({"index_id": "i", "summary": null, "nodes_dict": {"a": "1", "b": "2"}, "l": ["x"]})"));
  ASSERT_TRUE(added) << added.error().to_string();
  if (!*added) {  // no revisions here
    EXPECT_FALSE(*store.update_index_struct("i", IndexStructChange(0)));
    EXPECT_FALSE((*store.stored_struct("i"))->revision);
    return;
  }
  IndexStructChange change(**added);
  change.erase("nodes_dict", "a");
  change.put("nodes_dict", "a", Json::from_string("3"));
  change.put("nodes_dict", "b", Json::from_string("4"));
  change.put("nodes_dict", "é\"", Json::from_canonical(R"(["\\", 1])"));
  change.append("l", Json::from_string("x"));
  change.append("l", Json::from_string("y"));
  const auto updated = store.update_index_struct("i", change);
  ASSERT_TRUE(updated && *updated);
  const std::string expected =
      R"({"index_id": "i", "summary": null, "nodes_dict": {"b": "4", "a": "3", "\u00e9\"": ["\\", 1]}, )"
      R"("l": ["x", "x", "y"]})";
  EXPECT_EQ(text(), expected);
  const auto stored = *store.stored_struct("i");
  EXPECT_EQ(stored->revision, *updated);
  EXPECT_EQ(stored->value.text(), make("vector_store", expected).to_json().text());

  EXPECT_FALSE(*store.update_index_struct("i", change)) << "it is of another revision by now";
  EXPECT_FALSE(*store.update_index_struct("none", IndexStructChange(**updated)));
  IndexStructChange unknown(**updated);
  unknown.put("summary", "a", Json::from_string("3"));
  EXPECT_FALSE(*store.update_index_struct("i", unknown));
  IndexStructChange mistaken(**updated);
  mistaken.append("nodes_dict", Json::from_string("3"));
  EXPECT_FALSE(*store.update_index_struct("i", mistaken));
  const auto unchanged = store.update_index_struct("i", IndexStructChange(**updated));
  EXPECT_EQ(*unchanged, *updated) << "nothing has changed";
  EXPECT_EQ(text(), expected);

  std::optional<uint64_t> revision = *updated;
  for (const char* const element : {"z", "y"}) {  // each is an element of its own
    IndexStructChange more(*revision);
    more.erase("nodes_dict", "none");
    more.erase("nodes_dict", "b");
    more.append("l", Json::from_string(element));
    revision = *store.update_index_struct("i", more);
    ASSERT_TRUE(revision);
  }
  EXPECT_NE(text().find(R"("l": ["x", "x", "y", "z", "y"])"), std::string::npos) << text();
}

TEST_P(IndexStoreTest, WithoutAnIdThereMustBeExactlyOne) {
  KVIndexStore store(kv_);
  EXPECT_TRUE(store.get_index_struct().error().message().starts_with("AssertionError"));
  ASSERT_TRUE(store.add_index_struct(make("tree", R"({"index_id": "one"})")).is_ok());
  EXPECT_EQ((**store.get_index_struct()).index_id(), "one");
  EXPECT_FALSE(store.get_index_struct("two")->has_value());
  ASSERT_TRUE(store.add_index_struct(make("tree", R"({"index_id": "two"})")).is_ok());
  EXPECT_TRUE(store.get_index_struct().error().message().starts_with("AssertionError"));
}

TEST_P(IndexStoreTest, NamespacesAndSuffixesAreCollections) {
  KVIndexStore store(kv_);
  KVIndexStore other(kv_, "team", "/structs");
  EXPECT_EQ(store.collection(), "index_store/data");
  EXPECT_EQ(other.collection(), "team/structs");
  ASSERT_TRUE(other.add_index_struct(make("tree", R"({"index_id": "i"})")).is_ok());
  EXPECT_EQ(ids(store), "");
  EXPECT_EQ(ids(other), "i ");
}

TEST_P(IndexStoreTest, AsyncCallsDoTheSame) {
  KVIndexStore store(kv_);
  ASSERT_TRUE(store.async_add_index_struct(make("kg", R"({"index_id": "k"})")).get().is_ok());
  EXPECT_EQ((**store.aget_index_struct("k").get()).type(), "kg");
  EXPECT_EQ(store.async_index_structs().get()->size(), 1u);
  ASSERT_TRUE(store.adelete_index_struct("k").get().is_ok());
  EXPECT_EQ(ids(store), "");
}

}  // namespace
}  // namespace quipu::testing
