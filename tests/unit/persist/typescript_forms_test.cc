// Entries of LlamaIndexTS in Python's form.

#include "engine/persist/conversions/typescript_forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace quipu::testing {
namespace {

using ::testing::HasSubstr;

Json json(std::string_view text) { return *Json::parse(text); }

std::string node(std::string_view key, std::string_view stored) {
  const Result<Json> converted = node_from_typescript(key, json(stored));
  return converted ? converted->text() : "<" + converted.error().message() + ">";
}

TEST(TypescriptFormsTest, ATextNode) {
  EXPECT_EQ(
      node("n1",
           R"({"__data__": "{\"id_\":\"n1\",\"embedding\":[0,-0.5],)"
           R"(\"metadata\":{\"page\":2,\"größe\":1.5e+22},)"
           R"(\"excludedEmbedMetadataKeys\":[\"page\"],\"excludedLlmMetadataKeys\":[\"none\"],)"
           R"(\"relationships\":{\"SOURCE\":{\"nodeId\":\"src\",\"metadata\":{\"m\":1},\"hash\":\"a+b=\"},)"
           R"(\"CHILD\":[{\"nodeId\":\"n3\",\"metadata\":{},\"nodeType\":\"TEXT\"}]},\"hash\":\"P9n=\",)"
           R"(\"text\":\"knots\",\"textTemplate\":\"\",\"startCharIdx\":3,\"endCharIdx\":9,)"
           R"(\"metadataSeparator\":\"; \",\"type\":\"TEXT\"}", "__type__": "TEXT"})"),
      R"({"__data__": {"id_": "n1", "embedding": [0.0, -0.5], )"
      R"("metadata": {"page": 2, "gr\u00f6\u00dfe": 1.5e+22}, )"
      R"("excluded_embed_metadata_keys": ["page"], "excluded_llm_metadata_keys": ["none"], )"
      R"("relationships": {"1": {"node_id": "src", "node_type": null, "metadata": {"m": 1}, "hash": "a+b=", )"
      R"("class_name": "RelatedNodeInfo"}, "5": [{"node_id": "n3", "node_type": "1", "metadata": {}, )"
      R"("hash": null, "class_name": "RelatedNodeInfo"}]}, "metadata_template": "{key}: {value}", )"
      R"("metadata_separator": "; ", "text": "knots", "mimetype": "text/plain", "start_char_idx": 3, )"
      R"("end_char_idx": 9, "text_template": "{metadata_str}\n\n{content}", "class_name": "TextNode"}, )"
      R"("__type__": "1"})");
}

TEST(TypescriptFormsTest, OffsetsThatAreNotThereAreUnknown) {
  const std::string end =
      node("n", R"({"__data__": "{\"id_\":\"n\",\"endCharIdx\":4}", "__type__": "TEXT"})");
  EXPECT_THAT(end, HasSubstr(R"("start_char_idx": null, "end_char_idx": 4)"));
  const std::string neither = node("n", R"({"__data__": "{\"id_\":\"n\"}", "__type__": "TEXT"})");
  EXPECT_THAT(neither, HasSubstr(R"("start_char_idx": null, "end_char_idx": null)"));
}

TEST(TypescriptFormsTest, DocumentsIndexNodesAndImages) {
  const std::string document =
      node("d", R"({"__data__": {"id_": "d", "text": "whole", "type": "DOCUMENT"}, "__type__": "DOCUMENT"})");
  EXPECT_THAT(document, HasSubstr(R"("text_resource": {"embeddings": null, "text": "whole")"));
  EXPECT_THAT(document, HasSubstr(R"("class_name": "Document", "text": "whole"}, "__type__": "4"})"));
  const std::string index = node("i", R"({"__data__": "{\"text\": \"x\", \"indexId\": \"other\", )"
                                      R"(\"textTemplate\": \"{content}!\"}", "__type__": "INDEX"})");
  EXPECT_THAT(index, HasSubstr(R"({"id_": "i", )"));
  EXPECT_THAT(index, HasSubstr(R"("text_template": "{content}!", "index_id": "other", "obj": null)"));
  const auto image = [](const std::string& place, const char* type = "IMAGE") {
    return node("p", R"({"__data__": {"id_": "p", "image": )" + place + R"(}, "__type__": ")" + type + "\"}");
  };
  EXPECT_THAT(
      image(R"("data:image/png;base64,aGk=")"),
      HasSubstr(R"("image": "aGk=", "image_path": null, "image_url": null, "image_mimetype": "image/png")"));
  EXPECT_THAT(image(R"("https://e.org/a.png")", "IMAGE_DOCUMENT"),
              HasSubstr(R"("image_url": "https://e.org/a.png")"));
  EXPECT_THAT(image(R"("file:///a/b.png")"), HasSubstr(R"("image_path": "/a/b.png")"));
  EXPECT_THAT(image(R"("b.png")"), HasSubstr(R"("image_path": "b.png")"));
  EXPECT_THAT(image("{}"), HasSubstr(R"("image": null, "image_path": null, "image_url": null)"));
  EXPECT_THAT(image("{}", "IMAGE_DOCUMENT"), HasSubstr(R"("class_name": "ImageNode"}, "__type__": "2"})"));
}

TEST(TypescriptFormsTest, WhatIsNoNodeIsRefused) {
  EXPECT_EQ(node("n", R"({"__type__": "TEXT"})"), "<the node has no __data__>");
  EXPECT_EQ(node("n", R"({"__data__": "{", "__type__": "TEXT"})"),
            "<Expecting property name enclosed in double quotes at byte 1>");
  EXPECT_EQ(node("n", R"({"__data__": "[]", "__type__": "TEXT"})"), "<the node's __data__ is no object>");
  EXPECT_EQ(node("n", R"({"__data__": 1, "__type__": "TEXT"})"),
            "<the node's __data__ is neither JSON text nor an object>");
  EXPECT_EQ(node("n", R"({"__data__": {}, "__type__": "AUDIO"})"), "<unknown type of node: \"AUDIO\">");
  EXPECT_EQ(node("n", R"({"__data__": {}})"), "<unknown type of node: none>");
  EXPECT_EQ(node("n", R"({"__data__": {"relationships": []}, "__type__": "TEXT"})"),
            "<the node's relationships are no object>");
  EXPECT_EQ(node("n", R"({"__data__": {"relationships": {"COUSIN": {}}}, "__type__": "TEXT"})"),
            "<unknown relationship \"COUSIN\">");
  EXPECT_THAT(node("n", R"({"__data__": {"text": 1}, "__type__": "TEXT"})"), HasSubstr("TextNode.text"));
}

TEST(TypescriptFormsTest, MetadataAndRefDocs) {
  EXPECT_EQ(metadata_from_typescript(json(R"({"docHash": "x+/=", "refDocId": "d"})")).text(),
            R"({"doc_hash": "x+/=", "ref_doc_id": "d"})");
  EXPECT_EQ(
      ref_doc_info_from_typescript(json(R"({"nodeIds": ["a", "b"], "extraInfo": {"docHash": 1}})")).text(),
      R"({"node_ids": ["a", "b"], "metadata": {"docHash": 1}})");
}

std::string index_struct(std::string_view entry) {
  const Result<TypescriptStruct> converted = index_struct_from_typescript(json(entry));
  return converted ? converted->stored.text() : "<" + converted.error().message() + ">";
}

TEST(TypescriptFormsTest, IndexStructs) {
  EXPECT_EQ(
      index_struct(R"({"indexId": "i", "nodesDict": {"a": {"id_": "a", "text": "x"}, )"
                   R"("b\"": {}}, "type": "simple_dict"})"),
      R"({"__type__": "vector_store", "__data__": "{\"index_id\": \"i\", \"summary\": null, \"nodes_dict\": )"
      R"({\"a\": \"a\", \"b\\\"\": \"b\\\"\"}, \"doc_id_dict\": {}, \"embeddings_dict\": {}}"})");
  EXPECT_EQ(
      index_struct(R"({"indexId": "i", "summary": "s", "nodes": ["a"], "type": "list"})"),
      R"({"__type__": "list", "__data__": "{\"index_id\": \"i\", \"summary\": \"s\", \"nodes\": [\"a\"]}"})");
  EXPECT_EQ(index_struct(R"({"indexId": "i", "table": {"w": ["a"]}, "type": "keyword_table"})"),
            R"({"__type__": "keyword_table", "__data__": "{\"index_id\": \"i\", )"
            R"(\"summary\": null, \"table\": {\"w\": [\"a\"]}}"})");
  EXPECT_FALSE(index_struct_from_typescript(json(R"({"table": {"w": ["a"]}, "type": "keyword_table"})"))
                   ->is_empty_keyword_table);
  EXPECT_TRUE(index_struct_from_typescript(json(R"({"table": {}, "type": "keyword_table"})"))
                  ->is_empty_keyword_table);
  EXPECT_EQ(index_struct(R"({"indexId": "i", "type": "tree"})"), "<unknown type of index: \"tree\">");
  EXPECT_EQ(index_struct(R"({"indexId": "i"})"), "<unknown type of index: none>");
  EXPECT_EQ(index_struct(R"({"indexId": "i", "type": "simple_dict"})"), "<the index has no nodesDict>");
}

}  // namespace
}  // namespace quipu::testing
