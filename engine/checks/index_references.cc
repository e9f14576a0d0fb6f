#include "engine/checks/index_references.h"

#include <algorithm>
#include <optional>

namespace quipu {
namespace {

using Walk = Result<bool> (*)(JsonView member, const TakeReference& take);

Result<bool> take_string(JsonView value, const TakeReference& take) {
  return value.is_string() ? take(value.string()) : true;
}

Result<bool> elements(JsonView array, const TakeReference& take) {
  if (!array.is_array()) return true;
  for (const JsonView element : array.elements()) {
    QUIPU_ASSIGN_OR_RETURN(const bool more, take_string(element, take));
    if (!more) return false;
  }
  return true;
}

Result<bool> keys(JsonView object, const TakeReference& take) {
  if (!object.is_object()) return true;
  for (const JsonMember& member : object.members()) {
    QUIPU_ASSIGN_OR_RETURN(const bool more, take(member.key()));
    if (!more) return false;
  }
  return true;
}

// Of an object: its strings, and those in its arrays.
Result<bool> values(JsonView object, const TakeReference& take) {
  if (!object.is_object()) return true;
  for (const JsonMember& member : object.members()) {
    const bool many = member.value.is_array();
    QUIPU_ASSIGN_OR_RETURN(const bool more,
                           many ? elements(member.value, take) : take_string(member.value, take));
    if (!more) return false;
  }
  return true;
}

struct Reference {
  std::string_view type;
  std::string_view member;
  Referent referent;
  Walk walk;
};

// The reference's other members say the same again, or are no longer used.
constexpr Reference kReferences[] = {
    {"vector_store", "nodes_dict", Referent::kVector, keys},
    {"vector_store", "nodes_dict", Referent::kNode, values},
    {"multimodal", "nodes_dict", Referent::kVector, keys},
    {"multimodal", "nodes_dict", Referent::kNode, values},
    {"list", "nodes", Referent::kNode, elements},
    {"tree", "all_nodes", Referent::kNode, values},
    {"keyword_table", "table", Referent::kNode, values},
    {"kg", "table", Referent::kNode, values},
    {"kg", "table", Referent::kSubject, keys},
    {"document_summary", "summary_id_to_node_ids", Referent::kNode, keys},
    {"document_summary", "summary_id_to_node_ids", Referent::kNode, values},
};

constexpr std::string_view kPropertyGraphType = "simple_lpg";

}  // namespace

Status for_each_reference(const IndexStruct& index, Referent referent, const TakeReference& take) {
  for (const Reference& reference : kReferences) {
    if (reference.type != index.type() || reference.referent != referent) continue;
    const std::optional<JsonView> member = index.data().find(reference.member);
    if (!member) continue;
    QUIPU_ASSIGN_OR_RETURN(const bool more, reference.walk(*member, take));
    if (!more) return Status::ok();
  }
  return Status::ok();
}

bool has_references(std::string_view type, Referent referent) {
  return std::ranges::any_of(kReferences, [&](const Reference& reference) {
    return reference.type == type && reference.referent == referent;
  });
}

bool is_of_property_graph(const IndexStruct& index) { return index.type() == kPropertyGraphType; }

}  // namespace quipu
