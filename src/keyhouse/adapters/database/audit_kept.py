"""Audit rows are only ever added: the databases themselves refuse all else.

The migration that brings these to a database has their text once more, for it
stays as it is whatever becomes of them here.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import event

_TOLD: Final = "audit rows are never changed or deleted"
SQLITE: Final = tuple(
    f"CREATE TRIGGER audit_keeps_{verb.lower()} BEFORE {verb} ON audit "
    f"BEGIN SELECT RAISE(ABORT, '{_TOLD}'); END"
    for verb in ("UPDATE", "DELETE")
)
# A function outlives the table: a database that is filled anew has it already.
_REFUSE: Final = f"RAISE EXCEPTION '{_TOLD}' USING ERRCODE = '42501'"
POSTGRESQL: Final = (
    (
        "CREATE OR REPLACE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {_REFUSE}; END $$"
    ),
    (
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps()"
    ),
)


def keep(audit: sa.Table) -> None:
    """Have the table refuse changes wherever it is created."""
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        for statement in statements:
            ddl = sa.DDL(statement)  # type: ignore[no-untyped-call] # SQLAlchemy's own
            made = ddl.execute_if(dialect=dialect)
            event.listen(audit, "after_create", made)
