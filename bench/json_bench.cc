// The JSON layer on text nodes of about 2.3 kB, against simdjson on the same bytes, and memcpy as the bound.
//
// simdjson does less here (it takes no NaN, no big ints, no lone surrogates, and does not tell whether the
// text is json.dumps's) and more (it builds a tree, or an index to walk): it is the speed to compare with.

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstring>
#include <string>
#include <vector>

#include "bench/workload.h"
#include "engine/files/atomic_file.h"
#include "engine/json/scanner.h"
#include "engine/json_file/persist_file_reader.h"
#include "engine/json_file/persist_file_writer.h"
#include "quipu/json.h"

namespace quipu::bench {
namespace {

constexpr uint64_t kNodes = 4096;  // 9 MB: more than the second-level cache, as a stream of them is
constexpr uint64_t kFileNodes = 100000;

const std::vector<Json>& nodes() {
  static const std::vector<Json> all = [] {
    std::vector<Json> made;
    for (uint64_t i = 0; i < kNodes; ++i) made.push_back(node_json(i));
    return made;
  }();
  return all;
}

// The same values as a program without ensure_ascii and with separators=(",", ":") writes them.
const std::vector<std::string>& compact_nodes() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    for (const Json& node : nodes()) {
      std::string text;
      bool in_string = false;
      for (size_t i = 0; i < node.text().size(); ++i) {
        const char c = node.text()[i];
        if (c == '"' && node.text()[i - 1] != '\\') in_string = !in_string;
        if (c != ' ' || in_string) text += c;
      }
      made.push_back(std::move(text));
    }
    return made;
  }();
  return all;
}

// Calls `work` on each text in turn and counts its bytes.
template <class Texts, class Work>
void for_each_text(benchmark::State& state, const Texts& texts, const Work& work) {
  int64_t bytes = 0;
  size_t i = 0;
  for (auto _ : state) {
    work(std::string_view(texts[i]));
    bytes += static_cast<int64_t>(texts[i].size());
    i = (i + 1) % texts.size();
  }
  state.SetBytesProcessed(bytes);
}

std::vector<std::string> node_texts() {
  std::vector<std::string> texts;
  for (const Json& node : nodes()) texts.push_back(node.text());
  return texts;
}

void memcpy_node(benchmark::State& state) {
  std::string copy(1 << 16, '\0');
  for_each_text(state, node_texts(), [&](std::string_view text) {
    std::memcpy(copy.data(), text.data(), text.size());
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
  });
}
BENCHMARK(memcpy_node);

void scan_canonical_node(benchmark::State& state) {
  JsonScanner scanner;
  for_each_text(state, node_texts(), [&](std::string_view text) {
    JsonScan scan;
    const char* const end = scanner.scan_value(text.data(), text.data() + text.size(), scan);
    if (end == nullptr || !scan.canonical) state.SkipWithError("not canonical");
  });
}
BENCHMARK(scan_canonical_node);

void parse_canonical_node(benchmark::State& state) {
  for_each_text(state, node_texts(), [&](std::string_view text) {
    const Result<Json> json = Json::parse(text);
    if (!json) state.SkipWithError("not JSON");
    benchmark::DoNotOptimize(json->text().data());
  });
}
BENCHMARK(parse_canonical_node);

void parse_compact_node(benchmark::State& state) {
  for_each_text(state, compact_nodes(), [&](std::string_view text) {
    const Result<Json> json = Json::parse(text);
    if (!json) state.SkipWithError("not JSON");
    benchmark::DoNotOptimize(json->text().data());
  });
}
BENCHMARK(parse_compact_node);

void simdjson_dom_node(benchmark::State& state) {
  simdjson::dom::parser parser;
  std::vector<simdjson::padded_string> texts;
  for (const Json& node : nodes()) texts.emplace_back(node.text());
  for_each_text(state, texts, [&](std::string_view text) {
    simdjson::dom::element root;
    if (parser.parse(text.data(), text.size(), false).get(root) != simdjson::SUCCESS) {
      state.SkipWithError("not JSON");
    }
    benchmark::DoNotOptimize(root);
  });
}
BENCHMARK(simdjson_dom_node);

// Its first stage and one field: it checks no more than what is on the way to that.
void simdjson_on_demand_one_field(benchmark::State& state) {
  simdjson::ondemand::parser parser;
  std::vector<simdjson::padded_string> texts;
  for (const Json& node : nodes()) texts.emplace_back(node.text());
  for_each_text(state, texts, [&](std::string_view text) {
    simdjson::ondemand::document document;
    std::string_view type;
    const simdjson::padded_string_view padded(text, text.size() + simdjson::SIMDJSON_PADDING);
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
        document["__type__"].get(type) != simdjson::SUCCESS) {
      state.SkipWithError("not JSON");
    }
    benchmark::DoNotOptimize(type.data());
  });
}
BENCHMARK(simdjson_on_demand_one_field);

void find_one_field(benchmark::State& state) {
  for_each_text(state, node_texts(), [&](std::string_view text) {
    const std::optional<JsonView> type = JsonView::from_canonical(text).find("__type__");
    if (!type) state.SkipWithError("no type");
    benchmark::DoNotOptimize(type->text().data());
  });
}
BENCHMARK(find_one_field);

void scan_embedding(benchmark::State& state) {
  std::vector<std::string> texts;
  uint64_t random = 1;
  for (int i = 0; i < 64; ++i) {
    std::string text = "[";
    for (int k = 0; k < 384; ++k) {
      random = random * 6364136223846793005ULL + 1442695040888963407ULL;
      if (k > 0) text += ", ";
      append_json_double(static_cast<double>(static_cast<float>(random >> 40) / 16777216.0F - 0.5F), text);
    }
    texts.push_back(text + "]");
  }
  JsonScanner scanner;
  for_each_text(state, texts, [&](std::string_view text) {
    JsonScan scan;
    const char* const end = scanner.scan_value(text.data(), text.data() + text.size(), scan);
    if (end == nullptr || !scan.canonical) state.SkipWithError("not canonical");
  });
}
BENCHMARK(scan_embedding);

void encode_string(benchmark::State& state) {
  const std::vector<std::string> texts(1, nodes()[0].view().find("__data__")->find("text")->string());
  std::string out;
  for_each_text(state, texts, [&](std::string_view text) {
    out.clear();
    append_json_string(text, out);
    benchmark::DoNotOptimize(out.data());
  });
}
BENCHMARK(encode_string);

class CountingHandler : public PersistFileHandler {
 public:
  Status begin_collection(std::string_view, JsonKind) override { return Status::ok(); }
  Status entry(std::string_view key, JsonView value) override {
    bytes += key.size() + value.text().size();
    return Status::ok();
  }
  Status end_collection() override { return Status::ok(); }
  uint64_t bytes = 0;
};

void read_persist_file_from_cache(benchmark::State& state) {
  const ScratchDir directory;
  const std::string path = directory / "docstore.json";
  write_docstore_json(path, kFileNodes);
  uint64_t bytes = 0;
  PersistFileOptions options;
  options.progress = [&](uint64_t, uint64_t total) {
    bytes = total;
    return Status::ok();
  };
  for (auto _ : state) {
    CountingHandler handler;
    if (!read_persist_file(path, options, handler).is_ok()) state.SkipWithError("not read");
    benchmark::DoNotOptimize(handler.bytes);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}
BENCHMARK(read_persist_file_from_cache)->Unit(benchmark::kMillisecond);

void check_json_file_from_cache(benchmark::State& state) {
  const ScratchDir directory;
  const std::string path = directory / "docstore.json";
  write_docstore_json(path, kFileNodes);
  uint64_t bytes = 0;
  PersistFileOptions options;
  options.progress = [&](uint64_t, uint64_t total) {
    bytes = total;
    return Status::ok();
  };
  for (auto _ : state) {
    if (!check_json_file(path, options).is_ok()) state.SkipWithError("not read");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}
BENCHMARK(check_json_file_from_cache)->Unit(benchmark::kMillisecond);

// Into the page cache: with `durable`, the fsync and rename of commit() too.
void write_persist_file(benchmark::State& state) {
  const bool durable = state.range(0) != 0;
  const ScratchDir directory;
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < kNodes; ++i) keys.push_back(node_id(i));
  int64_t bytes = 0;
  for (auto _ : state) {
    const Result<std::unique_ptr<AtomicFile>> file = AtomicFile::create(directory / "docstore.json");
    if (!file) return state.SkipWithError("create");
    PersistFileWriter writer(**file);
    if (!writer.begin_collection("docstore/data").is_ok()) return state.SkipWithError("begin");
    for (uint64_t i = 0; i < kFileNodes; ++i) {
      if (!writer.entry(keys[i % kNodes], nodes()[i % kNodes]).is_ok()) return state.SkipWithError("entry");
    }
    if (!writer.end_collection().is_ok() || !writer.finish().is_ok()) return state.SkipWithError("end");
    if (durable && !(*file)->commit().is_ok()) return state.SkipWithError("commit");
    bytes += static_cast<int64_t>((*file)->bytes_written());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(write_persist_file)->ArgName("durable")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quipu::bench
