// What stores of vectors and graphs keep of a node: the reference's node_to_metadata_dict and
// metadata_dict_to_node (vector_stores/utils.py).

#ifndef QUIPU_ENGINE_NODE_NODE_METADATA_H_
#define QUIPU_ENGINE_NODE_NODE_METADATA_H_

#include <memory>
#include <string_view>

#include "quipu/node.h"

namespace quipu {

inline constexpr std::string_view kNodeContent = "_node_content";

// A node's metadata with _node_type, document_id, doc_id and ref_doc_id, and with _node_content, the node
// without text and embedding as JSON in a string. NaN and infinities are null, as in pydantic's mode "json".
// Errors: as BaseNode::ref_doc_id().
Result<Json> node_to_metadata_dict(const BaseNode& node);

// The node of such a dict, with `text` as its content. Errors: kInvalidArgument.
Result<std::shared_ptr<const BaseNode>> metadata_dict_to_node(JsonView metadata, std::string_view text);

// What a vector store keeps as a node's metadata; an empty `ref_doc_id` counts as none. With a node, as
// BaseNode::to_json() has it, the same dict with the text in _node_content; with null without _node_content.
Json vector_metadata(JsonView metadata, std::string_view class_name, std::string_view ref_doc_id,
                     JsonView node = {});

// The same of metadata as stores that have the text elsewhere keep them, or as others have written them:
// their members stay, and what is missing of where the node comes from is added. A class by which the node
// would not be read back as it is, is replaced. Errors: as BaseNode::ref_doc_id().
Result<Json> with_kept_node(JsonView metadata, const BaseNode& node);

// The node of such metadata, with the text that is in it. Errors: kInvalidArgument, also without a node.
Result<std::shared_ptr<const BaseNode>> vector_metadata_to_node(JsonView metadata);

}  // namespace quipu

#endif  // QUIPU_ENGINE_NODE_NODE_METADATA_H_
