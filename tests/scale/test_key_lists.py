"""A list of keys is as quick with a million of them as with a hundred."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from keyhouse.adapters.database.engine import is_sqlite
from keyhouse.adapters.database.key_lots import FEW
from keyhouse.adapters.database.key_pages import VISITED_MAX
from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.key_words import sought_anywhere
from keyhouse.ports import KeyReach, KeyState, KeysWanted, KeyTally, Page
from keyhouse.services.issue.tallies import LOOKED_AT_MAX
from tests.scale.crowd import BEGAN_US, SECOND_US, Crowd

LIMIT: Final = 50
PAGE_SECONDS_MAX: Final = 0.05
TIMED: Final = "KEYHOUSE_SCALE_TIMED" in os.environ
"""In `make soak` alone: what a busy machine does to a time is no fault."""
_WALK: Final = re.compile(
    r"\bSCAN (?!seen|every|found|these|floors|anon|CONSTANT|\d)\w+|Seq Scan on (?!pg_)\w+"
)
ROWS_MAX: Final = 2 * FEW
"""Of what one step of a plan may touch: a lot that is gathered, with two words a key."""
_ROWS: Final = re.compile(r"actual rows=([\d.]+)")
_LOOPS: Final = re.compile(r"loops=(\d+)")
_REMOVED: Final = re.compile(r"Rows Removed by \w+: (\d+)")
_Fits = Callable[[int], bool]


def _words(text: str) -> dict[str, Any]:
    return {"words": sought_anywhere(text)}


def cases(crowd: Crowd) -> dict[str, tuple[dict[str, Any], _Fits]]:
    """What is asked, and which numbers fit: told by `Crowd`, not by the code under test."""
    there: _Fits = lambda n: n % 10_000 != 7  # noqa: E731  (an oracle in a word)
    late = crowd.count - 30
    some = crowd.count // 2 + 1
    return {
        "all": ({}, there),
        "application": (
            {"application_id": crowd.application(5)},
            lambda n: n % 1000 == 5,
        ),
        "owner": ({"owner_id": crowd.owner(3)}, lambda n: n % 50 == 3),
        "customer": ({"customer_ids": (crowd.customer(4),)}, lambda n: n % 100 == 4),
        "environment": ({"environment": Environment.TEST}, lambda n: n % 10 == 0),
        "kind": ({"kind": KeyKind.PUBLISHABLE}, lambda _: False),
        "tag": ({"tags": ("team:billing",)}, lambda n: n % 4 == 1),
        "rare tag": ({"tags": ("canary",)}, lambda n: n % 5000 == 0),
        "api": ({"api_id": crowd.api}, there),
        "rare api": ({"api_id": crowd.rare_api}, lambda n: n % 20_000 == 0),
        "word": (_words("PLANNER"), lambda n: n % 7 == 0 and there(n)),
        "word of all": (_words("v"), there),
        "two words": (_words(f"van {some}"), lambda n: str(n).startswith(str(some))),
        "a secret's end": (
            _words(crowd.hint(some)[-4:]),
            lambda n: crowd.hint(n)[-4:].lower() == crowd.hint(some)[-4:].lower(),
        ),
        "revoked": ({"state": KeyState.REVOKED}, lambda n: n % 20 == 1),
        "disabled": ({"state": KeyState.DISABLED}, lambda n: n % 100 == 3),
        "expired": ({"state": KeyState.EXPIRED}, lambda n: n % 1000 == 5),
        "not yet valid": ({"state": KeyState.NOT_YET_VALID}, lambda _: False),
        "deleted": ({"state": KeyState.DELETED}, lambda n: n % 10_000 == 7),
        "active": (
            {"state": KeyState.ACTIVE},
            lambda n: there(n) and n % 20 != 1 and n % 100 != 3 and n % 1000 != 5,
        ),
        "created since": (
            {"created_since_us": BEGAN_US + late * SECOND_US},
            lambda n: n >= late,
        ),
        "used since": (
            {"used_since_us": BEGAN_US + (crowd.count - 900) * SECOND_US},
            lambda n: n % 2 == 1 and n >= crowd.count - 900 and there(n),
        ),
        "unused since": (
            {"unused_since_us": BEGAN_US + some * SECOND_US},
            lambda n: (n % 2 == 0 or n < some) and there(n),
        ),
        "never used": ({"never_used": True}, lambda n: n % 2 == 0),
        "many at once": (
            {
                **_words("of"),
                "environment": Environment.LIVE,
                "tags": ("team:mobile",),
                "owner_id": crowd.owner(3),
                "state": KeyState.ACTIVE,
            },
            lambda n: n % 50 == 3 and n % 4 == 3 and n % 100 != 3,
        ),
        "within a project": (
            {"reach": KeyReach((crowd.project,), (crowd.project,))},
            there,
        ),
        "within an API": (
            {"reach": KeyReach((), (crowd.api,))},
            lambda n: there(n) and n % 20_000 != 0,
        ),
    }


def _page(crowd: Crowd, asked: dict[str, Any], after: str | None = None) -> Page:
    now_us = BEGAN_US + crowd.count * SECOND_US * 2
    wanted = KeysWanted(organization_id=crowd.organization, now_us=now_us, **asked)
    with crowd.database.rows.reading() as tx:
        return tx.page_of_keys(wanted, after=after, limit=LIMIT)


def test_a_page_holds_the_newest_that_fit(crowd: Crowd) -> None:
    """And goes on where it ended: one that is short has a cursor unless it is the last."""
    for name, (asked, fits) in cases(crowd).items():
        numbers = [n for n in range(crowd.count - 1, -1, -1) if fits(n)]
        wanted = [crowd.key_id(n) for n in numbers[: 2 * LIMIT]]
        page = _page(crowd, asked)
        found = [key.id for key in page.rows]
        assert found == wanted[: len(found)], name
        assert asked or len(found) == LIMIT, "nothing is passed over where all fit"
        while page.next_cursor is not None and len(found) < 2 * LIMIT:
            page = _page(crowd, asked, page.next_cursor)
            found += [key.id for key in page.rows]
        assert found[: 2 * LIMIT] == wanted, name
        assert page.next_cursor is not None or len(numbers) <= len(found), name


def test_what_has_nothing_in_common_is_passed_over_a_part_at_a_time(crowd: Crowd) -> None:
    """A quarter has each tag and none has both: nobody waits until all are looked at."""
    asked = {"tags": ("team:billing", "team:mobile")}
    pages, cursor = 0, None
    while pages == 0 or cursor is not None:
        page = _page(crowd, asked, cursor)
        assert page.rows == []
        pages, cursor = pages + 1, page.next_cursor
    assert pages == -(-(crowd.count // 4) // VISITED_MAX) + (
        crowd.count // 4 % VISITED_MAX == 0
    )


@contextmanager
def _plans(crowd: Crowd) -> Iterator[list[str]]:
    """How the database goes about each question that is asked meanwhile."""
    engine = crowd.database.engine
    sqlite = is_sqlite(engine)
    found: list[str] = []
    with _asked(engine) as asked:
        yield found
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN (ANALYZE, TIMING OFF) "
    with engine.begin() as connection:
        for statement, parameters in asked:
            if "SELECT" not in statement:
                connection.exec_driver_sql(statement)
                continue
            rows = connection.exec_driver_sql(explain + statement, parameters)
            found += [str(row[-1]) for row in rows]


@contextmanager
def _asked(engine: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile, but for transactions' ends."""
    asked: list[tuple[str, Any]] = []

    def keep(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH", "SET LOCAL")):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", keep)
    yield asked
    event.remove(engine, "before_cursor_execute", keep)


def test_no_list_walks_through_a_whole_table(crowd: Crowd) -> None:
    for name, (asked, _) in cases(crowd).items():
        with _plans(crowd) as found:
            _page(crowd, asked)
        assert found, name
        assert [line for line in found if _WALK.search(line)] == [], name


def _tally(crowd: Crowd) -> dict[str, KeyTally]:
    """As a page of applications asks."""
    named = [crowd.application(number) for number in range(LIMIT)]
    now_us = BEGAN_US + crowd.count * SECOND_US * 2
    wanted = KeysWanted(crowd.organization, now_us, environment=Environment.LIVE)
    with crowd.database.rows.reading() as tx:
        return dict(tx.tally_keys(wanted, named, LOOKED_AT_MAX))


def test_keys_of_applications_are_counted_without_a_walk(crowd: Crowd) -> None:
    with _plans(crowd) as found:
        tallies = _tally(crowd)
    assert [line for line in found if _WALK.search(line)] == []
    newest = range(crowd.count - 1, -1, -1)
    for number, tally in enumerate(tallies.values()):
        mine = [n for n in newest if n % 1000 == number]
        seen = [n for n in mine[:LOOKED_AT_MAX] if n % 10 and n % 10_000 != 7]
        off = (n % 20 == 1 or n % 100 == 3 or n % 1000 == 5 for n in seen)
        assert tally.active == len(seen) - sum(off), number
        assert tally.are_all is (len(mine) <= LOOKED_AT_MAX)
        used = max((n for n in seen if n % 2), default=None)
        last = None if used is None else BEGAN_US + used * SECOND_US
        assert tally.last_used_at == last


def test_no_list_needs_the_statistics_of_postgres(crowd: Crowd) -> None:
    """A database that was just filled, or whose statistics are old, is as quick."""
    if is_sqlite(crowd.database.engine):
        return
    with crowd.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM pg_statistic")
    try:
        for name, (asked, _) in cases(crowd).items():
            with _plans(crowd) as found:
                _page(crowd, asked)
            assert max(map(_rows_of, found)) <= ROWS_MAX, (name, "\n".join(found))
        with _plans(crowd) as found:
            _tally(crowd)
        assert max(map(_rows_of, found)) <= LIMIT * (LOOKED_AT_MAX + 1), "\n".join(found)
    finally:
        with crowd.database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def _rows_of(line: str) -> int:
    """How many rows a step of a plan came by, or left out."""
    rows, loops, removed = (
        float(seen[1]) if (seen := pattern.search(line)) else default
        for pattern, default in ((_ROWS, 0.0), (_LOOPS, 1.0), (_REMOVED, 0.0))
    )
    return round(max(rows * loops, removed))


if TIMED:

    def test_a_page_takes_no_more_than_50_ms(crowd: Crowd) -> None:
        asked = {name: asked for name, (asked, _) in cases(crowd).items()}
        asked["nothing in common"] = {"tags": ("team:billing", "team:mobile")}
        slow: dict[str, float] = {}
        for name, one in asked.items():
            seconds = min(_timed(crowd, one) for _ in range(3))
            print(f"{name}: {seconds * 1000:.1f} ms")
            if seconds > PAGE_SECONDS_MAX:
                slow[name] = seconds
        assert slow == {}


def _timed(crowd: Crowd, asked: dict[str, Any]) -> float:
    began = time.perf_counter()
    _page(crowd, asked)
    return time.perf_counter() - began
