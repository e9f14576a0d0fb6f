// The checks of stores find what does not agree, and nothing in what the stores and imports write.

#include <gtest/gtest.h>

#include <boost/filesystem.hpp>

#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "quipu/write_batch.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

std::string found_in(const BaseKVStore& store, Severity severity) {
  std::string all;
  const auto report = [&](const Fault& fault) {
    if (fault.severity != severity) return;
    all += fault.collection + "/" + fault.key + ": " + fault.message + "\n";
  };
  EXPECT_TRUE(verify_stores(store, report).is_ok());
  return all;
}

std::string faults_of(const BaseKVStore& store) { return found_in(store, Severity::kFault); }

class VerifyStoresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    add_vector("n");
    ASSERT_TRUE(context_.graph_store().upsert_triplet("a", "r", "b").is_ok());
    const std::vector<Relation> relations = {Relation("knows", "Ann", "Bob"), Relation("a_b", "x_y", "z"),
                                             Relation("knows", "the \"boss\"", "Bob")};
    ASSERT_TRUE(context_.property_graph_store()->upsert_relations(relations).is_ok());
    ASSERT_EQ(faults_of(kv()), "");
  }
  void add_vector(const std::string& id) {
    const std::shared_ptr<const BaseNode> node =
        *TextNodeBuilder().id(id).text("t").embedding(std::vector<double>{1, 2}).build();
    ASSERT_TRUE((*context_.vector_store())->add(std::span(&node, 1)));
  }
  BaseKVStore& kv() { return *context_.kvstore(); }
  // Without this key there is a fault that contains `text`.
  void expect_fault(const std::string& collection, const std::string& key, const std::string& text) {
    const std::optional<Json> value = *kv().get(key, collection);
    ASSERT_TRUE(value) << collection << " " << key;
    ASSERT_TRUE(*kv().delete_(key, collection));
    EXPECT_NE(faults_of(kv()).find(text), std::string::npos) << faults_of(kv());
    ASSERT_TRUE(kv().put(key, *value, collection).is_ok());
    ASSERT_EQ(faults_of(kv()), "");
  }

  TempDir directory_;
  StorageContext context_ = *StorageContext::open(directory_ / "db");
};

TEST_F(VerifyStoresTest, VectorsDocumentsAndMetadataAgree) {
  add_vector("o");
  expect_fault("vector_store/default/embeddings", "n",
               "vector_store/default/ref_doc_ids/n: there is no vector in vector_store/default/embeddings");
  expect_fault("vector_store/default/embeddings", "n", "vector_store/default/metadata/n: there is no vector");
  expect_fault("vector_store/default/ref_doc_ids", "n",
               "the vector has no entry in vector_store/default/ref_");
  expect_fault("vector_store/default/metadata", "n", "the vector has no entry in vector_store/default/meta");
}

TEST_F(VerifyStoresTest, TripletsNodesAndRelationsAgree) {
  expect_fault("property_graph_store/nodes", "Ann", "there is no node \"Ann\"");
  expect_fault("property_graph_store/nodes", "Bob", "there is no node \"Bob\"");
  expect_fault("property_graph_store/relations", "Ann_knows_Bob", "there is no relation Ann_knows_Bob");
  expect_fault("property_graph_store/triplets", R"(["Ann", "knows", "Bob"])",
               "property_graph_store/relations/Ann_knows_Bob: the relation is in no triplet");
}

TEST_F(VerifyStoresTest, NodesEdgesAndTripletsAreWellFormed) {
  struct Damage {
    const char* collection;
    const char* key;
    const char* value;
    const char* message;
  };
  for (const Damage& damage :
       {Damage{"graph_store/data", "x", R"({"edges": [["r"]]})", "not a list of [relation, object] pairs"},
        Damage{"graph_store/data", "x", R"({"edges": 3})", "not a list of [relation, object] pairs"},
        Damage{"property_graph_store/nodes", "x", R"({"label": "l"})", "not a node"},
        Damage{"property_graph_store/relations", "x", R"({"label": "l"})", "not a relation"},
        Damage{"property_graph_store/triplets", "x", R"({"target": "Bob"})", "not a triplet"},
        Damage{"property_graph_store/triplets", R"(["Ann", "knows", "Bob"])", R"({"target": "Ann"})",
               "not a triplet"}}) {
    const std::optional<Json> before = *kv().get(damage.key, damage.collection);
    ASSERT_TRUE(kv().put(damage.key, JsonView::from_canonical(damage.value), damage.collection).is_ok());
    EXPECT_NE(faults_of(kv()).find(damage.message), std::string::npos) << damage.value << faults_of(kv());
    if (before) {
      ASSERT_TRUE(kv().put(damage.key, *before, damage.collection).is_ok());
    } else {
      ASSERT_TRUE(*kv().delete_(damage.key, damage.collection));
    }
  }
}

TEST_F(VerifyStoresTest, RelationsThatShareAKeyAreNoFault) {
  const std::vector<Relation> relations = {Relation("r", "a_b", "c"), Relation("b_r", "a", "c")};
  ASSERT_TRUE(context_.property_graph_store()->upsert_relations(relations).is_ok());
  EXPECT_EQ(faults_of(kv()), "");
  ASSERT_TRUE(context_.property_graph_store()->delete_({.relation_names = {"b_r"}}).is_ok());
  EXPECT_EQ(faults_of(kv()), "");
}

TEST(VerifyGoldensTest, WhatTheReferenceWroteIsSound) {
  size_t imported = 0;
  for (const fs::directory_entry& golden :
       fs::directory_iterator(std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens")) {
    TempDir directory;
    const auto store = *RocksDBKVStore::open(directory / "db");
    if (!import_persist_dir(golden.path().string(), *store)) continue;
    ++imported;
    const bool sound = golden.path().filename() != "legacy_unreadable";  // whose nodes have no metadata
    EXPECT_EQ(faults_of(*store) == "", sound) << golden.path() << faults_of(*store);
    if (golden.path().filename() == "basic") {
      EXPECT_EQ(found_in(*store, Severity::kNote), "");
    }
  }
  EXPECT_GE(imported, 10u);
}

}  // namespace
}  // namespace quipu::testing
