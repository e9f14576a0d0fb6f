// Nodes made with the builders, against what the reference wrote for the same (tests/data/built_nodes.py).

#include "quipu/node.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr std::array kModes = {MetadataMode::ALL, MetadataMode::EMBED, MetadataMode::LLM, MetadataMode::NONE};

Json json(const std::string& text) { return Json::from_canonical(text); }

class BuiltNodeTest : public ::testing::Test {
 protected:
  BuiltNodeTest() {
    auto parsed = Json::parse(read_file(std::string(QUIPU_SOURCE_DIR) + "/tests/data/built_nodes.json"));
    EXPECT_TRUE(parsed) << parsed.error().to_string();
    expected_ = *std::move(parsed);
  }

  template <class Built>
  void expect_as(const std::string& name, const Built& built) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(built) << built.error().to_string();
    const auto wanted = expected_.view().find(name);
    ASSERT_TRUE(wanted);
    const BaseNode& node = **built;
    EXPECT_EQ(node.to_json().text(), wanted->find("stored")->string());
    expect_same(node, *wanted);
    const auto loaded = BaseNode::from_json(node.to_json());
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    expect_same(**loaded, *wanted);
    EXPECT_TRUE(std::dynamic_pointer_cast<const typename Built::value_type::element_type>(*loaded));
  }

 private:
  static void expect_same(const BaseNode& node, JsonView wanted) {
    EXPECT_EQ(*node.hash(), wanted.find("hash")->string());
    size_t i = 0;
    for (const JsonView content : wanted.find("content")->elements()) {
      EXPECT_EQ(*node.get_content(kModes.at(i++)), content.string());
    }
    i = 0;
    for (const JsonView metadata : wanted.find("metadata")->elements()) {
      EXPECT_EQ(*node.get_metadata_str(kModes.at(i++)), metadata.string());
    }
  }

  Json expected_ = json("{}");
};

TEST_F(BuiltNodeTest, TextNode) { expect_as("text", TextNodeBuilder().id("n1").text("hello").build()); }

TEST_F(BuiltNodeTest, TextNodeWithEveryField) {
  const std::vector<double> embedding = {0.5, -1.0, 1e-7, 3.0};
  const std::vector<std::string> page = {"page"};
  const std::vector<std::string> author = {"author"};
  const std::vector<RelatedNodeInfo> children = {{.node_id = "c1", .node_type = {}, .hash = {}}};
  const auto node =
      TextNodeBuilder()
          .id("n2")
          .text("h\u00e9llo \U0001F600")
          .embedding(embedding)
          .metadata(*Json::parse(R"({"page": 1, "author": "Zo\u00eb", "skip": null})"))
          .excluded_embed_metadata_keys(page)
          .excluded_llm_metadata_keys(author)
          .relationship(NodeRelationship::SOURCE,
                        {.node_id = "d1", .node_type = "4", .metadata = json("{\"a\": 1}"), .hash = "h"})
          .relationship(NodeRelationship::CHILD, children)
          .metadata_template("{key}={value}")
          .metadata_separator("; ")
          .text_template("<{metadata_str}|{content}>")
          .start_char_idx(0)
          .end_char_idx(12)
          .mimetype("text/markdown")
          .build();
  expect_as("everything", node);
  EXPECT_EQ((*node)->embedding(), embedding);
  EXPECT_EQ((*node)->excluded_embed_metadata_keys(), page);
  EXPECT_EQ((*node)->excluded_llm_metadata_keys(), author);
  EXPECT_EQ((*node)->start_char_idx(), 0);
  EXPECT_EQ((*node)->end_char_idx(), 12);
  EXPECT_EQ((*node)->mimetype(), "text/markdown");
  EXPECT_EQ(**(*node)->ref_doc_id(), "d1");
  EXPECT_EQ((**(*node)->source_node()).hash, "h");
  EXPECT_EQ((**(*node)->child_nodes()).at(0).node_id, "c1");
  EXPECT_FALSE((*node)->prev_node()->has_value());
}

TEST_F(BuiltNodeTest, ImageNode) {
  const std::vector<double> text_embedding = {1.0, 2.5};
  const auto node = ImageNodeBuilder()
                        .id("i1")
                        .text("cat")
                        .image("aGk=")
                        .image_path("/p")
                        .image_url("http://x/y")
                        .image_mimetype("image/png")
                        .text_embedding(text_embedding)
                        .build();
  expect_as("image", node);
  EXPECT_EQ((*node)->image_url(), "http://x/y");
  EXPECT_EQ((*node)->text_embedding(), text_embedding);
}

TEST_F(BuiltNodeTest, IndexNode) {
  expect_as("index", IndexNodeBuilder().id("x1").text("idx").index_id("target").build());
  const auto inner = TextNodeBuilder().id("n1").text("hello").build();
  expect_as("index_of_node", IndexNodeBuilder().id("x2").text("idx").index_id("target").obj(**inner).build());
}

TEST_F(BuiltNodeTest, Documents) {
  expect_as("document",
            DocumentBuilder().id("d1").text("doc text").metadata(json("{\"k\": [1, 2]}")).build());
  expect_as("empty_document", DocumentBuilder().id("d2").text("").build());
  expect_as(
      "document_of_resource",
      DocumentBuilder().id("d6").text_resource({.text = "from resource", .mimetype = "text/html"}).build());
  expect_as("path_as_pathlib_has_it",
            DocumentBuilder().id("d7").image_resource({.path = "//a/./b//c.tar.gz/"}).build());
  expect_as("image_document", ImageDocumentBuilder().id("d4").image_resource({.path = "/p.png"}).build());
}

TEST_F(BuiltNodeTest, Node) {
  expect_as("node", NodeNodeBuilder()
                        .id("m1")
                        .text_resource({.text = "tt"})
                        .image_resource({.path = "/a/photo.JPEG"})
                        .metadata(json("{\"z\": \"y\"}"))
                        .build());
}

TEST(NodeBuilderTest, AnIdThatIsNotSetIsARandomUuid) {
  const auto a = TextNodeBuilder().text("x").build();
  const auto b = TextNodeBuilder().text("x").build();
  EXPECT_EQ((*a)->node_id().size(), 36u);
  EXPECT_EQ((*a)->node_id()[14], '4');
  EXPECT_NE((*a)->node_id(), (*b)->node_id());
}

TEST(NodeBuilderTest, RefusesMetadataThatIsNoObject) {
  const auto built = TextNodeBuilder().metadata(json("[1]")).build();
  ASSERT_FALSE(built);
  EXPECT_TRUE(built.error().message().starts_with("ValidationError")) << built.error().to_string();
}

TEST(NodeTest, NamesTheExceptionOfWhatCannotBeRead) {
  const auto error_of = [](const std::string& text) {
    const auto node = BaseNode::from_json(json(text));
    return node ? std::string("read") : node.error().message();
  };
  EXPECT_TRUE(error_of("{}").starts_with("KeyError")) << error_of("{}");
  EXPECT_TRUE(error_of(R"({"__type__": "9", "__data__": {}})").starts_with("ValueError"));
  EXPECT_TRUE(error_of(R"({"__type__": "1", "__data__": []})") != "read");
  EXPECT_TRUE(error_of(R"({"__type__": "1", "__data__": {"text": 5}})") != "read");
}

TEST(NodeTest, ASourceThatIsAListHasNoRefDoc) {
  const std::vector<RelatedNodeInfo> sources = {{.node_id = "a", .node_type = {}, .hash = {}}};
  const auto node = TextNodeBuilder().id("n").relationship(NodeRelationship::SOURCE, sources).build();
  ASSERT_TRUE(node) << node.error().to_string();
  const auto ref_doc = (*node)->ref_doc_id();
  ASSERT_FALSE(ref_doc);
  EXPECT_EQ(ref_doc.error().message(), "Source object must be a single RelatedNodeInfo object");
}

}  // namespace
}  // namespace quipu::testing
