"""What the stores of a database have in common."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, Tuple, Type, TypeVar

from quipu.closing import Closing
from quipu.kv_store import RocksDBKVStore, describe
from quipu.options import OPTION_NAMES, check_names
from quipu.paths import Path

S = TypeVar("S", bound="OnDatabase")


class OnDatabase(Closing):
    """A store over a RocksDBKVStore, its first argument. A pickled one is that and its other arguments."""

    _kvstore: RocksDBKVStore

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

    def _facts(self) -> Dict[str, Any]:
        """What repr() counts, at the price of some look-ups."""
        raise NotImplementedError

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self._kvstore, *self._arguments())

    def __repr__(self) -> str:
        return describe(self, self._kvstore.path, self._facts)

    __str__ = __repr__  # pydantic has its own
