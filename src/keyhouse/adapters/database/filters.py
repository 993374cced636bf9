"""What an organization sees of what was counted, and the filters of reports."""

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from keyhouse.core.verdict import BY_CODE

_COLUMNS: Final = {
    "key": "key_id",
    "api": "api_id",
    "application": "application_id",
    "environment": "environment",
    "route": "route_id",
}


def sees(table: sa.Table, organization_id: str) -> sa.ColumnElement[bool]:
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


def fits(
    table: sa.Table, equals: Mapping[str, str | Sequence[str]]
) -> list[sa.ColumnElement[bool]]:
    """The conditions of filters; several values of one mean any of them.

    Raises ValueError for an unknown filter or verdict.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    for name, value in equals.items():
        values = (value,) if isinstance(value, str) else value
        if name == "verdict":
            conditions.append(table.c.verdict.in_([_number(code) for code in values]))
        elif name == "request" and "request_id" in table.c:
            conditions.append(table.c.request_id.in_(values))
        else:
            conditions.append(table.c[column_of(name)].in_(values))
    return conditions


def _number(code: str) -> int:
    if code not in BY_CODE:
        raise ValueError(f"there is no verdict {code!r}")
    return BY_CODE[code].number
