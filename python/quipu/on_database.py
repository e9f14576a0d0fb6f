"""What the stores of a database have in common."""

from __future__ import annotations

import os
from typing import Any, Callable, Tuple, Type, TypeVar, Union

from quipu.kv_store import RocksDBKVStore

S = TypeVar("S", bound="OnDatabase")


class OnDatabase:
    """A store over a RocksDBKVStore, its first argument. A pickled one is that and its other arguments."""

    _kvstore: RocksDBKVStore

    @classmethod
    def from_path(cls: Type[S], path: Union[str, "os.PathLike[str]"], *args: Any, **kwargs: Any) -> S:
        """This store of a database directory, which is made when it is missing.

        The other arguments are those of the class after ``kvstore``, such as the namespace.
        """
        make: Callable[..., S] = cls
        return make(RocksDBKVStore(path), *args, **kwargs)

    @property
    def kvstore(self) -> RocksDBKVStore:
        return self._kvstore

    def _arguments(self) -> Tuple[Any, ...]:
        """Those of the class after ``kvstore``, and of the native class after its database."""
        raise NotImplementedError

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self._kvstore, *self._arguments())
