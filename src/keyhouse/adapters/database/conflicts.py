"""Which field a broken constraint is about."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from keyhouse.ports import Conflict

_SQLITE_UNIQUE = "UNIQUE constraint failed: "
_POSTGRES_UNIQUE = "23505"
_POSTGRES_REFERENCE = "23503"


def conflict_of(error: IntegrityError, table: sa.Table) -> Conflict | None:
    """The conflict where a unique column is taken, None for any other fault."""
    field = _taken(error, table)
    return None if field is None else Conflict(field)


def is_reference(error: IntegrityError) -> bool:
    """Whether a row that is referred to is missing, or is still referred to."""
    state = getattr(error.orig, "sqlstate", None)
    return state == _POSTGRES_REFERENCE or "FOREIGN KEY" in str(error.orig)


def missing_reference(
    connection: Connection, table: sa.Table, values: dict[str, object]
) -> str | None:
    """The column among `values` that names a row which does not exist."""
    for foreign in sorted(table.foreign_keys, key=lambda one: one.parent.name):
        value = values.get(foreign.parent.name)
        query = sa.select(sa.literal(1)).where(foreign.column == value)
        if value is not None and connection.execute(query).first() is None:
            return foreign.parent.name
    return None


def _taken(error: IntegrityError, table: sa.Table) -> str | None:
    text = str(error.orig)
    if text.startswith(_SQLITE_UNIQUE):
        named = text.removeprefix(_SQLITE_UNIQUE).split(", ")
        columns = {name.rpartition(".")[2] for name in named}
        return next(
            (
                field_of(one, table)
                for one in table.constraints
                if isinstance(one, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
                and set(one.columns.keys()) == columns
            ),
            None,
        )
    if getattr(error.orig, "sqlstate", None) == _POSTGRES_UNIQUE:
        name = error.orig.diag.constraint_name  # type: ignore[union-attr] # psycopg's
        return next((field_of(c, table) for c in table.constraints if c.name == name), None)
    return None


def field_of(constraint: sa.Constraint, table: sa.Table) -> str:
    """The field that a unique constraint is told as."""
    return str(constraint.info.get("field") or table.info["field"])
