// Keeps nodes that come as lines of JSON, a batch at a time; see README.md. Usage: ingestion_service DATABASE

#include <csignal>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "quipu/stats.h"
#include "quipu/storage_context.h"

namespace {

using quipu::Json;
using quipu::NodePtr;
using quipu::Result;
using quipu::Status;

constexpr size_t kBatch = 100;

volatile std::sig_atomic_t ended = 0;
void end_soon(int /*signal*/) { ended = 1; }

struct Counts {
  uint64_t added = 0;
  uint64_t known = 0;
};

// A line as a node with its vector. Error: kInvalidArgument.
Result<NodePtr> node_of(const std::string& line) {
  QUIPU_ASSIGN_OR_RETURN(const Json json, Json::parse(line));
  const auto id = json.view().find("id");
  const auto text = json.view().find("text");
  const auto embedding = json.view().find("embedding");
  if (!id || !id->is_string() || !text || !text->is_string() || !embedding || !embedding->is_array()) {
    return Status::invalid_argument("id, text and embedding are wanted");
  }
  std::vector<double> elements;
  for (const quipu::JsonView element : embedding->elements()) {
    const std::optional<double> number = element.number();
    if (!number) return Status::invalid_argument("embedding is not a list of numbers");
    elements.push_back(*number);
  }
  quipu::TextNodeBuilder builder;
  builder.id(id->string()).text(text->string()).embedding(elements);
  if (const auto metadata = json.view().find("metadata")) {
    builder.metadata(Json::from_canonical(std::string(metadata->text())));
  }
  return builder.build();
}

// Those of the nodes that are not stored as they are.
Result<std::vector<NodePtr>> new_ones(quipu::StorageContext& context, const std::vector<NodePtr>& nodes) {
  std::vector<NodePtr> others;
  for (const NodePtr& node : nodes) {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                           context.docstore().get_document_hash(node->node_id()));
    if (stored != node->hash()) others.push_back(node);
  }
  return others;
}

// All of a batch is there afterwards, or nothing of it.
Status store(quipu::StorageContext& context, const std::vector<NodePtr>& batch, Counts& counts) {
  for (;;) {
    QUIPU_ASSIGN_OR_RETURN(quipu::Transaction transaction, context.begin());
    QUIPU_ASSIGN_OR_RETURN(const std::vector<NodePtr> nodes, new_ones(*transaction, batch));
    if (!nodes.empty()) {
      QUIPU_RETURN_IF_ERROR(transaction->docstore().add_documents(nodes));
      QUIPU_ASSIGN_OR_RETURN(const auto vectors, transaction->vector_store());
      QUIPU_RETURN_IF_ERROR(vectors->add(nodes).status());
    }
    const Status done = transaction.commit();
    if (done.code() == quipu::StatusCode::kBusy) continue;  // somebody else changed the same meanwhile
    if (done.is_ok()) {
      counts.added += nodes.size();
      counts.known += batch.size() - nodes.size();
    }
    return done;
  }
}

Status run(const char* database) {
  QUIPU_ASSIGN_OR_RETURN(quipu::StorageContext context, quipu::StorageContext::open(database));
  Counts counts;
  std::vector<NodePtr> batch;
  std::string line;
  for (uint64_t number = 1; ended == 0 && std::getline(std::cin, line); ++number) {
    Result<NodePtr> node = node_of(line);
    if (!node)
      return Status::invalid_argument("line " + std::to_string(number) + ": " + node.error().message());
    batch.push_back(*std::move(node));
    if (batch.size() < kBatch) continue;
    QUIPU_RETURN_IF_ERROR(store(context, batch, counts));
    batch.clear();
  }
  if (!batch.empty()) QUIPU_RETURN_IF_ERROR(store(context, batch, counts));

  QUIPU_ASSIGN_OR_RETURN(const quipu::StoreStats stats, quipu::store_stats(*context.kvstore()));
  std::cout << counts.added << " added, " << counts.known << " known\n";
  for (const quipu::CallStats& call : stats.calls) {
    if (call.name == "commit")
      std::cerr << call.count() << " commits, 99 of 100 within " << call.quantile(0.99) << " s\n";
  }
  return context.kvstore()->close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: ingestion_service DATABASE <LINES\n";
    return 2;
  }
  std::signal(SIGINT, end_soon);
  std::signal(SIGTERM, end_soon);
  const Status status = run(argv[1]);
  if (!status.is_ok()) std::cerr << status.to_string() << '\n';
  return status.is_ok() ? 0 : 1;
}
