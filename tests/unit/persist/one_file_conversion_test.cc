#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/persist/conversions/one_file_index.h"
#include "engine/persist/conversions/one_file_node.h"
#include "quipu/index_store.h"
#include "quipu/memory_kv_store.h"
#include "quipu/node.h"
#include "quipu/persist_dir.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

JsonView view(std::string_view canonical) { return JsonView::from_canonical(canonical); }

std::string edited(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// ---- nodes ----

TEST(OneFileNodeTest, ANodeOf04BecomesATextNode) {
  OneFileLosses losses;
  const auto node = convert_one_file_node(
      view(R"({"text": "one", "doc_id": "n1", "embedding": null, "doc_hash": "h1", )"
           R"("extra_info": {"page": 7}, )"
           R"("index": 0, "child_indices": [], "ref_doc_id": "d1", "node_info": {"start": 3, "end": 6}, )"
           R"("image": null})"),
      "fallback", {}, losses);
  ASSERT_TRUE(node) << node.error().to_string();
  EXPECT_EQ(node->id, "n1");
  EXPECT_EQ(node->ref_doc_id, "d1");
  EXPECT_EQ(node->doc_hash, "h1");
  RelatedNodeInfo source;
  source.node_id = "d1";
  const auto expected = TextNodeBuilder()
                            .id("n1")
                            .text("one")
                            .metadata(Json::from_canonical(R"({"page": 7})"))
                            .relationship(NodeRelationship::SOURCE, source)
                            .start_char_idx(3)
                            .end_char_idx(6)
                            .build();
  ASSERT_TRUE(expected);
  EXPECT_EQ(node->stored.text(), (*expected)->to_json().text());
  EXPECT_EQ(losses.node_info, 0U);
}

TEST(OneFileNodeTest, ANodeOf05KeepsItsRelationshipsAndItsEmbedding) {
  OneFileLosses losses;
  const auto node = convert_one_file_node(
      view(R"({"text": "two", "doc_id": "n2", "embedding": [1, 0.5], "doc_hash": "h2", "extra_info": null, )"
           R"("node_info": {"start": 0, "kind": "x"}, )"
           R"("relationships": {"1": "d1", "2": "n1", "5": ["n3", "n4"]}, )"
           R"("__type__": "1"})"),
      "n2", {}, losses);
  ASSERT_TRUE(node) << node.error().to_string();
  EXPECT_EQ(node->ref_doc_id, "d1");
  const auto read = BaseNode::from_json(node->stored);
  ASSERT_TRUE(read);
  EXPECT_THAT((*read)->embedding().value(), ElementsAre(1.0, 0.5));
  EXPECT_EQ((*read)->prev_node()->value().node_id, "n1");
  const auto children = (*read)->child_nodes();
  ASSERT_TRUE(children && *children);
  EXPECT_EQ((**children)[1].node_id, "n4");
  EXPECT_EQ((*read)->metadata().text(), "{}");
  EXPECT_EQ(losses.node_info, 1U) << "kind has no place in a node of today";
}

TEST(OneFileNodeTest, ImagesAndIndexesHaveTheirOwnClasses) {
  OneFileLosses losses;
  const auto image = convert_one_file_node(view(R"({"text": "", "image": "aGk="})"), "i", {}, losses);
  ASSERT_TRUE(image);
  EXPECT_THAT(image->stored.text(), HasSubstr(R"("image": "aGk=")"));
  EXPECT_THAT(image->stored.text(), EndsWith(R"("class_name": "ImageNode"}, "__type__": "2"})"));
  EXPECT_EQ(image->id, "i");

  const auto index = convert_one_file_node(view(R"({"text": "summary", "doc_id": "r", "ref_doc_id": "vec"})"),
                                           "r", {"vec"}, losses);
  ASSERT_TRUE(index);
  EXPECT_THAT(index->stored.text(), HasSubstr(R"("index_id": "vec")"));
  EXPECT_EQ(index->ref_doc_id, "vec");
  const auto of_05 = convert_one_file_node(
      view(R"({"text": "s", "doc_id": "r", "relationships": {"1": "x"}, "index_id": "x", "__type__": "3"})"),
      "r", {}, losses);
  ASSERT_TRUE(of_05);
  EXPECT_THAT(of_05->stored.text(), EndsWith(R"("class_name": "IndexNode"}, "__type__": "3"})"));
}

TEST(OneFileNodeTest, ADocumentKeepsItsTextAndItsImageIsCounted) {
  OneFileLosses losses;
  const auto document = convert_one_file_document(
      view(
          R"({"text": "t", "doc_id": "d", "extra_info": {"a": 1}, "image": "aGk=", "__type__": "Document"})"),
      "d", losses);
  ASSERT_TRUE(document);
  EXPECT_THAT(document->stored.text(), EndsWith(R"("text": "t"}, "__type__": "4"})"));
  EXPECT_EQ(losses.document_images, 1U);
}

TEST(OneFileNodeTest, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", "it is not an object"},
      {R"({"doc_id": "n"})", "\"text\" is not a string"},
      {R"({"text": 1})", "\"text\" is not a string"},
      {R"({"text": "", "doc_id": 7})", "\"doc_id\" is not a string"},
      {R"({"text": "", "extra_info": []})", "\"extra_info\" is not an object"},
      {R"({"text": "", "embedding": ["x"]})", "\"embedding\" is not a list of numbers"},
      {R"({"text": "", "node_info": 1})", "\"node_info\" is not an object"},
      {R"({"text": "", "relationships": {"6": "x"}})", "relationships: \"6\" is none"},
      {R"({"text": "", "relationships": {"1": ["x"]}})", "\"relationships: 1\" is not a node's id"},
      {R"({"text": "", "relationships": {"5": [1]}})", "\"relationships: 5\" is not a list of ids"},
  };
  for (const auto& [node, message] : cases) {
    OneFileLosses losses;
    const auto converted = convert_one_file_node(view(node), "n", {}, losses);
    ASSERT_FALSE(converted) << node;
    EXPECT_EQ(converted.error().message(), message) << node;
  }
}

// ---- index structs ----

// Nodes are their own ids.
class Nodes : public OneFileNodes {
 public:
  Result<std::string> add(JsonView node, std::string_view place) override {
    const auto id = node.find("doc_id");
    if (!id) return Status::invalid_argument("no id");
    added.emplace_back(place, id->string());
    return id->string();
  }
  std::vector<std::pair<std::string, std::string>> added;
};

std::string data_of(const OneFileIndex& index) {
  const auto read = IndexStruct::from_json(index.stored);
  EXPECT_TRUE(read);
  return read ? std::string(read->data().text()) : std::string();
}

TEST(OneFileIndexTest, TreeOf04) {
  Nodes nodes;
  const auto index = convert_one_file_index(
      view(R"({"text": "about", "all_nodes": {"0": {"doc_id": "a"}, "1": {"doc_id": "b"}, )"
           R"("10": {"doc_id": "r", "child_indices": []}}, )"
           R"("root_nodes": {"10": {"doc_id": "r", "child_indices": [1, 0]}}, "__type__": "tree"})"),
      "t", false, nodes);
  ASSERT_TRUE(index) << index.error().to_string();
  EXPECT_THAT(nodes.added, ElementsAre(Pair("0", "a"), Pair("1", "b"), Pair("10", "r")));
  EXPECT_EQ(data_of(*index),
            R"({"index_id": "t", "summary": "about", "all_nodes": {"0": "a", "1": "b", "10": "r"}, )"
            R"("root_nodes": {"10": "r"}, "node_id_to_children_ids": {"a": [], "b": [], "r": ["a", "b"]}})")
      << "the children are those that the copy among the roots has, by their numbers";
}

TEST(OneFileIndexTest, KeywordTableOf04) {
  Nodes nodes;
  const auto index = convert_one_file_index(
      view(R"({"text": null, "table": {"cat": [77, 9], "dog": [9]}, "text_chunks": {"9": {"doc_id": "a"}, )"
           R"("77": {"doc_id": "b"}}, "__type__": "keyword_table"})"),
      "k", false, nodes);
  ASSERT_TRUE(index) << index.error().to_string();
  EXPECT_EQ(data_of(*index),
            R"({"index_id": "k", "summary": null, "table": {"cat": ["b", "a"], "dog": ["a"]}})");
}

TEST(OneFileIndexTest, VectorsGetTheirNodesIdsWhereTheFileHasThem) {
  constexpr std::string_view kIndex =
      R"({"text": null, "nodes_dict": {"5": {"doc_id": "a"}, "6": {"doc_id": "b"}}, )"
      R"("id_map": {"v": 6, "w": 5}, )"
      R"("__type__": "dict"})";
  Nodes nodes;
  const auto here = convert_one_file_index(view(kIndex), "i", true, nodes);
  ASSERT_TRUE(here);
  EXPECT_EQ(data_of(*here), R"({"index_id": "i", "summary": null, "nodes_dict": {"b": "b", "a": "a"}, )"
                            R"("doc_id_dict": {}, "embeddings_dict": {}})");
  EXPECT_THAT(here->node_of_vector, ElementsAre(Pair("v", "b"), Pair("w", "a")));
  EXPECT_THAT(here->stored.text(), HasSubstr(R"("__type__": "vector_store")"));
  const auto elsewhere = convert_one_file_index(view(kIndex), "i", false, nodes);
  ASSERT_TRUE(elsewhere);
  EXPECT_THAT(data_of(*elsewhere), HasSubstr(R"("nodes_dict": {"v": "b", "w": "a"})"));
}

TEST(OneFileIndexTest, RelationsComeBeforeObjectsInAGraphStore) {
  const auto index =
      convert_one_file_index("kg",
                             view(R"x({"index_id": "g", "summary": null, "table": {"A": ["n"]}, )x"
                                  R"x("rel_map": {"A": [["B", "likes"], ["C", "knows"]]}, )x"
                                  R"x("embedding_dict": {"('A', 'likes', 'B')": [0.5]}})x"),
                             false);
  ASSERT_TRUE(index) << index.error().to_string();
  ASSERT_EQ(index->edges.size(), 1U);
  EXPECT_THAT(index->edges.begin()->second, ElementsAre(R"(["likes", "B"])", R"(["knows", "C"])"));
  EXPECT_EQ(data_of(*index), R"x({"index_id": "g", "summary": null, "table": {"A": ["n"]}, "rel_map": {}, )x"
                             R"x("embedding_dict": {"('A', 'likes', 'B')": [0.5]}})x");
}

TEST(OneFileIndexTest, TypesAreTakenFromMembersWhereNoneIsSaid) {
  const std::map<std::string, std::string> cases = {
      {R"({"nodes": []})", "list"},
      {R"({"all_nodes": {}, "root_nodes": {}})", "tree"},
      {R"({"table": {}, "text_chunks": {}})", "keyword_table"},
      {R"({"table": {}, "text_chunks": {}, "rel_map": {}})", "kg"},
      {R"({"nodes_dict": {}, "id_map": {}})", "simple_dict"},
  };
  for (const auto& [text, type] : cases) {
    Nodes nodes;
    const auto index = convert_one_file_index(view(text), "i", false, nodes);
    ASSERT_TRUE(index) << text;
    EXPECT_EQ(index->old_type, type);
  }
}

TEST(OneFileIndexTest, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"__type__": "novel"})", "its \"__type__\" \"novel\" is none of LlamaIndex before 0.6"},
      {R"({"x": 1})", "it says no \"__type__\""},
      {R"({"nodes": {}, "__type__": "list"})", "\"nodes\" is not a list"},
      {R"({"nodes_dict": [], "__type__": "simple_dict"})", "\"nodes_dict\" is not an object"},
      {R"({"nodes_dict": {}, "id_map": {"v": 6}, "__type__": "simple_dict"})",
       "id_map: \"v\" names node 6, which is not there"},
      {R"({"nodes_dict": {"6": {"doc_id": "a"}}, "id_map": {"v": 6, "w": 6}, "__type__": "simple_dict"})",
       "two vectors are of node \"a\""},
      {R"({"text_chunks": {"1": {"doc_id": "a"}, "2": {"doc_id": "a"}}, "__type__": "keyword_table"})",
       "node \"a\" is there under two numbers"},
      {R"({"table": {"w": 1}, "__type__": "keyword_table"})", "\"table\" is not an object of lists"},
      {R"({"rel_map": {"A": [["B"]]}, "__type__": "kg"})",
       "\"rel_map: \"A\"\" is not a list of [object, relation]"},
      {R"({"text": 1, "nodes": [], "__type__": "list"})", "\"text\" is not a string"},
  };
  for (const auto& [text, message] : cases) {
    Nodes nodes;
    const auto index = convert_one_file_index(view(text), "i", true, nodes);
    ASSERT_FALSE(index) << text;
    EXPECT_EQ(index.error().message(), message) << text;
  }
}

// ---- whole files ----

constexpr std::string_view kNodeA =
    R"({"text": "one", "doc_id": "a", "doc_hash": "ha", "extra_info": null, "index": 0, )"
    R"("child_indices": [], )"
    R"("ref_doc_id": "d", "node_info": null, "image": null})";

const std::string kVectors04 =
    R"({"index_struct_id": "x", "docstore": {"docs": {"x": {"text": null, "doc_id": "x", )"
    R"("nodes_dict": {"1": )" +
    std::string(kNodeA) +
    R"(}, "id_map": {"v": 1}, "embeddings_dict": {"v": [0.5, 1.0]}, "__type__": "simple_dict"}}, )"
    R"("ref_doc_info": {"d": {"doc_hash": "hd"}, "x": {"doc_hash": "hx"}}}, "vector_store": )"
    R"({"simple_vector_store_data_dict": {"embedding_dict": {"v": [0.5, 1.0]}, )"
    R"("text_id_to_doc_id": {"v": "d"}}}})";

const std::string kList05 =
    R"({"index_struct": {"__type__": "list", "__data__": {"index_id": "l", "summary": "s", )"
    R"("nodes": ["b"]}}, )"
    R"("docstore": {"__type__": "simple", "__data__": {"docs": {"b": {"text": "two", "doc_id": "b", )"
    R"("embedding": null, "doc_hash": "hb", "extra_info": {"k": 1}, "node_info": null, )"
    R"("relationships": {"1": "e"}, "__type__": "1"}}, )"
    R"("ref_doc_info": {"b": {"doc_hash": "hb2"}, "e": {}}}}})";

class OneFileConversionTest : public ::testing::Test {
 protected:
  Status import_all(const ImportOptions& options = {}) { return import_path(directory_.path(), options); }
  Status import_path(const std::string& path, const ImportOptions& options = {}) {
    store_ = std::make_shared<MemoryKVStore>();
    const auto imported = import_persist_dir(path, *store_, options);
    if (imported) notes_ = imported->notes;
    return imported ? Status::ok() : imported.error();
  }
  std::string get(std::string_view collection, std::string_view key) const {
    const auto value = store_->get(key, collection);
    return value && *value ? (*value)->text() : "(none)";
  }

  TempDir directory_;
  std::shared_ptr<MemoryKVStore> store_;
  std::vector<std::string> notes_;
};

TEST_F(OneFileConversionTest, AVectorIndexOf04) {
  write_file(directory_ / "any name.json", kVectors04);
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_THAT(get("docstore/data", "a"), HasSubstr(R"("text": "one")"));
  EXPECT_EQ(get("docstore/metadata", "a"), R"({"doc_hash": "ha", "ref_doc_id": "d"})");
  EXPECT_EQ(get("docstore/metadata", "d"), R"({"doc_hash": "hd"})");
  EXPECT_EQ(get("docstore/metadata", "x"), "(none)") << "an index struct is no document";
  EXPECT_EQ(get("docstore/ref_doc_info", "d"), R"({"node_ids": ["a"], "metadata": {}})");
  EXPECT_THAT(get("index_store/data", "x"), HasSubstr(R"(\"nodes_dict\": {\"a\": \"a\"})"));
  EXPECT_EQ(get("vector_store/default/embeddings", "a"), R"({"embedding": [0.5, 1.0]})");
  EXPECT_EQ(get("vector_store/default/ref_doc_ids", "a"), R"({"ref_doc_id": "d"})");
  EXPECT_THAT(notes_,
              ElementsAre("any name.json is an index of LlamaIndex before 0.6: its 1 nodes, index structs "
                          "and vectors are converted"));
}

TEST_F(OneFileConversionTest, APathThatIsAFileIsThatFile) {
  write_file(directory_ / "index.json", kVectors04);
  write_file(directory_ / "docstore.json", "{\"broken\": ");
  EXPECT_TRUE(import_path(directory_ / "index.json").is_ok());
  EXPECT_FALSE(import_all().is_ok());
  std::vector<std::string> faults;
  MemoryKVStore scratch;
  ASSERT_TRUE(verify_persist_dir(directory_ / "index.json", scratch, [&](const Fault& fault) {
                faults.push_back(fault.message);
              }).is_ok());
  EXPECT_THAT(faults, IsEmpty());
}

TEST_F(OneFileConversionTest, VectorsOfTheStructAloneAreTaken) {
  std::string text = kVectors04;
  text.resize(text.find(R"(, "vector_store")"));
  write_file(directory_ / "index.json", text + "}");
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_EQ(get("vector_store/default/embeddings", "a"), R"({"embedding": [0.5, 1.0]})");
  EXPECT_EQ(get("vector_store/default/ref_doc_ids", "a"), R"({"ref_doc_id": "d"})");
}

TEST_F(OneFileConversionTest, OtherVectorsInTheStructAreSaid) {
  write_file(directory_ / "index.json", edited(kVectors04, "[0.5, 1.0]", "[0.5, 2.0]"));
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_EQ(get("vector_store/default/embeddings", "a"), R"({"embedding": [0.5, 1.0]})");
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_EQ(notes_[1], "1 index structs had other vectors than their vector stores, whose were taken");
}

TEST_F(OneFileConversionTest, AListOf05AndSortedKeys) {
  write_file(directory_ / "index.json", kList05);
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_EQ(get("docstore/metadata", "b"), R"({"doc_hash": "hb2", "ref_doc_id": "e"})");
  EXPECT_EQ(get("docstore/ref_doc_info", "e"), R"({"node_ids": ["b"], "metadata": {"k": 1}})");
  EXPECT_EQ(get("index_store/data", "l"),
            R"({"__type__": "list", )"
            R"("__data__": "{\"index_id\": \"l\", \"summary\": \"s\", \"nodes\": [\"b\"]}"})");
  EXPECT_TRUE(store_->count("vector_store/default/embeddings").has_value())
      << "a storage context of today has a default store";

  const size_t docstore = kList05.find(R"("docstore": )");
  write_file(directory_ / "index.json", "{" + kList05.substr(docstore, kList05.size() - docstore - 1) + ", " +
                                            kList05.substr(1, docstore - 3) + "}");
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_THAT(get("docstore/data", "b"), HasSubstr(R"("text": "two")"));
}

TEST_F(OneFileConversionTest, SeveralFilesComeInTogetherWhereTheyDoNotClash) {
  write_file(directory_ / "a.json", kVectors04);
  write_file(directory_ / "b.json", kList05);
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_NE(get("index_store/data", "x"), "(none)");
  EXPECT_NE(get("index_store/data", "l"), "(none)");
  EXPECT_EQ(*store_->count("docstore/data"), 2U);

  write_file(directory_ / "b.json", edited(kList05, R"("doc_id": "b")", R"("doc_id": "a")"));
  EXPECT_THAT(import_all().message(), HasSubstr("b.json: node \"b\": its \"doc_id\" is \"a\""));
  write_file(directory_ / "b.json", edited(kVectors04, "one", "another"));
  EXPECT_THAT(
      import_all().message(),
      EndsWith("b.json: index struct \"x\": node \"a\" is there twice, with different contents, in a.json, "
               "too; import the files one by one, by their paths"));
  write_file(directory_ / "b.json", kVectors04);
  EXPECT_THAT(import_all().message(),
              HasSubstr("index struct \"x\" is there twice; import the files one by one"));
}

TEST_F(OneFileConversionTest, ANodeWithoutAnIdGetsItsIndexAndPlace) {
  write_file(directory_ / "index.json", edited(kVectors04, R"("doc_id": "a")", R"("doc_id": null)"));
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_NE(get("docstore/data", "x-1"), "(none)");
  EXPECT_NE(get("vector_store/default/embeddings", "x-1"), "(none)");
}

TEST_F(OneFileConversionTest, VectorsThatAreElsewhereAreSaid) {
  std::string text = edited(edited(kVectors04, "simple_dict", "pinecone"), R"({"v": [0.5, 1.0]})", "{}");
  text.resize(text.find(R"(, "vector_store")"));
  write_file(directory_ / "index.json", text + R"(, "vector_store": {"index_name": "mine"}})");
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_FALSE(store_->count("vector_store/default/embeddings").value_or(0) > 0);
  EXPECT_THAT(notes_.back(), HasSubstr("index \"x\" (pinecone) are in a store of their own"));
  EXPECT_THAT(get("index_store/data", "x"), HasSubstr(R"(\"nodes_dict\": {\"v\": \"a\"})"));
}

TEST_F(OneFileConversionTest, RefusesWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {edited(kVectors04, R"("index_struct_id": "x")", R"("index_struct_id": "y")"),
       "its index struct \"y\" is not there"},
      {R"({"index_struct_id": "x", "docstore": {"docs": {}}})", "without its index struct"},
      {edited(kList05, R"("__type__": "simple")", R"("__type__": "mongo")"),
       "the documents are elsewhere, in a store of type \"mongo\" (in collection \"docstore\", "
       "key \"__type__\")"},
      {edited(kList05, R"({"b": {"text")", R"({"c": [], "b": {"text")"),
       R"(it is not an object (in collection "docstore", key "c"))"},
      {edited(kList05, R"("__type__": "1")", R"("__type__": "9")"),
       "document \"b\": its \"__type__\" \"9\" is none"},
      {edited(kVectors04, R"("embedding_dict": {"v": [0.5, 1.0]})", R"("embedding_dict": {"v": 1})"),
       R"(a vector is not a list (in collection "vector_store", key "v"))"},
      {edited(kVectors04, R"("embedding_dict": {"v": [0.5, 1.0]})", R"("embedding_dict": {"v": ["x"]})"),
       "an embedding holds something that is no number"},
      {edited(kList05, R"("docstore")", R"("docstore": {}, "docstore")"), "the collection is there twice"},
      {edited(kList05, R"("index_struct": {)", R"("index_struct": [], "x": {)"),
       "the collection is an array, not an object"},
  };
  for (const auto& [text, message] : cases) {
    write_file(directory_ / "index.json", text);
    const Status refused = import_all();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(refused.message(), HasSubstr("index.json: ")) << text;
    EXPECT_THAT(refused.message(), HasSubstr(message)) << text;
  }
}

TEST_F(OneFileConversionTest, NestingDoesNotRunAway) {
  std::string text = R"({"index_struct_id": "x", "docstore": )";
  for (int i = 0; i < 200'000; ++i) text += R"({"__data__": )";
  write_file(directory_ / "index.json", text);
  EXPECT_THAT(import_all().message(), HasSubstr("nested too deeply"));
}

TEST_F(OneFileConversionTest, WhatIsHeldInMemoryIsBounded) {
  write_file(directory_ / "index.json", kVectors04);
  ImportOptions options;
  options.max_value_bytes = 180;  // its longest value has 161
  EXPECT_THAT(import_all(options).message(), HasSubstr("is held in memory while it is converted"));
}

// ---- graphs ----

std::string vector_index_of_05(const std::string& id, const std::string& node, const std::string& vectors) {
  return R"({"__type__": "simple_dict", "__data__": {"index_id": ")" + id +
         R"(", "summary": "s", "nodes_dict": {")" + node + R"(": ")" + node +
         R"("}, "doc_id_dict": {}, "embeddings_dict": )" + vectors + "}}";
}

std::string graph_of_05(const std::string& vectors_of_x, const std::string& rest) {
  const auto node = [](const std::string& id) {
    return "\"" + id + R"(": {"text": "t", "doc_id": ")" + id + R"(", "relationships": {}, "__type__": "1"})";
  };
  return R"({"index_struct": {"__type__": "composite", "__data__": {"all_index_structs": {"x": )" +
         vector_index_of_05("x", "a", vectors_of_x) + R"(, "y": )" + vector_index_of_05("y", "b", "{}") +
         R"(}, "root_id": "y"}}, "docstore": {"docs": {)" + node("a") + ", " + node("b") +
         R"(}, "ref_doc_info": {}})" + rest + "}";
}

std::string store_of_05(const std::string& id, const std::string& vectors) {
  return "\"" + id +
         R"(": {"vector_store": {"__type__": "simple", "__data__": {"simple_vector_store_data_dict": )" +
         R"({"embedding_dict": )" + vectors + R"(, "text_id_to_doc_id": {}}}}})";
}

TEST_F(OneFileConversionTest, AGraphOf05) {
  write_file(directory_ / "graph.json",
             graph_of_05("{}", R"(, "query_context": {)" + store_of_05("x", R"({"a": [1.0]})") + ", " +
                                   store_of_05("y", R"({"b": [2.0]})") + "}"));
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_EQ(*store_->count("index_store/data"), 2U);
  EXPECT_EQ(get("vector_store/default/embeddings", "a"), R"({"embedding": [1.0]})");
  EXPECT_EQ(get("vector_store/default/embeddings", "b"), R"({"embedding": [2.0]})");
  EXPECT_EQ(get("vector_store/default/ref_doc_ids", "b"), R"({"ref_doc_id": "None"})");
  ASSERT_EQ(notes_.size(), 3U);
  EXPECT_EQ(notes_[1], "graph.json is a graph of 2 indexes: load_graph_from_storage wants root_id=\"y\"");
  EXPECT_THAT(notes_[2], HasSubstr("2 vector indexes have their vectors in one store now"));
}

TEST_F(OneFileConversionTest, AGraphOf05WithoutAQueryContextHasItsVectorsInItsStructs) {
  write_file(directory_ / "graph.json", graph_of_05(R"({"a": [1.0]})", ""));
  ASSERT_TRUE(import_all().is_ok()) << import_all().to_string();
  EXPECT_EQ(get("vector_store/default/embeddings", "a"), R"({"embedding": [1.0]})");
  EXPECT_EQ(*store_->count("vector_store/default/embeddings"), 1U);
}

TEST_F(OneFileConversionTest, DifferentVectorsOfOneNodeAreRefused) {
  const auto both = [](const std::string& of_y) {
    std::string text = graph_of_05("{}", R"(, "query_context": {)" + store_of_05("x", R"({"a": [1.0]})") +
                                             ", " + store_of_05("y", R"({"a": )" + of_y + "}") + "}");
    return edited(text, R"({"b": "b"})", R"({"a": "a"})");
  };
  write_file(directory_ / "graph.json", both("[1.0]"));
  EXPECT_TRUE(import_all().is_ok()) << import_all().to_string();
  write_file(directory_ / "graph.json", both("[2.0]"));
  EXPECT_THAT(import_all().message(), HasSubstr("two indexes have different vectors of this node"));
}

}  // namespace
}  // namespace quipu::testing
