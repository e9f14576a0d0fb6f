#include "quipu/graph_store.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

std::string list_text(std::initializer_list<std::string_view> strings) {
  std::string text = "[";
  for (const std::string_view string : strings) {
    if (text.size() > 1) text += ", ";
    append_json_string(string, text);
  }
  return text + "]";
}

class GraphStoreReplayer : public Replayer {
 public:
  explicit GraphStoreReplayer(BackendStores& stores) : stores_(stores) {}

  Result<std::string> apply(std::string_view op, JsonView args) override {
    const std::string subj = string_arg(args, "subj");
    if (op == "__init__") {
      graph_.reset();
      kv_.reset();
      return use(stores_.create());
    } else if (op == "reload") {
      graph_.reset();
      return use(stores_.reopen(std::move(kv_)));
    } else if (op == "to_dict") {
      QUIPU_ASSIGN_OR_RETURN(const Json dict, graph_->to_dict());
      return dict.text();
    } else if (op == "upsert_triplet") {
      QUIPU_RETURN_IF_ERROR(graph_->upsert_triplet(subj, string_arg(args, "rel"), string_arg(args, "obj")));
    } else if (op == "delete") {
      QUIPU_RETURN_IF_ERROR(graph_->delete_(subj, string_arg(args, "rel"), string_arg(args, "obj")));
    } else if (op == "get") {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<GraphEdge> edges, graph_->get(subj));
      std::string text = "[";
      for (const GraphEdge& edge : edges)
        text += (text.size() > 1 ? ", " : "") + list_text({edge.rel, edge.obj});
      return text + "]";
    } else if (op == "get_rel_map") {
      return get_rel_map(args);
    } else {
      return Status::not_supported("unknown operation " + std::string(op));
    }
    return std::string("null");
  }

 private:
  Result<std::string> get_rel_map(JsonView args) const {
    const std::optional<std::vector<std::string>> subjs = strings_arg(args, "subjs");
    QUIPU_ASSIGN_OR_RETURN(const GraphRelMap map,
                           graph_->get_rel_map(subjs, int_arg(args, "depth", 2), int_arg(args, "limit", 30)));
    std::string text = "{";
    for (const auto& [from, triplets] : map) {
      text += (text.size() > 1 ? ", " : "") + json_text(from) + ": [";
      for (const GraphTriplet& triplet : triplets) {
        text += (text.back() == '[' ? "" : ", ") + list_text({triplet.subj, triplet.rel, triplet.obj});
      }
      text += "]";
    }
    return text + "}";
  }

  Result<std::string> use(Result<std::shared_ptr<BaseKVStore>> kv) {
    QUIPU_ASSIGN_OR_RETURN(kv_, std::move(kv));
    graph_.emplace(kv_);
    return std::string("null");
  }

  BackendStores& stores_;
  std::shared_ptr<BaseKVStore> kv_;
  std::optional<KVGraphStore> graph_;
};

}  // namespace

std::unique_ptr<Replayer> make_graph_store_replayer(BackendStores& stores) {
  return std::make_unique<GraphStoreReplayer>(stores);
}

}  // namespace quipu::testing
