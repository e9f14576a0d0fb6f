"""The questions of a manifest, asked of today's LlamaIndex. One function a kind."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Dict, List, Optional, Tuple

from llama_index.core import QueryBundle, StorageContext
from llama_index.core.indices.property_graph import VectorContextRetriever
from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters
from llama_index.core.vector_stores.types import VectorStoreQuery

from old_directories import graphs, structs, vectors
from old_directories.findings import Findings, Same, closely
from old_directories.manifest import Manifest
from old_directories.values import text_digest

Answer = Dict[str, Any]
# What is expected, how it is asked, how the two are compared.
Question = Tuple[Any, Callable[[], Any], Same]


class Asker:
    def __init__(self, context: StorageContext, manifest: Manifest) -> None:
        self.context = context
        self.manifest = manifest

    def bundle(self, answer: Answer) -> QueryBundle:
        return QueryBundle("q", embedding=self.manifest.queries[answer["query"]])

    def retrieve(self, answer: Answer, query: Any, **options: Any) -> List[Any]:
        index = structs.load(self.context, answer["index_id"])
        found = index.as_retriever(**options).retrieve(query)
        return [(each.node.node_id, each.score) for each in found]


def ranked(answer: Answer, ask: Callable[[], List[Any]]) -> Question:
    """Ids in order, and their scores."""
    return list(zip(answer["ids"], answer["scores"])), ask, closely


def listed(answer: Answer, ask: Callable[[], List[Any]]) -> Question:
    """Ids in order. Whatever score a version gives to nodes that it does not compare is its own."""
    return answer["ids"], lambda: [node_id for node_id, _ in ask()], closely


def vector(asker: Asker, answer: Answer) -> Question:
    return ranked(answer, lambda: asker.retrieve(answer, asker.bundle(answer), similarity_top_k=answer["top_k"]))


def vector_filtered(asker: Asker, answer: Answer) -> Question:
    filters = [ExactMatchFilter(key=key, value=value) for key, value in answer["filter"].items()]
    options = {"similarity_top_k": answer["top_k"], "filters": MetadataFilters(filters=filters)}
    return ranked(answer, lambda: asker.retrieve(answer, asker.bundle(answer), **options))


def vector_store_query(asker: Asker, answer: Answer) -> Question:
    told_name = answer.get("store", "default")
    name = vectors.NAMES.get(told_name, told_name)

    def ask() -> List[Any]:
        query = VectorStoreQuery(asker.manifest.queries[answer["query"]], similarity_top_k=answer["top_k"])
        found = asker.context.vector_stores[name].query(query)
        return list(zip(found.ids or [], found.similarities or []))

    return ranked(answer, ask)


def summary_list(asker: Asker, answer: Answer) -> Question:
    return listed(answer, lambda: asker.retrieve(answer, "all"))


def list_embedding(asker: Asker, answer: Answer) -> Question:
    options = {"retriever_mode": "embedding", "similarity_top_k": answer["top_k"]}
    return ranked(answer, lambda: asker.retrieve(answer, asker.bundle(answer), **options))


def keyword(asker: Asker, answer: Answer) -> Question:
    """Nodes that share as many words come in the order of a Python set: sorted here. LlamaIndexTS finds in a question
    words of ASCII letters alone."""
    table = asker.manifest.indexes[answer["index_id"]]["table"]
    words = [word for word in answer["words"] if word.isascii() or not asker.manifest.typescript]
    matches = Counter(node_id for word in set(words) for node_id in table[word])
    by_matches: Callable[[Any], Any] = lambda ids: sorted(ids, key=lambda each: (-matches[each], each))  # noqa: E731

    def ask() -> Any:
        ids = [each for each, _ in asker.retrieve(answer, " ".join(words), retriever_mode="simple")]
        counts = [matches[each] for each in ids]
        return by_matches(ids) if counts == sorted(counts, reverse=True) else ids

    return by_matches(answer["ids"]), ask, closely


def tree(mode: str) -> Callable[[Asker, Answer], Question]:
    return lambda asker, answer: listed(answer, lambda: asker.retrieve(answer, "all", retriever_mode=mode))


def tree_embedding(asker: Asker, answer: Answer) -> Question:
    options = {"retriever_mode": "select_leaf_embedding"}
    return listed(answer, lambda: asker.retrieve(answer, asker.bundle(answer), **options))


def kg_get(asker: Asker, answer: Answer) -> Question:
    """Relations of a subject, and the nodes of its keyword; before 0.6.32 those of the objects, too."""
    manifest, graph, subject = asker.manifest, asker.context.graph_store, answer["subject"]
    expected = {"rels": graphs.pairs(manifest, answer["rels"]), "node_ids": answer["node_ids"]}
    for name in ("texts", "rel_map_depth_2"):
        if name in answer:
            expected[name] = answer[name]

    def ask() -> Any:
        table = asker.context.index_store.get_index_struct(answer["index_id"]).table
        rels = graph.get(subject)
        objects = [each[1] for each in rels] if "texts" in answer else []
        found = {"rels": rels, "node_ids": sorted(each for word in [subject, *objects] for each in table.get(word, []))}
        if "texts" in answer:
            found["texts"] = [str((subject, relation, target)) for relation, target in rels]
        if "rel_map_depth_2" in answer:
            found["rel_map_depth_2"] = graph.get_rel_map([subject], depth=2)
        return found

    return expected, ask, closely


def kg_embedding(asker: Asker, answer: Answer) -> Question:
    """Nodes of the triplets found, in the order of Python's sets: sorted here. The last is one that the retriever
    makes of the triplets."""
    known = lambda ids: sorted(each if each in asker.manifest.nodes else "~ triplets" for each in ids)  # noqa: E731
    options = {"retriever_mode": "embedding", "similarity_top_k": answer["top_k"]}

    def ask() -> Any:
        found = asker.retrieve(answer, asker.bundle(answer), **options)
        return [known([each for each, _ in found]), [score for _, score in found]]

    return [known(answer["ids"]), answer["scores"]], ask, closely


def document_summary(asker: Asker, answer: Answer) -> Question:
    def ask() -> Any:
        struct = asker.context.index_store.get_index_struct(answer["index_id"])
        summary_id = struct.doc_id_to_summary_id[answer["doc_id"]]
        summary = asker.context.docstore.get_node(summary_id).get_content()
        return [summary_id, summary, struct.summary_id_to_node_ids[summary_id]]

    return [answer["summary_id"], answer["summary"], answer["node_ids"]], ask, closely


def document_summary_embedding(asker: Asker, answer: Answer) -> Question:
    options = {"retriever_mode": "embedding", "similarity_top_k": answer["top_k"]}
    return ranked(answer, lambda: asker.retrieve(answer, asker.bundle(answer), **options))


def pg_get_triplets(asker: Asker, answer: Answer) -> Question:
    store: Any = asker.context.property_graph_store
    ask = lambda: graphs.triplets(store.get_triplets(entity_names=[answer["entity"]]))  # noqa: E731
    return answer["triplets"], ask, closely


def pg_rel_map(asker: Asker, answer: Answer) -> Question:
    store: Any = asker.context.property_graph_store
    ask = lambda: graphs.triplets(  # noqa: E731
        store.get_rel_map(store.get(ids=[answer["entity"]]), depth=answer["depth"])
    )
    return answer["triplets"], ask, closely


def pg_get(asker: Asker, answer: Answer) -> Question:
    store: Any = asker.context.property_graph_store

    def ask() -> Any:
        (entity,) = store.get(ids=[answer["entity"]])
        return [entity.label, entity.properties]

    return [answer["label"], answer["properties"]], ask, closely


def pg_vector(asker: Asker, answer: Answer) -> Question:
    """Triplets, best first. Those of one score come in the order of a Python set."""

    def ask() -> List[Tuple[Optional[str], float]]:
        retriever = VectorContextRetriever(
            asker.context.property_graph_store,
            vector_store=asker.context.vector_stores.get("default"),
            include_text=False,
            include_properties=asker.manifest.version < (0, 11),  # which showed them always
            similarity_top_k=answer["top_k"],
        )
        return [(text_digest(each.node.get_content()), each.score) for each in retriever.retrieve(asker.bundle(answer))]

    def same(expected: Any, actual: Any) -> bool:
        scores = dict(actual)
        texts = [each[0] if isinstance(each, tuple) else each for each in expected]
        ranks = [scores.get(text, 0.0) for text in texts]
        return sorted(texts) == sorted(text for text, _ in actual) and ranks == sorted(ranks, reverse=True)

    return list(map(text_digest, answer["texts"])), ask, same


KINDS: Dict[str, Callable[[Asker, Answer], Question]] = {
    "vector": vector,
    "vector_filtered": vector_filtered,
    "vector_store_query": vector_store_query,
    "list": summary_list,
    "list_embedding": list_embedding,
    "keyword": keyword,
    "tree_all_leaf": tree("all_leaf"),
    "tree_summarize_leaves": tree("all_leaf"),
    "tree_root": tree("root"),
    "tree_select_leaf_embedding": tree_embedding,
    "tree_embedding": tree_embedding,
    "kg_get": kg_get,
    "kg_embedding": kg_embedding,
    "document_summary": document_summary,
    "document_summary_embedding": document_summary_embedding,
    "pg_get_triplets": pg_get_triplets,
    "pg_rel_map": pg_rel_map,
    "pg_get": pg_get,
    "pg_vector": pg_vector,
}


def compare(context: StorageContext, manifest: Manifest, findings: Findings) -> None:
    asker = Asker(context, manifest)
    for number, answer in enumerate(manifest.data["answers"]):
        kind = f"answer {answer['kind']}"
        if answer["kind"] == "pipeline_rerun_after_load":
            continue  # of a pipeline, not of a storage context: see pipelines
        if "error" in answer:
            findings.omit(kind, "the writer itself fails")
        elif answer["kind"] == "document_summary_embedding" and "embed model" in answer["needs"]:
            findings.omit(kind, "this version stores no vectors of summaries, which today's retriever searches")
        elif answer["kind"] == "keyword" and structs.table_is_lost(manifest, answer["index_id"]):
            findings.omit(kind, "LlamaIndexTS through 0.5 writes the keyword table empty")
        else:
            expected, ask, same = KINDS[answer["kind"]](asker, answer)
            findings.check(kind, f"{answer.get('index_id')} #{number}", expected, ask, same)
