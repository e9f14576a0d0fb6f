#include <array>

#include "quipu/vector_store.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

constexpr std::array<std::pair<std::string_view, VectorStoreQueryMode>, 9> kModes = {{
    {"default", VectorStoreQueryMode::DEFAULT},
    {"sparse", VectorStoreQueryMode::SPARSE},
    {"hybrid", VectorStoreQueryMode::HYBRID},
    {"text_search", VectorStoreQueryMode::TEXT_SEARCH},
    {"semantic_hybrid", VectorStoreQueryMode::SEMANTIC_HYBRID},
    {"svm", VectorStoreQueryMode::SVM},
    {"logistic_regression", VectorStoreQueryMode::LOGISTIC_REGRESSION},
    {"linear_regression", VectorStoreQueryMode::LINEAR_REGRESSION},
    {"mmr", VectorStoreQueryMode::MMR},
}};

// from_dict replaces a store's content, which only a store may do to itself.
class LoadableVectorStore : public KVVectorStore {
 public:
  using KVVectorStore::KVVectorStore;
  using KVVectorStore::load;
};

std::vector<double> doubles(JsonView array) {
  std::vector<double> numbers;
  for (const JsonView element : array.elements()) numbers.push_back(element.number().value_or(0));
  return numbers;
}

std::string floats_text(const std::vector<double>& numbers) {
  std::string text = "[";
  for (const double number : numbers) {
    if (text.size() > 1) text += ", ";
    append_json_double(number, text);
  }
  return text + "]";
}

std::string ids_text(const std::vector<std::string>& ids) {
  std::string text = "[";
  for (const std::string& id : ids) text += (text.size() > 1 ? ", " : "") + json_text(id);
  return text + "]";
}

Result<std::optional<MetadataFilters>> filters_arg(JsonView args) {
  const std::optional<JsonView> filters = args.find("filters");
  if (!filters || filters->is_null()) return std::optional<MetadataFilters>();
  QUIPU_ASSIGN_OR_RETURN(MetadataFilters parsed, MetadataFilters::from_json(*filters));
  return std::optional<MetadataFilters>(std::move(parsed));
}

class VectorStoreReplayer : public Replayer {
 public:
  explicit VectorStoreReplayer(BackendStores& stores) : stores_(stores) {}

  Result<std::string> apply(std::string_view op, JsonView args) override {
    if (op == "__init__") {
      store_.reset();
      kv_.reset();
      return use(stores_.create());
    } else if (op == "reload") {
      store_.reset();
      return use(stores_.reopen(std::move(kv_)));
    } else if (op == "to_dict") {
      QUIPU_ASSIGN_OR_RETURN(const Json dict, store_->to_dict());
      return dict.text();
    } else if (op == "from_dict") {
      QUIPU_RETURN_IF_ERROR(store_->load(*args.find("data")));
    } else if (op == "add") {
      return add(args);
    } else if (op == "get") {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<double> embedding, store_->get(string_arg(args, "text_id")));
      return floats_text(embedding);
    } else if (op == "delete") {
      QUIPU_RETURN_IF_ERROR(store_->delete_(string_arg(args, "ref_doc_id")));
    } else if (op == "delete_nodes") {
      QUIPU_ASSIGN_OR_RETURN(const std::optional<MetadataFilters> filters, filters_arg(args));
      const std::optional<std::vector<std::string>> ids = strings_arg(args, "node_ids");
      QUIPU_RETURN_IF_ERROR(store_->delete_nodes(ids, filters ? &*filters : nullptr));
    } else if (op == "clear") {
      QUIPU_RETURN_IF_ERROR(store_->clear());
    } else if (op == "query") {
      return query(args);
    } else {
      return Status::not_supported("unknown operation " + std::string(op));
    }
    return std::string("null");
  }

 private:
  Result<std::string> add(JsonView args) {
    std::vector<std::shared_ptr<const BaseNode>> nodes;
    for (const JsonView json : args.find("nodes")->elements()) {
      QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<const BaseNode> node,
                             BaseNode::from_json(Json::from_canonical(std::string(json.text()))));
      nodes.push_back(std::move(node));
    }
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> ids, store_->add(nodes));
    return ids_text(ids);
  }

  Result<std::string> query(JsonView args) const {
    const JsonView given = *args.find("query");
    VectorStoreQuery query;
    query.query_embedding = doubles(*given.find("query_embedding"));
    query.similarity_top_k = int_arg(given, "similarity_top_k", 1);
    query.node_ids = strings_arg(given, "node_ids");
    QUIPU_ASSIGN_OR_RETURN(query.filters, filters_arg(given));
    const std::string mode = string_arg(given, "mode", "default");
    for (const auto& [name, value] : kModes) {
      if (name == mode) query.mode = value;
    }
    if (const auto threshold = args.find("mmr_threshold"); threshold && !threshold->is_null()) {
      query.mmr_threshold = threshold->number().value_or(0);
    }
    QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult result, store_->query(query));
    return "{\"nodes\": null, \"similarities\": " + floats_text(result.similarities) +
           ", \"ids\": " + ids_text(result.ids) + "}";
  }

  Result<std::string> use(Result<std::shared_ptr<BaseKVStore>> kv) {
    QUIPU_ASSIGN_OR_RETURN(kv_, std::move(kv));
    store_.emplace(kv_);
    return std::string("null");
  }

  BackendStores& stores_;
  std::shared_ptr<BaseKVStore> kv_;
  std::optional<LoadableVectorStore> store_;
};

}  // namespace

std::unique_ptr<Replayer> make_vector_store_replayer(BackendStores& stores) {
  return std::make_unique<VectorStoreReplayer>(stores);
}

}  // namespace quipu::testing
