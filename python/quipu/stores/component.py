"""What pydantic makes of the stores that are its models: where they are, not what is in them."""

from __future__ import annotations

import inspect
from typing import Any, Dict, Type, TypeVar

from pydantic import BaseModel, ModelWrapValidatorHandler, PrivateAttr, computed_field, model_validator

from quipu.database.options import OpenOptions, check_names
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.on_database import OnDatabase

C = TypeVar("C", bound="ComponentOnDatabase")


class ComponentOnDatabase(OnDatabase, BaseModel):
    """A store that is a model of pydantic's. ``model_dump`` holds what opens it; ``model_validate``, ``from_dict`` and a
    BaseComponent's ``from_json`` open the same store again."""

    _on: RocksDBKVStore = PrivateAttr()

    @property
    def _kvstore(self) -> RocksDBKVStore:
        kvstore: RocksDBKVStore = self._private("_on")
        return kvstore

    @_kvstore.setter
    def _kvstore(self, kvstore: RocksDBKVStore) -> None:
        self._on = kvstore

    def _private(self, name: str) -> Any:
        """A private attribute, past pydantic's __getattr__, which takes as long to find one as a small call takes in all."""
        private = self.__pydantic_private__
        assert private is not None
        return private[name]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def path(self) -> str:
        """The directory of the database."""
        return self._kvstore.path

    @computed_field  # type: ignore[prop-decorator]
    @property
    def options(self) -> Dict[str, Any]:
        """With which options of RocksDBKVStore it is open, but for the defaults, and for ``logger``."""
        return {**self._kvstore.options}

    @classmethod
    def from_dict(cls: Type[C], data: Dict[str, Any], **kwargs: Any) -> C:
        """The store that ``model_dump`` was called of. Keyword arguments go before what is in ``data``.

        Raises ValueError without a ``path``, and TypeError for a name that there is not.
        """
        saved = {**data, **kwargs}
        if "path" not in saved:
            raise ValueError(
                f"{cls.__name__}.from_dict needs 'path', the directory of the database, as model_dump writes it; "
                f"{cls.__name__}.from_persist_path takes what LlamaIndex's own store has persisted"
            )
        own = list(inspect.signature(cls.__init__).parameters)[2:]
        known = dict.fromkeys([*own, *cls.model_fields, *cls.model_computed_fields, "class_name"])
        check_names(f"{cls.__name__}.from_dict", saved, known)
        arguments = {name: saved[name] for name in own if name in saved}
        options: OpenOptions = saved.get("options", {})
        return cls.from_path(saved["path"], **arguments, **options)

    @model_validator(mode="wrap")
    @classmethod
    def _open_saved(cls: Type[C], data: Any, handler: ModelWrapValidatorHandler[C]) -> C:
        if isinstance(data, dict) and "path" in data:
            return cls.from_dict(data)
        return handler(data)
