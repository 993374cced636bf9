"""What the worker does for imports: it removes what will not be, in small steps."""

from typing import Final

from keyhouse.core.entities import (
    UNFINISHED_IMPORTS,
    Access,
    Application,
    ImportEnd,
    ImportState,
    Key,
    KeyImport,
    Reminder,
    SecretRow,
)
from keyhouse.ports import Conflict, StoreUnavailable, WritingTransaction
from keyhouse.services.actor import WORKER, all_powerful
from keyhouse.services.imports.commands import end_import
from keyhouse.services.jobs import Claim, Overtaken
from keyhouse.services.work import Office, Work

ROWS_AT_ONCE: Final = 250
"""Of keys, each of which has a few rows more."""
IDLE_US: Final = 3600 * 1_000_000
"""After so long without a part an import counts as abandoned."""


def tidy_imports(office: Office, claim: Claim) -> None:
    """Give up imports that nobody goes on with, and undo those that will not be.

    What stopped in between is taken up again: each step looks at what is left.
    Faults of single imports come as one ExceptionGroup, once all had their turn.
    """
    with office.rows.reading() as look:
        found = look.find(KeyImport, state=UNFINISHED_IMPORTS)
    faults: list[Exception] = []
    for row in found:
        try:
            _tidy(office, claim, row)
        except (Overtaken, StoreUnavailable):
            raise
        except Exception as fault:  # noqa: BLE001 - the others' turn first; it is raised below
            fault.add_note(f"It was at {row.id}.")
            faults.append(fault)
    if faults:
        raise ExceptionGroup("some imports cannot be tidied", faults)


def _tidy(office: Office, claim: Claim, row: KeyImport) -> None:
    if row.state is ImportState.OPEN:
        _give_up(office, claim, row)
    while not claim.stopped() and _step(office, claim, row.id):
        continue


def _give_up(office: Office, claim: Claim, row: KeyImport) -> None:
    """Nobody has sent a part for long."""
    if office.clock.now_us() - row.updated_at < IDLE_US:
        return
    with office.rows.writing() as tx:
        claim.fence(tx)
        work = _work(office, tx, row)
        now = tx.get(KeyImport, row.id)
        idle = now is not None and work.now_us - now.updated_at >= IDLE_US
        if now is not None and now.state is ImportState.OPEN and idle:
            end_import(work, now, ImportEnd.ABANDONED)


def _step(office: Office, claim: Claim, id: str) -> bool:
    """Remove some of it; whether there may be more."""
    with office.rows.writing() as tx:
        claim.fence(tx)
        row = tx.get(KeyImport, id)
        if row is None or row.state is not ImportState.UNDOING:
            return False
        if _remove_keys(tx, id) or _remove_applications(tx, id):
            return True
        work = _work(office, tx, row)
        tx.update(row, state=ImportState.UNDONE, strings=None, updated_at=work.now_us)
        work.note("import.undone", id, after={"ended": row.ended and row.ended.value})
        return False


def _remove_keys(tx: WritingTransaction, id: str) -> bool:
    keys = tx.page(Key, after=None, limit=ROWS_AT_ONCE, import_id=id).rows
    ids = tuple(key.id for key in keys)
    if ids:
        for kind in (Access, SecretRow, Reminder):
            tx.remove_many(kind, key_id=ids)
        tx.remove_many(Key, id=ids)
    return bool(ids)


def _remove_applications(tx: WritingTransaction, id: str) -> bool:
    """Those that it made go; one that somebody has used meanwhile is theirs now."""
    rows = tx.page(Application, after=None, limit=ROWS_AT_ONCE, import_id=id).rows
    try:
        tx.remove_many(Application, id=tuple(row.id for row in rows))
    except Conflict:
        for row in rows:
            try:
                tx.remove_many(Application, id=row.id)
            except Conflict:
                tx.update(row, import_id=None)
    return bool(rows)


def _work(office: Office, tx: WritingTransaction, row: KeyImport) -> Work:
    return office.work(tx, all_powerful(WORKER, row.organization_id))
