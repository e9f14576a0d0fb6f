#include "tests/replay/trace.h"

#include <fstream>
#include <memory>

#include "quipu/memory_kv_store.h"
#include "tests/replay/expectation.h"
#include "tests/replay/node_hash_replay.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

struct Abilities {
  bool batches = false;
  bool lists_collections = false;
  bool refuses = false;  // some keys and numbers, which the reference takes
};

Result<Abilities> abilities_of(BackendStores& stores) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> store, stores.create());
  const KVCapabilities has = store->capabilities();
  return Abilities{has.batched_put_all, store->collections().has_value(),
                   has.text_keys || has.finite_numbers};
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

// Whether canonical JSON has a NUL or a lone surrogate, NaN or an infinity.
bool has_what_may_be_refused(std::string_view json) {
  if (json.find("NaN") != std::string_view::npos || json.find("Infinity") != std::string_view::npos)
    return true;
  const auto escape_at = [&](size_t at, std::string_view kinds) {
    return json.size() >= at + 6 && json.substr(at, 3) == "\\ud" &&
           kinds.find(json[at + 3]) != std::string_view::npos;
  };
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\\') continue;
    if (json.substr(i, 6) == "\\u0000" || escape_at(i, "cdef")) return true;
    if (!escape_at(i, "89ab")) {
      ++i;
    } else if (escape_at(i + 6, "cdef")) {
      i += 11;
    } else {
      return true;
    }
  }
  return false;
}

// Replays what a store can hold. A line that it refuses is passed over; from then on it is held against a
// store in memory, which has passed over the same lines.
class SelectiveReplay {
 public:
  SelectiveReplay(const std::string& trace, Replayer& replayer, const Abilities& can)
      : replayer_(replayer), can_(can), memory_(Replayer::make(trace, memory_stores_)) {}

  std::optional<std::string> replay(JsonView line) {
    const std::string op = line.find("op")->string();
    const JsonView args = *line.find("args");
    if (can_.batches && is_refused_batch(line)) return std::nullopt;
    const Result<std::string> outcome = replayer_.apply(op, args);
    if (!outcome && outcome.error().code() == StatusCode::kInvalidArgument &&
        has_what_may_be_refused(args.text())) {
      const bool as_recorded = !mismatch(line, outcome).has_value();
      if (as_recorded) (void)memory_->apply(op, args).has_value();
      differs_ = differs_ || !as_recorded;
      return std::nullopt;
    }
    const Result<std::string> expected = memory_->apply(op, args);
    if (!differs_) return mismatch(line, outcome);
    const auto text = [](const Result<std::string>& each) { return each ? *each : each.error().to_string(); };
    if (text(outcome) == text(expected)) return std::nullopt;
    return "expected " + text(expected) + ", but it gave " + text(outcome);
  }

 private:
  const BackendFactory memory_backend_{
      "Memory",
      [](const std::string&) { return std::shared_ptr<BaseKVStore>(std::make_shared<MemoryKVStore>()); }};
  BackendStores memory_stores_{memory_backend_};
  Replayer& replayer_;
  const Abilities can_;
  const std::unique_ptr<Replayer> memory_;
  bool differs_ = false;
};

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
  std::optional<SelectiveReplay> selective;
  if (can.refuses && replayer) selective.emplace(trace->string(), *replayer, can);
  int lines = 0;
  for (int number = 2; std::getline(in, text); ++number) {
    const Result<Json> line = Json::parse(text);
    if (!line) {
      report(number, "line", line.error().to_string());
      continue;
    }
    ++lines;
    if (const auto why = selective ? selective->replay(*line) : replay_line(*line, can, replayer.get())) {
      report(number, line->view().find("op")->string(), *why);
    }
  }
  return lines;
}

}  // namespace quipu::testing
