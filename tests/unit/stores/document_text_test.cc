// Full-text search of a document store: filters, and why a node is found.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quipu/document_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DocumentTextTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = *RocksDBKVStore::open(directory_ / "db");
    documents_ = std::make_unique<KVDocumentStore>(store_);
    for (const auto& [id, text, page] :
         {std::tuple("a", "a black cat", 1), std::tuple("b", "cats and a dog", 2)}) {
      nodes_.push_back(*TextNodeBuilder()
                            .id(id)
                            .text(text)
                            .metadata(Json::from_canonical("{\"page\": " + std::to_string(page) + "}"))
                            .build());
    }
    ASSERT_TRUE(documents_->add_documents(nodes_).is_ok());
  }
  std::vector<std::string> ids(const TextSearch& search) const {
    std::vector<std::string> ids;
    const auto found = documents_->search_text(search);
    EXPECT_TRUE(found.has_value()) << found.error().message();
    for (const TextMatch& match : *found) ids.push_back(match.id);
    return ids;
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
  std::unique_ptr<KVDocumentStore> documents_;
  std::vector<NodePtr> nodes_;
};

TEST_F(DocumentTextTest, FiltersAskTheNodesMetadata) {
  MetadataFilters filters{{MetadataFilter{"page", *Json::parse("2")}}};
  EXPECT_THAT(ids({.query = "cat"}), ElementsAre("a", "b"));
  EXPECT_THAT(ids({.query = "cat", .filters = &filters}), ElementsAre("b"));
  EXPECT_THAT(ids({.query = "cat", .top_k = 1, .filters = &filters}), ElementsAre("b"));
  EXPECT_THAT(ids({.query = "black", .filters = &filters}), IsEmpty());
  filters.filters = {MetadataFilters{}};
  const auto nested = documents_->search_text({.query = "cat", .filters = &filters});
  ASSERT_FALSE(nested.has_value());
  EXPECT_EQ(StatusCode::kInvalidArgument, nested.error().code());
}

TEST_F(DocumentTextTest, ExplainsWhatItFinds) {
  const TextSearch search{.query = "cat OR dog", .top_k = 0};
  const auto why = documents_->explain_text(search, "b");
  ASSERT_TRUE(why.has_value()) << why.error().message();
  EXPECT_EQ("page: 2\n\ncats and a dog", why->text);
  ASSERT_EQ(2, why->parts.size());
  EXPECT_EQ("cat", why->parts[0].what);
  EXPECT_EQ("dog", why->parts[1].what);
  EXPECT_NEAR((*documents_->search_text({.query = "cat OR dog"}))[0].score,
              why->parts[0].score + why->parts[1].score, 1e-6);
  EXPECT_THAT(why->places, ElementsAre(TextExplanation::Place{9, 13}, TextExplanation::Place{20, 23}));
  EXPECT_THAT(documents_->explain_text({.query = "bird"}, "b")->parts, IsEmpty());
  EXPECT_EQ(StatusCode::kNotFound, documents_->explain_text(search, "z").error().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, documents_->explain_text({.query = "\"cat"}, "b").error().code());
}

TEST_F(DocumentTextTest, TermsOfTexts) {
  const std::vector<std::string> texts = {"The Cats' dogs", "", "Häuser"};
  EXPECT_THAT(*text_terms(texts), ElementsAre(ElementsAre("cat", "dog"), IsEmpty(), ElementsAre("häuser")));
  EXPECT_THAT((*text_terms(texts, "whitespace"))[0], ElementsAre("The", "Cats'", "dogs"));
  EXPECT_EQ(StatusCode::kInvalidArgument, text_terms(texts, "klingon").error().code());
}

}  // namespace
}  // namespace quipu::testing
