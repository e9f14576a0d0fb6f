#include "quipu/storage_context.h"

#include <filesystem>

#include "quipu/document_store.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

class StorageContextReplayer : public Replayer {
 public:
  Result<std::string> apply(std::string_view op, JsonView args) override {
    if (op == "from_defaults") {
      QUIPU_RETURN_IF_ERROR(from_defaults(args));
    } else if (op == "from_defaults_persist_dir") {
      QUIPU_RETURN_IF_ERROR(from_defaults_persist_dir(*args.find("files")));
    } else if (op == "from_dict") {
      QUIPU_ASSIGN_OR_RETURN(StorageContext context, StorageContext::from_dict(*args.find("save_dict")));
      context_ = std::move(context);
    } else if (op == "add_vector_store") {
      QUIPU_ASSIGN_OR_RETURN(auto store, numbered_store(int_arg(args, "vector_store", 0)));
      context_->add_vector_store(std::move(store), string_arg(args, "namespace"));
      return std::string("null");
    } else if (op == "fill") {
      QUIPU_RETURN_IF_ERROR(fill(*args.find("node")));
      return std::string("null");
    } else if (op == "persist") {
      return persist(args);
    } else if (op == "vector_store") {
      QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorStore> store, context_->vector_store());
      QUIPU_ASSIGN_OR_RETURN(const Json dict, dynamic_cast<const KVVectorStore&>(*store).to_dict());
      return dict.text();
    } else if (op != "to_dict" && op != "__init__") {
      return Status::not_supported("unknown operation " + std::string(op));
    }
    if (!context_) return std::string("null");
    QUIPU_ASSIGN_OR_RETURN(const Json dict, context_->to_dict());
    return dict.text();
  }

 private:
  // The store that the recorder calls `number`: one node of id x<number>.
  static Result<std::shared_ptr<VectorStore>> numbered_store(int number) {
    auto store = std::make_shared<SimpleVectorStore>();
    const std::vector<double> embedding = {static_cast<double>(number), 0.5};
    std::vector<std::shared_ptr<const BaseNode>> nodes(1);
    QUIPU_ASSIGN_OR_RETURN(
        nodes[0], TextNodeBuilder().id("x" + std::to_string(number)).text("t").embedding(embedding).build());
    QUIPU_RETURN_IF_ERROR(store->add(nodes).status());
    return std::shared_ptr<VectorStore>(std::move(store));
  }

  Status from_defaults(JsonView args) {
    StorageContextParts parts;
    if (const auto stores = args.find("vector_stores"); stores && stores->is_object()) {
      for (const JsonMember& member : stores->members()) {
        QUIPU_ASSIGN_OR_RETURN(auto store, numbered_store(static_cast<int>(*member.value.int64())));
        parts.vector_stores.emplace_back(member.key(), std::move(store));
      }
    }
    for (const auto& [name, place] :
         {std::pair("vector_store", &parts.vector_store), std::pair("image_store", &parts.image_store)}) {
      const auto number = args.find(name);
      if (!number || number->is_null()) continue;
      QUIPU_ASSIGN_OR_RETURN(*place, numbered_store(static_cast<int>(*number->int64())));
    }
    if (bool_arg(args, "property_graph_store", false)) {
      parts.property_graph_store = std::make_shared<SimplePropertyGraphStore>();
    }
    QUIPU_ASSIGN_OR_RETURN(StorageContext context, StorageContext::from_defaults(parts));
    context_ = std::move(context);
    return Status::ok();
  }

  Status from_defaults_persist_dir(JsonView files) {
    TempDir directory;
    for (const JsonMember& member : files.members())
      write_file(directory / member.key(), member.value.string());
    QUIPU_ASSIGN_OR_RETURN(StorageContext context,
                           StorageContext::from_defaults({.persist_dir = directory.path()}));
    context_ = std::move(context);
    return Status::ok();
  }

  Status fill(JsonView json) {
    QUIPU_ASSIGN_OR_RETURN(const NodePtr node,
                           BaseNode::from_json(Json::from_canonical(std::string(json.text()))));
    const std::string id = node->node_id();
    QUIPU_RETURN_IF_ERROR(context_->docstore().add_documents(std::span(&node, 1)));
    QUIPU_ASSIGN_OR_RETURN(
        const IndexStruct list,
        IndexStruct::create("list",
                            Json::from_canonical("{\"index_id\": \"fill\", \"summary\": null, \"nodes\": [" +
                                                 json_text(id) + "]}")));
    QUIPU_RETURN_IF_ERROR(context_->index_store().add_index_struct(list));
    QUIPU_RETURN_IF_ERROR(context_->graph_store().upsert_triplet("a", "r", id));
    if (context_->property_graph_store() == nullptr) return Status::ok();
    return context_->property_graph_store()->upsert_relations(std::vector{Relation("r", "a", "b" + id)});
  }

  // The persisted files, each parsed: {name: content}.
  Result<std::string> persist(JsonView args) const {
    TempDir directory;
    PersistNames names;
    names.docstore_fname = string_arg(args, "docstore_fname", names.docstore_fname);
    names.vector_store_fname = string_arg(args, "vector_store_fname", names.vector_store_fname);
    QUIPU_RETURN_IF_ERROR(context_->persist(directory.path(), names));
    std::string text = "{";
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      const std::string name = entry.path().filename().string();
      text += (text.size() > 1 ? ", " : "") + json_text(name) + ": " + json_text(read_file(directory / name));
    }
    return text + "}";
  }

  std::optional<StorageContext> context_;
};

}  // namespace

std::unique_ptr<Replayer> make_storage_context_replayer() {
  return std::make_unique<StorageContextReplayer>();
}

}  // namespace quipu::testing
