#include "quipu/property_graph_store.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

template <class Range, class Text>
std::string array_of(const Range& range, const Text& text_of) {
  std::string text = "[";
  for (const auto& element : range) text += (text.size() > 1 ? ", " : "") + text_of(element);
  return text + "]";
}

std::string nodes_text(const std::vector<LabelledNode>& nodes) {
  return array_of(nodes, [](const LabelledNode& node) { return node.to_json().text(); });
}

std::string triplets_text(const std::vector<Triplet>& triplets) {
  return array_of(triplets, [](const Triplet& triplet) {
    return "[" + triplet.source.to_json().text() + ", " + triplet.relation.to_json().text() + ", " +
           triplet.target.to_json().text() + "]";
  });
}

GraphSelection selection_of(JsonView args) {
  GraphSelection selection;
  selection.entity_names = strings_arg(args, "entity_names").value_or(std::vector<std::string>());
  selection.relation_names = strings_arg(args, "relation_names").value_or(std::vector<std::string>());
  selection.ids = strings_arg(args, "ids").value_or(std::vector<std::string>());
  if (const auto properties = args.find("properties"); properties && properties->is_object()) {
    selection.properties = Json::from_canonical(std::string(properties->text()));
  }
  return selection;
}

class PropertyGraphStoreReplayer : public Replayer {
 public:
  explicit PropertyGraphStoreReplayer(BackendStores& stores) : stores_(stores) {}

  Result<std::string> apply(std::string_view op, JsonView args) override {
    if (op == "__init__") {
      graph_.reset();
      kv_.reset();
      return use(stores_.create());
    } else if (op == "reload") {
      graph_.reset();
      return use(stores_.reopen(std::move(kv_)));
    } else if (op == "upsert_nodes") {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> nodes, nodes_of(*args.find("nodes")));
      QUIPU_RETURN_IF_ERROR(graph_->upsert_nodes(nodes));
    } else if (op == "upsert_relations") {
      std::vector<Relation> relations;
      for (const JsonView json : args.find("relations")->elements()) {
        QUIPU_ASSIGN_OR_RETURN(Relation relation, Relation::from_json(json));
        relations.push_back(std::move(relation));
      }
      QUIPU_RETURN_IF_ERROR(graph_->upsert_relations(relations));
    } else if (op == "delete") {
      QUIPU_RETURN_IF_ERROR(graph_->delete_(selection_of(args)));
    } else {
      return read(op, args);
    }
    return std::string("null");
  }

 private:
  Result<std::string> read(std::string_view op, JsonView args) const {
    if (op == "to_dict") {
      QUIPU_ASSIGN_OR_RETURN(const Json dict, graph_->to_dict());
      return dict.text();
    }
    const GraphSelection selection = selection_of(args);
    if (op == "get") {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> nodes,
                             graph_->get(selection.properties, selection.ids));
      return nodes_text(nodes);
    }
    if (op == "get_triplets") {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<Triplet> triplets, graph_->get_triplets(selection));
      return triplets_text(triplets);
    }
    if (op == "get_rel_map") {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> nodes, nodes_of(*args.find("graph_nodes")));
      const std::vector<std::string> ignored =
          strings_arg(args, "ignore_rels").value_or(std::vector<std::string>());
      QUIPU_ASSIGN_OR_RETURN(
          const std::vector<Triplet> triplets,
          graph_->get_rel_map(nodes, int_arg(args, "depth", 2), int_arg(args, "limit", 30), ignored));
      return triplets_text(triplets);
    }
    return Status::not_supported("unknown operation " + std::string(op));
  }

  static Result<std::vector<LabelledNode>> nodes_of(JsonView array) {
    std::vector<LabelledNode> nodes;
    for (const JsonView json : array.elements()) {
      QUIPU_ASSIGN_OR_RETURN(LabelledNode node, LabelledNode::from_json(json));
      nodes.push_back(std::move(node));
    }
    return nodes;
  }

  Result<std::string> use(Result<std::shared_ptr<BaseKVStore>> kv) {
    QUIPU_ASSIGN_OR_RETURN(kv_, std::move(kv));
    graph_.emplace(kv_);
    return std::string("null");
  }

  BackendStores& stores_;
  std::shared_ptr<BaseKVStore> kv_;
  std::optional<KVPropertyGraphStore> graph_;
};

}  // namespace

std::unique_ptr<Replayer> make_property_graph_store_replayer(BackendStores& stores) {
  return std::make_unique<PropertyGraphStoreReplayer>(stores);
}

}  // namespace quipu::testing
