// trace_replay [--backend memory|rocksdb|streamed] FILE.jsonl...
//
// Replays traces recorded from the reference (one operation a line, with its arguments and result) and prints
// "FILE: N lines, M mismatches", the first mismatches in full. Exit status 1 on any, 2 on a usage error.

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/replay/expectation.h"
#include "tests/replay/node_hash_replay.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

constexpr int kShownMismatches = 5;

struct Counts {
  int lines = 0;
  int mismatches = 0;
};

void report(Counts& counts, const std::string& path, int number, std::string_view op,
            const std::string& why) {
  if (++counts.mismatches > kShownMismatches) return;
  std::printf("%s:%d: %.*s: %s\n", path.c_str(), number, static_cast<int>(op.size()), op.data(), why.c_str());
}

// A store that batches does what the recorded one refused; the line changed nothing there.
bool is_refused_batch(JsonView line) {
  const std::optional<JsonView> raises = line.find("raises");
  return raises && raises->find("type")->text() == "\"NotImplementedError\"";
}

std::optional<std::string> replay_line(JsonView line, bool node_trace, Replayer* replayer) {
  const JsonView args = *line.find("args");
  const std::string op = line.find("op")->string();
  return mismatch(line, node_trace ? replay_node_hash(op, args) : replayer->apply(op, args));
}

bool replay(const std::string& path, const std::string& backend_name) {
  std::ifstream in(path);
  std::string text;
  if (!in || !std::getline(in, text)) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    return false;
  }
  const Result<Json> header = Json::parse(text);
  const std::optional<JsonView> trace = header ? header->view().find("trace") : std::nullopt;
  const std::unique_ptr<ReplayBackend> backend = ReplayBackend::make(backend_name);
  const bool node_trace = trace && trace->text() == "\"node_hash\"";
  const std::unique_ptr<Replayer> replayer =
      trace && !node_trace ? Replayer::make(trace->string(), *backend) : nullptr;
  if (!node_trace && !replayer) {
    std::fprintf(stderr, "%s: not a trace that can be replayed\n", path.c_str());
    return false;
  }
  Counts counts;
  for (int number = 2; std::getline(in, text); ++number) {
    const Result<Json> line = Json::parse(text);
    if (!line) {
      report(counts, path, number, "line", line.error().to_string());
      continue;
    }
    ++counts.lines;
    const JsonView view = *line;
    if (backend_name != "memory" && is_refused_batch(view)) continue;
    if (const auto why = replay_line(view, node_trace, replayer.get())) {
      report(counts, path, number, view.find("op")->string(), *why);
    }
  }
  std::printf("%s: %d lines, %d mismatches\n", path.c_str(), counts.lines, counts.mismatches);
  return counts.lines > 0 && counts.mismatches == 0;
}

int usage() {
  std::fprintf(stderr, "usage: trace_replay [--backend memory|rocksdb|streamed] FILE.jsonl...\n");
  return 2;
}

}  // namespace
}  // namespace quipu::testing

int main(int argc, char** argv) {
  std::string backend = "memory";
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--backend") {
      if (++i == argc) return quipu::testing::usage();
      backend = argv[i];
    } else {
      files.push_back(arg);
    }
  }
  if (files.empty() || !quipu::testing::ReplayBackend::make(backend)) return quipu::testing::usage();
  bool good = true;
  for (const std::string& file : files) good = quipu::testing::replay(file, backend) && good;
  return good ? 0 : 1;
}
