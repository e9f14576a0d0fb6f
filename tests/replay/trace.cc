#include "tests/replay/trace.h"

#include <fstream>
#include <memory>

#include "tests/replay/expectation.h"
#include "tests/replay/node_hash_replay.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

struct Abilities {
  bool batches = false;
  bool lists_collections = false;
};

Result<Abilities> abilities_of(BackendStores& stores) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> store, stores.create());
  return Abilities{store->capabilities().batched_put_all, store->collections().has_value()};
}

// A store that batches does what the recorded one refused; the line changed nothing there.
bool is_refused_batch(JsonView line) {
  const std::optional<JsonView> raises = line.find("raises");
  return raises && raises->find("type")->text() == "\"NotImplementedError\"";
}

// Nothing, when the line gave what it should.
std::optional<std::string> replay_line(JsonView line, const Abilities& can, Replayer* replayer) {
  if (can.batches && is_refused_batch(line)) return std::nullopt;
  const JsonView args = *line.find("args");
  const std::string op = line.find("op")->string();
  const Result<std::string> outcome = replayer ? replayer->apply(op, args) : replay_node_hash(op, args);
  if (!can.lists_collections &&
      outcome.status() == Status::not_supported("this key-value store cannot list its collections")) {
    return std::nullopt;
  }
  return mismatch(line, outcome);
}

}  // namespace

Result<int> replay_trace(const std::string& path, const BackendFactory& backend,
                         const ReportMismatch& report) {
  std::ifstream in(path);
  std::string text;
  if (!in || !std::getline(in, text)) return Status::io_error("cannot read " + path);
  const Result<Json> header = Json::parse(text);
  const std::optional<JsonView> trace = header ? header->view().find("trace") : std::nullopt;
  BackendStores stores(backend);
  QUIPU_ASSIGN_OR_RETURN(const Abilities can, abilities_of(stores));
  const bool of_nodes = trace && trace->text() == "\"node_hash\"";
  const auto replayer = trace && !of_nodes ? Replayer::make(trace->string(), stores) : nullptr;
  if (!of_nodes && !replayer) return Status::invalid_argument(path + ": not a trace that can be replayed");
  int lines = 0;
  for (int number = 2; std::getline(in, text); ++number) {
    const Result<Json> line = Json::parse(text);
    if (!line) {
      report(number, "line", line.error().to_string());
      continue;
    }
    ++lines;
    if (const auto why = replay_line(*line, can, replayer.get())) {
      report(number, line->view().find("op")->string(), *why);
    }
  }
  return lines;
}

}  // namespace quipu::testing
