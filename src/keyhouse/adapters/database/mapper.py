"""Between the dataclasses of `core.entities` and the rows of their tables.

One mapper for all: it reads the classes' own annotations. What is no number,
text or bytes is kept as JSON.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from enum import StrEnum
from functools import partial
from types import NoneType
from typing import Any, Final, Generic, TypeVar, get_args, get_origin, get_type_hints

import sqlalchemy as sa

from keyhouse.adapters.database.tables import ENTITY_TABLES
from keyhouse.core import entities

E = TypeVar("E", bound=entities.Entity)
_Convert = Callable[[Any], Any]
_AS_THEY_ARE: Final = frozenset((NoneType, int, float, bool, bytes))


class Mapper(Generic[E]):
    """One class and its table."""

    def __init__(self, kind: type[E], table: sa.Table) -> None:
        self.kind = kind
        self.table = table
        hints = get_type_hints(kind)
        self.names = tuple(hints)
        self._rebuild = [
            (name, rebuild)
            for name, hint in hints.items()
            if (rebuild := _rebuilder(hint)) is not None
        ]

    def values(self, row: E) -> dict[str, Any]:
        """The row's columns. Raises ValueError for what no database can hold."""
        return {name: plain(getattr(row, name)) for name in self.names}

    def some(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Columns to write or to compare with. Raises TypeError for an unknown one."""
        for name in values:
            self.column(name)
        return {name: plain(value) for name, value in values.items()}

    def column(self, name: str) -> sa.Column[Any]:
        """The column of a field. Raises TypeError where there is none."""
        if name not in self.table.c:
            raise TypeError(f"{self.kind.__name__} has no field {name!r}")
        return self.table.c[name]

    def row(self, values: Sequence[Any]) -> E:
        """The dataclass of a row that holds all columns of the table, in order."""
        made = dict(zip(self.names, values, strict=True))
        for name, rebuild in self._rebuild:
            if made[name] is not None:
                made[name] = rebuild(made[name])
        return self.kind(**made)


def plain(value: object) -> Any:  # noqa: ANN401 - any of a column's types
    """The value as a driver or JSON takes it.

    Raises ValueError for a text with a NUL, which PostgreSQL cannot hold.
    """
    if value.__class__ in _AS_THEY_ARE:
        return value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a text holds a NUL")
        return value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {plain(name): plain(item) for name, item in value.items()}
    if is_dataclass(value):
        # As `fields` tells them, which would make a list of them for each row anew.
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def _rebuilder(hint: Any) -> _Convert | None:  # noqa: ANN401 - an annotation
    """What makes a value of that type again, None where it comes as it is."""
    options = [option for option in get_args(hint) if option is not NoneType]
    if NoneType in get_args(hint):
        return _rebuilder(options[0])
    if get_origin(hint) is tuple:
        item = _rebuilder(options[0])
        return tuple if item is None else lambda values: tuple(map(item, values))
    if get_origin(hint) is dict:
        value = _rebuilder(options[1])
        return None if value is None else partial(_rebuilt, value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass_rebuilder(hint)
    return None


def _rebuilt(convert: _Convert, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: convert(value) for name, value in values.items()}


def _dataclass_rebuilder(kind: type[Any]) -> _Convert:
    """Fields that a later version added, or took away, are no fault of a row."""
    rebuild = {name: _rebuilder(hint) for name, hint in get_type_hints(kind).items()}

    def made(values: Mapping[str, Any]) -> object:
        given = {
            name: value
            if (convert := rebuild[name]) is None or value is None
            else convert(value)
            for name, value in values.items()
            if name in rebuild
        }
        return kind(**given)

    return made


MAPPERS: Final[Mapping[type[Any], Mapper[Any]]] = {
    kind: Mapper(kind, table) for kind, table in ENTITY_TABLES.items()
}


def mapper_of(kind: type[E]) -> Mapper[E]:
    """The mapper of a class of `core.entities`."""
    return MAPPERS[kind]
