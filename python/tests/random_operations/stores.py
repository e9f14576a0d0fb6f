"""A pair of stores, the reference's and ours, that the same calls are made on."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any, ClassVar, List, Optional, Tuple

import quipu

from random_operations.operation import Operation
from random_operations.outcome import Outcome, outcome, same_error, spell


class Stores:
    """One pair; a subclass for each kind of store."""

    KIND: ClassVar[str]

    reference: Any
    ours: Any

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "database"
        self.open()
        self.reference = self.make_reference()

    # ---- what a kind says ----

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        """That many random calls; they do not depend on what the stores hold."""
        raise NotImplementedError

    def make_reference(self) -> Any:
        raise NotImplementedError

    def make_ours(self) -> Any:
        raise NotImplementedError

    def reload_reference(self, path: str) -> Any:
        """The reference's store, from the file that it has persisted."""
        return type(self.reference).from_persist_path(path)

    def equal(self, operation: Operation, reference: Any, ours: Any) -> bool:
        return spell(reference) == spell(ours)

    def texts(self) -> Tuple[Outcome, Outcome]:
        """The files of both."""
        return self.persisted(self.reference, "reference"), self.persisted(self.ours, "ours")

    # ---- the same for all ----

    def open(self) -> None:
        self.kvstore = quipu.RocksDBKVStore(self._path)
        self.ours = self.make_ours()

    def close(self) -> None:
        self.kvstore.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    def persisted(self, store: Any, name: str) -> Outcome:
        path = self._folder / f"{name}.json"

        def write() -> str:
            store.persist(str(path))
            return path.read_text(encoding="utf-8")

        return outcome(write)

    def difference(self, operation: Operation) -> Optional[str]:
        """Makes a call on both; None when they do the same."""
        if operation.name == "compare_files":
            return self.files_difference()
        if operation.name == "reopen":
            self.reopen()
            return None
        if operation.name == "reload":
            return self.reload()
        if operation.name == "transaction":
            return self.transaction(operation)
        return self.call_difference(operation)

    def call_difference(self, operation: Operation) -> Optional[str]:
        ours = outcome(lambda: operation.call(self.ours))
        if operation.mistyped:
            return (
                None if isinstance(ours.error, (TypeError, ValueError)) else f"ours, of a wrong type: {ours}"
            )
        reference = outcome(lambda: self.call_reference(operation))
        if reference.error is not None or ours.error is not None:
            both = reference.error is not None and ours.error is not None
            same = both and same_error(reference.error, ours.error)  # type: ignore[arg-type]
        else:
            same = self.equal(operation, reference.result, ours.result)
        return None if same else f"reference: {reference}\n    ours:      {ours}"

    def call_reference(self, operation: Operation) -> Any:
        return operation.call(self.reference)

    def files_difference(self) -> Optional[str]:
        reference, ours = self.texts()
        if reference.error is not None or ours.error is not None:
            return None if reference.error and ours.error else f"reference: {reference}\n    ours: {ours}"
        if reference.result == ours.result:
            return None
        at = next((i for i, (a, b) in enumerate(zip(reference.result, ours.result)) if a != b), 0)
        around = slice(max(0, at - 200), at + 200)
        return f"files differ at {at}; reference: {reference.result[around]}\n    ours: {ours.result[around]}"

    def reload(self) -> Optional[str]:
        """Both from what they have stored."""
        written = self.persisted(self.reference, "reference")
        if written.error is None:
            self.reference = self.reload_reference(str(self._folder / "reference.json"))
        self.reopen()
        return None

    def transaction(self, operation: Operation) -> Optional[str]:
        before = copy.deepcopy(self.reference)
        try:
            with quipu.transaction(self.kvstore):
                for number, inner in enumerate(operation.inner):
                    found = self.call_difference(inner)
                    if found is not None:
                        return f"in the transaction, {number}: {inner}: {found}"
                if not operation.commit:
                    raise Undone
        except Undone:
            self.undo(before)
        return None

    def undo(self, before: Any) -> None:
        self.reference = before


class Undone(Exception):
    pass


def sprinkle(rng: random.Random, calls: List[Operation]) -> List[Operation]:
    """The calls, some of them in transactions, with looks at the files and reopenings between them."""
    operations: List[Operation] = []
    while calls:
        kind = rng.random()
        if kind < 0.01:
            operations.append(Operation("compare_files"))
        elif kind < 0.012:
            operations.append(Operation("reopen"))
        elif kind < 0.014:
            operations.append(Operation("reload"))
        elif kind < 0.025:
            size = rng.randint(1, 8)
            operations.append(Operation("transaction", inner=calls[:size], commit=rng.random() < 0.6))
            del calls[:size]
        else:
            operations.append(calls.pop(0))
    return operations + [Operation("compare_files"), Operation("reopen"), Operation("compare_files")]
