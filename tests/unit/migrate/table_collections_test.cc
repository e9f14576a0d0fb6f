// TableCollections: tables as the collections that they become, without a server.

#include "engine/migrate/table_collections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/node/node_metadata.h"
#include "quipu/memory_kv_store.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Row>
class Rows : public TableRows<Row> {
 public:
  explicit Rows(std::vector<Row> rows) : rows_(std::move(rows)) {}
  bool next() override { return at_++ < rows_.size(); }
  const Row& row() const override { return rows_[at_ - 1]; }
  Status status() const override { return Status::ok(); }

 private:
  std::vector<Row> rows_;
  size_t at_ = 0;
};

StoredVectorRow row(const std::string& id, const std::string& metadata) {
  return {.node_id = id,
          .text = "text of " + id,
          .metadata = Json::from_canonical(metadata),
          .embedding = {0.5, static_cast<float>(0.1)}};
}

// A store with tables: of vectors, and chats in one or two.
class Store : public MemoryKVStore, public TableReads {
 public:
  Result<std::vector<SharedTables::Named>> tables() const override { return named; }
  Result<VectorCounts> count_vectors(const std::string& /*table*/) const override { return counts; }
  Result<std::unique_ptr<TableRows<StoredVectorRow>>> scan_vectors(const std::string& /*table*/,
                                                                   const VectorScan& scan) const override {
    std::vector<StoredVectorRow> found;
    for (const StoredVectorRow& each : rows) {
      if (!scan.node_id || each.node_id == *scan.node_id) found.push_back(each);
    }
    return std::make_unique<Rows<StoredVectorRow>>(std::move(found));
  }
  Result<ChatCounts> count_chats(TableList /*tables*/) const override { return chats; }
  Result<std::unique_ptr<TableRows<Chat>>> scan_chats(TableList /*tables*/,
                                                      std::optional<std::string_view> key) const override {
    std::vector<Chat> found;
    for (const Chat& each : {Chat{"b", 3}, Chat{"a", 0}}) {
      if (!key || each.key == *key) found.push_back(each);
    }
    return std::make_unique<Rows<Chat>>(std::move(found));
  }
  Result<std::unique_ptr<TableRows<ChatMessage>>> scan_messages(TableList /*tables*/) const override {
    std::vector<ChatMessage> found;
    for (uint64_t place = 1; place <= 3; ++place) found.push_back({"b", place, message(place)});
    return std::make_unique<Rows<ChatMessage>>(std::move(found));
  }
  Result<std::vector<Json>> messages(TableList /*tables*/, std::string_view key, uint64_t first,
                                     uint64_t last) const override {
    asked.push_back(std::string(key) + " " + std::to_string(first) + "-" + std::to_string(last));
    std::vector<Json> found;
    for (uint64_t place = first; key == "b" && place <= std::min<uint64_t>(last, 3); ++place)
      found.push_back(message(place));
    return found;
  }
  static Json message(uint64_t place) {
    return Json::from_canonical("{\"n\": " + std::to_string(place) + "}");
  }

  std::vector<SharedTables::Named> named = {
      {"data_essays", "vectors"}, {"talks", "chats"}, {"data_x", "key-value data"}};
  VectorCounts counts = {.is_readable = true, .rows = 2, .nodes = 2};
  std::vector<StoredVectorRow> rows = {row("n2", R"({"ref_doc_id": "d", "page": 1})"), row("n1", "{}")};
  ChatCounts chats = {.chats = 2, .messages = 3};
  mutable std::vector<std::string> asked;
};

std::vector<std::string> keys(const KVReader& reader, const std::string& collection,
                              const ScanOptions& options) {
  std::vector<std::string> keys;
  const auto it = reader.scan(options, collection);
  while ((*it)->next()) keys.emplace_back((*it)->key());
  EXPECT_TRUE((*it)->status().is_ok()) << (*it)->status().to_string();
  return keys;
}

std::string text(const KVReader& reader, const std::string& key, const std::string& collection) {
  const Result<std::optional<Json>> found = reader.get(key, collection);
  if (!found) return found.error().to_string();
  return *found ? std::string((*found)->text()) : "nothing";
}

const ScanOptions kInOrder{.order = ScanOptions::Order::kInsertion};

TEST(TableCollectionsTest, VectorsAreThoseOfAStoreThatKeepsText) {
  Store store;
  ASSERT_TRUE(store.put("k", *Json::parse("{\"a\": 1}"), "mine").is_ok());
  const auto all = TableCollections::of(store);
  ASSERT_TRUE(all) << all.error().to_string();
  const KVReader& reader = **all;
  std::vector<std::string> listed;
  const auto infos = reader.collections();
  ASSERT_TRUE(infos);
  for (const CollectionInfo& info : *infos) {
    listed.push_back(info.name + " " + info.persist_file + " " + info.indexed_field + " " +
                     std::to_string(info.count));
  }
  EXPECT_THAT(listed,
              ElementsAre("mine   1", "vector_store/essays/embeddings essays__vector_store.json  2",
                          "vector_store/essays/ref_doc_ids essays__vector_store.json ref_doc_id 2",
                          "vector_store/essays/metadata essays__vector_store.json  2",
                          "chat_store/messages chat_store.json  3", "chat_store/chats chat_store.json  2"));
  EXPECT_THAT((*all)->left_out(), ElementsAre("data_x (key-value data)"));
  const std::string vectors = "vector_store/essays/embeddings";
  EXPECT_THAT(keys(reader, vectors, kInOrder), ElementsAre("n2", "n1"));
  EXPECT_THAT(keys(reader, vectors, {}), ElementsAre("n1", "n2"));
  EXPECT_EQ(text(reader, "n1", vectors), "{\"embedding\": [0.5, 0.10000000149011612]}");
  EXPECT_EQ(text(reader, "n1", "vector_store/essays/ref_doc_ids"), "{\"ref_doc_id\": \"None\"}");
  EXPECT_EQ(text(reader, "n2", "vector_store/essays/ref_doc_ids"), "{\"ref_doc_id\": \"d\"}");
  EXPECT_EQ(text(reader, "none", vectors), "nothing");
  const auto node = vector_metadata_to_node(**reader.get("n2", "vector_store/essays/metadata"));
  ASSERT_TRUE(node) << node.error().to_string();
  EXPECT_EQ((*node)->node_id(), "n2");
  EXPECT_EQ(*(*node)->get_content(), "text of n2");
  EXPECT_EQ(*reader.exists("n1", vectors), true);
  EXPECT_EQ(*reader.count(vectors), 2U);
  const std::vector<std::string_view> asked = {"n1", "x", "n2"};
  EXPECT_THAT(*reader.keys_exist(asked, vectors), ElementsAre(true, false, true));
  EXPECT_THAT(*reader.insertion_order(asked, vectors), ElementsAre(1U, std::nullopt, 0U));
  EXPECT_EQ(text(reader, "k", "mine"), "{\"a\": 1}");
  EXPECT_EQ(*reader.count("mine"), 1U);
  EXPECT_EQ(reader.get_all("mine")->size(), 1U);
}

TEST(TableCollectionsTest, ChatsAreThoseOfAChatStore) {
  Store store;
  const auto all = TableCollections::of(store);
  ASSERT_TRUE(all) << all.error().to_string();
  const KVReader& reader = **all;
  const std::string first = "\"b\" 0000000000000001";
  EXPECT_THAT(keys(reader, "chat_store/messages", kInOrder),
              ElementsAre(first, "\"b\" 0000000000000002", "\"b\" 0000000000000003"));
  EXPECT_THAT(keys(reader, "chat_store/chats", kInOrder), ElementsAre("b", "a"));
  EXPECT_EQ(text(reader, "b", "chat_store/chats"), "{\"first\": 1, \"runs\": [[\"active\", 3]]}");
  EXPECT_EQ(text(reader, "a", "chat_store/chats"), "{\"first\": 1, \"runs\": []}");
  EXPECT_EQ(text(reader, "c", "chat_store/chats"), "nothing");
  EXPECT_EQ(text(reader, first, "chat_store/messages"), "{\"n\": 1}");
  EXPECT_EQ(text(reader, "b", "chat_store/messages"), "nothing");
  store.asked.clear();
  const std::vector<std::string_view> wanted = {"\"b\" 0000000000000002", "\"b\" 0000000000000003",
                                                "\"b\" 0000000000000004", "odd",
                                                "\"a\" 0000000000000001", first};
  const auto found = reader.multi_get(wanted, "chat_store/messages");
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0]->text(), "{\"n\": 2}");
  EXPECT_EQ((*found)[1]->text(), "{\"n\": 3}");
  EXPECT_EQ((*found)[5]->text(), "{\"n\": 1}");
  for (const size_t i : {2, 3, 4}) EXPECT_FALSE((*found)[i]) << i;
  EXPECT_THAT(store.asked, ElementsAre("b 2-4", "a 1-1", "b 1-1"));
}

TEST(TableCollectionsTest, WhatIsInTheWayIsNamed) {
  const auto refused = [](const Store& store) {
    const auto all = TableCollections::of(store);
    return all ? "nothing is in the way" : all.error().message();
  };
  Store store;
  store.counts.without_embedding = 2;
  EXPECT_THAT(refused(store), HasSubstr("table \"data_essays\": 2 rows have no embedding"));
  store.counts.without_id = 1;
  EXPECT_THAT(refused(store), HasSubstr("table \"data_essays\": 1 row has no node_id"));
  store.counts = {.is_readable = true, .rows = 2, .nodes = 2};
  store.chats.repeated = "b";
  EXPECT_THAT(refused(store), HasSubstr("chat \"b\" is in more than one of them"));
  store.chats.repeated.reset();
  // Another collection that begins alike, and one with nothing in it, are not.
  ASSERT_TRUE(store.put("k", *Json::parse("{}"), "vector_store/essays2/metadata").is_ok());
  ASSERT_TRUE(store.put("k", *Json::parse("{}"), "vector_store/essays/metadata").is_ok());
  ASSERT_TRUE(*store.delete_("k", "vector_store/essays/metadata"));
  EXPECT_EQ(refused(store), "nothing is in the way");
  ASSERT_TRUE(store.put("k", *Json::parse("{}"), "vector_store/essays/hnsw").is_ok());
  EXPECT_THAT(refused(store),
              HasSubstr("collection \"vector_store/essays/hnsw\", and table \"data_essays\""));
  store.named = {{"talks", "chats"}, {"more", "chats"}};
  ASSERT_TRUE(store.put("k", *Json::parse("{}"), "chat_store/state").is_ok());
  EXPECT_THAT(refused(store), HasSubstr("collection \"chat_store/state\", and table \"talks\" \"more\""));
}

TEST(TableCollectionsTest, WhatDoesNotMoveIsNamed) {
  Store store;
  store.named = {{"essays", "vectors"}};
  store.counts.rows = 5;
  store.counts.more_columns = {"author"};
  const auto all = TableCollections::of(store);
  ASSERT_TRUE(all);
  EXPECT_EQ(*(*all)->count("vector_store/essays/metadata"), 2U);
  EXPECT_THAT((*all)->left_out(),
              ElementsAre("essays (3 rows of nodes that have a newer one)", "essays (column author)"));
  const auto no_vectors = [](const CollectionInfo& info) -> Result<bool> {
    return !info.name.starts_with("vector_store/");
  };
  store.counts.without_id = 1;  // which is nothing to one that has no place for vectors
  EXPECT_THAT((*TableCollections::of(store, no_vectors))->left_out(), ElementsAre("essays (vectors)"));
  store.named = {{"essays", "vectors", "no right to read"}, {"talks", "chats of other columns"}};
  EXPECT_THAT((*TableCollections::of(store))->left_out(),
              ElementsAre("essays (vectors, no right to read)", "talks (chats of other columns)"));
  store.named = {{"essays", "vectors"}};
  store.counts.is_readable = false;
  EXPECT_THAT((*TableCollections::of(store))->left_out(), ElementsAre("essays (vectors)"));
}

}  // namespace
}  // namespace quipu::testing
