#include "engine/persist/conversions/one_file_index.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "quipu/index_store.h"

namespace quipu {
namespace {

Status wrong(std::string_view member, std::string_view expected) {
  return Status::invalid_argument("\"" + std::string(member) + "\" is not " + std::string(expected));
}

std::string quoted(std::string_view text) { return Json::from_string(text).text(); }

// A member that is an object; absent is an empty one.
Result<JsonView> object_member(JsonView object, std::string_view name) {
  const std::optional<JsonView> value = object.find(name);
  if (!value || value->is_null()) return JsonView::from_canonical("{}");
  if (!value->is_object()) return wrong(name, "an object");
  return *value;
}

// Collects `"key": value` or `value` behind one another.
class Items {
 public:
  explicit Items(char open) : text_(1, open) {}
  std::string& next() { return text_.size() > 1 ? text_ += ", " : text_; }
  void add(std::string_view value) { next() += value; }
  void add(std::string_view raw_key, std::string_view value) { (next() += raw_key) += ": ", text_ += value; }
  std::string close(char with) && { return std::move(text_ += with); }

 private:
  std::string text_;
};

// ---- 0.4: nodes are in the struct, under numbers that the rest of it uses ----

// The ids of the nodes of an index struct by their numbers there.
class Numbered {
 public:
  Status add(std::string_view number, const std::string& id) {
    if (!distinct_.insert(id).second) {
      return Status::invalid_argument("node " + quoted(id) + " is there under two numbers");
    }
    ids_.insert_or_assign(std::string(number), id);
    return Status::ok();
  }
  // The id of the node with this number, which is an int, or a string where nodes are under strings.
  Result<std::string> id(JsonView number, std::string_view who) const {
    const bool fits = number.is_string() || number.kind() == JsonKind::kInt;
    const auto found =
        fits ? ids_.find(number.is_string() ? number.string() : std::string(number.text())) : ids_.end();
    if (found != ids_.end()) return found->second;
    return Status::invalid_argument(std::string(who) + " names node " +
                                    std::string(number.text().substr(0, 80)) + ", which is not there");
  }

 private:
  std::map<std::string, std::string, std::less<>> ids_;
  std::set<std::string> distinct_;
};

Result<Numbered> add_nodes(JsonView index, std::string_view member, OneFileNodes& nodes) {
  QUIPU_ASSIGN_OR_RETURN(const JsonView held, object_member(index, member));
  Numbered numbered;
  for (const JsonMember& node : held.members()) {
    const std::string number = node.key();
    QUIPU_ASSIGN_OR_RETURN(const std::string id, nodes.add(node.value, number));
    QUIPU_RETURN_IF_ERROR(numbered.add(number, id));
  }
  return numbered;
}

// {word: [number, ...]} with the nodes' ids.
Result<std::string> table_of(JsonView index, const Numbered& numbered) {
  QUIPU_ASSIGN_OR_RETURN(const JsonView table, object_member(index, "table"));
  Items words('{');
  for (const JsonMember& word : table.members()) {
    if (!word.value.is_array()) return wrong("table", "an object of lists");
    Items ids('[');
    for (const JsonView number : word.value.elements()) {
      QUIPU_ASSIGN_OR_RETURN(const std::string id,
                             numbered.id(number, "table: " + std::string(word.raw_key)));
      append_json_string(id, ids.next());
    }
    words.add(word.raw_key, std::move(ids).close(']'));
  }
  return std::move(words).close('}');
}

Result<std::string> list_of_04(JsonView index, OneFileIndex& /*converted*/, OneFileNodes& nodes) {
  const std::optional<JsonView> held = index.find("nodes");
  if (!held || !held->is_array()) return wrong("nodes", "a list");
  Items ids('[');
  size_t place = 0;
  for (const JsonView node : held->elements()) {
    QUIPU_ASSIGN_OR_RETURN(const std::string id, nodes.add(node, std::to_string(place++)));
    append_json_string(id, ids.next());
  }
  return "\"nodes\": " + std::move(ids).close(']');
}

Result<std::string> keyword_table_of_04(JsonView index, OneFileIndex& /*converted*/, OneFileNodes& nodes) {
  QUIPU_ASSIGN_OR_RETURN(const Numbered numbered, add_nodes(index, "text_chunks", nodes));
  QUIPU_ASSIGN_OR_RETURN(const std::string table, table_of(index, numbered));
  return "\"table\": " + table;
}

// The children of a node, by their numbers, which is the order in which queries have taken them.
Result<std::string> children_of(JsonView node, const Numbered& numbered) {
  std::vector<JsonView> numbers;
  if (const std::optional<JsonView> held = node.find("child_indices"); held && held->is_array()) {
    for (const JsonView number : held->elements()) numbers.push_back(number);
  }
  std::ranges::stable_sort(numbers, {}, [](JsonView number) { return number.int64().value_or(0); });
  Items children('[');
  for (const JsonView number : numbers) {
    QUIPU_ASSIGN_OR_RETURN(const std::string id, numbered.id(number, "child_indices"));
    append_json_string(id, children.next());
  }
  return std::move(children).close(']');
}

// Of a root node there are two copies; queries, inserts and embeddings are about the one among the roots.
Result<std::string> tree_of_04(JsonView index, OneFileIndex& /*converted*/, OneFileNodes& nodes) {
  QUIPU_ASSIGN_OR_RETURN(const JsonView all, object_member(index, "all_nodes"));
  QUIPU_ASSIGN_OR_RETURN(const JsonView roots, object_member(index, "root_nodes"));
  std::map<std::string_view, JsonView> root_of;
  for (const JsonMember& root : roots.members()) root_of.emplace(root.raw_key, root.value);
  std::vector<std::pair<std::string, JsonView>> used;  // id, node
  Numbered numbered;
  Items all_nodes('{');
  Items root_nodes('{');
  for (const JsonMember& member : all.members()) {
    const auto root = root_of.find(member.raw_key);
    const JsonView node = root == root_of.end() ? member.value : root->second;
    QUIPU_ASSIGN_OR_RETURN(const std::string id, nodes.add(node, member.key()));
    QUIPU_RETURN_IF_ERROR(numbered.add(member.key(), id));
    all_nodes.add(member.raw_key, quoted(id));
    used.emplace_back(id, node);
  }
  for (const JsonMember& root : roots.members()) {
    QUIPU_ASSIGN_OR_RETURN(const std::string id,
                           numbered.id(JsonView::from_canonical(root.raw_key), "root_nodes"));
    root_nodes.add(root.raw_key, quoted(id));
  }
  Items children('{');
  for (const auto& [id, node] : used) {
    QUIPU_ASSIGN_OR_RETURN(const std::string ids, children_of(node, numbered));
    children.add(quoted(id), ids);
  }
  return "\"all_nodes\": " + std::move(all_nodes).close('}') +
         ", \"root_nodes\": " + std::move(root_nodes).close('}') +
         ", \"node_id_to_children_ids\": " + std::move(children).close('}');
}

// The node of each vector, by the vector's id, which is the node's where the file has the vectors.
class NodesDict {
 public:
  explicit NodesDict(OneFileIndex& converted) : converted_(converted) { converted.is_vector_index = true; }

  Status add(const JsonMember& vector, const std::string& node_id) {
    if (converted_.has_vectors && !nodes_.insert(node_id).second) {
      return Status::invalid_argument("two vectors are of node " + quoted(node_id));
    }
    converted_.node_of_vector.emplace(vector.key(), node_id);
    const std::string quoted_id = quoted(node_id);
    nodes_dict_.add(converted_.has_vectors ? std::string_view(quoted_id) : vector.raw_key, quoted_id);
    return Status::ok();
  }
  std::string members() && {
    return "\"nodes_dict\": " + std::move(nodes_dict_).close('}') +
           ", \"doc_id_dict\": {}, \"embeddings_dict\": {}";
  }

 private:
  OneFileIndex& converted_;
  Items nodes_dict_ = Items('{');
  std::set<std::string> nodes_;
};

Result<std::string> dict_of_04(JsonView index, OneFileIndex& converted, OneFileNodes& nodes) {
  QUIPU_ASSIGN_OR_RETURN(const Numbered numbered, add_nodes(index, "nodes_dict", nodes));
  QUIPU_ASSIGN_OR_RETURN(const JsonView id_map, object_member(index, "id_map"));
  NodesDict nodes_dict(converted);
  for (const JsonMember& vector : id_map.members()) {
    QUIPU_ASSIGN_OR_RETURN(const std::string id,
                           numbered.id(vector.value, "id_map: " + std::string(vector.raw_key)));
    QUIPU_RETURN_IF_ERROR(nodes_dict.add(vector, id));
  }
  return std::move(nodes_dict).members();
}

// ---- 0.5, and what has not changed ----

// The members of these names, which are objects, as they are.
template <size_t kCount>
Result<std::string> copied(JsonView index, const std::array<std::string_view, kCount>& names) {
  std::string text;
  for (const std::string_view name : names) {
    QUIPU_ASSIGN_OR_RETURN(const JsonView member, object_member(index, name));
    if (!text.empty()) text += ", ";
    ((text += '"') += name) += "\": ";
    text += member.text();
  }
  return text;
}

Result<std::string> list_of_05(JsonView index, OneFileIndex& /*converted*/) {
  const std::optional<JsonView> nodes = index.find("nodes");
  if (!nodes || !nodes->is_array()) return wrong("nodes", "a list");
  return "\"nodes\": " + std::string(nodes->text());
}

Result<std::string> keyword_table_of_05(JsonView index, OneFileIndex& /*converted*/) {
  return copied(index, std::array<std::string_view, 1>{"table"});
}

Result<std::string> tree_of_05(JsonView index, OneFileIndex& /*converted*/) {
  return copied(index, std::array<std::string_view, 3>{"all_nodes", "root_nodes", "node_id_to_children_ids"});
}

Result<std::string> dict_of_05(JsonView index, OneFileIndex& converted) {
  QUIPU_ASSIGN_OR_RETURN(const JsonView held, object_member(index, "nodes_dict"));
  NodesDict nodes_dict(converted);
  for (const JsonMember& vector : held.members()) {
    if (!vector.value.is_string()) return wrong("nodes_dict", "an object of ids");
    QUIPU_RETURN_IF_ERROR(nodes_dict.add(vector, vector.value.string()));
  }
  return std::move(nodes_dict).members();
}

Result<std::string> empty_of(JsonView /*index*/, OneFileIndex& /*converted*/) { return std::string(); }

Result<std::string> sql_of(JsonView index, OneFileIndex& /*converted*/) {
  return copied(index, std::array<std::string_view, 1>{"context_dict"});
}

// rel_map is {subject: [[object, relation], ...]}; a graph store has [relation, object].
Status take_edges(JsonView index, OneFileIndex& converted) {
  QUIPU_ASSIGN_OR_RETURN(const JsonView rel_map, object_member(index, "rel_map"));
  for (const JsonMember& subject : rel_map.members()) {
    if (!subject.value.is_array()) return wrong("rel_map", "an object of lists");
    std::vector<std::string>& edges = converted.edges[subject.key()];
    for (const JsonView pair : subject.value.elements()) {
      std::vector<std::string_view> parts;
      if (pair.is_array()) {
        for (const JsonView part : pair.elements()) {
          if (part.is_string()) parts.push_back(part.text());
        }
      }
      if (parts.size() != 2) {
        return wrong("rel_map: " + std::string(subject.raw_key), "a list of [object, relation]");
      }
      edges.push_back("[" + std::string(parts[1]) + ", " + std::string(parts[0]) + "]");
    }
  }
  return Status::ok();
}

Result<std::string> kg_members(std::string table, JsonView index, OneFileIndex& converted) {
  QUIPU_RETURN_IF_ERROR(take_edges(index, converted));
  QUIPU_ASSIGN_OR_RETURN(const JsonView embeddings, object_member(index, "embedding_dict"));
  return "\"table\": " + std::move(table) +
         ", \"rel_map\": {}, \"embedding_dict\": " + std::string(embeddings.text());
}

Result<std::string> kg_of_04(JsonView index, OneFileIndex& converted, OneFileNodes& nodes) {
  QUIPU_ASSIGN_OR_RETURN(const Numbered numbered, add_nodes(index, "text_chunks", nodes));
  QUIPU_ASSIGN_OR_RETURN(std::string table, table_of(index, numbered));
  return kg_members(std::move(table), index, converted);
}

Result<std::string> kg_of_05(JsonView index, OneFileIndex& converted) {
  QUIPU_ASSIGN_OR_RETURN(const JsonView table, object_member(index, "table"));
  return kg_members(std::string(table.text()), index, converted);
}

template <Result<std::string> (*kConvert)(JsonView, OneFileIndex&)>
Result<std::string> without_nodes(JsonView index, OneFileIndex& converted, OneFileNodes& /*nodes*/) {
  return kConvert(index, converted);
}

struct Form {
  std::string_view old_type;
  std::string_view type;  // today
  // What the struct of today holds beside index_id and summary, or nothing.
  Result<std::string> (*members_of_04)(JsonView index, OneFileIndex& converted, OneFileNodes& nodes);
  Result<std::string> (*members_of_05)(JsonView index, OneFileIndex& converted);
};

constexpr Form vector_form(std::string_view old_type) {
  return {old_type, "vector_store", dict_of_04, dict_of_05};
}

constexpr std::array kForms = {
    Form{"tree", "tree", tree_of_04, tree_of_05},
    Form{"list", "list", list_of_04, list_of_05},
    Form{"keyword_table", "keyword_table", keyword_table_of_04, keyword_table_of_05},
    Form{"kg", "kg", kg_of_04, kg_of_05},
    Form{"empty", "empty", without_nodes<empty_of>, empty_of},
    Form{"sql", "sql", without_nodes<sql_of>, sql_of},
    Form{"pandas", "pandas", without_nodes<empty_of>, empty_of},
    vector_form("simple_dict"),
    vector_form("vector_store"),
    vector_form("dict"),
    vector_form("weaviate"),
    vector_form("pinecone"),
    vector_form("qdrant"),
    vector_form("milvus"),
    vector_form("chroma"),
    vector_form("myscale"),
    vector_form("opensearch"),
    vector_form("chatgpt_retrieval_plugin"),
    vector_form("deeplake"),
};

// The type of a struct that does not say it.
std::string_view type_by_members(JsonView index) {
  if (index.find("all_nodes")) return "tree";
  if (index.find("rel_map")) return "kg";
  if (index.find("text_chunks")) return "keyword_table";
  if (index.find("nodes_dict")) return "simple_dict";
  if (index.find("nodes")) return "list";
  return {};
}

Result<const Form*> form_of(std::string_view type) {
  const auto* const form = std::ranges::find(kForms, type, &Form::old_type);
  if (form != kForms.end()) return form;
  if (type.empty()) return Status::invalid_argument("it says no \"__type__\"");
  return Status::invalid_argument("its \"__type__\" " + quoted(type) + " is none of LlamaIndex before 0.6");
}

// `summary`: "text" in 0.4, "summary" in 0.5.
Status finish(JsonView index, std::string_view summary, std::string_view type, std::string_view members,
              OneFileIndex& converted) {
  const JsonView text = index.find(summary).value_or(JsonView());
  if (!text.is_string() && !text.is_null()) return wrong(summary, "a string");
  std::string data = "{\"index_id\": " + quoted(converted.id) + ", \"summary\": ";
  data += text.text();
  if (!members.empty()) (data += ", ") += members;
  QUIPU_ASSIGN_OR_RETURN(const IndexStruct made, IndexStruct::create(type, Json::from_canonical(data + "}")));
  converted.stored = made.to_json();
  return Status::ok();
}

std::string type_of(JsonView index) {
  const std::optional<JsonView> type = index.find("__type__");
  if (type && type->is_string()) return type->string();
  return type ? std::string(type->text()) : std::string();
}

}  // namespace

bool is_one_file_index(JsonView document) {
  const std::string type = type_of(document);
  return std::ranges::find(kForms, std::string_view(type), &Form::old_type) != kForms.end();
}

Result<OneFileIndex> convert_one_file_index(JsonView index, std::string_view id, bool has_vectors,
                                            OneFileNodes& nodes) {
  if (!index.is_object()) return Status::invalid_argument("it is not an object");
  OneFileIndex converted;
  converted.id = id;
  converted.has_vectors = has_vectors;
  converted.old_type = index.find("__type__") ? type_of(index) : std::string(type_by_members(index));
  QUIPU_ASSIGN_OR_RETURN(const Form* const form, form_of(converted.old_type));
  for (const std::string_view name : {"extra_info", "embedding"}) {
    const std::optional<JsonView> value = index.find(name);
    converted.has_other_members |= value && value->truthy();
  }
  QUIPU_ASSIGN_OR_RETURN(const std::string members, form->members_of_04(index, converted, nodes));
  QUIPU_RETURN_IF_ERROR(finish(index, "text", form->type, members, converted));
  return converted;
}

Result<OneFileIndex> convert_one_file_index(std::string_view type, JsonView index, bool has_vectors) {
  if (!index.is_object()) return Status::invalid_argument("it is not an object");
  const std::optional<JsonView> id = index.find("index_id");
  if (!id || !id->is_string()) return wrong("index_id", "a string");
  OneFileIndex converted;
  converted.id = id->string();
  converted.old_type = type;
  converted.has_vectors = has_vectors;
  QUIPU_ASSIGN_OR_RETURN(const Form* const form, form_of(type));
  QUIPU_ASSIGN_OR_RETURN(const std::string members, form->members_of_05(index, converted));
  QUIPU_RETURN_IF_ERROR(finish(index, "summary", form->type, members, converted));
  return converted;
}

}  // namespace quipu
