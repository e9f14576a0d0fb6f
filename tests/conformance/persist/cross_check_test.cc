// Cross-checks: what is said of stores that do not fit together, by an import, before it commits, and by
// verify, and that nothing is said of what fits.

#include <gtest/gtest.h>

#include <filesystem>

#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

using Notes = std::vector<std::string>;

std::string node(const std::string& id) {
  return R"({"__data__": {"id_": ")" + id + R"(", "text": "t"}, "__type__": "1"})";
}

std::string docstore(const std::vector<std::string>& ids, const std::string& ref_docs = "{}") {
  std::string data;
  std::string metadata;
  for (const std::string& id : ids) {
    data += (data.empty() ? "\"" : ", \"") + id + "\": " + node(id);
    metadata += (metadata.empty() ? "\"" : ", \"") + id + R"(": {"doc_hash": "h"})";
  }
  return R"({"docstore/ref_doc_info": )" + ref_docs + R"(, "docstore/data": {)" + data +
         R"(}, "docstore/metadata": {)" + metadata + "}}";
}

std::string index_store(const std::string& type, const std::string& members) {
  const std::string data =
      R"({"index_id": "i", "summary": null)" + (members.empty() ? "" : ", " + members) + "}";
  return R"({"index_store/data": {"i": {"__type__": ")" + type + R"(", "__data__": )" +
         Json::from_string(data).text() + "}}}";
}

std::string vectors(const std::vector<std::string>& ids, const std::string& metadata = "{}") {
  std::string embeddings;
  std::string documents;
  std::string of_all;
  for (const std::string& id : ids) {
    const std::string start = (embeddings.empty() ? "\"" : ", \"") + id + "\": ";
    embeddings += start + "[1.0]";
    documents += start + "\"None\"";
    of_all += start + metadata;
  }
  return R"({"embedding_dict": {)" + embeddings + R"(}, "text_id_to_ref_doc_id": {)" + documents +
         R"(}, "metadata_dict": {)" + of_all + "}}";
}

constexpr std::string_view kGraphOfAnn = R"({"graph_dict": {"Ann": [["knows", "Bob"]]}})";
constexpr std::string_view kPropertyGraph =
    R"({"nodes": {"Ann": {"label": "entity", "embedding": null, "properties": {}, "name": "Ann"}}, )"
    R"("relations": {}, "triplets": []})";

class CrossCheckTest : public BackendFixture {
 protected:
  using Files = std::vector<std::pair<std::string, std::string>>;

  std::string directory_of(const Files& files) {
    const std::string source = directory_ / ("in" + std::to_string(++count_));
    std::filesystem::create_directory(source);
    for (const auto& [name, text] : files) write_file(source + "/" + name, text);
    return source;
  }

  // Vectors and graphs, where they are not kept; files without any are no matter.
  void expect_refused(const std::string& source) {
    const auto imported = import_persist_dir(source, *kv_);
    if (imported) return;
    EXPECT_EQ(imported.error().code(), StatusCode::kNotSupported);
    EXPECT_NE(imported.error().message().find("_store.json"), std::string::npos)
        << imported.error().message();
    EXPECT_TRUE(kv_->collections()->empty());
  }

  // What a dry run, an import, verify of the directory and verify of the store say, which is the same.
  void expect(const Files& files, const Notes& notes) {
    const std::string source = directory_of(files);
    for (const auto& [name, text] : files) {
      if (!keeps(name)) return expect_refused(source);
    }
    ImportOptions options;
    options.dry_run = true;
    EXPECT_EQ(warnings_of(source, options), notes);
    options.dry_run = false;
    options.strict = true;
    const auto strict = import_persist_dir(source, *kv_, options);
    EXPECT_EQ(strict.has_value(), notes.empty());
    if (!strict) {
      for (const std::string& note : notes) {
        EXPECT_NE(strict.error().message().find(note), std::string::npos) << strict.error().message();
      }
      EXPECT_EQ(kv_->get_all("index_store/data")->size(), 0u);
      options.strict = false;
      EXPECT_EQ(warnings_of(source, options), notes);
    }
    MemoryKVStore scratch;
    Notes of_files;
    EXPECT_TRUE(verify_persist_dir(source, scratch, [&](const Fault& fault) {
                  if (fault.severity == Severity::kNote) of_files.push_back(fault.message);
                }).is_ok());
    EXPECT_EQ(sorted(of_files), sorted(notes));
    if (lists_collections()) {
      EXPECT_EQ(sorted(notes_of_store()), sorted(notes));
    } else {
      EXPECT_EQ(verify_stores(*kv_, [](const Fault&) {}).code(), StatusCode::kNotSupported);
    }
  }

  Notes warnings_of(const std::string& source, const ImportOptions& options) {
    const auto report = import_persist_dir(source, *kv_, options);
    if (!report) return {report.error().to_string()};
    Notes notes;
    for (const Fault& warning : report->warnings) {
      EXPECT_EQ(warning.severity, Severity::kNote);
      notes.push_back(warning.message);
    }
    return notes;
  }
  Notes notes_of_store() const {
    Notes notes;
    EXPECT_TRUE(verify_stores(*kv_, [&](const Fault& fault) {
                  if (fault.severity == Severity::kNote) notes.push_back(fault.message);
                }).is_ok());
    return notes;
  }
  static Notes sorted(Notes notes) {
    std::sort(notes.begin(), notes.end());
    return notes;
  }

 private:
  int count_ = 0;
};

TEST_P(CrossCheckTest, AVectorIndexFitsItsNodesAndVectors) {
  expect({{"docstore.json", docstore({"a", "b"}, R"({"D": {"node_ids": ["a", "b"], "metadata": {}}})")},
          {"index_store.json", index_store("vector_store", R"("nodes_dict": {"a": "a", "b": "b"})")},
          {"image__vector_store.json", vectors({"b"})},
          {"default__vector_store.json", vectors({"a"})}},
         {});
}

TEST_P(CrossCheckTest, AVectorIndexWhoseVectorsAreElsewhere) {
  expect({{"docstore.json", docstore({"a", "b"})},
          {"index_store.json", index_store("vector_store", R"("nodes_dict": {"0": "a", "1": "b"})")}},
         {R"(index "i" names 2 nodes; no vector store has them, such as "0")"});
}

TEST_P(CrossCheckTest, AVectorIndexOfWhichSomeIsMissing) {
  expect({{"docstore.json", docstore({"a", "c"})},
          {"index_store.json", index_store("multimodal", R"("nodes_dict": {"a": "a", "b": "b", "c": "c"})")},
          {"default__vector_store.json", vectors({"a"})}},
         {R"(index "i" names 3 nodes; no document store has 1 of them, such as "b")",
          R"(index "i" names 3 nodes; no vector store has 2 of them, such as "b")"});
}

TEST_P(CrossCheckTest, EachTypeNamesItsNodes) {
  const std::pair<const char*, const char*> structs[] = {
      {"list", R"("nodes": ["a", "b", "b"])"},
      {"tree",
       R"("all_nodes": {"0": "a", "1": "b"}, "root_nodes": {"1": "b"}, "node_id_to_children_ids": {})"},
      {"keyword_table", R"("table": {"x": ["a", "b"], "y": ["b"]})"},
      {"document_summary", R"("summary_id_to_node_ids": {"a": ["b"]}, "doc_id_to_summary_id": {"D": "a"})"},
  };
  for (const auto& [type, members] : structs) {
    SCOPED_TRACE(type);
    ImportOptions dry;
    dry.dry_run = true;
    const std::string whole = directory_of(
        {{"docstore.json", docstore({"a", "b"})}, {"index_store.json", index_store(type, members)}});
    EXPECT_EQ(warnings_of(whole, dry), Notes());
    const std::string part =
        directory_of({{"docstore.json", docstore({"a"})}, {"index_store.json", index_store(type, members)}});
    EXPECT_EQ(warnings_of(part, dry),
              Notes{R"(index "i" names 2 nodes; no document store has 1 of them, such as "b")"});
  }
}

TEST_P(CrossCheckTest, AnIndexOfIndexes) {
  expect({{"docstore.json", docstore({})}, {"index_store.json", index_store("list", R"("nodes": ["i"])")}},
         {});
}

TEST_P(CrossCheckTest, AKnowledgeGraphFitsItsTriplets) {
  const std::string index = index_store("kg", R"("table": {"Bob": ["a"], "Ann": ["a"]})");
  expect({{"docstore.json", docstore({"a"})},
          {"index_store.json", index},
          {"graph_store.json", std::string(kGraphOfAnn)}},
         {});
}

TEST_P(CrossCheckTest, AKnowledgeGraphWhoseTripletsAreElsewhere) {
  expect({{"docstore.json", docstore({"a"})},
          {"index_store.json", index_store("kg", R"("table": {"Bob": ["a"], "Ann": ["a"]})")},
          {"graph_store.json", R"({"graph_dict": {}})"}},
         {R"(index "i" names 2 keywords; no graph store has a triplet of them, such as "Bob")"});
}

TEST_P(CrossCheckTest, APropertyGraphAndItsVectors) {
  const std::string index = index_store("simple_lpg", "");
  expect({{"docstore.json", docstore({})},
          {"index_store.json", index},
          {"property_graph_store.json", std::string(kPropertyGraph)},
          {"default__vector_store.json", vectors({"Ann"})},
          {"image__vector_store.json", vectors({"x"}, R"({"vector_source_id": "Ann"})")}},
         {});
}

TEST_P(CrossCheckTest, APropertyGraphThatIsElsewhere) {
  expect({{"docstore.json", docstore({})},
          {"index_store.json", index_store("simple_lpg", "")},
          {"default__vector_store.json", vectors({"x"}, R"({"vector_source_id": "Ann"})")}},
         {R"(index "i" is kept in a property graph, and there is no property graph store)",
          R"(1 vector is of nodes that no document store or property graph has, such as "x")"});
}

TEST_P(CrossCheckTest, VectorsWithoutNodesAndRefDocsWithoutNodes) {
  expect({{"docstore.json", docstore({"a"}, R"({"D": {"node_ids": ["a", "b", "c"], "metadata": {}}})")},
          {"index_store.json", "{}"},
          {"default__vector_store.json", vectors({"a", "x", "y"})}},
         {R"(ref docs list 2 nodes that do not exist, such as "b")",
          R"(2 vectors are of nodes that no document store or property graph has, such as "x")"});
}

TEST_P(CrossCheckTest, VectorsThatHaveTheirNodesWithThem) {
  expect({{"docstore.json", docstore({})},
          {"index_store.json", "{}"},
          {"default__vector_store.json", vectors({"a", "x"}, R"({"_node_content": "{}"})")}},
         {});
}

TEST_P(CrossCheckTest, AStructThatLlamaIndexCannotRead) {
  expect({{"docstore.json", docstore({})}, {"index_store.json", index_store("vectara", "")}},
         {"LlamaIndex cannot read this index struct: KeyError: 'vectara'"});
}

TEST_P(CrossCheckTest, AMergeLooksAtWhatIsThere) {
  if (!keeps("default__vector_store.json")) return;  // the refusal is looked at above
  // A store that cannot list its collections is not known to have any.
  const Notes of_the_rest =
      lists_collections() ? Notes()
                          : Notes{R"(index "i" names 2 nodes; no document store has 1 of them, such as "a")",
                                  R"(index "i" names 2 nodes; no vector store has 1 of them, such as "a")"};
  ImportOptions options;
  EXPECT_EQ(warnings_of(directory_of({{"docstore.json", docstore({"a"})},
                                      {"index_store.json", "{}"},
                                      {"default__vector_store.json", vectors({"a"})}}),
                        options),
            Notes());
  options.merge = true;
  options.files = {"default__vector_store.json", "index_store.json", "docstore.json"};
  EXPECT_EQ(warnings_of(directory_of({{"docstore.json", docstore({"b"})},
                                      {"index_store.json",
                                       index_store("vector_store", R"("nodes_dict": {"a": "a", "b": "b"})")},
                                      {"default__vector_store.json", vectors({"b"})}}),
                        options),
            of_the_rest);
}

INSTANTIATE_TEST_SUITE_P(, CrossCheckTest, ::testing::ValuesIn(backends()), backend_name);

}  // namespace
}  // namespace quipu::testing
