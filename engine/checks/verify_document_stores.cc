#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/checks/cross_check.h"
#include "engine/checks/store_faults.h"
#include "engine/layout/document_metadata.h"
#include "engine/layout/storage_layout.h"
#include "engine/persist/files/persist_file_kind.h"
#include "engine/stores/documents/ref_docs.h"

namespace quipu {
namespace {

// The check of one document store: the collections that share a namespace.
class DocumentStoreCheck {
 public:
  DocumentStoreCheck(const KVReader& store, const std::string& ns, const TakeFault& take)
      : store_(store),
        nodes_(collection_of(ns, kDataEnding)),
        ref_docs_(collection_of(ns, kRefDocsEnding)),
        metadata_(collection_of(ns, kMetadataEnding)),
        take_(take) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(check_nodes());
    QUIPU_RETURN_IF_ERROR(check_ref_docs());
    return check_metadata();
  }

 private:
  using Repair = std::function<Status(StoreRepairWriter&)>;

  Status fault(const std::string& collection, std::string_view key, std::string message, std::string action,
               Repair repair) const {
    return take_(
        {{{collection, std::string(key), std::move(message)}, std::move(action)}, std::move(repair)});
  }
  Status bad(const std::string& collection, std::string_view key, std::string message) const {
    return take_(quarantine_fault(collection, key, std::move(message)));
  }

  // Every node has a hash, and its own id.
  Status check_nodes() const {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store_.scan({}, nodes_));
    while (it->next()) {
      const std::string problem = problem_of(it->key(), it->val());
      if (!problem.empty()) {
        QUIPU_RETURN_IF_ERROR(bad(nodes_, it->key(), problem));
        continue;
      }
      QUIPU_ASSIGN_OR_RETURN(const bool known, store_.exists(it->key(), metadata_));
      if (!known) {
        QUIPU_RETURN_IF_ERROR(
            missing_metadata(nodes_, it->key(), it->val(), "the node has no entry in " + metadata_));
      }
    }
    return it->status();
  }

  static std::string problem_of(std::string_view key, JsonView node) {
    const std::optional<JsonView> type = node.find("__type__");
    const std::optional<JsonView> data = node.find("__data__");
    if (!type || !data || !data->is_object()) return "not a node: __type__ or __data__ is missing";
    std::optional<JsonView> id = data->find("id_");
    if (!id) id = data->find("doc_id");  // the older form
    if (!id || !id->is_string() || id->string() == key) return {};
    return "stored under this key, but the node's id is " + std::string(id->text());
  }

  // Metadata can be made of the node; one that cannot be read goes, and is the fault's entry.
  Status missing_metadata(const std::string& collection, std::string_view key, JsonView node,
                          std::string message) const {
    const Result<NodeFacts> facts = BaseNode::facts(node);
    if (!facts) return bad(collection, key, std::move(message));
    return fault(collection, key, std::move(message), "hash and ref doc taken from the node",
                 [&](StoreRepairWriter& writer) {
                   const bool listed = facts->ref_doc_id && !facts->ref_doc_id->empty();
                   return writer.put(
                       metadata_, key,
                       document_metadata(facts->hash, listed ? facts->ref_doc_id : std::nullopt));
                 });
  }

  // Every ref doc lists distinct nodes that the store knows, and where it has the text of one of them, it has
  // that of all. LlamaIndex's own calls may list a node twice, or one that does not exist: a node that is
  // added again under another source stays listed, and adelete_document leaves the ref doc alone.
  Status check_ref_docs() {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store_.scan({}, ref_docs_));
    while (it->next()) {
      const Result<RefDocInfo> info = parse_ref_doc_info(it->key(), it->val());
      QUIPU_RETURN_IF_ERROR(info ? check_listed(it->key(), *info)
                                 : bad(ref_docs_, it->key(), info.error().message()));
    }
    QUIPU_RETURN_IF_ERROR(it->status());
    const TakeNote note = [this](Fault found) { return take_({{std::move(found), {}}, {}}); };
    QUIPU_RETURN_IF_ERROR(note_missing_nodes(ref_docs_, missing_, note));
    return note_repeated_nodes(ref_docs_, repeated_, note);
  }

  Status check_listed(std::string_view ref_doc_id, const RefDocInfo& info) {
    std::vector<std::string> textless;
    std::unordered_set<std::string_view> seen;
    for (const std::string& id : info.node_ids) {
      if (!seen.insert(id).second) {
        repeated_.add(id, ref_doc_id);
        continue;
      }
      QUIPU_ASSIGN_OR_RETURN(const bool there, store_.exists(id, nodes_));
      if (there) continue;
      QUIPU_ASSIGN_OR_RETURN(const bool known, store_.exists(id, metadata_));
      if (known) {
        textless.push_back(id);
      } else {
        missing_.add(id, ref_doc_id);
      }
    }
    // Whole calls are made without text (store_text).
    if (textless.empty() || textless.size() == seen.size()) return Status::ok();
    return lost_nodes(ref_doc_id, info, textless);
  }

  // Nodes whose entries in the data are lost, while others of their ref doc are there: without what is left
  // of them they can be added again.
  Status lost_nodes(std::string_view ref_doc_id, const RefDocInfo& info,
                    const std::vector<std::string>& lost) const {
    const std::unordered_set<std::string_view> gone(lost.begin(), lost.end());
    RefDocInfo kept{{}, info.metadata};
    std::ranges::copy_if(info.node_ids, std::back_inserter(kept.node_ids),
                         [&](const std::string& id) { return !gone.contains(id); });
    bool repaired = false;  // the first mends them all
    for (const std::string& id : lost) {
      const std::string message =
          "lists node " + id + ", which has no entry in " + nodes_ + ", unlike others that it lists";
      QUIPU_RETURN_IF_ERROR(
          fault(ref_docs_, ref_doc_id, message, "taken out of the list", [&](StoreRepairWriter& writer) {
            return std::exchange(repaired, true) ? Status::ok()
                                                 : writer.put(ref_docs_, ref_doc_id, kept.to_dict());
          }));
    }
    return Status::ok();
  }

  // Every entry has a hash, and the ref doc that it names lists it.
  Status check_metadata() {
    ScanOptions in_order;  // nodes of one ref doc mostly follow one another
    in_order.order = ScanOptions::Order::kInsertion;
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store_.scan(in_order, metadata_));
    while (it->next()) {
      const std::optional<JsonView> hash = it->val().find(kDocHash);
      if (!hash || !hash->is_string()) {
        QUIPU_RETURN_IF_ERROR(no_hash(it->key()));
        continue;
      }
      const std::optional<JsonView> ref_doc_id = it->val().find(kRefDocId);
      if (!ref_doc_id || !ref_doc_id->is_string()) continue;
      QUIPU_RETURN_IF_ERROR(load_listed(ref_doc_id->string()));
      if (!listed_.contains(std::string(it->key()))) QUIPU_RETURN_IF_ERROR(not_listed(it->key()));
    }
    return it->status();
  }

  Status no_hash(std::string_view key) const {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> node, store_.get(key, nodes_));
    const bool readable = node && BaseNode::facts(*node);
    return readable ? missing_metadata(metadata_, key, *node, "has no doc_hash")
                    : bad(metadata_, key, "has no doc_hash");
  }

  // A node of which nothing else is left is no node any more.
  Status not_listed(std::string_view key) const {
    const std::string message = "belongs to ref doc " + current_ + ", which does not list it";
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> node, store_.get(key, nodes_));
    if (!node) return bad(metadata_, key, message);
    return fault(metadata_, key, message, "entered in the list", [&](StoreRepairWriter& writer) {
      const Result<NodeFacts> facts = BaseNode::facts(*node);
      return writer.list_node(ref_docs_, current_, key,
                              facts ? facts->metadata : JsonView::from_canonical("{}"));
    });
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
  const TakeFault& take_;
  MissingIds missing_;
  MissingIds repeated_;
  bool loaded_ = false;
  std::string current_;  // the ref doc whose nodes are in listed_
  std::unordered_set<std::string> listed_;
};

// The namespaces under which there is a document store. <ns>/data alone may be an index store's.
std::set<std::string> document_store_namespaces(const std::vector<CollectionInfo>& infos) {
  std::set<std::string> namespaces;
  for (const CollectionInfo& info : infos) {
    if (!PersistFileKind::of(info.persist_file).holds_key_values) continue;  // of vectors or graphs
    for (const std::string_view suffix : {kMetadataEnding, kRefDocsEnding, kDataEnding}) {
      const bool own = suffix != kDataEnding || info.persist_file == DOCSTORE_PERSIST_FNAME;
      if (own && info.name.ends_with(suffix)) {
        namespaces.insert(info.name.substr(0, info.name.size() - suffix.size()));
      }
    }
  }
  return namespaces;
}

}  // namespace

Status find_document_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                            const TakeFault& take) {
  for (const std::string& ns : document_store_namespaces(infos)) {
    QUIPU_RETURN_IF_ERROR(DocumentStoreCheck(store, ns, take).run());
  }
  return Status::ok();
}

}  // namespace quipu
