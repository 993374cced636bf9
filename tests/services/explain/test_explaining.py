"""Explaining on real rows: who is told what, and that nothing is spent."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from keyhouse.core import ids
from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.entities import (
    KeyKind,
    Limit,
    LimitKind,
    Resource,
    Restrictions,
    Window,
)
from keyhouse.core.explain import Finding, Outcome
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.services import issue
from keyhouse.services.actor import Actor
from keyhouse.services.catalog import create_route
from keyhouse.services.explain import (
    Asked,
    Explained,
    explain_key,
    explain_request,
)
from keyhouse.services.issue import Created
from keyhouse.services.refusals import Forbidden, Invalid, NotFound
from keyhouse.services.tenants import create_project
from keyhouse.services.work import Look
from tests.servers.acme import Acme

DAILY = Limit(name="daily", kind=LimitKind.QUOTA, amount=10, window=Window.DAY)
QUICK = Limit(name="quick", kind=LimitKind.RATE, amount=5, period_seconds=1)
NEAR = Restrictions(networks_allowed=("203.0.113.0/24",))


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api(scopes=("forecast:read",), limits=(DAILY, QUICK))
    return acme.key(restrictions=NEAR)


def explained(
    acme: Acme, made: Created, actor: Actor | None = None, **asked: Any
) -> Explained:
    id = made.view.key.id
    return acme.read(lambda look: explain_key(look, id, Asked(**asked)), actor)


def refusals(told: Explained) -> list[Finding]:
    findings = told.explanation.findings
    return [one for one in findings if one.outcome is Outcome.REFUSED]


def everything(acme: Acme) -> list[Any]:
    """All rows of all tables."""
    tables = sa.MetaData()
    with acme.database.engine.connect() as connection:
        tables.reflect(connection)
        return [
            sorted(map(repr, connection.execute(sa.select(table))))
            for table in tables.sorted_tables
        ]


class Log:
    """Lines of the request log of a key."""

    def __init__(self, acme: Acme, made: Created) -> None:
        self.acme, self.made = acme, made
        self.count = 0

    def add(self, verdict: Verdict, path: str = "/weather/a", **changes: Any) -> str:
        key, (opened, *_) = self.made.view.key, self.made.view.access
        own = key.organization_id
        names = (own, own, opened.resource_id, "", key.id, 1, key.application_id)
        use = Use(*names, "test", "")._replace(**changes)
        now_us = self.acme.clock.now_us() + self.count
        self.count += 1
        id = ids.make_id(ids.REQUEST, now_us, bytes([self.count] * 10))
        here = parse_address("198.51.100.7")
        row = LogRow(id, now_us, use, verdict.number, "GET", path, here, 403, None)
        spool = f"spl_log_{own}_{self.count}"
        self.acme.database.sink.open_spool(spool, "nod_log", "boot")
        assert self.acme.database.sink.book(UsageBatch(spool, 0, 1, log=[row]))
        return id

    def explained(self, id: str, actor: Actor | None = None) -> Explained:
        return self.acme.read(lambda look: explain_request(look, id), actor)


@pytest.fixture
def log(acme: Acme, made: Created) -> Log:
    return Log(acme, made)


def test_every_reason_is_told_and_nothing_is_spent(acme: Acme, made: Created) -> None:
    acme.spend(made, DAILY, 9)
    acme.write(lambda work: issue.disable_key(work, made.view.key.id))
    before = everything(acme)
    told = explained(acme, made, address="198.51.100.7", scopes=("forecast:read",), cost=2)
    assert [one.verdict for one in refusals(told)] == [
        Verdict.DISABLED,
        Verdict.IP_NOT_ALLOWED,
        Verdict.SCOPE_MISSING,
        Verdict.QUOTA_EXCEEDED,
    ]
    (quota,) = [one for one in told.explanation.findings if one.check == "quota"]
    assert (quota.facts["used"], quota.facts["left"]) == (9, 1)
    assert told.explanation.verdict is Verdict.DISABLED
    assert everything(acme) == before


def test_the_way_on_is_told_of_a_key_that_may(acme: Acme, made: Created) -> None:
    told = explained(acme, made, address="203.0.113.9", method="get", path="/a?b=c")
    assert told.explanation.verdict is Verdict.VALID
    assert (told.request.method, told.request.path) == ("GET", "/a")
    assert told.api.slug == "weather"
    assert told.secret_version == 1


def test_routes_count(acme: Acme, made: Created) -> None:
    fields: Any = {"scopes": ("forecast:read",), "cost": 11}
    acme.write(
        lambda work: create_route(work, "weather", method="GET", path="/f", fields=fields)
    )
    told = explained(acme, made, address="203.0.113.9", method="GET", path="/f")
    assert [one.verdict for one in refusals(told)] == [
        Verdict.SCOPE_MISSING,
        Verdict.QUOTA_EXCEEDED,
        Verdict.RATE_LIMITED,
    ]
    untold = explained(acme, made, address="203.0.113.9")
    assert untold.explanation.outcome is Outcome.CANNOT_TELL


def test_a_secret_can_be_chosen_and_the_newest_that_works_is_meant(
    acme: Acme, made: Created
) -> None:
    id = made.view.key.id
    acme.write(lambda work: issue.rotate_key(work, id, 0))
    assert explained(acme, made).secret_version == 2
    (reason,) = refusals(explained(acme, made, secret_version=1))
    assert reason.verdict in (Verdict.REVOKED, Verdict.EXPIRED)
    assert "2 (kh_sk_test_…" in str(reason.facts["working"])
    with pytest.raises(Invalid, match="secret_version"):
        explained(acme, made, secret_version=3)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"address": "nowhere"}, "address"),
        ({"path": "forecast"}, "path"),
        ({"environment": "prod"}, "environment"),
        ({"scopes": ("forecast:read", "Read it")}, "scopes.1"),
        ({"cost": -1}, "cost"),
        ({"cost": 1_000_000_001}, "cost"),
        ({"api": "nowhere"}, "api"),
        ({"api": "we\x00ather"}, "api"),
    ],
)
def test_what_cannot_be_is_named(
    acme: Acme, made: Created, asked: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        explained(acme, made, **asked)
    (problem,) = refused.value.problems
    assert problem.field == field
    assert problem.mend


def test_an_api_is_named_where_there_is_a_choice(acme: Acme, made: Created) -> None:
    acme.api("maps")
    told = explained(acme, made, api="maps", address="203.0.113.9")
    (reason,) = refusals(told)
    assert reason.verdict is Verdict.API_NOT_ALLOWED
    manager = acme.key("Manager", kind=KeyKind.MANAGEMENT)
    with pytest.raises(Invalid, match="api: is needed"):
        explained(acme, manager)
    (reason,) = refusals(explained(acme, manager, api="weather"))
    assert reason.found.startswith("A management key")


def test_a_stranger_learns_nothing(acme: Acme, made: Created, log: Log) -> None:
    """A foreign key reads like one that is not there, and so does a foreign request."""
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    request = log.add(Verdict.IP_NOT_ALLOWED)
    key = made.view.key.id

    def words(ask: Callable[[Look], Explained]) -> str:
        with pytest.raises(NotFound) as refused:
            stranger.read(ask)
        return str(refused.value)

    keys, requests = ([id, id[:-4] + "zzzz", id[:4], ""] for id in (key, request))
    told = {words(partial(explain_key, id=id, asked=Asked())) for id in keys}
    assert len(told) == 1
    assert len({words(partial(explain_request, id=id)) for id in requests}) == 1


def test_reach_is_that_of_reading_the_key(acme: Acme, made: Created, log: Log) -> None:
    other = acme.write(lambda work: create_project(work, name="Other")).id
    api = made.view.access[0].resource_id
    request = log.add(Verdict.IP_NOT_ALLOWED)
    with pytest.raises(Forbidden):
        explained(acme, made, acme.holding("keys:write"))
    with pytest.raises(NotFound):
        explained(acme, made, acme.holding("keys:read", on=other))
    for within in (acme.holding("keys:read", on=api), acme.holding("keys:read")):
        assert explained(acme, made, within).key is not None
    reader = acme.holding("keys:read", "requests:read", on=other)
    with pytest.raises(NotFound):
        log.explained(request, reader)
    with pytest.raises(Forbidden):
        log.explained(request, acme.holding("requests:read"))
    with pytest.raises(Forbidden):
        log.explained(request, acme.holding("keys:read"))
    inside = acme.holding("keys:read", "requests:read", on=api)
    assert log.explained(request, inside).key is not None


def test_a_request_is_told_as_it_was_and_as_it_would_be(acme: Acme, log: Log) -> None:
    id = log.add(Verdict.IP_NOT_ALLOWED)
    told = log.explained(id)
    assert told.logged is not None
    assert told.logged.request_id == id
    assert told.request.path == "/a"
    assert told.explanation.verdict is Verdict.IP_NOT_ALLOWED
    assert "scopes" in told.not_kept
    assert "path" not in told.not_kept
    key = log.made.view.key.id
    changes: Any = {"restrictions": Restrictions()}
    acme.write(lambda work: issue.change_key(work, key, changes))
    told = log.explained(id)
    assert told.explanation.verdict is Verdict.VALID


def test_of_a_scope_that_was_asked_for_the_log_knows_nothing(log: Log, acme: Acme) -> None:
    key = log.made.view.key.id
    changes: Any = {"restrictions": Restrictions()}
    acme.write(lambda work: issue.change_key(work, key, changes))
    told = log.explained(log.add(Verdict.SCOPE_MISSING))
    assert told.explanation.verdict is None


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/weather", None),
        ("/weather/", "/"),
        ("/weather/a", "/a"),
        ("/weathers/a", "/weathers/a"),
        ("", None),
        ("/weather/…/a", None),
        ("/weather/" + "a" * 503, None),
    ],
)
def test_the_path_is_read_as_the_log_has_it(log: Log, path: str, below: str | None) -> None:
    told = log.explained(log.add(Verdict.IP_NOT_ALLOWED, path))
    assert told.request.path == below
    assert ("path" in told.not_kept) is (below is None)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.MISSING,
        Verdict.MALFORMED,
        Verdict.UNKNOWN,
        Verdict.CONFLICTING_CREDENTIALS,
        Verdict.UNAVAILABLE,
    ],
)
def test_without_a_key_no_more_is_told_than_the_caller_read(
    log: Log, verdict: Verdict
) -> None:
    id = log.add(verdict, key_id="", secret_version=0, application_id="")
    told = log.explained(id)
    first, *rest = told.explanation.findings
    assert told.key is None
    assert first.found == verdict.detail
    assert first.verdict is verdict
    assert {one.outcome for one in rest} == {Outcome.NOT_LOOKED_AT}


def test_a_key_beyond_reach_stays_there(log: Log, acme: Acme) -> None:
    """Whoever reads an API's log is not told of keys that open more than theirs."""
    maps = acme.api("maps")
    key = log.made.view.key.id
    names = ("weather", maps)
    wishes = tuple(issue.AccessWish(Resource.API, name, ()) for name in names)
    changes: Any = {"access": wishes}
    acme.write(lambda work: issue.change_key(work, key, changes))
    api = log.made.view.access[0].resource_id
    reader = acme.holding("keys:read", "requests:read", on=api)
    told = log.explained(log.add(Verdict.IP_NOT_ALLOWED), reader)
    assert told.key is None
    assert told.explanation.findings[0].found == Verdict.IP_NOT_ALLOWED.detail


def test_an_address_that_was_not_told_is_not_known(acme: Acme, made: Created) -> None:
    told = explained(acme, made)
    assert told.request.address == UNKNOWN
    assert told.explanation.verdict is None


def test_the_log_outlives_an_api(log: Log) -> None:
    """Of an API that is gone there is nothing left to look at."""
    id = log.add(Verdict.VALID, api_id="api_0000000000000000000000")
    with pytest.raises(NotFound):
        log.explained(id)
