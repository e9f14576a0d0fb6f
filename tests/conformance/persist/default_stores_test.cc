// Which stores a context has, and which files an export and persist write: those of from_defaults() where the
// storage was made here, those that were there where it was imported.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "quipu/verify.h"
#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

using Names = std::vector<std::string>;

const Names kDefaults = {"default__vector_store.json", "docstore.json", "graph_store.json",
                         "image__vector_store.json", "index_store.json"};

Names files_in(const std::string& directory) {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

Names namespaces(const StorageContext& context) {
  Names names;
  for (const auto& [ns, store] : context.vector_stores()) names.push_back(ns);
  return names;
}

constexpr std::string_view kEmptyVectors =
    R"({"embedding_dict": {}, "text_id_to_ref_doc_id": {}, "metadata_dict": {}})";

Json index_struct(const std::string& nodes_dict) {
  const std::string data = R"({"index_id": "i", "nodes_dict": )" + nodes_dict + "}";
  return Json::from_canonical(R"({"__type__": "vector_store", "__data__": )" +
                              Json::from_string(data).text() + "}");
}

class DefaultStoresTest : public BackendFixture {
 protected:
  StorageContext context() const { return *StorageContext::over(kv_); }

  // What an export writes; persist writes the same, to the byte.
  Names exported() {
    const std::string target = directory_ / ("out" + std::to_string(++exports_));
    const auto report = export_persist_dir(*kv_, target + "/export");
    EXPECT_TRUE(report) << report.error().to_string();
    const Status persisted = context().persist(target + "/persist");
    EXPECT_TRUE(persisted.is_ok()) << persisted.to_string();
    const Names files = files_in(target + "/export");
    EXPECT_EQ(files_in(target + "/persist"), files);
    for (const std::string& file : files) {
      EXPECT_EQ(read_file(target + "/persist/" + file), read_file(target + "/export/" + file)) << file;
    }
    return files;
  }
  // A store that cannot list its collections cannot say what belongs into which file.
  void expect_no_export() {
    const std::string target = directory_ / "refused";
    const auto report = export_persist_dir(*kv_, target);
    EXPECT_EQ(report.status(), Status::not_supported("this key-value store cannot list its collections"));
    EXPECT_FALSE(std::filesystem::exists(target));
  }
  void import(const std::vector<std::pair<std::string, std::string>>& files, bool merge = false) {
    const std::string source = directory_ / ("in" + std::to_string(++exports_));
    std::filesystem::create_directory(source);
    ImportOptions options;
    options.merge = merge;
    for (const auto& [name, text] : files) {
      write_file(source + "/" + name, text);
      options.files.push_back(name);
    }
    const auto report = import_persist_dir(source, *kv_, options);
    ASSERT_TRUE(report) << report.error().to_string();
  }
  void add_index(const std::string& nodes_dict) {
    ASSERT_TRUE(kv_->declare_collection("index_store/data", {"index_store.json", ""}).is_ok());
    ASSERT_TRUE(kv_->put("i", index_struct(nodes_dict), "index_store/data").is_ok());
  }

 private:
  int exports_ = 0;
};

TEST_P(DefaultStoresTest, AnEmptyStoreHasThem) {
  EXPECT_EQ(namespaces(context()), (Names{"default", "image"}));
  EXPECT_TRUE(context().vector_store());
  if (!lists_collections()) return expect_no_export();
  EXPECT_EQ(exported(), kDefaults);
}

TEST_P(DefaultStoresTest, AnIndexWithoutVectorsHasThem) {
  add_index("{}");
  EXPECT_EQ(namespaces(context()), (Names{"default", "image"}));
  if (!lists_collections()) return expect_no_export();
  EXPECT_EQ(exported(), kDefaults);
  const auto loaded = StorageContext::from_defaults({.persist_dir = directory_ / "out1/export"});
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_TRUE(loaded->vector_store());
}

TEST_P(DefaultStoresTest, AnIndexWhoseVectorsAreElsewhereHasNoDefaultVectorStore) {
  add_index(R"({"a": "a"})");
  EXPECT_EQ(namespaces(context()), Names());
  EXPECT_EQ(context().vector_store().error().message(), "KeyError: 'default'");
  if (!lists_collections()) return expect_no_export();
  EXPECT_EQ(exported(), (Names{"docstore.json", "index_store.json"}));
}

TEST_P(DefaultStoresTest, AnIndexWhoseVectorsAreInAnotherNamespaceHasThem) {
  add_index(R"({"gone": "gone", "a": "a"})");
  const std::shared_ptr<const BaseNode> node =
      *TextNodeBuilder().id("a").text("t").embedding(std::vector<double>{1}).build();
  const char* const ns = lists_collections() ? "other" : "default";  // a backend that cannot list has these
  const auto added = KVVectorStore(kv_, ns).add(std::span(&node, 1));
  if (!keeps("default__vector_store.json")) {
    EXPECT_EQ(added.status().code(), StatusCode::kNotSupported);
    EXPECT_EQ(namespaces(context()), Names());
    return;
  }
  ASSERT_TRUE(added);
  EXPECT_EQ(namespaces(context()),
            lists_collections() ? (Names{"default", "image", "other"}) : (Names{"default", "image"}));
}

TEST_P(DefaultStoresTest, AnImportedStorageHasWhatWasThere) {
  if (!lists_collections()) return expect_no_export();
  const Names imported = {"docstore.json", "index_store.json", "other__vector_store.json"};
  import({{imported[0], "{}"}, {imported[1], "{}"}, { imported[2], std::string(kEmptyVectors) }});
  EXPECT_EQ(namespaces(context()), Names{"other"});
  EXPECT_EQ(context().vector_store().error().message(), "KeyError: 'default'");
  EXPECT_EQ(exported(), imported);
  if (!keeps("graph_store.json")) return;
  ASSERT_TRUE(context().graph_store().upsert_triplet("a", "r", "b").is_ok());
  EXPECT_EQ(exported(), (Names{imported[0], "graph_store.json", imported[1], imported[2]}));
}

TEST_P(DefaultStoresTest, APipelinesFilesAreExportedAloneUntilAnIndexIsAdded) {
  if (!lists_collections()) return expect_no_export();
  import({{"docstore.json", "{}"}, { "llama_cache", R"({"llama_cache": {"k": {"nodes": []}}})" }});
  EXPECT_EQ(namespaces(context()), (Names{"default", "image"}));
  EXPECT_EQ(exported(), (Names{"docstore.json", "llama_cache"}));
  add_index("{}");
  Names all = kDefaults;
  all.push_back("llama_cache");
  EXPECT_EQ(exported(), all);
}

TEST_P(DefaultStoresTest, AMergeKeepsThoseOfAStoreThatWasMadeHere) {
  if (!lists_collections()) return expect_no_export();
  add_index("{}");
  import({{"docstore.json", "{}"},
          {"index_store.json", "{}"},
          { "other__vector_store.json",
            std::string(kEmptyVectors) }},
         /*merge=*/true);
  EXPECT_TRUE(context().vector_store());
  Names all = kDefaults;
  all.push_back("other__vector_store.json");
  EXPECT_EQ(exported(), all);
}

TEST_P(DefaultStoresTest, WhatIsNoStorageIsExportedAsItIs) {
  if (!lists_collections()) return expect_no_export();
  ASSERT_TRUE(kv_->put("k", Json::from_canonical("{}"), "plain").is_ok());
  EXPECT_EQ(exported(), Names{"kvstore.json"});
}

TEST_P(DefaultStoresTest, AnExportDoesNotDifferFromTheStore) {
  if (!lists_collections()) return expect_no_export();
  add_index("{}");
  ASSERT_TRUE(export_persist_dir(*kv_, directory_ / "out"));
  MemoryKVStore read;
  ASSERT_TRUE(import_persist_dir(directory_ / "out", read));
  ASSERT_TRUE(diff_stores(*kv_, read, [](const Difference& difference) {
                ADD_FAILURE() << difference.collection << " " << difference.key << ": " << difference.what;
              }).is_ok());
}

TEST_P(DefaultStoresTest, APropertyGraphHasAFileOnlyWhereThereIsOne) {
  if (!lists_collections()) return expect_no_export();
  const std::vector<Relation> relations = {Relation("knows", "Ann", "Bob")};
  const Status added = context().property_graph_store()->upsert_relations(relations);
  if (!keeps("property_graph_store.json")) {
    EXPECT_EQ(added.code(), StatusCode::kNotSupported);
    EXPECT_EQ(exported(), kDefaults);
    return;
  }
  ASSERT_TRUE(added.is_ok());
  Names all = kDefaults;
  all.push_back("property_graph_store.json");
  EXPECT_EQ(exported(), all);
}

TEST_P(DefaultStoresTest, PersistTakesOtherNamesAndStoresFromElsewhere) {
  if (!lists_collections()) return expect_no_export();
  StorageContext own = context();
  own.add_vector_store(std::make_shared<SimpleVectorStore>(), "elsewhere");
  PersistNames names;
  names.docstore_fname = "d.json";
  names.vector_store_fname = "v.json";
  ASSERT_TRUE(own.persist(directory_ / "out", names).is_ok());
  EXPECT_EQ(files_in(directory_ / "out"), (Names{"d.json", "default__v.json", "elsewhere__v.json",
                                                 "graph_store.json", "image__v.json", "index_store.json"}));
}

TEST_P(DefaultStoresTest, DeclaredFilesAreToldApart) {
  if (!lists_collections()) return expect_no_export();
  ASSERT_TRUE(kv_->declare_collection("c", {"a.json", ""}).is_ok());
  ASSERT_TRUE(kv_->declare_file("b.json").is_ok());
  ASSERT_TRUE(kv_->declare_file("b.json").is_ok());
  EXPECT_EQ(*kv_->declared_files(), Names{"b.json"});
  EXPECT_EQ(*kv_->persist_files(), (Names{"b.json", "a.json"}));
  const auto snapshot = kv_->snapshot();
  EXPECT_EQ(snapshot.has_value(), kv_->capabilities().snapshots);
  if (snapshot) {
    EXPECT_EQ(*(*snapshot)->declared_files(), Names{"b.json"});
  }
}

INSTANTIATE_TEST_SUITE_P(, DefaultStoresTest, ::testing::ValuesIn(backends()), backend_name);

}  // namespace
}  // namespace quipu::testing
