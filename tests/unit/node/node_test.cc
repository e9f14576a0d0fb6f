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

// What the reference's own from_dict gives for the same values.
TEST(NodeTest, ValuesOfAnotherTypeAreConvertedAsPydanticDoes) {
  const auto read = [](const std::string& field, const std::string& value) {
    const auto node = BaseNode::from_json(
        json(R"({"__type__": "1", "__data__": {"id_": "a", "text": "x", ")" + field + "\": " + value + "}}"));
    if (!node) return "refused: " + node.error().message();
    return std::string((*node)->to_json().view().find("__data__")->find(field)->text());
  };
  EXPECT_EQ(read("start_char_idx", "\"12\""), "12");
  EXPECT_EQ(read("start_char_idx", "3.0"), "3");
  EXPECT_EQ(read("start_char_idx", "true"), "1");
  EXPECT_EQ(read("start_char_idx", "null"), "null");
  EXPECT_EQ(read("embedding", R"([1, true, "2.5", 0.5])"), "[1.0, 1.0, 2.5, 0.5]");
  EXPECT_EQ(read("embedding", "null"), "null");
  for (const char* const value : {"3.5", "\"x\"", "[]"}) {
    EXPECT_TRUE(read("start_char_idx", value).starts_with("refused: ValidationError")) << value;
  }
  for (const char* const value : {R"(["x"])", "[null]", "\"s\""}) {
    EXPECT_TRUE(read("embedding", value).starts_with("refused: ValidationError")) << value;
  }
}

TEST(NodeTest, RelativesAreReadOneByOneAndChildrenAsAList) {
  const auto relative = [](const char* id) {
    return RelatedNodeInfo{.node_id = id, .node_type = {}, .hash = {}};
  };
  const std::vector<RelatedNodeInfo> children = {relative("c1"), relative("c2")};
  const auto built = TextNodeBuilder()
                         .id("n")
                         .relationship(NodeRelationship::PREVIOUS, relative("before"))
                         .relationship(NodeRelationship::NEXT, relative("after"))
                         .relationship(NodeRelationship::PARENT, relative("above"))
                         .relationship(NodeRelationship::CHILD, children)
                         .build();
  ASSERT_TRUE(built) << built.error().to_string();
  const BaseNode& node = **built;
  EXPECT_EQ((**node.prev_node()).node_id, "before");
  EXPECT_EQ((**node.next_node()).node_id, "after");
  EXPECT_EQ((**node.parent_node()).node_id, "above");
  ASSERT_EQ((**node.child_nodes()).size(), 2u);
  EXPECT_EQ((**node.child_nodes())[1].node_id, "c2");
  EXPECT_EQ(*node.source_node(), std::nullopt);

  const auto odd = TextNodeBuilder()
                       .relationship(NodeRelationship::NEXT, children)
                       .relationship(NodeRelationship::CHILD, relative("c1"))
                       .build();
  ASSERT_TRUE(odd) << odd.error().to_string();
  EXPECT_EQ((*odd)->next_node().error().message(), "Next object must be a single RelatedNodeInfo object");
  EXPECT_EQ((*odd)->child_nodes().error().message(),
            "Child objects must be a list of RelatedNodeInfo objects.");
}

TEST(NodeTest, ImagesAndResourcesComeBack) {
  const std::vector<double> embedding = {0.25};
  const auto image = ImageNodeBuilder()
                         .image("aGk=")
                         .image_path("a.png")
                         .image_url("http://localhost/a.png")
                         .image_mimetype("image/png")
                         .text_embedding(embedding)
                         .build();
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ((*image)->image(), "aGk=");
  EXPECT_EQ((*image)->image_path(), "a.png");
  EXPECT_EQ((*image)->image_url(), "http://localhost/a.png");
  EXPECT_EQ((*image)->image_mimetype(), "image/png");
  EXPECT_EQ((*image)->text_embedding(), embedding);
  EXPECT_EQ((*ImageNodeBuilder().build())->image_url(), std::nullopt);

  MediaResource text;
  text.text = "words";
  MediaResource picture;
  picture.path = "b.png";
  const auto node = DocumentBuilder().text_resource(text).image_resource(picture).build();
  ASSERT_TRUE(node) << node.error().to_string();
  EXPECT_EQ((*node)->text_resource()->text, "words");
  EXPECT_EQ((*node)->image_resource()->path, "b.png");
  EXPECT_EQ((*node)->image_resource()->mimetype, "image/png");
  EXPECT_FALSE((*node)->audio_resource());
  EXPECT_FALSE((*node)->video_resource());
}

}  // namespace
}  // namespace quipu::testing
