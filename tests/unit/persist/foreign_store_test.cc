// Other programs' vector databases among persist files.

#include "engine/persist/foreign_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"

namespace quipu::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ForeignStoreTest : public ::testing::Test {
 protected:
  void put(const std::string& path, std::string_view text = "x") {
    const auto file = *files_.create(path);
    ASSERT_TRUE(file->append(text).is_ok());
    ASSERT_TRUE(file->commit().is_ok());
  }
  // "name: what" for each.
  std::vector<std::string> found() {
    std::vector<std::string> all;
    for (const NotImportedFile& file : foreign_stores("d", *files_.list("d"), files_)) {
      all.push_back(file.name + ": " + file.reason.substr(0, file.reason.find(',')));
    }
    return all;
  }
  Result<ImportReport> import() {
    MemoryKVStore store;
    ImportOptions options;
    options.fs = &files_;
    return import_persist_dir("d", store, options);
  }

  const MemoryFileSystem files_;
};

TEST_F(ForeignStoreTest, RecognisesThemByTheirFiles) {
  EXPECT_THAT(found(), IsEmpty());
  put("d/docstore.json", "{}");
  put("d/collection/docs/storage.sqlite");
  EXPECT_THAT(found(), IsEmpty()) << "a folder of that name alone is none";
  put("d/meta.json", "{}");
  put("d/chroma_db/chroma.sqlite3");
  put("d/vectors.lance/data/1");
  put("d/index.faiss");
  const std::vector<std::string> expected = {"chroma_db/chroma.sqlite3: a Chroma database",
                                             "collection: a local Qdrant database",
                                             "index.faiss: a Faiss index", "vectors.lance: a LanceDB table"};
  EXPECT_EQ(found(), expected);
}

TEST_F(ForeignStoreTest, AnImportNamesThemAndWhatToDo) {
  put("d/docstore.json", "{}");
  put("d/index_store.json", "{}");
  put("d/chroma.sqlite3", "SQLite format 3");
  const auto report = import();
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->not_imported.size(), 1u);
  EXPECT_EQ(report->not_imported[0].name, "chroma.sqlite3");
  EXPECT_THAT(report->not_imported[0].reason, HasSubstr("open it with ChromaVectorStore"));
}

TEST_F(ForeignStoreTest, ADirectoryOfNothingElseIsRefused) {
  put("d/meta.json", "{}");
  put("d/collection/docs/storage.sqlite");
  const Status status = import().error();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(
      status.message(),
      AllOf(
          HasSubstr("d holds nothing that LlamaIndex has persisted, but collection: a local Qdrant database"),
          HasSubstr("QdrantVectorStore")));
}

}  // namespace
}  // namespace quipu::testing
