// Operations on a document store, chosen by the input, on memory and on RocksDB side by side: both answer the
// same. The store in memory keeps everything in plain dicts, as the reference does.

#include "quipu/document_store.h"
#include "quipu/memory_kv_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/write_batch.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

const std::vector<std::string> kIds = {"a", "b", "c", "d", "e", "doc", "", "\xc3\xa9"};

constexpr const char* kSuffixes[] = {"/data", "/metadata", "/ref_doc_info"};

struct Side {
  std::shared_ptr<BaseKVStore> kv;
  KVDocumentStore documents;
};

std::string told(const Status& status) { return status.to_string(); }

NodePtr make_node(Choices& choices) {
  TextNodeBuilder builder;
  builder.id(kIds[choices.below(5)]).text(std::string(choices.below(4), 't'));
  builder.metadata(Json::from_canonical("{\"m\": " + std::to_string(choices.below(3)) + "}"));
  if (choices.below(3) != 0) {
    builder.relationship(
        NodeRelationship::SOURCE,
        RelatedNodeInfo{.node_id = kIds[choices.below(kIds.size())], .node_type = {}, .hash = {}});
  }
  return *builder.build();
}

std::string add(Side& side, const std::vector<NodePtr>& nodes, const AddOptions& options) {
  return told(side.documents.add_documents(nodes, options));
}

// One operation, chosen once and done on each side.
using Operation = std::function<std::string(Side&)>;

Operation choose(Choices& choices) {
  const std::string id = kIds[choices.below(kIds.size())];
  const bool flag = choices.below(2) == 0;
  switch (choices.below(6)) {
    case 0: return [=](Side& side) { return told(side.documents.delete_document(id, flag)); };
    case 1: return [=](Side& side) { return told(side.documents.delete_ref_doc(id, flag)); };
    case 2: return [=](Side& side) { return told(side.documents.set_document_hash(id, flag ? "h" : "")); };
    case 3:
      return [=](Side& side) {
        const auto ids = side.documents.ids_by_hash("h");
        std::string text;
        if (ids) {
          std::vector<std::string> sorted = *ids;
          std::sort(sorted.begin(), sorted.end());
          for (const std::string& one : sorted) text += one + ",";
        }
        return text;
      };
    default: {
      std::vector<NodePtr> nodes;
      for (size_t i = choices.below(4); i > 0; --i) nodes.push_back(make_node(choices));
      AddOptions options;
      options.allow_update = flag;
      options.store_text = choices.below(4) != 0;
      return [=](Side& side) { return add(side, nodes, options); };
    }
  }
}

std::string everything(const Side& side, const std::string& ns) {
  std::string text;
  for (const char* const suffix : kSuffixes) {
    ScanOptions options;
    options.order = ScanOptions::Order::kInsertion;
    const auto it = side.kv->scan(options, ns + suffix);
    require(it.has_value(), "a collection can be scanned");
    while ((*it)->next()) text += std::string((*it)->key()) + " " + std::string((*it)->val().text()) + "\n";
    require((*it)->status().is_ok(), "a scan comes to its end");
  }
  return text;
}

// Cheaper than a database for every input.
void empty(BaseKVStore& kv, const std::string& ns) {
  WriteBatch batch;
  for (const char* const suffix : kSuffixes) {
    const auto it = kv.scan({.keys_only = true}, ns + suffix);
    while ((*it)->next()) batch.delete_(ns + suffix, (*it)->key());
  }
  require(kv.write(batch).is_ok(), "all keys can be deleted");
}

}  // namespace

void fuzz_one(std::string_view input) {
  static const TempDir directory;
  static const std::shared_ptr<RocksDBKVStore> rocks = *RocksDBKVStore::open(directory / "db");
  const std::string ns = "fuzz";
  auto memory = std::make_shared<MemoryKVStore>();
  Side sides[] = {{memory, KVDocumentStore(memory, {.ns = ns})}, {rocks, KVDocumentStore(rocks, {.ns = ns})}};
  Choices choices(input);
  for (int i = 0; i < 200 && !choices.empty(); ++i) {
    const Operation operation = choose(choices);
    require(operation(sides[0]) == operation(sides[1]), "both stores answer the same");
  }
  require(everything(sides[0], ns) == everything(sides[1], ns), "both stores hold the same");
  empty(*rocks, ns);
}

}  // namespace quipu::testing
