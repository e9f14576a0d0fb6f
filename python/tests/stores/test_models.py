"""Nodes and relations that are read without their classes' validation are what the classes make."""

import json
import math
import random
from pathlib import Path

import pytest
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, Relation
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    ObjectType,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.storage.docstore.utils import doc_to_json, json_to_doc

import quipu
from quipu import _native
from quipu.convert import models

DATA = Path(__file__).parents[3] / "tests" / "data"
SEED = 20261130


def expect_same(a, b):
    """Of the same types and values, down to their parts, and in the same order."""
    assert type(a) is type(b), (a, b)
    if isinstance(a, BaseModel):
        assert a.__dict__.keys() == b.__dict__.keys()
        expect_same(a.__dict__, b.__dict__)
        assert a.__pydantic_fields_set__ == b.__pydantic_fields_set__
        assert (a.__pydantic_extra__, a.__pydantic_private__) == (b.__pydantic_extra__, b.__pydantic_private__)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        assert list(map(type, a)) == list(map(type, b))
        for key in a:
            expect_same(a[key], b[key])
    elif isinstance(a, list):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            expect_same(x, y)
    elif isinstance(a, float):
        assert math.copysign(1, a) == math.copysign(1, b)
        assert a == b or (math.isnan(a) and math.isnan(b))
    else:
        assert a == b


def outcome(call, *args):
    try:
        return call(*args), None
    except Exception as error:
        return None, (type(error), str(error))


def expect_as_by_class(reader, to_object, text):
    made, error = outcome(reader.read, text)
    wanted, wanted_error = outcome(lambda: to_object(json.loads(text)))
    assert error == wanted_error, text
    expect_same(made, wanted)


def stored_nodes():
    texts = []
    for path in sorted(DATA.glob("**/docstore*.json")):
        try:
            nodes = json.loads(path.read_bytes())["docstore/data"].values()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        texts += [json.dumps(node) for node in nodes if isinstance(node, dict)]
    return texts


def node_samples():
    related = RelatedNodeInfo(node_id="r", node_type=ObjectType.DOCUMENT, metadata={"a": [1, None, 2.5]}, hash="h")
    common = {
        "embedding": [0.25, -1e-9, 1e300],
        "metadata": {"n": 10**30, "deep": {"list": [True, None, "x", -1, 1.5]}, "\u00e9": "\U0001f600\u4e2d"},
        "excluded_embed_metadata_keys": ["n"],
        "relationships": {NodeRelationship.SOURCE: related, NodeRelationship.CHILD: [related, related]},
    }
    return [
        TextNode(**common, text='line\n"quoted" \\ \u00e9\u4e2d\U0001f600\x00\x7f', start_char_idx=3),
        TextNode(text=""),
        Document(**common, text="document \u20ac"),
        Document(),
        Node(**common, text_resource=MediaResource(text="t", mimetype="text/markdown")),
        Node(),
        ImageNode(**common, text="t", image="aGk=", image_url="http://x/y.png", text_embedding=[1.0]),
        IndexNode(**common, text="t", index_id="i"),
    ]


def with_changes(text, numbers):
    """The text, and others in which a member is missing, new, or of another type."""
    yield text
    for value in (None, 1, 1.5, True, "x", "\ud800", [], [1], ["a"], {}, {"a": 1}, 10**25, -0.0, math.nan):
        stored = json.loads(text)
        within = stored.get("__data__", stored)
        if not isinstance(within, dict) or not within:
            return
        name = numbers.choice(list(within))
        within[name] = value
        yield json.dumps(stored)
    for name in list(json.loads(text).get("__data__", {})):
        stored = json.loads(text)
        del stored["__data__"][name]
        yield json.dumps(stored)
    for name in ("extra_info", "doc_id", "text_resource", "metadata_seperator", "another"):
        stored = json.loads(text)
        if isinstance(stored.get("__data__"), dict):
            stored["__data__"][name] = {"text": "x"}
            yield json.dumps(stored)


def test_json_is_read_as_by_json_loads():
    numbers = random.Random(SEED)

    def value(depth):
        kind = numbers.randrange(9 if depth < 5 else 6)
        if kind == 0:
            return numbers.choice([None, True, False, math.nan, math.inf, -math.inf])
        if kind == 1:
            return numbers.choice([1, -1]) * numbers.getrandbits(numbers.choice([3, 31, 60, 64, 200]))
        if kind == 2:
            any_float = numbers.uniform(-1, 1) * 10.0 ** numbers.randrange(-300, 300)
            return numbers.choice([0.0, -0.0, 1e22, 1e-7, 5e-324, any_float])
        if kind < 6:
            plain = ["ab c", 'a"\\/\b\f\n\r\t']
            alphabet = numbers.choice([*plain, "a\u007f\u00e9\u00ff", "a\u20ac\ud800", "a\U0001f600\udc00\ud83d"])
            return "".join(numbers.choice(alphabet) for _ in range(numbers.randrange(40)))
        if kind == 6:
            return [value(depth + 1) for _ in range(numbers.randrange(5))]
        keys = ["a", "key", "\u00e9", "\ud800", "", "x" * 100, 'q"', "longer key"]
        return {numbers.choice(keys): value(depth + 1) for _ in range(numbers.randrange(5))}

    for _ in range(3000):
        text = json.dumps(value(0))
        expect_same(_native.parse_json(text), json.loads(text))


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '"\u00e9"', ' [1 ,2]', "[1,2]", '{"a" :1}', "1.0E5", "-0"])
def test_json_in_another_form_is_read_as_by_json_loads(text):
    expect_same(_native.parse_json(text), json.loads(text))


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "[1, ]", '"\\x"', '"\\u12"', "nul", "1 2", '"a', "-", '{"a": }'])
def test_what_is_no_json_raises_as_json_loads(text):
    with pytest.raises(json.JSONDecodeError) as wanted:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as raised:
        _native.parse_json(text)
    assert str(raised.value) == str(wanted.value)


def test_deep_json_raises_as_json_loads():
    text = "[" * 100000 + "]" * 100000
    with pytest.raises(RecursionError) as wanted:
        json.loads(text)
    with pytest.raises(RecursionError) as raised:
        _native.parse_json(text)
    assert str(raised.value) == str(wanted.value)


def test_what_our_store_wrote_needs_no_class():
    def refuse(parsed):
        raise AssertionError(f"read by its class: {parsed}")

    nodes = _native.ObjectReader(models._node_readers(), refuse)
    for node in node_samples():
        nodes.read(json.dumps(doc_to_json(node)))


def test_nodes_are_what_their_classes_make(monkeypatch):
    monkeypatch.setattr("uuid.uuid4", lambda: "made up")
    numbers = random.Random(SEED)
    texts = [json.dumps(doc_to_json(node)) for node in node_samples()]
    for text in texts:
        for changed in with_changes(text, numbers):
            expect_as_by_class(models.NODES, json_to_doc, changed)
    kept = stored_nodes()
    assert len(kept) > 100
    for text in kept:
        expect_as_by_class(models.NODES, json_to_doc, text)


def test_image_nodes_whose_type_is_guessed_are_what_their_class_makes():
    node = ImageNode(image_path="a.png")
    node.image_mimetype = None
    expect_as_by_class(models.NODES, json_to_doc, json.dumps(doc_to_json(node)))
    document = ImageDocument(image="aGk=", text="t")
    expect_as_by_class(models.NODES, json_to_doc, json.dumps(doc_to_json(document)))
    index_node = IndexNode(text="t", index_id="i", obj=TextNode(text="within"))
    made = models.NODES.read(json.dumps(doc_to_json(index_node)))
    assert type(made.obj) is TextNode and made.obj.text == "within"


def test_labelled_nodes_and_relations_are_what_their_classes_make():
    numbers = random.Random(SEED)
    nodes = [
        EntityNode(name='n"\u00e9', label="L", embedding=[0.5], properties={"a": {"b": [1, None]}}),
        EntityNode(name="plain"),
        ChunkNode(text="t\n", id_="i", properties={"x": 1.5}),
        ChunkNode(text="t"),
    ]
    for node in nodes:
        for changed in with_changes(json.dumps(node.model_dump()), numbers):
            expect_as_by_class(models.LABELLED_NODES, models._to_labelled_node, changed)
    relation = Relation(label="l", source_id="s", target_id="t", properties={"a": 1})
    for changed in with_changes(json.dumps(relation.model_dump()), numbers):
        expect_as_by_class(models.RELATIONS, lambda stored: Relation(**stored), changed)


def test_what_is_read_is_the_callers(tmp_path):
    node = node_samples()[0]
    with quipu.QuipuDocumentStore.from_path(tmp_path / "db") as store:
        store.add_documents([node])
        for read in (store.get_document, lambda each: store.docs[each], lambda each: store.get_nodes([each])[0]):
            mine = read(node.node_id)
            before = mine.model_copy(deep=True)
            mine.text = "mine"
            mine.metadata["deep"]["list"].append("mine")
            mine.relationships[NodeRelationship.SOURCE].metadata["a"].append("mine")
            del mine.relationships[NodeRelationship.CHILD]
            mine.excluded_embed_metadata_keys.append("mine")
            mine.__pydantic_fields_set__.clear()
            expect_same(read(node.node_id), before)
            assert mine.model_dump()["text"] == "mine"
