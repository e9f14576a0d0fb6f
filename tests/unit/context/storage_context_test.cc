// StorageContext beyond what the recorded traces show: names that are no file names.

#include "quipu/storage_context.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

TEST(StorageContextTest, NamespacesThatAreNoFileNamesAreRefusedBeforeAnythingIsWritten) {
  for (const char* const ns : {"a/b", "../up", "/etc/x", ""}) {
    TempDir directory;
    const std::string target = directory / "storage";
    auto context = StorageContext::from_defaults();
    ASSERT_TRUE(context) << context.error().to_string();
    context->add_vector_store(std::make_shared<SimpleVectorStore>(), ns);
    const Status persisted = context->persist(target);
    if (*ns == '\0') {  // "__vector_store.json" stays where it belongs
      EXPECT_TRUE(persisted.is_ok()) << persisted.to_string();
      EXPECT_TRUE(std::filesystem::exists(target + "/__vector_store.json"));
      continue;
    }
    EXPECT_EQ(persisted.code(), StatusCode::kInvalidArgument) << persisted.to_string();
    EXPECT_NE(persisted.message().find(ns), std::string::npos) << persisted.message();
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  }
}

}  // namespace
}  // namespace quipu::testing
