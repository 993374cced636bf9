"""Books what processes left behind that did not end well."""

import logging

from keyhouse.ports import OrphanSpool, SpoolFolder, StoreUnavailable, UsageSink
from keyhouse.services.meter.roll import roll
from keyhouse.services.meter.rolling import LOG_ROWS_MAX

_log = logging.getLogger(__name__)


def adopt_orphans(
    folder: SpoolFolder,
    sink: UsageSink,
    log_rows_max: int = LOG_ROWS_MAX,
    strange: set[str] | None = None,
) -> list[str]:
    """Book the rest of each spool whose process is gone, and end the spool.

    Gives the ids of those ended. One that the database does not know stays
    where it is if anything is in it: it may belong to another database. Its id
    is added to `strange`, and those in there are not warned of again. Where the
    database cannot be reached, all stay for the next time.
    """
    adopted = []
    strange = set() if strange is None else strange
    for orphan in folder.orphans():
        try:
            start = sink.booked_to(orphan.id)
            if start is None:
                _unknown(orphan, strange)
            elif _adopt(orphan, sink, start, log_rows_max):
                adopted.append(orphan.id)
        except StoreUnavailable:
            _log.warning("spool %s waits: the database cannot be reached", orphan.id)
            break
        finally:
            orphan.close()
    return adopted


def _unknown(orphan: OrphanSpool, strange: set[str]) -> None:
    """What becomes of one that the database does not know."""
    if orphan.is_blank:
        # Its process ended between making it and telling the database of it.
        orphan.discard()
    elif orphan.id not in strange:
        strange.add(orphan.id)
        _log.warning("spool %s is unknown to this database; left alone", orphan.id)


def _adopt(orphan: OrphanSpool, sink: UsageSink, start: int, log_rows_max: int) -> bool:
    stretch = orphan.stretch_after(start)
    if stretch.entries and not sink.book(roll(orphan.id, stretch, log_rows_max)):
        _log.error("spool %s is booked beyond %d by another", orphan.id, start)
        return False
    # Written since this kernel started, the file holds all that was served,
    # and what it does not hold was never spent. After a loss of power its
    # last entries may be missing: then what was leased stays spent.
    sink.close_spool(orphan.id, return_leases=orphan.same_boot)
    orphan.discard()
    _log.info("spool %s adopted: %d entries", orphan.id, len(stretch.entries))
    return True
