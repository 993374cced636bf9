"""The meter, the flusher and adoption on a real file and a real SQLite."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from keyhouse.adapters.database import Database, open_database, upgrade
from keyhouse.adapters.database.tables import (
    alert,
    key_last_use,
    key_network,
    observation,
    request_log,
    spool,
    usage_bucket,
)
from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.decision import Decision
from keyhouse.core.entities import AlertKind, Environment, KeyKind, Resource, Window
from keyhouse.core.familiar import DAY_US
from keyhouse.core.quotas import FOREVER_US, Budget, Quota, Span, span_of
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    GrantRecord,
    KeyRecord,
    Line,
    QuotaUse,
    SecretRecord,
)
from keyhouse.core.secret import mint
from keyhouse.core.usage import UsageBatch, UseOfUser
from keyhouse.core.user_tokens import UserToken
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Leased, LeaseWanted, StoreUnavailable
from keyhouse.services.budgets import LeaseBook, Reserved, Short
from keyhouse.services.meter import (
    LOG_ROWS_MAX,
    Flusher,
    Meter,
    RequestIds,
    adopt_orphans,
)
from keyhouse.services.meter.flusher import SUMS_MAX
from keyhouse.services.meter.rolling import NETWORKS_MAX

NOW = 1_760_000_400_000_000
BUDGET = Budget("org_p", "key", "key_a", "live", "daily")
QUOTA = Quota("daily", 1000, Window.DAY, UTC, 0)
USES = [QuotaUse("|".join(BUDGET), QUOTA, BUDGET)]
SPAN: Span = span_of(QUOTA, NOW)
API = ApiRecord(
    "api_a", "org_p", "prj_p", "a", {}, b"x-api-key", None, None, (), (), (), disabled=False
)


def a_line() -> Line:
    secret = SecretRecord("sec_a", 3, 0, FOREVER_US, revoked=False)
    grant = GrantRecord(Resource.API, "api_a", "org_p", None, frozenset())
    application = ApplicationRecord("app_a", "org_c", "prj_c", "n", None, disabled=False)
    key = KeyRecord(
        id="key_a",
        name="k",
        organization_id="org_c",
        project_id="prj_c",
        application_id="app_a",
        kind=KeyKind.SERVER,
        environment="live",
        starts_us=0,
        ends_us=FOREVER_US,
        disabled=False,
        revoked=False,
        deleted=False,
        networks=None,
        referrers=None,
        endpoints=None,
        rates=(),
        quotas=(),
        grants=(grant,),
        secrets=(secret,),
    )
    return Line(secret, key, application, API, grant, None, 0, FOREVER_US, (), ())


LINE = a_line()
TOKEN = UserToken(
    "tok_0000000000000000000001", "alice", "s-1", "app_a", "api_a", "key_a", "sec_a",
    NOW, FOREVER_US, frozenset(),
)  # fmt: skip
OF_ALICE = replace(LINE, token=TOKEN)


class StoppedClock:
    now = NOW

    def now_us(self) -> int:
        return self.now

    def monotonic_us(self) -> int:
        return self.now


class Door:
    """A database that can be out of reach, before or after it has committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False
        self.answer_lost = False

    def _through(self, call: Callable[[], Any]) -> Any:
        if self.away:
            raise StoreUnavailable("no route")
        result = call()
        if self.answer_lost:
            self.answer_lost = False
            raise StoreUnavailable("connection lost")
        return result

    def lease(self, spool_id: str, wants: Sequence[LeaseWanted]) -> list[Leased]:
        told: list[Leased] = self._through(
            lambda: self._database.ledger.lease(spool_id, wants)
        )
        return told

    def give_back(self, spool_id: str, returns: Mapping[str, int]) -> None:
        self._through(lambda: self._database.ledger.give_back(spool_id, returns))

    def used(self, budget: Budget, span: Span) -> tuple[int, int]:
        return self._database.ledger.used(budget, span)

    def open_spool(self, spool_id: str, node_id: str, boot_id: str) -> None:
        self._database.sink.open_spool(spool_id, node_id, boot_id)

    def booked_to(self, spool_id: str) -> int | None:
        told: int | None = self._through(lambda: self._database.sink.booked_to(spool_id))
        return told

    def book(self, batch: UsageBatch) -> bool:
        return bool(self._through(lambda: self._database.sink.book(batch)))

    def close_spool(self, spool_id: str, *, return_leases: bool) -> None:
        self._through(
            lambda: self._database.sink.close_spool(spool_id, return_leases=return_leases)
        )


class Node:
    """One process of the data plane, as far as it counts."""

    def __init__(
        self,
        folder: MappedSpoolFolder,
        door: Door,
        spool_id: str = "spl_a",
        log_rows_max: int = LOG_ROWS_MAX,
    ) -> None:
        door.open_spool(spool_id, "nod_a", "boot")
        self.spool = folder.create(spool_id)
        self.book = LeaseBook(door, spool_id)
        self.clock = StoppedClock()
        self.meter = Meter(self.spool, log_rows_max)
        self.ids = RequestIds(spool_id.encode().ljust(16, b"\0"))
        self.flusher = Flusher(
            self.meter, door, door, self.book, self.clock, lambda call: call()
        )

    def serve(self, cost: int = 1, path: str = "/x") -> tuple[str, Decision]:
        told = self.book.reserve(USES, cost, self.clock.now)
        if isinstance(told, Short):
            self.book.install(told.work(), self.clock.now)
            told = self.book.reserve(USES, cost, self.clock.now)
        assert isinstance(told, Reserved)
        decision = Decision(
            Verdict.VALID, self.clock.now, LINE, units=cost, lease_ids=told.lease_ids
        )
        return self.write(decision, path), decision

    def write(self, decision: Decision, path: str = "/x", address: int = 1) -> str:
        request_id = self.ids.make(self.clock.now)
        assert self.meter.served(request_id, decision, API, "GET", path, address)
        return request_id

    def end(self, request_id: str, decision: Decision, status: int = 200) -> None:
        self.meter.completed(
            request_id,
            decision,
            self.meter.use(decision, API),
            status,
            latency_us=1500,
            bytes_in=10,
            bytes_out=20,
        )

    def flush(self) -> bool:
        self.flusher.tick()
        return self.flusher.work()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'keyhouse.db'}"
    upgrade(url)
    opened = open_database(url)
    yield opened
    opened.dispose()


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database)


@pytest.fixture
def folder(tmp_path: Path) -> MappedSpoolFolder:
    return MappedSpoolFolder(tmp_path / "spools", "boot", 4096 + 2048 * 128)


def rows(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    with database.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(table))]


def counted(database: Database) -> tuple[int, int]:
    found = rows(database, usage_bucket)
    return sum(row["requests"] for row in found), sum(row["units"] for row in found)


def test_no_working_secret_of_a_path_is_written_down(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    """The provider reads the log, and the key may stand nowhere but in the path."""
    node = Node(folder, door)
    secret = mint("kh", KeyKind.SERVER, Environment.LIVE, bytes(32)).reveal()
    for path in (f"/a/{secret}/b", f"/a/{secret.replace('_', '%5F')}/b"):
        node.write(Decision(Verdict.MISSING, NOW), path)
    assert node.flush()
    assert [line["path"] for line in rows(database, request_log)] == ["/a/…/b"] * 2
    node.spool.discard()


def test_what_was_served_is_in_the_usage_the_log_and_the_quota(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    request_id, decision = node.serve(cost=3, path="/things")
    node.end(request_id, decision, status=502)
    assert node.flush()
    (bucket,) = rows(database, usage_bucket)
    assert (bucket["requests"], bucket["units"], bucket["errors"]) == (1, 3, 1)
    assert (bucket["bytes_in"], bucket["bytes_out"]) == (10, 20)
    assert (bucket["provider_id"], bucket["consumer_id"]) == ("org_p", "org_c")
    assert (bucket["key_id"], bucket["secret_version"]) == ("key_a", 3)
    (line,) = rows(database, request_log)
    assert (line["path"], line["status"], line["latency_us"]) == ("/things", 502, 1500)
    (last,) = rows(database, key_last_use)
    assert (last["key_id"], last["at"]) == ("key_a", NOW)
    assert door.used(BUDGET, SPAN)[0] == 3
    node.spool.discard()


def came_from(database: Database) -> set[tuple[str, int]]:
    return {(row["network"], row["last_at"]) for row in rows(database, key_network)}


def test_the_networks_that_a_key_is_let_through_from_are_booked(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    """Once in half a day: a key in use costs no write for each stretch."""
    node = Node(folder, door)
    start = NOW
    for text in ("198.51.100.7", "198.51.100.8", "2001:db8:1::9"):
        node.write(Decision(Verdict.VALID, start, LINE), address=parse_address(text))
    node.write(Decision(Verdict.VALID, start, LINE), address=UNKNOWN)
    refused = Decision(Verdict.RATE_LIMITED, start, LINE)
    node.write(refused, address=parse_address("203.0.113.9"))
    assert node.flush()
    both = {("198.51.100.0/24", start), ("2001:db8:1::/48", start)}
    assert came_from(database) == both
    home = parse_address("198.51.100.7")
    node.write(Decision(Verdict.VALID, start + DAY_US // 2 - 1, LINE), address=home)
    assert node.flush()
    assert came_from(database) == both
    node.clock.now += DAY_US
    node.serve()
    assert node.flush()
    node.write(Decision(Verdict.VALID, start + DAY_US, LINE), address=home)
    assert node.flush()
    assert ("198.51.100.0/24", start + DAY_US) in came_from(database)
    node.spool.discard()


def test_where_pages_are_read_and_users_are_is_not_noted(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    """Of a publishable key, and of a user's token that came alone: those are anywhere."""
    node = Node(folder, door)
    page = replace(LINE, key=replace(LINE.key, id="key_p", kind=KeyKind.PUBLISHABLE))
    alone, beside = replace(OF_ALICE, by_token=True), OF_ALICE
    address = parse_address("198.51.100.7")
    for line in (page, alone):
        node.write(Decision(Verdict.VALID, NOW, line), address=address)
    assert node.flush()
    assert came_from(database) == set()
    node.write(Decision(Verdict.VALID, NOW, beside), address=address)
    assert node.flush()
    assert came_from(database) == {("198.51.100.0/24", NOW)}
    assert counted(database)[0] == 3
    node.spool.discard()


def test_what_could_not_be_booked_of_networks_is_booked_later(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    node.write(Decision(Verdict.VALID, NOW, LINE), address=parse_address("198.51.100.7"))
    door.away = True
    assert not node.flush()
    door.away = False
    assert node.flush()
    assert came_from(database) == {("198.51.100.0/24", NOW)}
    node.spool.discard()


def test_of_a_key_that_is_used_from_everywhere_few_networks_are_booked(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    for number in range(100):
        address = parse_address(f"10.{number}.0.1")
        node.write(Decision(Verdict.VALID, NOW, LINE), address=address)
    assert node.flush()
    assert len(came_from(database)) == NETWORKS_MAX
    node.spool.discard()


def test_the_networks_of_a_process_that_was_killed_are_booked_by_the_next(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    node.write(Decision(Verdict.VALID, NOW, LINE), address=parse_address("198.51.100.7"))
    node.spool.close()
    adopt_orphans(folder, door)
    assert came_from(database) == {("198.51.100.0/24", NOW)}


def sound(node: Node) -> None:
    kind = AlertKind.SERVER_KEY_IN_BROWSER
    node.meter.alarms.sound(LINE.key, "org_p", kind, node.clock.now, "https://a.example")


def test_alerts_are_booked_with_usage_and_once(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    for _ in range(3):
        node.serve()
        sound(node)
    door.answer_lost = True
    assert not node.flush()
    node.flush()
    assert node.flush()
    (row,) = rows(database, alert)
    assert (row["key_id"], row["kind"], row["count"]) == (
        "key_a",
        "server_key_in_browser",
        3,
    )
    node.serve()
    sound(node)
    assert node.flush()
    (row,) = rows(database, alert)
    assert (row["count"], row["sample"]) == (4, "https://a.example")
    node.spool.discard()


def test_alerts_outlive_a_long_outage(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    """They are in no spool, so what is read back from it does not have them."""
    node = Node(folder, door)
    node.serve()
    door.away = True
    for _ in range(SUMS_MAX + 3):
        node.serve()
        sound(node)
        node.flush()
    door.away = False
    for _ in range(2):
        node.serve()
        assert node.flush()
    (row,) = rows(database, alert)
    assert row["count"] == SUMS_MAX + 3
    assert counted(database)[0] == SUMS_MAX + 6
    node.spool.discard()


def test_an_exchange_that_ends_after_it_was_booked_amends_its_line(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    request_id, decision = node.serve()
    assert node.flush()
    assert rows(database, request_log)[0]["status"] is None
    node.end(request_id, decision)
    assert node.flush()
    (line,) = rows(database, request_log)
    assert line["status"] == 200
    assert counted(database) == (1, 1)
    node.spool.discard()


def test_a_refusal_is_counted_and_costs_nothing(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    node.write(Decision(Verdict.RATE_LIMITED, NOW, LINE, units=5))
    node.write(Decision(Verdict.UNKNOWN, NOW))
    assert node.flush()
    assert counted(database) == (2, 0)
    by_verdict = {row["verdict"]: row for row in rows(database, usage_bucket)}
    unknown = by_verdict[Verdict.UNKNOWN.number]
    assert (unknown["provider_id"], unknown["consumer_id"]) == ("org_p", "")
    assert len(rows(database, key_last_use)) == 1
    node.spool.discard()


def test_while_the_database_is_away_usage_waits_and_is_booked_once(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    for _ in range(5):
        node.serve()
        door.away = True
        assert not node.flush()
        door.away = False
    assert counted(database)[0] == 0
    assert node.flush()
    assert counted(database) == (5, 5)
    node.spool.discard()


def test_a_booking_whose_answer_was_lost_is_not_booked_twice(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    node.serve()
    door.answer_lost = True
    assert not node.flush()
    node.serve()
    assert node.flush()
    assert counted(database) == (2, 2)
    assert door.used(BUDGET, SPAN)[0] == 2
    node.spool.discard()


def test_a_give_back_whose_answer_was_lost_does_not_invent_units(
    door: Door, folder: MappedSpoolFolder
) -> None:
    """The same units returned twice would be spent twice."""
    node = Node(folder, door)
    for _ in range(6):
        node.serve()
    assert node.flush()
    node.clock.now += 3_000_000
    node.flusher.tick()
    node.flusher.tick()
    give_back = door.give_back

    def lost(spool_id: str, returns: Mapping[str, int]) -> None:
        give_back(spool_id, returns)
        raise StoreUnavailable("connection lost")

    door.give_back = lost  # type: ignore[method-assign]  # one answer is lost
    assert not node.flusher.work()
    door.give_back = give_back  # type: ignore[method-assign]
    assert node.flush()
    assert door.used(BUDGET, SPAN) == (6, 0)
    node.spool.discard()


def test_idle_units_go_back_and_a_stop_leaves_nothing_behind(
    database: Database, door: Door, folder: MappedSpoolFolder, tmp_path: Path
) -> None:
    node = Node(folder, door)
    node.serve()
    assert door.used(BUDGET, SPAN)[1] > 1
    node.clock.now += 3_000_000
    assert node.flush()
    assert node.flush()
    assert door.used(BUDGET, SPAN) == (1, 0)
    node.serve()
    node.flusher.last_tick()
    assert node.flusher.stop()
    assert door.used(BUDGET, SPAN) == (2, 0)
    assert counted(database) == (2, 2)
    assert list((tmp_path / "spools").iterdir()) == []


def test_a_stop_without_the_database_leaves_the_spool_to_the_next_start(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    node.serve()
    node.flusher.last_tick()
    door.away = True
    assert not node.flusher.stop()
    assert adopt_orphans(folder, door) == []
    door.away = False
    assert adopt_orphans(folder, door) == ["spl_a"]
    assert counted(database) == (1, 1)
    assert door.used(BUDGET, SPAN) == (1, 0)


@pytest.mark.parametrize(("boot", "left"), [("boot", 0), ("another boot", 999)])
def test_the_dead_are_booked_and_their_leases_return_only_within_a_boot(
    database: Database,
    door: Door,
    folder: MappedSpoolFolder,
    tmp_path: Path,
    boot: str,
    left: int,
) -> None:
    """After a loss of power the file may lack what was spent."""
    node = Node(folder, door)
    for _ in range(4):
        node.serve()
    assert node.flush()
    for _ in range(3):
        node.serve()
    _, leased = door.used(BUDGET, SPAN)
    node.spool.close()
    later = MappedSpoolFolder(tmp_path / "spools", boot)
    assert adopt_orphans(later, door) == ["spl_a"]
    assert counted(database) == (7, 7)
    used, still_leased = door.used(BUDGET, SPAN)
    assert still_leased == 0
    assert used == (7 if not left else 4 + leased)
    assert adopt_orphans(later, door) == []


def test_the_users_of_the_dead_are_booked_too(
    database: Database, door: Door, folder: MappedSpoolFolder, tmp_path: Path
) -> None:
    """kill -9 between two bookings would take with it who called, and with what."""
    node = Node(folder, door)
    for line in (LINE, OF_ALICE, OF_ALICE):
        node.write(Decision(Verdict.VALID, NOW, line, units=1))
    node.spool.close()
    assert adopt_orphans(MappedSpoolFolder(tmp_path / "spools", "boot"), door) == ["spl_a"]
    assert counted(database) == (3, 3)
    (seen,) = [row for row in rows(database, observation) if row["value"] != "other"]
    assert (seen["value"], seen["requests"]) == ("app_a/alice", 2)
    page = database.reports.requests("org_c", after=None, limit=9, equals={})
    told = [row.use for row in page.rows if isinstance(row.use, UseOfUser)]
    assert [(use.user, use.token, use.session) for use in told] == [
        ("app_a/alice", TOKEN.id, "s-1")
    ] * 2


def test_a_spool_of_another_database_is_left_alone(
    database: Database,
    door: Door,
    folder: MappedSpoolFolder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And warned of once, not with each look of a node at the folder."""
    node = Node(folder, door)
    # So many that the first have been overwritten.
    for number in range(3000):
        node.write(Decision(Verdict.VALID, NOW, LINE, units=1))
        if number % 1000 == 0:
            assert node.flush()
    node.spool.close()
    with database.engine.begin() as connection:
        connection.execute(sa.delete(spool))
    strange: set[str] = set()
    for _ in range(2):
        assert adopt_orphans(folder, door, strange=strange) == []
    assert caplog.text.count("spl_a is unknown") == 1
    (orphan,) = folder.orphans()
    orphan.discard()


def test_a_spool_without_entries_that_the_database_does_not_know_is_removed(
    door: Door, folder: MappedSpoolFolder, tmp_path: Path
) -> None:
    """Its process died before it had told of it, and it takes 64 MiB."""
    folder.create("spl_new").close()
    assert adopt_orphans(folder, door) == []
    assert list((tmp_path / "spools").iterdir()) == []


def test_the_log_is_bounded_and_may_be_off_while_usage_counts_all(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    for rows_max, spool_id in ((0, "spl_none"), (2, "spl_two")):
        node = Node(folder, door, spool_id, rows_max)
        for _ in range(5):
            node.end(*node.serve())
        assert node.flush()
        assert len(rows(database, request_log)) == rows_max
        node.spool.discard()
    assert counted(database) == (10, 10)


def test_ends_of_what_has_no_line_amend_nothing(
    door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door, log_rows_max=2)
    early, decision = node.serve()
    assert node.flush()
    later = []
    for _ in range(4):
        node.clock.now += 1
        later.append(node.serve())
    for request_id, its in later:
        node.end(request_id, its)
    node.end(early, decision)
    cut = node.meter.cut()
    assert cut is not None
    batch = cut.rolling.batch("spl_a", cut.start, cut.end)
    assert [one.request_id for one in batch.amendments] == [early]
    assert [row.status for row in batch.log] == [200, 200]
    node.spool.discard()


def test_the_thread_books_after_a_tick_and_ends_at_the_stop(
    database: Database, door: Door, folder: MappedSpoolFolder
) -> None:
    node = Node(folder, door)
    booked = threading.Event()
    book = door.book

    def tell(batch: UsageBatch) -> bool:
        told = book(batch)
        booked.set()
        return told

    door.book = tell  # type: ignore[method-assign]  # waited for below
    node.flusher.start()
    node.serve()
    node.flusher.tick()
    assert booked.wait(10)
    node.serve()
    node.flusher.last_tick()
    assert node.flusher.stop()
    assert counted(database) == (2, 2)
