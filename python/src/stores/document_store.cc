// KVDocumentStore for Python: nodes are dicts, {"__data__": ..., "__type__": ...}.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <functional>

#include "python/src/convert/arguments.h"
#include "python/src/convert/json_encoder.h"
#include "python/src/convert/progress.h"
#include "python/src/convert/text.h"
#include "python/src/convert/vector_query.h"
#include "python/src/stores/bound.h"
#include "quipu/document_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using Documents = Bound<KVDocumentStore>;

AddOptions add_options(bool allow_update, std::optional<int> batch_size, bool store_text) {
  return {.allow_update = allow_update, .batch_size = batch_size, .store_text = store_text};
}

void add_serialized(Documents& documents, nb::handle nodes, Flag<"allow_update"> allow_update,
                    Arg<"batch_size", std::optional<int>> batch_size, Flag<"store_text"> store_text) {
  EncodedJson encoded = encode_items(nodes, /*plain=*/true);
  documents.run([&](KVDocumentStore& store) {
    const Json parsed = std::move(encoded).json();
    std::vector<JsonView> views;
    for (const JsonView node : parsed.view().elements()) views.push_back(node);
    check(store.add_serialized(views, add_options(allow_update, batch_size, store_text)));
  });
}

// `facts`: for each of `nodes` an array [id, whether it has a source, the source's id or null, metadata,
// hash].
std::vector<NodeFacts> parse_facts(JsonView nodes, JsonView facts) {
  std::vector<NodeFacts> parsed;
  for (const JsonView node : nodes.elements()) parsed.emplace_back().stored = node;
  size_t i = 0;
  for (const JsonView fact : facts.elements()) {
    std::vector<JsonView> parts;
    for (const JsonView part : fact.elements()) parts.push_back(part);
    NodeFacts& each = parsed.at(i++);
    each.id = parts.at(0).string();
    each.has_source = parts.at(1).boolean();
    if (!parts.at(2).is_null()) each.ref_doc_id = parts.at(2).string();
    each.metadata = parts.at(3);
    each.hash = parts.at(4).string();
  }
  return parsed;
}

// `failed`: id and error of the node after `nodes`.
void add_facts(Documents& documents, const nb::list& nodes, const nb::list& facts,
               const std::optional<std::pair<Text, Text>>& failed, Flag<"allow_update"> allow_update,
               Arg<"batch_size", std::optional<int>> batch_size, Flag<"store_text"> store_text) {
  EncodedJson encoded_nodes = encode_json(nodes);
  EncodedJson encoded_facts = encode_json(facts);
  BadNode bad;
  if (failed) {
    bad.id = failed->first.view;
    bad.error = Status::invalid_argument(std::string(failed->second.view));
  }
  documents.run([&](KVDocumentStore& store) {
    const Json parsed_nodes = std::move(encoded_nodes).json();
    const Json parsed_facts = std::move(encoded_facts).json();
    check(store.add_facts(parse_facts(parsed_nodes, parsed_facts),
                          add_options(allow_update, batch_size, store_text), bad));
  });
}

std::string entries_text(const OrderedMap<RefDocInfo>& entries) {
  std::string text = "{";
  for (const auto& [id, info] : entries) {
    if (text.size() > 1) text += ", ";
    append_json_string(id, text);
    text += ": ";
    text += info.to_dict().text();
  }
  return text + "}";
}

std::optional<nb::str> get_ref_doc_info(Documents& documents, const Str<"ref_doc_id">& ref_doc_id) {
  const auto info = documents.run(
      [&](const KVDocumentStore& store) { return take(store.get_ref_doc_info(ref_doc_id.view)); });
  if (!info) return std::nullopt;
  return to_str(info->to_dict().text());
}

nb::str get_all_ref_doc_info(Documents& documents) {
  return to_str(documents.run(
      [](const KVDocumentStore& store) { return entries_text(take(store.get_all_ref_doc_info())); }));
}

// The hashes are in the order of the nodes' insertion, their texts in that of the ids: the next ones are to
// be on their way from memory.
void prefetch(const DocumentHashes& hashes, size_t i) {
  if (i >= hashes.size()) return;
  __builtin_prefetch(hashes.hash(i).data());
  __builtin_prefetch(hashes.id(i).data());
}

// As a comprehension over all nodes makes it: of equal hashes the last id, at the first one's place.
nb::dict get_all_document_hashes(Documents& documents) {
  const DocumentHashes hashes =
      documents.run([](const KVDocumentStore& store) { return take(store.document_hashes()); });
  constexpr size_t kAhead = 8;
  nb::dict found;
  for (size_t i = 0; i < hashes.size(); ++i) {
    prefetch(hashes, i + kAhead);
    const nb::str hash = to_str(hashes.hash(i));
    if (PyDict_SetItem(found.ptr(), hash.ptr(), to_str(hashes.id(i)).ptr()) != 0) nb::raise_python_error();
  }
  return found;
}

// The member of what a document store has of a document, as get_at_hand().
nb::object hash_at_hand(const std::shared_ptr<Database>& db, const Str<"doc_id">& id,
                        const Str<"collection">& metadata_collection) {
  Result<std::optional<Json>> metadata = db->get_at_hand(id.view, metadata_collection.view);
  if (!metadata && metadata.error().code() == StatusCode::kBusy) return nb::borrow(Py_NotImplemented);
  const std::optional<Json> found = take(std::move(metadata));
  const std::optional<JsonView> hash = found ? found->view().find("doc_hash") : std::nullopt;
  if (!hash) return nb::none();
  return hash->is_string() ? nb::object(to_str(hash->string())) : nb::borrow(Py_NotImplemented);
}

void set_document_hashes(Documents& documents, nb::handle given) {
  nb::dict doc_hashes;
  read_argument(given, "doc_hashes", doc_hashes);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto [id, hash] : doc_hashes) {
    Text key;
    Text value;
    read_argument(id, "doc_id", key);
    read_argument(hash, "doc_hash", value);
    pairs.emplace_back(key.view, value.view);
  }
  documents.run([&](KVDocumentStore& store) { check(store.set_document_hashes(pairs)); });
}

void make_documents(Documents* self, std::shared_ptr<Database> database, const Str<"namespace">& ns,
                    Arg<"batch_size", int> batch_size, const Str<"node_collection_suffix">& nodes,
                    const Str<"ref_doc_collection_suffix">& ref_docs,
                    const Str<"metadata_collection_suffix">& metadata) {
  new (self) Documents(std::move(database),
                       DocumentStoreOptions{.ns = std::string(ns.view),
                                            .batch_size = batch_size,
                                            .node_collection_suffix = std::string(nodes.view),
                                            .ref_doc_collection_suffix = std::string(ref_docs.view),
                                            .metadata_collection_suffix = std::string(metadata.view)});
}

// What index_text() has made, or null.
std::optional<nb::tuple> text_index(Documents& documents) {
  const auto info = documents.run([](const KVDocumentStore& store) { return take(store.text_index()); });
  if (!info) return std::nullopt;
  return nb::make_tuple(to_str(info->analyser), info->whole, info->documents, info->tokens);
}

void index_text(Documents& documents, const Str<"analyser">& analyser, nb::object progress) {
  ProgressToPython to_python(std::move(progress));
  const Status made = documents.run(
      [&](KVDocumentStore& store) { return store.index_text(analyser.view, std::ref(to_python)); });
  to_python.rethrow();
  check(made);
}

nb::list search_text(Documents& documents, const Str<"query">& query, Arg<"top_k", int> top_k,
                     Flag<"syntax"> syntax, const std::optional<std::string>& filters) {
  TextSearch search{.query = std::string(query.view), .top_k = top_k, .syntax = syntax};
  const std::vector<TextMatch> matches = documents.run([&](const KVDocumentStore& store) {
    const std::optional<MetadataFilters> parsed = parse_filters(filters);
    search.filters = parsed ? &*parsed : nullptr;
    return take(store.search_text(search));
  });
  nb::list found;
  for (const TextMatch& match : matches) found.append(nb::make_tuple(to_str(match.id), match.score));
  return found;
}

// Called without the GIL.
std::vector<std::vector<std::string>> terms_of(const Strings& texts, std::string_view analyser) {
  const nb::gil_scoped_release release;
  return take(quipu::text_terms(texts, analyser));
}

nb::list text_terms(const Arg<"texts", Strings>& texts, const Str<"analyser">& analyser) {
  nb::list all;
  for (const std::vector<std::string>& terms : terms_of(texts, analyser.view)) all.append(to_list(terms));
  return all;
}

}  // namespace

void register_document_store(nb::module_& module) {
  module.def("text_terms", &text_terms, nb::arg("texts").none(), nb::arg("analyser").none());
  module.def("hash_at_hand", &hash_at_hand, nb::arg("database"), nb::arg("doc_id").none(),
             nb::arg("collection").none());
  nb::class_<Documents>(module, "DocumentStore")
      .def("__init__", &make_documents, nb::arg("database"), nb::arg("namespace").none(),
           nb::arg("batch_size").none(), nb::arg("node_collection_suffix").none(),
           nb::arg("ref_doc_collection_suffix").none(), nb::arg("metadata_collection_suffix").none())
      .def("add_serialized", &add_serialized, nb::arg("nodes"), nb::arg("allow_update").none(),
           nb::arg("batch_size").none(), nb::arg("store_text").none())
      .def("add_facts", &add_facts, nb::arg("nodes"), nb::arg("facts"), nb::arg("failed").none(),
           nb::arg("allow_update").none(), nb::arg("batch_size").none(), nb::arg("store_text").none())
      .def(
          "delete_document",
          [](Documents& documents, const Str<"doc_id">& id, Flag<"raise_error"> raise_error) {
            documents.run(
                [&](KVDocumentStore& store) { check(store.delete_document(id.view, raise_error)); });
          },
          nb::arg("doc_id").none(), nb::arg("raise_error").none())
      .def(
          "delete_ref_doc",
          [](Documents& documents, const Str<"ref_doc_id">& id, Flag<"raise_error"> raise_error) {
            documents.run([&](KVDocumentStore& store) { check(store.delete_ref_doc(id.view, raise_error)); });
          },
          nb::arg("ref_doc_id").none(), nb::arg("raise_error").none())
      .def(
          "ref_doc_exists",
          [](Documents& documents, const Str<"ref_doc_id">& id) {
            return documents.run(
                [&](const KVDocumentStore& store) { return take(store.ref_doc_exists(id.view)); });
          },
          nb::arg("ref_doc_id").none())
      .def("get_ref_doc_info", &get_ref_doc_info, nb::arg("ref_doc_id").none())
      .def("get_all_ref_doc_info", &get_all_ref_doc_info)
      .def("get_all_document_hashes", &get_all_document_hashes)
      .def("set_document_hashes", &set_document_hashes, nb::arg("doc_hashes").none())
      .def(
          "set_document_hash",
          [](Documents& documents, const Str<"doc_id">& id, const Str<"doc_hash">& hash) {
            documents.run(
                [&](KVDocumentStore& store) { check(store.set_document_hash(id.view, hash.view)); });
          },
          nb::arg("doc_id").none(), nb::arg("doc_hash").none())
      .def(
          "missing_hashes",
          [](Documents& documents, const Arg<"hashes", Strings>& hashes) {
            return to_list(documents.run(
                [&](const KVDocumentStore& store) { return take(store.missing_hashes(hashes)); }));
          },
          nb::arg("hashes").none())
      .def(
          "ids_by_hash",
          [](Documents& documents, const Str<"doc_hash">& hash) {
            return to_list(documents.run(
                [&](const KVDocumentStore& store) { return take(store.ids_by_hash(hash.view)); }));
          },
          nb::arg("doc_hash").none())
      .def("index_text", &index_text, nb::arg("analyser").none(), nb::arg("progress").none())
      .def("drop_text_index",
           [](Documents& documents) {
             return documents.run([](KVDocumentStore& store) { return take(store.drop_text_index()); });
           })
      .def("text_index", &text_index)
      .def("search_text", &search_text, nb::arg("query").none(), nb::arg("top_k").none(),
           nb::arg("syntax").none(), nb::arg("filters").none())
      .def("persist", &Documents::persist, nb::arg("persist_path").none(), nb::arg("fs").none());
}

}  // namespace quipu::python
