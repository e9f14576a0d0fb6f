// What is in Redis: hashes as LlamaIndex has them, and what happens when others change them.

#include <gtest/gtest.h>

#include <algorithm>

#include "quipu/document_store.h"
#include "quipu/index_store.h"
#include "quipu/open_store.h"
#include "quipu/storage_context.h"
#include "quipu/write_batch.h"
#include "tests/redis/redis_servers.h"

namespace quipu::testing {
namespace {

using Words = std::vector<std::string>;

class RedisLayoutTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static int databases = 5000;  // behind those of the conformance suite
    database_ = std::to_string(++databases);
    store_ = open();
  }
  std::shared_ptr<BaseKVStore> open(const std::string& options = "") const {
    auto store = open_store("redis://" + redis_server().host_and_port() + "/" + database_ + options);
    EXPECT_TRUE(store) << store.error().to_string();
    return *store;
  }
  // As somebody else, through a script, since each question has a connection of its own.
  std::string ask(const Words& words) const {
    std::string script = "redis.call('SELECT', '" + database_ + "') return redis.call(unpack(ARGV))";
    Words question = {"EVAL", script, "0"};
    question.insert(question.end(), words.begin(), words.end());
    return redis_server().ask(question);
  }
  std::string keys_of(const std::string& collection) const {
    std::string keys;
    const auto entries = store_->get_all(collection);
    for (const KVEntry& entry : *entries) keys += entry.key + " ";
    return keys;
  }
  static NodePtr node(const std::string& id, const std::string& source) {
    TextNodeBuilder builder;
    builder.id(id).text("text of " + id);
    builder.relationship(NodeRelationship::SOURCE,
                         RelatedNodeInfo{.node_id = source, .node_type = {}, .hash = {}});
    return *builder.build();
  }

  std::string database_;
  std::shared_ptr<BaseKVStore> store_;
};

const Json kValue = Json::from_canonical("{\"n\": 1}");

TEST_F(RedisLayoutTest, StoresHaveTheHashesOfLlamaIndex) {
  for (const auto& [options, doc, metadata, ref_docs, index] : std::vector<std::array<std::string, 5>>{
           {"", "docstore/doc", "docstore/metadata", "docstore/ref_doc_info", "index_store/index"},
           {"?namespace={docs}", "{docs}/doc", "{docs}/metadata", "{docs}/ref_doc_info", "{docs}/index"}}) {
    store_ = open(options);
    const auto context = *StorageContext::over(store_);
    const std::vector<NodePtr> nodes = {node("n1", "d1"), node("n2", "d1")};
    ASSERT_TRUE(context.docstore().add_documents(nodes).is_ok());
    const Json index_struct = Json::from_canonical(
        R"({"__type__": "list", "__data__": "{\"index_id\": \"i\", \"summary\": null, \"nodes\": []}"})");
    ASSERT_TRUE(context.index_store().add_index_struct(*IndexStruct::from_json(index_struct)).is_ok());
    EXPECT_EQ(ask({"HGET", doc, "n1"}), nodes[0]->to_json().text());
    EXPECT_EQ(ask({"HGET", metadata, "n2"}),
              R"({"doc_hash": ")" + *nodes[1]->hash() + R"(", "ref_doc_id": "d1"})");
    EXPECT_EQ(ask({"HGET", ref_docs, "d1"}), R"({"node_ids": ["n1", "n2"], "metadata": {}})");
    EXPECT_EQ(ask({"HGET", index, "i"}), index_struct.text());
    EXPECT_EQ(ask({"HLEN", doc}), "2");
    std::string listed;
    const auto infos = store_->collections();
    for (const CollectionInfo& info : *infos) listed += info.name + " ";
    EXPECT_EQ(listed, "docstore/ref_doc_info docstore/data docstore/metadata index_store/data ");
  }
}

TEST_F(RedisLayoutTest, OtherCollectionsOfANamespaceAreBehindAColon) {
  store_ = open("?namespace={docs}");
  for (const char* const collection : {"data", "metadata", "doc", ""}) {
    ASSERT_TRUE(store_->put("k", kValue, collection).is_ok());
  }
  EXPECT_EQ(ask({"HGET", "{docs}:data", "k"}), kValue.text());
  EXPECT_EQ(ask({"HGET", "{docs}:metadata", "k"}), kValue.text());
  EXPECT_EQ(ask({"EXISTS", "{docs}/metadata", "{docs}/doc"}), "0");
  EXPECT_EQ(open()->collections()->size(), 4u) << "to the whole database they are collections, too";
  EXPECT_EQ(open("?namespace={other}")->collections()->size(), 0u);
}

TEST_F(RedisLayoutTest, WithoutANamespaceACollectionIsTheHashOfItsName) {
  ASSERT_TRUE(store_->put("k", kValue, "some/name").is_ok());
  EXPECT_EQ(ask({"HGET", "some/name", "k"}), kValue.text());
  ASSERT_TRUE(store_->put("k", kValue, "docstore/doc").is_ok());
  EXPECT_TRUE(*store_->exists("k", "docstore/data"));
  const Status own = store_->put("k", kValue, "#quipu:order:some/name");
  EXPECT_EQ(own.code(), StatusCode::kInvalidArgument) << own.to_string();
}

TEST_F(RedisLayoutTest, HashesThatOthersWroteAreReadWithoutNumbers) {
  for (const std::string id : {"b", "a", "c"})
    ask({"HSET", "docstore/metadata", id, R"({"doc_hash": "h)" + id + R"("})"});
  std::string hashes;
  const auto all = KVDocumentStore(store_).get_all_document_hashes();
  ASSERT_TRUE(all) << all.error().to_string();
  for (const auto& [hash, id] : *all) hashes += hash + "=" + id + " ";
  EXPECT_EQ(hashes, "hb=b ha=a hc=c ");
}

TEST_F(RedisLayoutTest, WhatOthersWriteIsReadAndNumberedByTheNextWrite) {
  for (const char* const key : {"z", "a", "m"}) ask({"HSET", "c", key, "{\"n\": 1}"});
  EXPECT_EQ(keys_of("c"), "z a m ") << "as Redis has small ones";
  EXPECT_EQ(*store_->count("c"), 3u);
  ASSERT_TRUE(store_->put("b", kValue, "c").is_ok());
  EXPECT_EQ(keys_of("c"), "z a m b ");
  ask({"HSET", "c", "late", "{}"});
  ask({"HDEL", "c", "a"});  // as many keys as before
  EXPECT_EQ(keys_of("c"), "z m b late ");
  const std::vector<std::string_view> keys = {"late", "a", "z"};
  const auto order = *store_->insertion_order(keys, "c");
  EXPECT_GT(*order[0], *order[2]);
  EXPECT_FALSE(order[1]);
  ask({"HDEL", "c", "m"});
  ASSERT_TRUE(store_->put("a", kValue, "c").is_ok());
  EXPECT_EQ(keys_of("c"), "z b late a ");
}

TEST_F(RedisLayoutTest, WhatIsNoJsonObjectIsToldWithItsPlace) {
  ask({"HSET", "c", "bad", "{\"n\": "});
  ask({"HSET", "c", "list", "[1]"});
  ask({"HSET", "c", "compact", "{\"n\":1.50,\"u\":\"\xc3\xa9\"}"});
  ask({"SET", "string", "x"});
  for (const char* const key : {"bad", "list"}) {
    const auto read = store_->get(key, "c");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), StatusCode::kCorruption);
    EXPECT_NE(read.error().message().find("collection c, key " + std::string(key)), std::string::npos);
  }
  EXPECT_EQ((*store_->get("compact", "c"))->text(), R"({"n": 1.5, "u": "\u00e9"})");
  EXPECT_FALSE(store_->get_all("c"));
  WriteBatch batch;
  batch.put("c", "k", kValue);
  batch.put("string", "k", kValue);
  const Status wrong = store_->write(batch);
  EXPECT_EQ(wrong.code(), StatusCode::kInvalidArgument) << wrong.to_string();
  EXPECT_FALSE(*store_->exists("k", "c")) << "half of a batch is done";
}

// Of more keys than one answer has, some without a number.
TEST_F(RedisLayoutTest, LargeCollectionsAreReadInPages) {
  constexpr int kKeys = 12'000;
  std::vector<std::string> keys;
  std::vector<KVPair> pairs;
  for (int i = 0; i < kKeys; ++i) keys.push_back("k" + std::to_string(i * 7919 % kKeys));
  for (const std::string& key : keys) pairs.push_back({key, kValue});
  ASSERT_TRUE(store_->put_all(pairs, "c", 1000).is_ok());
  const auto scanned = [&](const ScanOptions& options) {
    std::vector<std::string> found;
    const auto it = *store_->scan(options, "c");
    while (it->next()) {
      found.emplace_back(it->key());
      EXPECT_EQ(it->val().is_null(), options.keys_only);
    }
    EXPECT_TRUE(it->status().is_ok()) << it->status().to_string();
    return found;
  };
  for (const bool others : {false, true}) {
    if (others) {
      for (const char* const key : {"other2", "other1", "a"}) ask({"HSET", "c", key, "{}"});
      keys.insert(keys.end(), {"a", "other1", "other2"});  // the last, by key
    }
    std::vector<std::string> sorted = keys;
    std::ranges::sort(sorted);
    EXPECT_EQ(scanned({.order = ScanOptions::Order::kInsertion}), keys);
    EXPECT_EQ(scanned({}), sorted);
    EXPECT_EQ(scanned({.keys_only = true}), sorted);
    EXPECT_EQ(scanned({.prefix = "k1199", .limit = 3}), (Words{"k1199", "k11990", "k11991"}));
    std::ranges::reverse(sorted);
    EXPECT_EQ(scanned({.reverse = true}), sorted);
    std::vector<std::string> backwards = keys;
    std::ranges::reverse(backwards);
    EXPECT_EQ(scanned({.reverse = true, .order = ScanOptions::Order::kInsertion}), backwards);
    EXPECT_EQ(scanned({.limit = 2, .keys_only = true, .order = ScanOptions::Order::kInsertion}),
              Words(keys.begin(), keys.begin() + 2));
    EXPECT_EQ(store_->get_all("c")->size(), keys.size());
  }
}

TEST_F(RedisLayoutTest, AReaderWritesNothing) {
  ASSERT_TRUE(store_->put("k", kValue, "c").is_ok());
  ask({"HSET", "c", "other", "{}"});
  const auto reader =
      *open_store("redis://" + redis_server().host_and_port() + "/" + database_, {.read_only = true});
  EXPECT_TRUE(reader->capabilities().read_only);
  EXPECT_EQ(reader->put("x", kValue, "c").code(), StatusCode::kNotSupported);
  EXPECT_EQ(reader->delete_("k", "c").error().code(), StatusCode::kNotSupported);
  EXPECT_EQ(reader->drop_collection("c").error().code(), StatusCode::kNotSupported);
  const std::vector<std::string_view> keys = {"other", "k"};
  const auto order = *reader->insertion_order(keys, "c");
  EXPECT_GT(*order[0], *order[1]);
  EXPECT_EQ(ask({"ZCARD", "#quipu:order:c"}), "1");
}

TEST_F(RedisLayoutTest, TooMuchIsRefusedBeforeAnythingIsWritten) {
  const std::string name((size_t{64} << 10) + 1, 'n');
  EXPECT_EQ(store_->put("k", kValue, name).code(), StatusCode::kInvalidArgument);
  const std::string key((size_t{16} << 20) + 1, 'k');
  EXPECT_EQ(store_->put(key, kValue, "c").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->collections()->empty());
}

}  // namespace
}  // namespace quipu::testing
