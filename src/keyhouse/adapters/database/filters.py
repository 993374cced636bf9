"""What an organization sees of what was counted, and the filters of reports."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from keyhouse.adapters.database.tables import api, application
from keyhouse.core.verdict import BY_CODE

_COLUMNS: Final = {
    "key": "key_id",
    "api": "api_id",
    "application": "application_id",
    "environment": "environment",
    "route": "route_id",
}

_PROJECTS: Final = {
    "api_project": ("api_id", api),
    "application_project": ("application_id", application),
}


def sees(
    table: sa.Table, organization_id: str | sa.BindParameter[str]
) -> sa.ColumnElement[bool]:
    """What it provides and what it consumes."""
    if "organization_id" in table.c:
        return table.c.organization_id == organization_id
    return sa.or_(
        table.c.provider_id == organization_id, table.c.consumer_id == organization_id
    )


def column_of(name: str) -> str:
    """The column of a group or filter. Raises ValueError for an unknown one."""
    if name not in _COLUMNS:
        raise ValueError(f"{name!r} is not one of {', '.join(_COLUMNS)}")
    return _COLUMNS[name]


def grouped(table: sa.Table, name: str) -> sa.ColumnElement[Any]:
    """What a group is told apart by, '' for what is gone. `beside` must be joined."""
    if name in _PROJECTS:
        return sa.func.coalesce(_PROJECTS[name][1].c.project_id, "")
    return table.c[column_of(name)]


def beside(table: sa.Table, group_by: Sequence[str]) -> sa.FromClause:
    """The table, with those that some groups are read from."""
    found: sa.FromClause = table
    for name in group_by:
        if name in _PROJECTS:
            column, of = _PROJECTS[name]
            found = found.outerjoin(of, of.c.id == table.c[column])
    return found


def fits(
    table: sa.Table, equals: Mapping[str, str | Sequence[str]]
) -> list[sa.ColumnElement[bool]]:
    """The conditions of filters; several values of one mean any of them.

    Raises ValueError for an unknown filter or verdict.
    """
    values = values_of(equals)
    return [_filtered(table, name).in_(values[_bound(name)]) for name in equals]


def fits_any(table: sa.Table, name: str) -> sa.ColumnElement[bool]:
    """The condition of one filter, with what `values_of` tells still to be given."""
    return _filtered(table, name).in_(sa.bindparam(_bound(name), expanding=True))


def values_of(equals: Mapping[str, str | Sequence[str]]) -> dict[str, Any]:
    """What is compared with: parameters of statements that have `fits_any`.

    Raises ValueError for an unknown verdict.
    """
    given = {
        name: [value] if isinstance(value, str) else list(value)
        for name, value in equals.items()
    }
    return {
        _bound(name): [_number(code) for code in values] if name == "verdict" else values
        for name, values in given.items()
    }


def _bound(name: str) -> str:
    return f"among_{name}"


def _filtered(table: sa.Table, name: str) -> sa.Column[Any]:
    if name == "verdict":
        return table.c.verdict
    if name == "request" and "request_id" in table.c:
        return table.c.request_id
    return table.c[column_of(name)]


def _number(code: str) -> int:
    if code not in BY_CODE:
        raise ValueError(f"there is no verdict {code!r}")
    return BY_CODE[code].number
