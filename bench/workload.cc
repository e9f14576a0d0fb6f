#include "bench/workload.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

namespace quipu::bench {
namespace {

constexpr std::array kWords = {"storage", "engine", "column", "family",   "compaction", "bloom",  "filter",
                               "write",   "ahead",  "log",    "snapshot", "iterator",   "prefix", "merge",
                               "block",   "cache",  "table",  "level",    "memtable",   "flush",  "recovery",
                               "index",   "vector", "graph",  "node",     "document",   "query",  "latency"};
constexpr size_t kTextChars = 1000;

std::string text_of(uint64_t i) {
  std::mt19937_64 random(i);
  std::string text;
  while (text.size() < kTextChars) {
    if (!text.empty()) text += ' ';
    text += kWords[random() % kWords.size()];
  }
  return text;
}

std::string related(std::string_view relationship, const std::string& id, std::string_view type) {
  return "\"" + std::string(relationship) + "\": {\"node_id\": \"" + id + "\", \"node_type\": \"" +
         std::string(type) + "\", \"metadata\": {}, \"hash\": null, \"class_name\": \"RelatedNodeInfo\"}";
}

}  // namespace

// Looks like a random UUID, so that keys come in no order, as in real stores.
std::string node_id(uint64_t i) {
  std::mt19937_64 random(i * 2 + 1);
  const uint64_t high = random();
  const uint64_t low = random();
  std::array<char, 40> id;
  std::snprintf(id.data(), id.size(), "%08x-%04x-4%03x-a%03x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xfff),
                static_cast<unsigned>(low >> 52), static_cast<unsigned long long>(low & 0xffffffffffff));
  return id.data();
}

std::string ref_doc_id(uint64_t i, int nodes_per_ref_doc) {
  return "doc-" + std::to_string(i / static_cast<uint64_t>(nodes_per_ref_doc));
}

Json node_json(uint64_t i, int nodes_per_ref_doc) {
  const std::string source = ref_doc_id(i, nodes_per_ref_doc);
  std::string text = "{\"__data__\": {\"id_\": \"" + node_id(i) + "\", \"embedding\": null, \"metadata\": {";
  text += "\"file_name\": \"" + source + ".md\", \"page\": " + std::to_string(i % 400) +
          ", \"score\": " + std::to_string(i % 10) + ".5}, ";
  text += "\"excluded_embed_metadata_keys\": [], \"excluded_llm_metadata_keys\": [], \"relationships\": {";
  text += related("1", source, "4");
  if (i > 0) text += ", " + related("2", node_id(i - 1), "1");
  text += ", " + related("3", node_id(i + 1), "1");
  text += "}, \"metadata_template\": \"{key}: {value}\", \"metadata_separator\": \"\\n\", \"text\": \"";
  text += text_of(i);
  text +=
      "\", \"mimetype\": \"text/plain\", \"start_char_idx\": " + std::to_string(i * 1000 % 100000) +
      ", \"end_char_idx\": " + std::to_string(i * 1000 % 100000 + 1000) +
      ", \"text_template\": \"{metadata_str}\\n\\n{content}\", \"class_name\": \"TextNode\"}, \"__type__\": "
      "\"1\"}";
  return Json::from_canonical(std::move(text));
}

namespace {

void finish(std::ofstream& out, const std::string& path) {
  if (out.flush()) return;
  std::fprintf(stderr, "cannot write %s\n", path.c_str());
  std::abort();
}

}  // namespace

std::vector<double> vector_of(uint64_t i, int dimensions) {
  std::mt19937_64 random(i);
  std::vector<double> elements;
  for (int d = 0; d < dimensions; ++d) {
    elements.push_back(static_cast<double>(random() >> 11) / static_cast<double>(1ULL << 52) - 1.0);
  }
  return elements;
}

void write_docstore_json(const std::string& path, uint64_t nodes) {
  std::ofstream out(path, std::ios::binary);
  out << "{\"docstore/ref_doc_info\": {";
  for (uint64_t first = 0; first < nodes; first += kNodesPerRefDoc) {
    out << (first > 0 ? ", " : "") << "\"" << ref_doc_id(first) << "\": {\"node_ids\": [";
    for (uint64_t i = first; i < first + kNodesPerRefDoc && i < nodes; ++i) {
      out << (i > first ? ", " : "") << "\"" << node_id(i) << "\"";
    }
    out << "], \"metadata\": {\"file_name\": \"" << ref_doc_id(first) << ".md\"}}";
  }
  out << "}, \"docstore/data\": {";
  for (uint64_t i = 0; i < nodes; ++i) {
    out << (i > 0 ? ", " : "") << "\"" << node_id(i) << "\": " << node_json(i).text();
  }
  out << "}, \"docstore/metadata\": {";
  for (uint64_t i = 0; i < nodes; ++i) {
    std::array<char, 72> hash;
    std::mt19937_64 random(i * 2);
    std::snprintf(hash.data(), hash.size(), "%016llx%016llx%016llx%016llx",
                  static_cast<unsigned long long>(random()), static_cast<unsigned long long>(random()),
                  static_cast<unsigned long long>(random()), static_cast<unsigned long long>(random()));
    out << (i > 0 ? ", " : "") << "\"" << node_id(i) << "\": {\"doc_hash\": \"" << hash.data()
        << "\", \"ref_doc_id\": \"" << ref_doc_id(i) << "\"}";
  }
  out << "}}";
  finish(out, path);
}

namespace {

void write_vector(std::ofstream& out, uint64_t i, int dimensions) {
  std::array<char, 32> number;
  bool first = true;
  for (const double element : vector_of(i, dimensions)) {
    const auto end = std::to_chars(number.data(), number.data() + number.size(), element).ptr;
    out << (first ? "" : ", ");
    out.write(number.data(), end - number.data());
    first = false;
  }
}

void write_vector_store_json(const std::string& path, uint64_t nodes, int dimensions) {
  std::ofstream out(path, std::ios::binary);
  out << "{\"embedding_dict\": {";
  for (uint64_t i = 0; i < nodes; ++i) {
    out << (i > 0 ? ", " : "") << "\"" << node_id(i) << "\": [";
    write_vector(out, i, dimensions);
    out << "]";
  }
  out << "}, \"text_id_to_ref_doc_id\": {";
  for (uint64_t i = 0; i < nodes; ++i) {
    out << (i > 0 ? ", " : "") << "\"" << node_id(i) << "\": \"" << ref_doc_id(i) << "\"";
  }
  out << "}, \"metadata_dict\": {";
  for (uint64_t i = 0; i < nodes; ++i) {
    out << (i > 0 ? ", " : "") << "\"" << node_id(i) << "\": {\"file_name\": \"" << ref_doc_id(i)
        << ".md\", \"page\": " << i % 400 << "}";
  }
  out << "}}";
  finish(out, path);
}

// The struct of a VectorStoreIndex over all nodes, as the reference keeps it: JSON text within JSON.
std::string index_struct_json(uint64_t nodes) {
  constexpr std::string_view kIndexId = "c0ffee00-0000-4000-8000-000000000000";
  std::string data = "{\"index_id\": \"" + std::string(kIndexId) + "\", \"summary\": null, \"nodes_dict\": {";
  for (uint64_t i = 0; i < nodes; ++i) {
    const std::string id = node_id(i);
    data += (i > 0 ? ", \"" : "\"") + id + "\": \"" + id + "\"";
  }
  data += "}, \"doc_id_dict\": {}, \"embeddings_dict\": {}}";
  return "{\"index_store/data\": {\"" + std::string(kIndexId) +
         "\": {\"__type__\": \"vector_store\", \"__data__\": " + Json::from_string(data).text() + "}}}";
}

void write_text(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  finish(out, path);
}

}  // namespace

void write_persist_dir(const std::string& directory, uint64_t nodes, int dimensions) {
  std::filesystem::create_directories(directory);
  write_docstore_json(directory + "/docstore.json", nodes);
  if (dimensions == 0) {
    write_text(directory + "/index_store.json", "{}");
    return;
  }
  write_text(directory + "/index_store.json", index_struct_json(nodes));
  write_vector_store_json(directory + "/default__vector_store.json", nodes, dimensions);
  write_text(directory + "/graph_store.json", "{\"graph_dict\": {}}");
}

ScratchDir::ScratchDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "quipu-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  path_ = pattern;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;  // what cannot be removed is left to the system's clean-up
  std::filesystem::remove_all(path_, ignored);
}

void settle() { ::sync(); }

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace quipu::bench
