#include "tools/terminal/stats_text.h"

#include "quipu/json.h"
#include "tools/terminal/output.h"

namespace quipu::cli {
namespace {

std::string number(double value) { return Json::from_double(value).text(); }

}  // namespace

CallCounts count_calls(const StoreStats& stats) {
  CallCounts counts;
  for (const CallStats& call : stats.calls) {
    if (call.name.starts_with("query") || call.name == "search_text" || call.name == "get_rel_map") {
      counts.searches += call.count();
    } else if (call.name == "write" || call.name == "commit" || call.name == "sync") {
      counts.writes += call.count();
    } else {
      counts.reads += call.count();
    }
  }
  return counts;
}

std::string stats_json(const StoreStats& stats) {
  JsonText calls;
  for (const CallStats& call : stats.calls) {
    JsonText each;
    each.add("count", call.count()).add_raw("seconds", number(call.seconds));
    each.add_raw("p50", number(call.quantile(0.5))).add_raw("p99", number(call.quantile(0.99)));
    calls.add_raw(call.name, each.object());
  }
  JsonText values;
  for (const StatsValue& each : stats.values) values.add_raw(each.name, number(each.value));
  JsonText text;
  text.add("process", stats.process).add_raw("time", number(stats.time));
  text.add_raw("seconds", number(stats.seconds)).add_raw("calls", calls.object());
  return text.add_raw("values", values.object()).object();
}

}  // namespace quipu::cli
