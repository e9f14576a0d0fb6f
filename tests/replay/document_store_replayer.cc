#include <algorithm>
#include <functional>
#include <map>

#include "quipu/document_store.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

std::string node_text(const NodePtr& node) { return node ? node->to_json().text() : "null"; }

std::string join(const std::vector<std::string>& parts, char open, char close) {
  std::string text(1, open);
  for (size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? ", " : "") + parts[i];
  return text + close;
}

std::vector<std::string> strings(std::optional<JsonView> array) {
  std::vector<std::string> values;
  if (!array) return values;
  for (JsonView element : array->elements()) values.push_back(element.string());
  return values;
}

class DocumentStoreReplayer : public Replayer {
 public:
  explicit DocumentStoreReplayer(BackendStores& stores) : stores_(stores) {}

  Result<std::string> apply(std::string_view op, JsonView args) override {
    if (op == "__init__") {
      docstore_.reset();
      kv_.reset();
      return use(stores_.create());
    }
    if (op == "reload") {
      docstore_.reset();
      return use(stores_.reopen(std::move(kv_)));
    }
    if (op == "to_dict") return store_to_dict(*kv_);
    const auto method = methods_.find(op);
    if (method == methods_.end()) return Status::not_supported("unknown operation " + std::string(op));
    return (this->*method->second)(args);
  }

 private:
  using Method = Result<std::string> (DocumentStoreReplayer::*)(JsonView args);

  Result<std::string> use(Result<std::shared_ptr<BaseKVStore>> kv) {
    QUIPU_ASSIGN_OR_RETURN(kv_, std::move(kv));
    docstore_.emplace(kv_);
    return std::string("null");
  }
  static Result<std::string> done(const Status& status) {
    QUIPU_RETURN_IF_ERROR(status);
    return std::string("null");
  }

  Result<std::string> add_documents(JsonView args) {
    AddOptions options;
    options.allow_update = bool_arg(args, "allow_update", true);
    options.store_text = bool_arg(args, "store_text", true);
    if (const std::optional<JsonView> size = args.find("batch_size"); size && !size->is_null()) {
      options.batch_size = static_cast<int>(*size->int64());
    }
    std::vector<NodePtr> nodes;
    for (JsonView doc : args.find("docs")->elements()) {
      QUIPU_ASSIGN_OR_RETURN(NodePtr node,
                             BaseNode::from_json(Json::from_canonical(std::string(doc.text()))));
      nodes.push_back(std::move(node));
    }
    // Both ways in must do the same; they take turns.
    if (++calls_ % 2 == 0) return done(docstore_->add_documents(nodes, options));
    std::vector<JsonView> serialized;
    for (JsonView doc : args.find("docs")->elements()) serialized.push_back(doc);
    return done(docstore_->add_serialized(serialized, options));
  }
  Result<std::string> get_document(JsonView args) {
    QUIPU_ASSIGN_OR_RETURN(const NodePtr node, docstore_->get_document(string_arg(args, "doc_id"),
                                                                       bool_arg(args, "raise_error", true)));
    return node_text(node);
  }
  Result<std::string> get_node(JsonView args) {
    QUIPU_ASSIGN_OR_RETURN(const NodePtr node, docstore_->get_node(string_arg(args, "node_id"),
                                                                   bool_arg(args, "raise_error", true)));
    return node_text(node);
  }
  Result<std::string> document_exists(JsonView args) {
    QUIPU_ASSIGN_OR_RETURN(const bool exists, docstore_->document_exists(string_arg(args, "doc_id")));
    return json_text(exists);
  }
  Result<std::string> delete_document(JsonView args) {
    return done(docstore_->delete_document(string_arg(args, "doc_id"), bool_arg(args, "raise_error", true)));
  }
  Result<std::string> get_nodes(JsonView args) {
    QUIPU_ASSIGN_OR_RETURN(
        const std::vector<NodePtr> nodes,
        docstore_->get_nodes(strings(args.find("node_ids")), bool_arg(args, "raise_error", true)));
    std::vector<std::string> texts;
    texts.reserve(nodes.size());
    for (const NodePtr& node : nodes) texts.push_back(node_text(node));
    return join(texts, '[', ']');
  }
  Result<std::string> get_node_dict(JsonView args) {
    std::vector<std::pair<int64_t, std::string>> ids;
    for (const JsonMember& member : args.find("node_id_dict")->members()) {
      ids.emplace_back(std::stoll(member.key()), member.value.string());
    }
    QUIPU_ASSIGN_OR_RETURN(const auto nodes, docstore_->get_node_dict(ids));
    std::vector<std::string> texts;
    texts.reserve(nodes.size());
    for (const auto& [index, node] : nodes) {
      texts.push_back(json_text(std::to_string(index)) + ": " + node_text(node));
    }
    return join(texts, '{', '}');
  }
  Result<std::string> docs(JsonView) {
    QUIPU_ASSIGN_OR_RETURN(const auto nodes, docstore_->docs());
    std::vector<std::string> texts;
    texts.reserve(nodes.size());
    for (const auto& [id, node] : nodes) texts.push_back(json_text(id) + ": " + node_text(node));
    return join(texts, '{', '}');
  }
  Result<std::string> set_document_hash(JsonView args) {
    return done(docstore_->set_document_hash(string_arg(args, "doc_id"), string_arg(args, "doc_hash")));
  }
  Result<std::string> set_document_hashes(JsonView args) {
    std::vector<std::pair<std::string, std::string>> hashes;
    for (const JsonMember& member : args.find("doc_hashes")->members()) {
      hashes.emplace_back(member.key(), member.value.string());
    }
    return done(docstore_->set_document_hashes(hashes));
  }
  Result<std::string> get_document_hash(JsonView args) {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> hash,
                           docstore_->get_document_hash(string_arg(args, "doc_id")));
    return hash ? json_text(*hash) : "null";
  }
  Result<std::string> get_all_document_hashes(JsonView) {
    QUIPU_ASSIGN_OR_RETURN(const OrderedMap<std::string> hashes, docstore_->get_all_document_hashes());
    std::vector<std::string> texts;
    for (const auto& [hash, id] : hashes) {
      texts.push_back(json_text(hash) + ": " + json_text(id));
      QUIPU_RETURN_IF_ERROR(check_hash_index(hash, id));
    }
    return join(texts, '{', '}');
  }
  // The index must agree with the full listing.
  Status check_hash_index(const std::string& hash, const std::string& id) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> ids, docstore_->ids_by_hash(hash));
    const std::vector<std::string> hashes = {hash, "no node has this"};
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> missing, docstore_->missing_hashes(hashes));
    const bool listed = std::ranges::count(ids, id) == 1;
    if (listed && missing == std::vector<std::string>{"no node has this"}) return Status::ok();
    return Status::corruption("the hash index disagrees about " + hash);
  }
  Result<std::string> get_ref_doc_info(JsonView args) {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<RefDocInfo> info,
                           docstore_->get_ref_doc_info(string_arg(args, "ref_doc_id")));
    return info ? info->to_dict().text() : "null";
  }
  Result<std::string> get_all_ref_doc_info(JsonView) {
    QUIPU_ASSIGN_OR_RETURN(const OrderedMap<RefDocInfo> infos, docstore_->get_all_ref_doc_info());
    std::vector<std::string> texts;
    for (const auto& [id, info] : infos) texts.push_back(json_text(id) + ": " + info.to_dict().text());
    return join(texts, '{', '}');
  }
  Result<std::string> ref_doc_exists(JsonView args) {
    QUIPU_ASSIGN_OR_RETURN(const bool exists, docstore_->ref_doc_exists(string_arg(args, "ref_doc_id")));
    return json_text(exists);
  }
  Result<std::string> delete_ref_doc(JsonView args) {
    return done(
        docstore_->delete_ref_doc(string_arg(args, "ref_doc_id"), bool_arg(args, "raise_error", true)));
  }

  BackendStores& stores_;
  std::shared_ptr<BaseKVStore> kv_;
  std::optional<KVDocumentStore> docstore_;
  int calls_ = 0;
  const std::map<std::string, Method, std::less<>> methods_ = {
      {"add_documents", &DocumentStoreReplayer::add_documents},
      {"get_document", &DocumentStoreReplayer::get_document},
      {"get_node", &DocumentStoreReplayer::get_node},
      {"document_exists", &DocumentStoreReplayer::document_exists},
      {"delete_document", &DocumentStoreReplayer::delete_document},
      {"get_nodes", &DocumentStoreReplayer::get_nodes},
      {"get_node_dict", &DocumentStoreReplayer::get_node_dict},
      {"docs", &DocumentStoreReplayer::docs},
      {"set_document_hash", &DocumentStoreReplayer::set_document_hash},
      {"set_document_hashes", &DocumentStoreReplayer::set_document_hashes},
      {"get_document_hash", &DocumentStoreReplayer::get_document_hash},
      {"get_all_document_hashes", &DocumentStoreReplayer::get_all_document_hashes},
      {"get_ref_doc_info", &DocumentStoreReplayer::get_ref_doc_info},
      {"get_all_ref_doc_info", &DocumentStoreReplayer::get_all_ref_doc_info},
      {"ref_doc_exists", &DocumentStoreReplayer::ref_doc_exists},
      {"delete_ref_doc", &DocumentStoreReplayer::delete_ref_doc},
  };
};

}  // namespace

std::unique_ptr<Replayer> make_document_store_replayer(BackendStores& stores) {
  return std::make_unique<DocumentStoreReplayer>(stores);
}

}  // namespace quipu::testing
