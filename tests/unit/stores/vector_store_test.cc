// Vector stores as files.

#include "quipu/vector_store.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

TEST(SimpleVectorStoreTest, PersistsByteForByte) {
  const std::string golden =
      std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/vectors/default__vector_store.json";
  const auto store = SimpleVectorStore::from_persist_path(golden);
  ASSERT_TRUE(store) << store.error().to_string();
  TempDir directory;
  ASSERT_TRUE(store->persist(directory / "sub/default__vector_store.json").is_ok());
  EXPECT_EQ(read_file(directory / "sub/default__vector_store.json"), read_file(golden));
  EXPECT_EQ(SimpleVectorStore::from_persist_dir(directory / "sub")->to_dict()->text(), read_file(golden));
  EXPECT_FALSE(SimpleVectorStore::from_persist_dir(directory.path()));
}

TEST(SimpleVectorStoreTest, MetadataThatIsNullBecomesADictWithTheFirstAdd) {
  auto store = SimpleVectorStore::from_dict(Json::from_canonical(
      R"({"embedding_dict": {"a": [1.0]}, "text_id_to_ref_doc_id": {"a": "d"}, "metadata_dict": null})"));
  ASSERT_TRUE(store) << store.error().to_string();
  const MetadataFilters filters{{MetadataFilter{"page", Json::from_int(1)}}};
  EXPECT_EQ(store->delete_nodes(std::nullopt, &filters).message(),
            "TypeError: 'NoneType' object is not subscriptable");
  const std::vector<std::string> none = {"b"};
  EXPECT_TRUE(store->delete_nodes(none, &filters).is_ok());
  EXPECT_EQ(store->to_dict()->view().find("metadata_dict")->text(), "null");
  const auto added = TextNodeBuilder()
                         .id("b")
                         .embedding(std::vector{2.0})
                         .metadata(Json::from_canonical(R"({"page": 1})"))
                         .build();
  ASSERT_TRUE(added) << added.error().to_string();
  ASSERT_TRUE(store->add(std::vector<std::shared_ptr<const BaseNode>>{*added}));
  const std::vector<std::string> only_b = {"b"};
  ASSERT_TRUE(store->delete_nodes(only_b, &filters).is_ok());
  EXPECT_EQ(store->delete_nodes(std::nullopt, &filters).message(), "KeyError: 'a'");
  EXPECT_EQ(store->to_dict()->text(),
            R"({"embedding_dict": {"a": [1.0]}, "text_id_to_ref_doc_id": {"a": "d"}, "metadata_dict": {}})");
}

// As in the reference: the first in the order of insertion is gone when it fails.
TEST(SimpleVectorStoreTest, DeletingWithoutMetadataStopsAtTheFirst) {
  auto store = SimpleVectorStore::from_dict(Json::from_canonical(
      R"({"embedding_dict": {"b": [1.0], "a": [2.0], "c": [3.0]}, )"
      R"("text_id_to_ref_doc_id": {"b": "d", "a": "d", "c": "d"}, "metadata_dict": null})"));
  ASSERT_TRUE(store) << store.error().to_string();
  const std::string fails = "AttributeError: 'NoneType' object has no attribute 'pop'";
  const std::vector<std::string> unknown = {"x"};
  EXPECT_TRUE(store->delete_nodes(unknown).is_ok());
  const std::vector<std::string> two = {"c", "x", "a"};
  EXPECT_EQ(store->delete_nodes(two).message(), fails);
  EXPECT_EQ(store->delete_nodes().message(), fails);
  EXPECT_EQ(
      store->to_dict()->text(),
      R"({"embedding_dict": {"c": [3.0]}, "text_id_to_ref_doc_id": {"c": "d"}, "metadata_dict": null})");
  ASSERT_TRUE(store->delete_("d").is_ok());
  EXPECT_TRUE(store->delete_nodes().is_ok());  // which finds nothing to delete
}

TEST(SimpleVectorStoreTest, NamesWhatIsMalformed) {
  for (const char* const text : {"[]", R"({"embedding_dict": []})", R"({"embedding_dict": {"a": ["x"]}})",
                                 R"({"embedding_dict": {"a": 1}})", R"({"text_id_to_ref_doc_id": {"a": 1}})",
                                 R"({"metadata_dict": {"a": []}})"}) {
    EXPECT_FALSE(SimpleVectorStore::from_dict(Json::from_canonical(text))) << text;
  }
}

}  // namespace
}  // namespace quipu::testing
