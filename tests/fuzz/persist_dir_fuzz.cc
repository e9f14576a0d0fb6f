// Persist directories: the first byte says which file the rest is. What can be imported is exported, and the
// export is imported to the same files.

#include <algorithm>

#include "engine/json_file/json_file.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "tests/fuzz/fuzz.h"

namespace quipu::testing {
namespace {

const std::string kFiles[] = {"docstore.json",    "index_store.json",          "default__vector_store.json",
                              "graph_store.json", "property_graph_store.json", "image__vector_store.json"};

std::string text_of(const FileSystem& files, const std::string& path) {
  const auto file = files.open(path);
  require(file.has_value(), "an exported file can be opened");
  std::string text((*file)->size(), '\0');
  const Result<size_t> read = (*file)->read(text.data(), text.size());
  require(read && *read == text.size(), "an exported file can be read");
  return text;
}

std::vector<std::string> round_trip(const MemoryFileSystem& files, const std::string& from,
                                    const std::string& to) {
  MemoryKVStore store;
  ImportOptions options;
  options.fs = &files;
  if (const auto report = import_persist_dir(from, store, options); !report) {
    if (from != "in") std::fprintf(stderr, "%s\n", report.error().to_string().c_str());
    return {};
  }
  ExportOptions out;
  out.fs = &files;
  const Result<ExportReport> report = export_persist_dir(store, to, out);
  require(report.has_value(), "what was imported can be exported");
  std::vector<std::string> texts;
  for (const FileReport& file : report->files)
    texts.push_back(file.name + text_of(files, path_in(to, file.name)));
  return texts;
}

// Of a property graph's file. An element that JSON has as 1e999, which Python reads as infinity, is written
// as null, as LlamaIndex does, and neither reads it again (docs/COMPATIBILITY.md, 36).
bool has_embedding_that_cannot_be_read(std::string_view text) {
  constexpr std::string_view kBegin = "\"embedding\":[";
  for (size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
    const std::string_view elements = text.substr(at, text.find(']', at) - at);
    if (elements.find("null") != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

void fuzz_one(std::string_view input) {
  Choices choices(input);
  const std::string& name = kFiles[choices.below(std::size(kFiles))];
  const std::string_view text = choices.bytes(input.size());
  MemoryFileSystem files;
  // The two that every import wants; a store in memory does not know of a file that has no collection.
  require(write_text_file(path_in("in", kFiles[0]), R"({"docstore/data": {"a": {}}})", files).is_ok() &&
              write_text_file(path_in("in", kFiles[1]), R"({"index_store/data": {"a": {}}})", files).is_ok(),
          "a file in memory can be written");
  require(write_text_file(path_in("in", name), text, files).is_ok(), "a file in memory can be written");
  const std::vector<std::string> once = round_trip(files, "in", "out");
  if (once.empty()) return;
  if (name == kFiles[4] && std::ranges::any_of(once, has_embedding_that_cannot_be_read)) return;
  const std::vector<std::string> twice = round_trip(files, "out", "again");
  for (size_t i = 0; i < std::min(once.size(), twice.size()); ++i) {
    if (once[i] != twice[i])
      std::fprintf(stderr, "%s\n--- became ---\n%s\n", once[i].c_str(), twice[i].c_str());
  }
  require(once == twice, "an export is imported and exported to the same bytes");
}

}  // namespace quipu::testing
