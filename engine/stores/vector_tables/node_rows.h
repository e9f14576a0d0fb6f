// A node as a row of a VectorTable, and back: PGVectorStore's _node_to_table_row and
// _db_rows_to_query_result.

#ifndef QUIPU_ENGINE_STORES_VECTOR_TABLES_NODE_ROWS_H_
#define QUIPU_ENGINE_STORES_VECTOR_TABLES_NODE_ROWS_H_

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quipu/backend/shared_tables.h"
#include "quipu/node.h"

namespace quipu {

// Rows, and what they view. Move-only.
class NodeRows {
 public:
  NodeRows() = default;
  NodeRows(const NodeRows&) = delete;
  NodeRows& operator=(const NodeRows&) = delete;

  // `embedding` is viewed. Errors: kInvalidArgument, as BaseNode::ref_doc_id() and get_content().
  Status add(const BaseNode& node, std::span<const double> embedding);
  // The same, of a copy.
  Status add(const BaseNode& node, std::vector<double>&& embedding);
  std::span<const VectorRow> rows() const { return rows_; }

 private:
  struct Owned {
    std::string node_id;
    std::string text;
    Json metadata;
    std::vector<double> embedding;
  };

  std::deque<Owned> owned_;
  std::vector<VectorRow> rows_;
};

// The node of a row, with its embedding where the row has one. A row whose metadata hold no node, which
// others have written, is a TextNode of them. Errors: kInvalidArgument.
Result<std::shared_ptr<const BaseNode>> node_of_row(const StoredVectorRow& row);

// What a KVVectorStore that keeps text has as the metadata of that node (with_kept_node()).
Result<Json> kept_metadata_of_row(const StoredVectorRow& row);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTOR_TABLES_NODE_ROWS_H_
