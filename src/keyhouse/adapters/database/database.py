"""Everything that a process needs of its database, on one engine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from keyhouse.adapters.database.deliveries import DatabaseDeliveryQueue
from keyhouse.adapters.database.engine import create_engine
from keyhouse.adapters.database.feed import DatabaseFeed, open_feed
from keyhouse.adapters.database.key_store import DatabaseKeyStore
from keyhouse.adapters.database.ledger import DatabaseBudgetLedger
from keyhouse.adapters.database.nodes import DatabaseNodeRegistry
from keyhouse.adapters.database.reports import DatabaseUsageReports
from keyhouse.adapters.database.rows import DatabaseRows
from keyhouse.adapters.database.schema import check_engine
from keyhouse.adapters.database.settling import DatabaseSettlementLedger
from keyhouse.adapters.database.signals import DatabaseSignalSink
from keyhouse.adapters.database.upkeep import DatabaseUpkeep
from keyhouse.adapters.database.usage import DatabaseUsageSink
from keyhouse.adapters.database.watching import DatabaseUsageWatch
from keyhouse.core.upstream_headers import Unseal

if TYPE_CHECKING:
    from keyhouse.adapters.database.portable import DatabasePortable


@dataclass(frozen=True, slots=True)
class Database:
    """The ports that a database implements. All may be called from any thread."""

    engine: Engine
    rows: DatabaseRows
    keys: DatabaseKeyStore
    ledger: DatabaseBudgetLedger
    sink: DatabaseUsageSink
    reports: DatabaseUsageReports
    nodes: DatabaseNodeRegistry
    upkeep: DatabaseUpkeep
    watch: DatabaseUsageWatch
    deliveries: DatabaseDeliveryQueue
    signals: DatabaseSignalSink
    settlements: DatabaseSettlementLedger

    def feed(self) -> DatabaseFeed:
        """A new follower of the change log; the caller closes it."""
        return open_feed(self.engine)

    def check(self) -> str | None:
        """What is wrong with the schema, in plain words; None when it fits."""
        return check_engine(self.engine)

    def portable(self) -> "DatabasePortable":
        """The database as a whole."""
        from keyhouse.adapters.database.portable import (  # noqa: PLC0415  (dear: Alembic)
            DatabasePortable,
        )

        return DatabasePortable(self.engine)

    def dispose(self) -> None:
        """Close all connections. Feeds are to be closed before."""
        self.engine.dispose()


def open_database(url: str, unseal: Unseal | None = None) -> Database:
    """The database at `sqlite:////path` or `postgresql://…`; nothing is asked yet.

    With `unseal` APIs are loaded with the headers for their upstreams.

    Raises ValueError for an address of another kind.
    """
    engine = create_engine(url)
    return Database(
        engine=engine,
        rows=DatabaseRows(engine),
        keys=DatabaseKeyStore(engine, unseal),
        ledger=DatabaseBudgetLedger(engine),
        sink=DatabaseUsageSink(engine),
        reports=DatabaseUsageReports(engine),
        nodes=DatabaseNodeRegistry(engine),
        upkeep=DatabaseUpkeep(engine),
        watch=DatabaseUsageWatch(engine),
        deliveries=DatabaseDeliveryQueue(engine),
        signals=DatabaseSignalSink(engine),
        settlements=DatabaseSettlementLedger(engine),
    )
