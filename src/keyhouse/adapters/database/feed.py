"""The change log, followed: `ports.ChangeFeed` on each database.

A feed has a connection of its own that tells when to look, and on which no
transaction stays open; what it reads, it reads in a short one of the pool.
"""

import select
import socket
import time
from abc import ABC, abstractmethod
from threading import Event, Lock
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.change_log import CHANNEL
from keyhouse.adapters.database.engine import is_sqlite, reading
from keyhouse.adapters.database.errors import translated
from keyhouse.adapters.database.tables import change, change_head
from keyhouse.core.records import Change, PartRef
from keyhouse.ports import Changes, StoreUnavailable

LOOK_SECONDS: Final = 0.01
"""How often SQLite is asked whether anybody has committed: some µs each time."""
POLL_SECONDS: Final = 0.5
"""How often PostgreSQL is asked though it told nothing: a notice is lost with a

connection that died unseen.
"""

_HEAD = sa.select(change_head.c.n)
_FIRST = sa.select(sa.func.min(change.c.seq))
_AFTER = (
    sa.select(change.c.seq, change.c.kind, change.c.entity_id, change.c.at)
    .where(change.c.seq > sa.bindparam("after"))
    .order_by(change.c.seq, change.c.position)
)


def open_feed(engine: Engine) -> "DatabaseFeed":
    """A new feed. It connects when it is first asked."""
    return SqliteFeed(engine) if is_sqlite(engine) else PostgresFeed(engine)


def read_changes(connection: Connection, after: int) -> Changes:
    """All changes after `after`, in the connection's snapshot.

    Every number has its rows until it is pruned, so a missing one tells that
    it was; a head below `after` tells of a database that was set back.
    """
    head = connection.execute(_HEAD).scalar_one()
    if head == after:
        return Changes(head)
    found = connection.execute(_AFTER, {"after": after}).all()
    rows = tuple(Change(seq, PartRef(kind, id)) for seq, kind, id, _ in found)
    whole = head > after and bool(rows) and rows[0].seq == after + 1
    if not whole:
        return Changes(head, rows, forget_all=True)
    return Changes(head, rows, made_us=tuple(row.at or 0 for row in found))


class _Own:
    """A driver's connection that the pool has let go of."""

    def __init__(self, engine: Engine) -> None:
        with translated():
            # The pool closes what it has lent once nobody holds its handle.
            self._handle = engine.connect()
            self.driver: Any = self._handle.connection.driver_connection
            self._handle.detach()

    def close(self) -> None:
        self._handle.close()


class DatabaseFeed(ABC):
    """`ports.ChangeFeed`, but for what tells that there is something to read.

    Both calls raise StoreUnavailable once the feed is closed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._closed = Event()

    def read(self, after: int) -> Changes:
        """All changes after seq `after`, at once."""
        with self._lock:
            return self._read(after)

    def wait(self, after: int, seconds: float) -> Changes:
        """As `read`, but waits up to `seconds` for there to be any."""
        until = time.monotonic() + seconds
        with self._lock, translated():
            while True:
                changes = self._look(after)
                left = until - time.monotonic()
                news = changes.rows or changes.forget_all
                if news or left <= 0 or self._closed.is_set():
                    return changes
                self._pause(left)

    def close(self) -> None:
        """Let go of the connection; a `wait` in another thread ends soon."""
        self._closed.set()
        self._wake()
        with self._lock:
            self._release()

    def _read(self, after: int) -> Changes:
        if self._closed.is_set():
            raise StoreUnavailable("the feed is closed")
        with reading(self._engine) as connection:
            return read_changes(connection, after)

    @abstractmethod
    def _look(self, after: int) -> Changes:
        """The changes after `after`, as of now."""

    @abstractmethod
    def _pause(self, seconds: float) -> None:
        """Wait for a sign that it is worth looking, no longer than `seconds`."""

    @abstractmethod
    def _wake(self) -> None:
        """End a pause in another thread soon."""

    @abstractmethod
    def _release(self) -> None:
        """Close the own connection."""


class SqliteFeed(DatabaseFeed):
    """By `PRAGMA data_version`, which differs once another connection has committed."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._own: _Own | None = None
        self._seen: tuple[int, int] | None = None

    def _look(self, after: int) -> Changes:
        version = self._version()
        # The version is older than what is read after it: at worst we look once more.
        if self._seen == (version, after):
            return Changes(after)
        changes = self._read(after)
        self._seen = (version, changes.head)
        return changes

    def _version(self) -> int:
        if self._closed.is_set():
            raise StoreUnavailable("the feed is closed")
        if self._own is None:
            self._own = _Own(self._engine)
        try:
            rows = self._own.driver.execute("PRAGMA data_version").fetchall()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise StoreUnavailable(str(error)) from error
        return int(rows[0][0])

    def _pause(self, seconds: float) -> None:
        self._closed.wait(min(seconds, LOOK_SECONDS))

    def _wake(self) -> None:
        """The event has woken it already."""

    def _release(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None


class PostgresFeed(DatabaseFeed):
    """By LISTEN, and by looking every POLL_SECONDS where nothing was told."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._own: _Own | None = None
        self._bell, self._rope = socket.socketpair()

    def _look(self, after: int) -> Changes:
        self._listen()
        return self._read(after)

    def _listen(self) -> None:
        """Take the notices that came, so that those that come now end the pause."""
        if self._closed.is_set():
            raise StoreUnavailable("the feed is closed")
        try:
            if self._own is None:
                self._own = _Own(self._engine)
                self._own.driver.autocommit = True
                self._own.driver.execute(f"LISTEN {CHANNEL}")
            notices = self._own.driver.pgconn
            notices.consume_input()
            while notices.notifies():
                pass
        except self._engine.dialect.loaded_dbapi.Error as error:
            self._drop()
            raise StoreUnavailable(str(error)) from error

    def _pause(self, seconds: float) -> None:
        # Not `select`: that takes no file numbered 1024 or more.
        bells = select.poll()
        bells.register(self._bell, select.POLLIN)
        if self._own is not None:
            bells.register(self._own.driver.fileno(), select.POLLIN)
        bells.poll(min(seconds, POLL_SECONDS) * 1000)

    def _wake(self) -> None:
        if self._rope.fileno() != -1:
            self._rope.send(b"!")

    def _release(self) -> None:
        self._drop()
        self._bell.close()
        self._rope.close()

    def _drop(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None
