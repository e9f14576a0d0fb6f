"""What the stores of a database have in common."""

from __future__ import annotations

import functools
import inspect
import os
from typing import Any, Callable, ClassVar, Dict, Optional, Tuple, Type, TypeVar

import fsspec
from llama_index.core.storage.storage_context import DEFAULT_PERSIST_DIR

from quipu.database.closing import Closing
from quipu.database.options import OPTION_NAMES, check_names
from quipu.database.paths import Path, database_path, is_database
from quipu.files.from_persist import import_file
from quipu.stores.kv_store import RocksDBKVStore, describe
from quipu.telemetry.repr_html import repr_html

S = TypeVar("S", bound="OnDatabase")


class OnDatabase(Closing):
    """A store over a RocksDBKVStore, its first argument. A pickled one is that and its other arguments."""

    _kvstore: RocksDBKVStore
    _persist_file: ClassVar[str]  # its name in a directory that LlamaIndex persists

    @classmethod
    def from_path(cls: Type[S], path: Path, *args: Any, **kwargs: Any) -> S:
        """This store of a database directory, which is made when it is missing.

        The other arguments are those of the class after ``kvstore``, such as the namespace, and by keyword the options
        of RocksDBKVStore, such as ``read_only=True``.
        """
        own = list(inspect.signature(cls.__init__).parameters)[2:]
        check_names(f"{cls.__name__}.from_path", kwargs, [*own, *OPTION_NAMES])
        options: Any = {name: kwargs.pop(name) for name in OPTION_NAMES if name in kwargs}
        make: Callable[..., S] = cls
        return make(RocksDBKVStore(path, **options), *args, **kwargs)

    @classmethod
    def from_persist_dir(
        cls: Type[S],
        persist_dir: str = DEFAULT_PERSIST_DIR,
        namespace: Optional[str] = None,
        fs: Optional[fsspec.AbstractFileSystem] = None,
        *,
        path: Optional[Path] = None,
        **options: Any,
    ) -> S:
        """This store of the database at ``path``, with what the store's file in a persist directory holds.

        The file is imported as by ``import_dir``. For once: what is in the database is at its path from then on, where
        ``from_path`` opens it. Several stores may be imported into one database.

        Args:
            persist_dir, namespace, fs: as those of the Simple store's method.
            path: the directory of the database; it is needed.
            options: those of RocksDBKVStore, and the class's own arguments.

        Raises:
            ValueError: the database holds such a store already, or the file is not what LlamaIndex writes.
            FileNotFoundError: the file is missing.
        """
        name = cls._file_of(namespace)
        return cls._import("from_persist_dir", f"{persist_dir}/{name}", name, namespace, fs, path, options)

    @classmethod
    def from_persist_path(
        cls: Type[S],
        persist_path: str,
        namespace: Optional[str] = None,
        fs: Optional[fsspec.AbstractFileSystem] = None,
        *,
        path: Optional[Path] = None,
        **options: Any,
    ) -> S:
        """As ``from_persist_dir``, from a file of whatever name."""
        name = cls._file_of(namespace)
        return cls._import("from_persist_path", os.fspath(persist_path), name, namespace, fs, path, options)

    @classmethod
    def _file_of(cls, namespace: Optional[str]) -> str:
        return cls._persist_file

    @classmethod
    def _import(
        cls: Type[S],
        call: str,
        persist_path: str,
        name: str,
        namespace: Optional[str],
        fs: Optional[fsspec.AbstractFileSystem],
        path: Optional[Path],
        options: Dict[str, Any],
    ) -> S:
        if path is None:
            raise TypeError(
                f"{cls.__name__}.{call} needs path=, the directory of the database that the file is imported into; "
                f"{cls.__name__}.from_path opens one that has it already"
            )
        own = list(inspect.signature(cls.__init__).parameters)[2:]
        check_names(f"{cls.__name__}.{call}", options, [*own, *OPTION_NAMES])
        of_namespace = {} if namespace is None else {"namespace": namespace}
        if is_database(database_path(path)):
            with cls.from_path(path, **of_namespace, **options) as there:
                if any(isinstance(count, int) and count for count in there._facts().values()):
                    raise ValueError(f"{there!r} holds data already: {cls.__name__}.from_path opens it")
        import_file(persist_path, name, path, fs)
        return cls.from_path(path, **of_namespace, **options)

    @property
    def kvstore(self) -> RocksDBKVStore:
        return self._kvstore

    @property
    def closed(self) -> bool:
        return self._kvstore.closed

    def refresh(self) -> None:
        """Of a store that reads only: shows the database as it is now; see RocksDBKVStore.refresh."""
        self._kvstore.refresh()

    def close(self) -> None:
        """Closes the RocksDBKVStore under this store, and so all stores over it. Safe twice.

        Raises BusyError while a transaction is open.
        """
        self._kvstore.close()

    def _arguments(self) -> Tuple[Any, ...]:
        """Those of the class after ``kvstore``, and of the native class after its database."""
        raise NotImplementedError

    @functools.cached_property
    def _bound_arguments(self) -> Tuple[Any, ...]:
        """_arguments() of a store whose arguments stay the same, at less cost for each call."""
        return self._arguments()

    def _facts(self) -> Dict[str, Any]:
        """What repr() counts, at the price of some look-ups."""
        raise NotImplementedError

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self._kvstore, *self._arguments())

    def __repr__(self) -> str:
        return describe(self, self._kvstore.path, self._facts)

    def _repr_html_(self) -> str:
        return repr_html(self, self._kvstore.path, self._facts)

    __str__ = __repr__  # pydantic has its own
