"""SELECTs on the way of a request, without what SQLAlchemy does at each execution.

A statement is compiled once for a dialect and then run on the driver's own
cursor: on SQLite that takes a tenth of the time, and a load is ten of them.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from keyhouse.ports import StoreUnavailable

_Decode = Callable[[Any], Any]


class Select:
    """A compiled SELECT whose parameters are given by place."""

    def __init__(
        self, query: sa.Select[Any], names: Sequence[str], dialect: Dialect
    ) -> None:
        compiled = query.compile(dialect=dialect)
        self._text = str(compiled)
        order = getattr(compiled, "positiontup", None)
        self._places = [names.index(name) for name in order] if order else None
        self._names = names
        self._decoders = [
            (place, decode)
            for place, column in enumerate(query.selected_columns)
            if (decode := _decoder(column, dialect)) is not None
        ]

    def all(self, connection: Connection, values: Sequence[object]) -> list[Sequence[Any]]:
        """All rows, decoded, in the connection's transaction.

        Raises StoreUnavailable where the driver fails.
        """
        return self.told(connection, self.ask(connection, values))

    def ask(self, connection: Connection, values: Sequence[object]) -> Any:  # noqa: ANN401 - a driver's cursor
        """Begin; `told` has the rows. In a pipeline nothing is waited for."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, self._given(values))
        except connection.dialect.loaded_dbapi.Error as error:
            cursor.close()
            raise StoreUnavailable(str(error)) from error
        return cursor

    def told(self, connection: Connection, cursor: Any) -> list[Sequence[Any]]:  # noqa: ANN401 - as above
        """The rows that `ask` asked for, decoded. Raises as `all`."""
        try:
            rows = list(cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as error:
            raise StoreUnavailable(str(error)) from error
        finally:
            cursor.close()
        if not self._decoders:
            return rows
        return [self._decoded(row) for row in rows]

    def _given(self, values: Sequence[object]) -> Any:  # noqa: ANN401 - a driver's form
        if self._places is None:
            return dict(zip(self._names, values, strict=True))
        return [values[place] for place in self._places]

    def _decoded(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, decode in self._decoders:
            values[place] = decode(values[place])
        return values


@lru_cache(maxsize=512)
def select_where(
    table: sa.Table, columns: tuple[str, ...], count: int, dialect: Dialect
) -> Select:
    """All columns of the rows where `columns` are one of `count` combinations.

    Parameters are those combinations, one after the other.
    """
    names = [f"v{number}" for number in range(count * len(columns))]
    places = iter(names)
    fits = [
        sa.and_(*(table.c[column] == sa.bindparam(next(places)) for column in columns))
        for _ in range(count)
    ]
    return Select(sa.select(table).where(sa.or_(*fits)), names, dialect)


@lru_cache(maxsize=32)
def select_all(table: sa.Table, dialect: Dialect) -> Select:
    """All columns of all rows."""
    return Select(sa.select(table), (), dialect)


def _decoder(column: sa.ColumnElement[Any], dialect: Dialect) -> _Decode | None:
    return column.type.dialect_impl(dialect).result_processor(dialect, None)
