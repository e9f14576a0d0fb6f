// quipu graph: the triplets that lead on from a subject.

#include <memory>
#include <span>
#include <string>

#include "quipu/graph_store.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct GraphArgs {
  CommonOptions common;
  std::string database;
  std::string subject;
  int depth = 2;
  int limit = 30;
};

int run_graph(const GraphArgs& args) {
  return with_store(args.database, args.common, OpenMode::kReading, [&](BaseKVStore& store) -> Result<int> {
    const KVGraphStore graph(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store));
    QUIPU_ASSIGN_OR_RETURN(const GraphRelMap map,
                           graph.get_rel_map(std::span(&args.subject, 1), args.depth, args.limit));
    std::string text;
    for (const auto& [subject, triplets] : map) {
      for (const GraphTriplet& triplet : triplets) {
        if (args.common.json) {
          text += JsonText::array_of_strings({triplet.subj, triplet.rel, triplet.obj}) + "\n";
        } else {
          text +=
              printable(triplet.subj) + "\t" + printable(triplet.rel) + "\t" + printable(triplet.obj) + "\n";
        }
      }
    }
    QUIPU_RETURN_IF_ERROR(print(text));
    return kExitOk;
  });
}

}  // namespace

void add_graph_command(Commands& commands) {
  const auto args = std::make_shared<GraphArgs>();
  Command command = commands.add("graph", "Print the triplets that lead on from a subject",
                                 "quipu graph ./storage.quipu Ann --depth 3", args, run_graph);
  command.location("DB", args->database, "The database");
  command.argument("SUBJECT", args->subject, "Where to begin");
  command.option("--depth", args->depth, "N", "Steps from the subject; default: 2");
  command.option("--limit", args->limit, "N", "Triplets at most; default: 30");
}

}  // namespace quipu::cli
