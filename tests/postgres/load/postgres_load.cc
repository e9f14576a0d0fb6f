// postgres_load: what the processes of tests/postgres/servers_test.py do.
//
//   postgres_load ref-doc ADDRESS REF_DOC WRITER COUNT   adds COUNT nodes to a ref doc, one at a time
//   postgres_load stores ADDRESS WRITER                  writes to all stores until its input ends
//   postgres_load contents ADDRESS                       what such writers have left: lines PLACE ID
//   postgres_load contexts                               opens the stores whose addresses are in its input,
//   line by
//                                                        line up to an empty one, and then, for each further
//                                                        line, writes to and reads from each of them
//
// Each write is told of in a line: "acknowledged ID", "unchanged ID MESSAGE" for an error after which nothing
// has changed, or "unknown ID MESSAGE" where a message says that this is not known.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "quipu/chat_store.h"
#include "quipu/document_store.h"
#include "quipu/node.h"
#include "quipu/open_store.h"
#include "quipu/storage_context.h"

namespace quipu::testing {
namespace {

constexpr size_t kContextsAtOnce = 64;
constexpr uint64_t kNodesOfHotDocument = 500;  // of a writer; there are several

[[noreturn]] void die(const Status& status) {
  std::cerr << status.to_string() << '\n';
  std::exit(1);
}

NodePtr node_of(const std::string& id, std::string_view ref_doc) {
  const std::vector<double> embedding = {0.5, 1.0 / (1 + static_cast<double>(id.size()))};
  const auto node = TextNodeBuilder()
                        .id(id)
                        .text("text of " + id)
                        .embedding(embedding)
                        .relationship(NodeRelationship::SOURCE, {std::string(ref_doc), "4"})
                        .build();
  if (!node) die(node.error());
  return *node;
}

void tell(const std::string& id, const Status& status) {
  if (status.is_ok()) {
    std::cout << "acknowledged " << id << std::endl;
    return;
  }
  const bool is_unknown = status.message().find("cannot be asked whether") != std::string::npos;
  std::string text = status.to_string();
  for (char& c : text) c = c == '\n' ? ' ' : c;
  std::cout << (is_unknown ? "unknown " : "unchanged ") << id << ' ' << text << std::endl;
}

// One node of a ref doc of the writer's own, and a trace of it in each other store, in one transaction.
Status write_everywhere(const StorageContext& context, const std::string& id, const std::string& writer) {
  QUIPU_ASSIGN_OR_RETURN(Transaction txn, context.begin());
  const NodePtr node = node_of(id, writer);
  const std::span<const NodePtr> nodes(&node, 1);
  QUIPU_RETURN_IF_ERROR(txn->docstore().add_documents(nodes));
  const Json data =
      Json::from_canonical(R"({"index_id": ")" + id + R"(", "summary": null, "nodes": [")" + id + "\"]}");
  QUIPU_ASSIGN_OR_RETURN(const IndexStruct index_struct, IndexStruct::create("list", data));
  QUIPU_RETURN_IF_ERROR(txn->index_store().add_index_struct(index_struct));
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorStore> vectors, txn->vector_store());
  QUIPU_RETURN_IF_ERROR(vectors->add(nodes).status());
  QUIPU_RETURN_IF_ERROR(txn->graph_store().upsert_triplet(id, "of", writer));
  const LabelledNode entity = LabelledNode::entity(id);
  QUIPU_RETURN_IF_ERROR(txn->property_graph_store()->upsert_nodes({&entity, 1}));
  QUIPU_RETURN_IF_ERROR(KVChatStore(txn->kvstore()).add_message(id, chat_message("user", id)));
  return txn.commit();
}

bool input_has_ended() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, 0) != 0;
}

// Takes turns: a transaction over all stores; a node of a ref doc that all writers share; a message of a
// chat.
int write_to_stores(const std::string& address, const std::string& writer) {
  const auto context = StorageContext::open(address);
  if (!context) die(context.error());
  KVChatStore chats(context->kvstore());
  for (uint64_t n = 0; !input_has_ended(); ++n) {
    const std::string id = writer + "-" + std::to_string(n);
    if (n % 3 == 0) {
      tell("all:" + id, write_everywhere(*context, id, writer));
    } else if (n % 3 == 1) {
      const NodePtr node = node_of(id, "hot" + std::to_string(n / kNodesOfHotDocument));
      tell("node:" + id, context->docstore().add_documents({&node, 1}));
    } else {
      tell("message:" + id, chats.add_message("chat of " + writer, chat_message("user", id)));
    }
  }
  return 0;
}

int add_to_ref_doc(const std::string& address, const std::string& ref_doc, const std::string& writer,
                   int count) {
  const auto store = open_store(address);
  if (!store) die(store.error());
  KVDocumentStore documents(*store);
  for (int n = 0; n < count; ++n) {
    const NodePtr node = node_of(writer + "-" + std::to_string(n), ref_doc);
    const Status added = documents.add_documents({&node, 1});
    if (!added.is_ok()) die(added);
  }
  return 0;
}

template <class T>
T must(Result<T> result) {
  if (!result) die(result.error());
  return *std::move(result);
}

int show_contents(const std::string& address) {
  const StorageContext context = must(StorageContext::open(address));
  for (const auto& [id, node] : must(context.docstore().docs())) {
    std::cout << "document " << id << '\n';
    if (must(context.docstore().get_document_hash(id))) std::cout << "hash " << id << '\n';
  }
  const auto ref_docs = must(context.docstore().get_all_ref_doc_info());
  for (const auto& [name, info] : ref_docs) {
    for (const std::string& id : info.node_ids) std::cout << "ref_doc " << id << '\n';
  }
  for (const IndexStruct& each : must(context.index_store().index_structs())) {
    std::cout << "struct " << each.index_id() << '\n';
  }
  const std::shared_ptr<VectorStore> vectors = must(context.vector_store());
  VectorStoreQuery all;
  all.query_embedding = {1.0, 1.0};
  all.similarity_top_k = 0;
  for (const std::string& id : must(vectors->query(all)).ids) std::cout << "vector " << id << '\n';
  for (const auto& [subject, relations] : must(context.graph_store().get_rel_map({}, 1, 1 << 30))) {
    std::cout << "triplet " << subject << '\n';
  }
  for (const LabelledNode& each : must(context.property_graph_store()->get())) {
    std::cout << "entity " << each.id() << '\n';
  }
  const KVChatStore chats(context.kvstore());
  for (const std::string& chat : must(chats.get_keys())) {
    for (const Json& message : must(chats.get_messages(chat))) {
      const JsonView block = *message.view().find("blocks")->elements().begin();
      std::cout << "message " << block.find("text")->string() << '\n';
    }
  }
  return 0;
}

// A write and a read.
Status use(const StorageContext& context, int round) {
  const std::string id = "n" + std::to_string(round);
  const NodePtr node = node_of(id, "d");
  QUIPU_RETURN_IF_ERROR(context.docstore().add_documents({&node, 1}));
  return context.docstore().get_document(id).status();
}

int use_contexts() {
  std::vector<std::pair<std::string, StorageContext>> contexts;
  for (std::string address; std::getline(std::cin, address) && !address.empty();) {
    contexts.emplace_back(address, must(StorageContext::open(address)));
  }
  int round = 0;
  for (std::string line; std::getline(std::cin, line); ++round) {
    std::vector<Status> outcomes(contexts.size());
    std::atomic<size_t> next = 0;
    std::vector<std::thread> threads;
    for (size_t t = 0; t < std::min(contexts.size(), kContextsAtOnce); ++t) {
      threads.emplace_back([&] {
        for (size_t i = next++; i < contexts.size(); i = next++) outcomes[i] = use(contexts[i].second, round);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < contexts.size(); ++i) tell(contexts[i].first, outcomes[i]);
    std::cout << "round" << std::endl;
  }
  return 0;
}

int usage() {
  std::cerr << "usage: postgres_load ref-doc ADDRESS REF_DOC WRITER COUNT | stores ADDRESS WRITER | contents "
               "ADDRESS | "
               "contexts\n";
  return 2;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 5 && words[0] == "ref-doc") {
    return add_to_ref_doc(words[1], words[2], words[3], std::atoi(words[4].c_str()));
  }
  if (words.size() == 3 && words[0] == "stores") return write_to_stores(words[1], words[2]);
  if (words.size() == 2 && words[0] == "contents") return show_contents(words[1]);
  if (words.size() == 1 && words[0] == "contexts") return use_contexts();
  return usage();
}

}  // namespace
}  // namespace quipu::testing

int main(int argc, char** argv) {
  return quipu::testing::run(std::vector<std::string>(argv + 1, argv + argc));
}
