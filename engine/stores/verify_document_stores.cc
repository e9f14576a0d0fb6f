#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/persist/file_name.h"
#include "engine/stores/one_moment.h"
#include "engine/stores/ref_docs.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

using ReportFault = std::function<void(const InvariantFault&)>;

// The check of one document store: the collections that share a namespace.
class DocumentStoreCheck {
 public:
  DocumentStoreCheck(const KVReader& store, std::string ns, const ReportFault& report)
      : store_(store),
        nodes_(ns + "/data"),
        ref_docs_(ns + "/ref_doc_info"),
        metadata_(ns + "/metadata"),
        report_(report) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(check_nodes());
    QUIPU_RETURN_IF_ERROR(check_ref_docs());
    return check_metadata();
  }

 private:
  void fault(const std::string& collection, std::string_view key, std::string message) const {
    report_({collection, std::string(key), std::move(message)});
  }

  // Every node has a hash, and its own id.
  Status check_nodes() {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store_.scan({}, nodes_));
    while (it->next()) {
      QUIPU_ASSIGN_OR_RETURN(const bool known, store_.exists(it->key(), metadata_));
      if (!known) fault(nodes_, it->key(), "the node has no entry in " + metadata_);
      check_node(it->key(), it->val());
    }
    return it->status();
  }

  void check_node(std::string_view key, JsonView node) const {
    const std::optional<JsonView> type = node.find("__type__");
    const std::optional<JsonView> data = node.find("__data__");
    if (!type || !data || !data->is_object()) {
      fault(nodes_, key, "not a node: __type__ or __data__ is missing");
      return;
    }
    std::optional<JsonView> id = data->find("id_");
    if (!id) id = data->find("doc_id");  // the older form
    if (id && id->is_string() && id->string() != key) {
      fault(nodes_, key, "stored under this key, but the node's id is " + std::string(id->text()));
    }
  }

  // Every ref doc lists distinct nodes that the store knows.
  Status check_ref_docs() {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store_.scan({}, ref_docs_));
    while (it->next()) {
      const Result<RefDocInfo> info = parse_ref_doc_info(it->key(), it->val());
      if (!info) {
        fault(ref_docs_, it->key(), info.error().message());
        continue;
      }
      std::unordered_set<std::string_view> seen;
      for (const std::string& id : info->node_ids) {
        if (!seen.insert(id).second) fault(ref_docs_, it->key(), "lists node " + id + " twice");
        QUIPU_ASSIGN_OR_RETURN(const bool known, store_.exists(id, metadata_));
        if (!known) fault(ref_docs_, it->key(), "lists node " + id + ", which does not exist");
      }
    }
    return it->status();
  }

  // Every entry has a hash, and the ref doc that it names lists it.
  Status check_metadata() {
    ScanOptions in_order;  // nodes of one ref doc mostly follow one another
    in_order.order = ScanOptions::Order::kInsertion;
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store_.scan(in_order, metadata_));
    while (it->next()) {
      const std::optional<JsonView> hash = it->val().find("doc_hash");
      if (!hash || !hash->is_string()) fault(metadata_, it->key(), "has no doc_hash");
      const std::optional<JsonView> ref_doc_id = it->val().find("ref_doc_id");
      if (!ref_doc_id || !ref_doc_id->is_string()) continue;
      QUIPU_RETURN_IF_ERROR(load_listed(ref_doc_id->string()));
      if (!listed_.contains(std::string(it->key()))) {
        fault(metadata_, it->key(), "belongs to ref doc " + current_ + ", which does not list it");
      }
    }
    return it->status();
  }

  Status load_listed(std::string ref_doc_id) {
    if (loaded_ && ref_doc_id == current_) return Status::ok();
    loaded_ = true;
    current_ = std::move(ref_doc_id);
    listed_.clear();
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, store_.get(current_, ref_docs_));
    if (!stored) return Status::ok();
    Result<RefDocInfo> info = parse_ref_doc_info(current_, *stored);
    if (info) listed_.insert(info->node_ids.begin(), info->node_ids.end());
    return Status::ok();  // a malformed ref doc has been reported already
  }

  const KVReader& store_;
  const std::string nodes_;
  const std::string ref_docs_;
  const std::string metadata_;
  const ReportFault& report_;
  bool loaded_ = false;
  std::string current_;  // the ref doc whose nodes are in listed_
  std::unordered_set<std::string> listed_;
};

// The namespaces under which there is a document store. <ns>/data alone may be an index store's.
std::set<std::string> document_store_namespaces(const std::vector<CollectionInfo>& infos) {
  std::set<std::string> namespaces;
  for (const CollectionInfo& info : infos) {
    if (is_other_store_file(info.persist_file)) continue;  // of vectors or graphs
    for (const std::string_view suffix : {"/metadata", "/ref_doc_info", "/data"}) {
      const bool own = suffix != "/data" || info.persist_file == DOCSTORE_PERSIST_FNAME;
      if (own && info.name.ends_with(suffix)) {
        namespaces.insert(info.name.substr(0, info.name.size() - suffix.size()));
      }
    }
  }
  return namespaces;
}

}  // namespace

Status verify_document_stores(const BaseKVStore& store, const ReportFault& report) {
  return read_at_one_moment(store, [&](const KVReader& state) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, state.collections());
    for (const std::string& ns : document_store_namespaces(infos)) {
      QUIPU_RETURN_IF_ERROR(DocumentStoreCheck(state, ns, report).run());
    }
    return Status::ok();
  });
}

}  // namespace quipu
