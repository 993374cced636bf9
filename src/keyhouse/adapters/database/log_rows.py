"""A line of the request log, as it is read."""

from typing import Any

import sqlalchemy as sa

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.usage import LogRow, Use, UseOfUser


def log_row(row: sa.Row[Any]) -> LogRow:
    """The line that a row of `request_log`, with all its columns, tells."""
    return LogRow(
        request_id=row.request_id,
        at_us=row.at,
        use=_use(row),
        verdict=row.verdict,
        method=row.method,
        path=row.path,
        address=parse_address(row.address) if row.address else UNKNOWN,
        status=row.status,
        latency_us=row.latency_us,
    )


def _use(row: sa.Row[Any]) -> Use:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public way to columns by name
    words = [values[name] for name in Use._fields]
    if row.token_id is None:
        return Use(*words)
    use = UseOfUser(*words)
    use.user = f"{row.application_id}/{row.subject}"
    use.token, use.session = row.token_id, row.session or ""
    return use
