// What former versions of LlamaIndex persisted: imported, it answers as those versions did.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/file_system.h"
#include "quipu/graph_store.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/vector_store.h"

namespace quipu::testing {
namespace {

constexpr const char* kDirectory = "storage";

// A directory in memory, from the data of this test or with contents of its own.
class FormerFormsTest : public ::testing::Test {
 protected:
  void copy(const std::string& name) {
    const std::string folder = std::string(QUIPU_SOURCE_DIR) + "/tests/data/former/" + name;
    const std::vector<std::string> names = *local_file_system().list(folder);
    for (const std::string& file : names) {
      const auto input = *local_file_system().open(folder + "/" + file);
      std::string text(input->size(), '\0');
      ASSERT_EQ(*input->read(text.data(), text.size()), text.size());
      write(file, text);
    }
  }
  void write(const std::string& file, const std::string& text) {
    const auto output = *files_.create(path_in(kDirectory, file));
    ASSERT_TRUE(output->append(text).is_ok());
    ASSERT_TRUE(output->commit().is_ok());
  }
  std::string text_of(const std::string& path) {
    const auto input = files_.open(path);
    if (!input) return "(none)";
    std::string text((*input)->size(), '\0');
    (void)(*input)->read(text.data(), text.size());
    return text;
  }

  // Imports the directory, and expects it and what comes of it to be without a fault.
  void import() {
    ImportOptions options;
    options.fs = &files_;
    const auto report = import_persist_dir(kDirectory, *store_, options);
    ASSERT_TRUE(report) << report.error().to_string();
    report_ = *report;
    MemoryKVStore scratch;
    const auto no_fault = [](const Fault& found) {
      if (found.severity == Severity::kFault) ADD_FAILURE() << found.collection << ": " << found.message;
    };
    const Status verified = verify_persist_dir(kDirectory, scratch, no_fault, options);
    EXPECT_TRUE(verified.is_ok()) << verified.to_string();
    EXPECT_TRUE(verify_stores(*store_, no_fault).is_ok());
  }
  // Exports into "copy", and expects these files to be as they were.
  void export_and_compare(const std::vector<std::string>& unchanged) {
    ExportOptions options;
    options.fs = &files_;
    const auto report = export_persist_dir(*store_, "copy", options);
    ASSERT_TRUE(report) << report.error().to_string();
    for (const std::string& file : unchanged) {
      EXPECT_EQ(text_of(path_in("copy", file)), text_of(path_in(kDirectory, file))) << file;
    }
  }
  std::string value(std::string_view key, std::string_view collection) {
    const auto found = store_->get(key, collection);
    return found && *found ? (*found)->text() : "(none)";
  }
  std::vector<std::string> nearest(const std::vector<double>& embedding) {
    KVVectorStore vectors(store_);
    VectorStoreQuery query;
    query.query_embedding = embedding;
    query.similarity_top_k = 2;
    const auto result = vectors.query(query);
    return result ? result->ids : std::vector<std::string>{result.error().to_string()};
  }

  MemoryFileSystem files_;
  std::shared_ptr<MemoryKVStore> store_ = std::make_shared<MemoryKVStore>();
  ImportReport report_;
};

using Strings = std::vector<std::string>;

std::string edges(const std::vector<GraphEdge>& found) {
  std::string text;
  for (const GraphEdge& edge : found) text += edge.rel + " " + edge.obj + "; ";
  return text;
}

TEST_F(FormerFormsTest, VectorsWithoutANamespaceAreTheDefaultStore) {
  copy("0.6.0");
  import();
  EXPECT_EQ(nearest({0.5, 1.0}), (Strings{"knot-2", "knot-1"}));
  EXPECT_EQ(value("knot-1", "vector_store/default/ref_doc_ids"), R"({"ref_doc_id": "cord"})");
  export_and_compare({});
  EXPECT_EQ(text_of("copy/default__vector_store.json"),
            R"({"embedding_dict": {"knot-1": [1.0, 0.0], "knot-2": [0.6, 0.8]}, )"
            R"("text_id_to_ref_doc_id": {"knot-1": "cord", "knot-2": "cord"}, "metadata_dict": {}})");
}

TEST_F(FormerFormsTest, DocumentsOfAVectorUnderTodaysNameCount) {
  write("docstore.json", "{}");
  write("index_store.json", "{}");
  write("default__vector_store.json",
        R"({"embedding_dict": {"a": [1.0]}, "text_id_to_ref_doc_id": {"a": "new"}, )"
        R"("text_id_to_doc_id": {"a": "old"}, "metadata_dict": {}})");
  import();
  EXPECT_EQ(value("a", "vector_store/default/ref_doc_ids"), R"({"ref_doc_id": "new"})");
  EXPECT_EQ(report_.notes, Strings{});
}

TEST_F(FormerFormsTest, TriplesOfIndexStructsAreInTheGraphStore) {
  copy("0.6.0");
  import();
  KVGraphStore graph(store_);
  EXPECT_EQ(edges(*graph.get("Cord")), "holds Knot; is older than 日本; holds Knot; ");
  EXPECT_EQ(edges(*graph.get("Knot")), "counts Llama; is Number; ");
  export_and_compare({"index_store.json"});
}

TEST_F(FormerFormsTest, WhichOfAPairIsTheObjectTheTableTells) {
  // As the reference reads a struct when it upgrades it; as those versions wrote it.
  for (const char* const pair : {R"([\"holds\", \"knot\"])", R"([\"knot\", \"holds\"])"}) {
    store_ = std::make_shared<MemoryKVStore>();
    write("docstore.json", R"({"docstore/metadata": {}})");
    write(
        "index_store.json",
        std::string(R"({"index_store/data": {"g": {"__type__": "kg", "__data__": "{\"index_id\": \"g\", )") +
            R"(\"table\": {\"cord\": [], \"knot\": []}, \"rel_map\": {\"cord\": [)" + pair + R"(]}}"}}})");
    import();
    EXPECT_EQ(edges(*KVGraphStore(store_).get("cord")), "holds knot; ") << pair;
  }
}

TEST_F(FormerFormsTest, AGraphStoreThatIsNotEmptyHoldsTheTriplets) {
  copy("0.6.0");
  write("graph_store.json", R"({"graph_dict": {"Cord": [["ties", "Knot"]]}})");
  import();
  EXPECT_EQ(edges(*KVGraphStore(store_).get("Cord")), "ties Knot; ");
  EXPECT_EQ(edges(*KVGraphStore(store_).get("Knot")), "");
  export_and_compare({"index_store.json", "graph_store.json"});
}

TEST_F(FormerFormsTest, ARelMapThatIsNoneIsSaid) {
  write("docstore.json", "{}");
  write("index_store.json",
        R"({"index_store/data": {"g": {"__type__": "kg", "__data__": {"rel_map": {"a": [["b"]]}}}}})");
  import();
  EXPECT_EQ(report_.notes,
            Strings{"index_store.json: the rel_map of index g is not made of pairs, and stays where it is"});
  export_and_compare({"index_store.json"});
}

TEST_F(FormerFormsTest, NodesThatTodaysLlamaIndexMisreadsAreConverted) {
  copy("0.6.0");
  import();
  KVDocumentStore documents(store_);
  // Of a list of children the reference makes one id.
  const auto parent = *documents.get_document("knot-2");
  ASSERT_NE(parent, nullptr);
  EXPECT_EQ(parent->class_name(), "TextNode");
  const std::string stored = value("knot-2", "docstore/data");
  EXPECT_NE(stored.find(R"("5": [{"node_id": "knot-3")"), std::string::npos) << stored;
  EXPECT_NE(stored.find(R"("start_char_idx": 0, "end_char_idx": 23)"), std::string::npos) << stored;
  // The text of a picture may be missing, and a Document has a type of its own.
  EXPECT_EQ((*documents.get_document("knot-3"))->class_name(), "ImageNode");
  EXPECT_EQ((*documents.get_document("whole"))->class_name(), "Document");
  EXPECT_EQ(*(*documents.get_document("whole"))->get_content(), "A quipu, whole.");
  EXPECT_EQ((*documents.get_document("knot-1"))->ref_doc_id()->value_or(""), "cord");
  // Hashes are kept.
  const auto before = Json::parse(text_of("storage/docstore.json"));
  EXPECT_EQ(value("whole", "docstore/metadata"),
            before->view().find("docstore/metadata")->find("whole")->text());
}

TEST_F(FormerFormsTest, EachConversionIsSaidOnce) {
  copy("0.6.0");
  import();
  EXPECT_EQ(
      report_.notes,
      (Strings{"vector_store.json is imported as default__vector_store.json",
               "docstore.json: nodes of LlamaIndex 0.6 that it no longer reads right: 3, imported in the "
               "form of 0.7",
               "index_store.json: triplets that a knowledge graph index keeps itself: 5, imported into the "
               "graph store",
               "default__vector_store.json: entries of text_id_to_doc_id, which LlamaIndex no longer reads: "
               "2, imported as "
               "text_id_to_ref_doc_id"}));
}

TEST_F(FormerFormsTest, WhatTodaysLlamaIndexReadsStaysAsItIs) {
  copy("0.6.32");
  import();
  EXPECT_EQ(report_.notes, Strings{"vector_store.json is imported as default__vector_store.json"});
  const auto info = *KVDocumentStore(store_).get_ref_doc_info("cord");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->node_ids, (Strings{"knot-1", "knot-2"}));
  EXPECT_EQ(nearest({1.0, 0.0}), (Strings{"knot-1", "knot-2"}));
  export_and_compare({"docstore.json", "index_store.json", "graph_store.json"});
}

TEST_F(FormerFormsTest, DocumentsAreGivenTheirClassName) {
  copy("0.7.24");
  import();
  EXPECT_EQ(
      report_.notes[1],
      "docstore.json: documents without a class_name, which LlamaIndex no longer reads: 2, imported with it");
  KVDocumentStore documents(store_);
  EXPECT_EQ((*documents.get_document("whole"))->class_name(), "Document");
  EXPECT_EQ(*(*documents.get_document("picture"))->get_content(), "A picture.");
  const auto before = Json::parse(text_of("storage/docstore.json"));
  const JsonView nodes = *before->view().find("docstore/data");
  EXPECT_EQ(value("knot-2", "docstore/data"), nodes.find("knot-2")->text());
  std::string expected(nodes.find("whole")->text());
  expected.insert(expected.size() - std::string(R"(}, "__type__": "4"})").size(),
                  R"(, "class_name": "Document")");
  EXPECT_EQ(value("whole", "docstore/data"), expected);
  export_and_compare({"index_store.json", "graph_store.json"});
}

TEST_F(FormerFormsTest, APipelineNeedsNoIndexStore) {
  copy("pipeline");
  import();
  EXPECT_EQ(report_.notes, Strings{});
  EXPECT_EQ(report_.not_imported.size(), 0u);
  ASSERT_EQ(report_.files.size(), 2u);
  EXPECT_EQ(report_.files[1].name, "llama_cache");
  EXPECT_EQ(*store_->count("llama_cache"), 1u);
  export_and_compare({"docstore.json", "llama_cache"});
}

TEST_F(FormerFormsTest, TheFileUnderTodaysNameIsRead) {
  copy("0.7.24");
  write("default__vector_store.json",
        R"({"embedding_dict": {"x": [1.0]}, "text_id_to_ref_doc_id": {"x": "d"}, "metadata_dict": {}})");
  import();
  EXPECT_EQ(nearest({1.0}), Strings{"x"});
  ASSERT_EQ(report_.not_imported.size(), 1u);
  EXPECT_EQ(report_.not_imported[0].name, "vector_store.json");
  EXPECT_EQ(report_.not_imported[0].reason, "default__vector_store.json is there already");
}

TEST_F(FormerFormsTest, NamedFilesAreReadWhateverStandsBeside) {
  copy("0.7.24");
  write("docstore.json", "no JSON");
  write("image_store.json", "no JSON");
  ImportOptions options;
  options.fs = &files_;
  options.files = {"vector_store.json"};
  const auto report = import_persist_dir(kDirectory, *store_, options);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->not_imported.size(), 0u);
  EXPECT_EQ(nearest({1.0, 0.0}), (Strings{"knot-1", "knot-2"}));
}

TEST_F(FormerFormsTest, ADirectoryWithNothingInItSaysSo) {
  write("notes.json", "{}");
  ImportOptions options;
  options.fs = &files_;
  EXPECT_FALSE(*is_persist_dir(kDirectory, files_));
  const auto report = import_persist_dir(kDirectory, *store_, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), StatusCode::kIoError);
  EXPECT_EQ(report.error().message(),
            "cannot open storage/docstore.json: No such file or directory; nor is anything else there that "
            "LlamaIndex persists");
  write("vector_store.json", "{}");
  EXPECT_TRUE(*is_persist_dir(kDirectory, files_));
}

}  // namespace
}  // namespace quipu::testing
