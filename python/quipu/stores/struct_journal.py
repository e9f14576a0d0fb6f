"""What changes in an index struct between two writes of it, so that a write need not look at what did not.

LlamaIndex hands the whole struct to the index store at each change. The dicts, lists and sets of a struct that a
QuipuIndexStore has read or written are of the classes below, which note what is done to them; else they are what they
were, and copies of them are plain. They take the place of those that the struct had only where nobody else holds them.

What is noted counts for one state of one struct in one database: its revision. Whoever finds another one there compares.
"""

from __future__ import annotations

import sys
from copy import deepcopy
from typing import Any, Callable, Dict, List, Optional, Set, Tuple, Type

from quipu import _native

_SCALARS = frozenset((str, int, float, bool, type(None)))
_SPARE_CHANGES = 1000
_FEW_KEYS = 100


class Journal:
    """The changes of one struct since it was stored under ``revision``."""

    __slots__ = ("place", "revision", "scalars", "fields")

    def __init__(self, place: Any) -> None:
        self.place = place
        self.revision: Optional[int] = None  # nothing can be said of what is stored
        self.scalars: Dict[str, Any] = {}
        self.fields: Dict[str, _Field] = {}

    def begin(self, struct: Any) -> None:
        """The struct is about to be written whole."""
        self.revision = None
        self.scalars = {name: value for name, value in vars(struct).items() if name not in self.fields}
        for name, field in self.fields.items():
            field.begin(getattr(struct, name))

    def take(self, struct: Any) -> Optional[Dict[str, List[Any]]]:
        """What has changed, for the native store; None where that is not known. It counts as written from now on.

        Raises TypeError for what plain() does not know.
        """
        values = vars(struct)
        known = self.revision is not None and all(
            values.get(name, self) == value for name, value in self.scalars.items()
        )
        if not known or any(field.lost for field in self.fields.values()):
            return None
        changes = {name: field.take(values[name]) for name, field in self.fields.items()}
        return {name: change for name, change in changes.items() if change is not None}


class _Field:
    """A dict or list of a struct."""

    __slots__ = ("journal", "name", "lost", "changes", "held", "keys", "stored", "few")

    def __init__(self, journal: Journal, name: str) -> None:
        self.journal = journal
        self.name = name
        self.begin({})

    def begin(self, container: Any) -> None:
        self.changes: Dict[Any, bool] = {}  # key -> whether it has gone since, and may have come again
        self.held: Set[Any] = set()  # keys whose values others may change unseen
        self.keys: Optional[type] = None  # of which all keys are
        self.stored = len(container)  # elements of a list, which only grows
        self._note_keys(container)
        self.lost = not self._check(container)

    def _note_keys(self, container: Any) -> None:
        """All keys that are stored, where these are few."""
        self.few = tuple(container) if isinstance(container, dict) and len(container) <= _FEW_KEYS else None

    def replaced(self, container: Dict[Any, Any]) -> _Field:
        """What notes the changes of a dict that takes the place of this one's, whose keys were few."""
        made = _Field(self.journal, self.name)
        made.changes, made.held, made.keys, made.few = self.changes, self.held, self.keys, self.few
        made.lost = self.lost
        for key in self.few or ():
            made.erase(key, len(container))
        for key in container:
            made.put(key, True, len(container))
        return made

    def _check(self, container: Any) -> bool:
        if not isinstance(container, dict):
            return _SCALARS.issuperset(map(type, container))
        kinds = set(map(type, container))
        self.keys = kinds.pop() if kinds else None
        if not _SCALARS.issuperset(map(type, container.values())):
            self.held.update(key for key in container if not _adopt(container, key, self))
        return not kinds and self.keys in (str, int, None)

    # What containers tell.

    def put(self, key: Any, is_new: bool, size: int) -> None:
        changes = self.changes
        if is_new:
            changes[key] = changes.pop(key, None) is not None
            if type(key) is not self.keys:
                self.lost = self.lost or self.keys is not None or type(key) not in (str, int)
                self.keys = type(key)
        else:
            changes.setdefault(key, False)
        self.lost = self.lost or len(changes) > 2 * size + _SPARE_CHANGES

    def erase(self, key: Any, size: int) -> None:
        self.changes.pop(key, None)
        self.changes[key] = True
        self.held.discard(key)
        self.lost = self.lost or len(self.changes) > 2 * size + _SPARE_CHANGES

    def lose(self) -> None:
        self.lost = True
        self.changes = {}

    def take(self, container: Any) -> Optional[List[Any]]:
        if isinstance(container, list):
            appended = container[self.stored :]
            self.stored += len(appended)
            return [{}, {}, appended] if appended else None
        if not self.changes and not self.held:
            return None
        changes, self.changes = self.changes, {}
        held, self.held = self.held, set()
        there = [key for key in {**changes, **dict.fromkeys(held)} if key in container]
        self.held.update(key for key in there if not _adopt(container, key, self))
        gone = {key: None for key, moved in list(changes.items()) if moved or key not in container}
        self._note_keys(container)
        return [gone, {key: plain(container[key]) for key in there}, []]


def journal_of(struct: Any, place: Any) -> Optional[Journal]:
    """The journal of a struct that belongs to this place, a new one if need be; None where none can be kept.

    A new one has no revision.
    """
    values = vars(struct)
    containers = [name for name in values if type(values[name]) not in _SCALARS]
    untracked = [name for name in containers if type(values[name]) not in (TrackedDict, TrackedList)]
    if untracked and not _take_over(struct, containers, untracked):
        return _new_journal(struct, place, containers)
    fields = [values[name]._field for name in containers]
    journal: Optional[Journal] = fields[0].journal if fields else None
    if journal is None or fields != [journal.fields.get(name) for name in containers]:
        return None
    if journal.place != place:  # it goes to another store from now on, unless somebody else has it, too
        if any(_references(values, name) != _UNSHARED for name in journal.fields):
            return None
        journal.place, journal.revision = place, None
    return journal


def _take_over(struct: Any, containers: List[str], replaced: List[str]) -> bool:
    """Whether a struct goes on with the journal that it has, some of its dicts being others now."""
    values = vars(struct)  # as in _new_journal
    kept = [values[name]._field for name in containers if name not in replaced]
    if not kept:
        return False
    journal: Journal = kept[0].journal
    same = containers == list(journal.fields) and all(field is journal.fields[field.name] for field in kept)
    for name in replaced:
        known = same and type(values[name]) is dict and journal.fields[name].few is not None
        if not known or _references(values, name) != _UNSHARED:
            return False
    for name in replaced:
        journal.fields[name] = journal.fields[name].replaced(values[name])
        setattr(struct, name, _track_dict(values[name], journal.fields[name]))
    return True


def _new_journal(struct: Any, place: Any, containers: List[str]) -> Optional[Journal]:
    values = vars(struct)  # none of whose values may be in a variable here: that would be somebody who holds it
    journal = Journal(place)
    makers: Dict[type, Callable[[Any, _Field], Any]] = {dict: _track_dict, list: _track_list}
    makers.update({TrackedDict: _track_dict, TrackedList: _track_list})
    for name in containers:
        if type(values[name]) not in makers or _references(values, name) != _UNSHARED:
            return None
    for name in containers:
        journal.fields[name] = _Field(journal, name)
        setattr(struct, name, makers[type(values[name])](values[name], journal.fields[name]))
    return journal


def plain(value: Any) -> Any:
    """A value of a struct as json.loads gives it; TypeError where that takes more than to know containers."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict or kind is TrackedDict:
        simple = _SCALARS.issuperset(map(type, value.values()))
        return dict(value) if simple else {key: plain(each) for key, each in value.items()}
    if kind in (list, set, TrackedList, TrackedSet):
        return list(value) if _SCALARS.issuperset(map(type, value)) else [plain(each) for each in value]
    raise TypeError(f"Object of type {kind.__name__} is not JSON serializable")


def _references(mapping: Any, key: Any) -> int:
    return sys.getrefcount(mapping[key])


_UNSHARED = _references({"key": []}, "key")  # of what only a dict holds


def _adopt(container: Any, key: Any, field: _Field) -> bool:
    """Whether all changes of the value will be told, for which it may become a tracked one."""
    kind = type(container[key])  # the value is in no variable here: that would be somebody who holds it
    if kind in _SCALARS:
        return True
    if kind not in (list, set, TrackedList, TrackedSet) or not _SCALARS.issuperset(map(type, container[key])):
        return False
    owner = (field, key)
    if kind is TrackedList or kind is TrackedSet:
        if container[key]._owner == owner:
            return True
        if _references(container, key) != _UNSHARED:
            return False
        container[key]._owner = owner
        return True
    if _references(container, key) != _UNSHARED:
        return False
    made = _tracked(container[key])
    if made is None:
        return False
    made._owner = owner
    dict.__setitem__(container, key, made)
    return True


def _tracked(value: Any) -> Any:
    """A list or set that tells its changes, with the same elements in the same order; None where there is none.

    A set goes on as the one whose place it takes: one of as many slots, of which none is of a member that has gone.
    """
    if type(value) is list:
        made = _empty(TrackedList)
        list.extend(made, value)
        return made
    order, slots = list(value), _native.set_slots(value)
    for elements in (value, order):  # copied as it stands, or element by element: one grows as the first one did
        made = _empty(TrackedSet)
        set.update(made, elements)
        if _native.set_slots(made) == slots and list(made) == order:
            return made
    return None


def _track_dict(values: Dict[Any, Any], field: _Field) -> TrackedDict:
    made: TrackedDict = _empty(TrackedDict)
    made._field = field
    dict.update(made, values)
    return made


def _track_list(values: List[Any], field: _Field) -> TrackedList:
    made: TrackedList = _empty(TrackedList)
    made._field, made._owner = field, None
    list.extend(made, values)
    return made


def _empty(kind: Type[Any]) -> Any:
    base: Any = kind.__mro__[1]
    return base.__new__(kind)


class TrackedDict(Dict[Any, Any]):
    """A dict of a struct."""

    __slots__ = ("_field",)
    _field: _Field

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return dict(*args, **kwargs)

    def __setitem__(self, key: Any, value: Any) -> None:
        is_new = key not in self
        super().__setitem__(key, value)
        self._field.put(key, is_new, len(self))

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._field.erase(key, len(self))

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Any, *default: Any) -> Any:
        size = len(self)
        value = super().pop(key, *default)
        if len(self) != size:
            self._field.erase(key, len(self))
        return value

    def popitem(self) -> Tuple[Any, Any]:
        key, value = super().popitem()
        self._field.erase(key, len(self))
        return key, value

    def clear(self) -> None:
        super().clear()
        self._field.lose()

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __ior__(self, other: Any) -> TrackedDict:  # type: ignore[misc]
        self.update(other)
        return self

    def __copy__(self) -> Dict[Any, Any]:
        return dict(self)

    def __deepcopy__(self, memo: Any) -> Dict[Any, Any]:
        return deepcopy(dict(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Tuple[Any, ...]:
        return dict, (dict(self),)


class _Value:
    """What tracked lists and sets have in common where they are the values of a dict."""

    __slots__ = ()
    _owner: Optional[Tuple[_Field, Any]]

    def _changed(self) -> None:
        if self._owner is not None:
            self._owner[0].changes.setdefault(self._owner[1], False)


class TrackedList(List[Any], _Value):
    """A list of a struct, or one that is a value of a dict of it."""

    __slots__ = ("_field", "_owner")
    _field: Optional[_Field]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return list(*args, **kwargs)

    def _grown(self, by: int) -> None:
        field = getattr(self, "_field", None)
        if field is None:
            self._changed()
        elif by and not _SCALARS.issuperset(map(type, self[-by:])):
            field.lose()

    def append(self, value: Any) -> None:
        super().append(value)
        self._grown(1)

    def extend(self, values: Any) -> None:
        size = len(self)
        super().extend(values)
        self._grown(len(self) - size)

    def __iadd__(self, values: Any) -> TrackedList:  # type: ignore[misc]
        self.extend(values)
        return self

    def __copy__(self) -> List[Any]:
        return list(self)

    def __deepcopy__(self, memo: Any) -> List[Any]:
        return deepcopy(list(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Tuple[Any, ...]:
        return list, (list(self),)


class TrackedSet(Set[Any], _Value):
    """A set that is a value of a dict of a struct."""

    __slots__ = ("_owner",)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return set(*args, **kwargs)

    def add(self, value: Any) -> None:
        size = len(self)
        super().add(value)
        if len(self) != size:
            self._changed()

    def copy(self) -> Set[Any]:
        return set(self)

    def __copy__(self) -> Set[Any]:
        return set(self)

    def __deepcopy__(self, memo: Any) -> Set[Any]:
        return deepcopy(set(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Tuple[Any, ...]:
        return set, (list(self),)

    def __repr__(self) -> str:
        return repr(set(self))


def _noting(base: Type[Any], name: str) -> Callable[..., Any]:
    original = getattr(base, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, *args, **kwargs)
        finally:  # what fails half way may have changed something
            field = getattr(self, "_field", None)
            field.lose() if field is not None else self._changed()
        return self if result is self else result

    method.__name__ = name
    method.__doc__ = original.__doc__
    return method


for _name in ("__setitem__", "__delitem__", "__imul__", "insert", "pop", "remove", "clear", "sort", "reverse"):
    setattr(TrackedList, _name, _noting(list, _name))
for _name in (
    *("discard", "remove", "pop", "clear", "update", "difference_update", "intersection_update"),
    *("symmetric_difference_update", "__ior__", "__iand__", "__isub__", "__ixor__"),
):
    setattr(TrackedSet, _name, _noting(set, _name))
