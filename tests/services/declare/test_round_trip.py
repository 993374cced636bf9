"""A file and what it describes say the same, in both directions."""

import itertools
import os
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from keyhouse.adapters.database import Database
from keyhouse.services.declare import SECTIONS, Export
from keyhouse.services.work import Office
from tests.servers.acme import Acme
from tests.services.declare.files import done, exported, planned, steps_of

Entry = dict[str, Any]
FILES = int(os.environ.get("KEYHOUSE_SOAK_FILES", "16"))
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A file that fails is told as it is: to make it smaller would take minutes."""
_numbers = itertools.count()
NAMES = st.sampled_from(["Planner", "no", "1", "Wetter ☂", "a: b", "x y", "2030-01-01"])
WITH_ID = ("no", "x y", "Planner")
"""Applications of these names have an id of their own: so no name fits two."""
SCOPES = ("forecast:read", "forecast:write", "alerts:read")
RATES = st.fixed_dictionaries(
    {"rate": st.integers(1, 1000), "period_seconds": st.integers(1, 3600)},
    optional={"burst": st.integers(1, 50)},
)
QUOTAS = st.fixed_dictionaries(
    {"quota": st.integers(1, 10**6), "window": st.sampled_from(["hour", "day", "month"])},
    optional={"zone": st.just("Europe/Berlin")},
)


SCHEDULES = st.fixed_dictionaries(
    {"every_days": st.integers(8, 365)}, optional={"overlap_seconds": st.just(604_800)}
)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value or, where a file leaves the field out, None."""
    return st.none() | strategy


def without_none(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if value not in (None, [], {})}


@st.composite
def limits(draw: st.DrawFn) -> list[Entry]:
    found = draw(st.lists(RATES | QUOTAS, max_size=2))
    return [{"name": f"limit-{index}", **one} for index, one in enumerate(found)]


@st.composite
def plan_limits(draw: st.DrawFn) -> list[Entry]:
    found = draw(limits())
    for one in found:
        if draw(st.booleans()):
            one["per"] = "key"
    return found


@st.composite
def overrides(draw: st.DrawFn) -> list[Entry]:
    found = draw(plan_limits())
    for one in found:
        if draw(st.booleans()):
            one["ends_at"] = "2090-01-01T00:00:00Z"
    return found


@st.composite
def apis(draw: st.DrawFn, slug: str) -> Entry:
    scopes = draw(st.lists(st.sampled_from(SCOPES), unique=True))
    roles = (
        {"reader": ["*:read"]} if "forecast:read" in scopes and draw(st.booleans()) else {}
    )
    paths = draw(st.lists(st.sampled_from(["/a", "/b/**", "/{id}"]), unique=True))
    routes = [
        without_none(
            {
                "method": draw(st.sampled_from(["GET", "*"])),
                "path": path,
                "position": draw(some(st.integers(1, 9))),
                "scopes": draw(st.lists(st.sampled_from(scopes), unique=True))
                if scopes
                else [],
                "cost": draw(some(st.integers(2, 9))),
                "cost_from": draw(some(st.just("upstream"))),
                "limits": draw(limits()),
            }
        )
        for path in paths
    ]
    routes.sort(key=lambda route: route.get("position", 0))
    # Positions are told where they are not those of the list.
    for index, route in enumerate(routes):
        if not all("position" in one for one in routes):
            route.pop("position", None)
        elif route["position"] == (index + 1) * 10:
            del route["position"]
    return without_none(
        {
            "slug": slug,
            "name": draw(some(NAMES)),
            "upstreams": draw(some(st.just({"test": "http://127.0.0.1:3000"}))),
            "scopes": scopes,
            "roles": roles,
            "limits": draw(limits()),
            "key_header": draw(some(st.just("X-Mine"))),
            "query_parameter": draw(some(st.just("key"))),
            "browser_keys": draw(some(st.just("flag"))),
            "cors_origins": draw(some(st.just(["https://a.example"]))),
            "hosts": draw(
                some(st.just([f"{slug}.example.org", f"*.{slug}.example.org/v1"]))
            ),
            "prefix": draw(some(st.just("keep"))),
            "identity": draw(some(st.just("signed"))),
            "token_seconds_max": draw(some(st.integers(60, 600))),
            "user_limits": draw(limits()),
            "disabled": draw(some(st.just(True))),
            "routes": routes,
        }
    )


@st.composite
def plans(draw: st.DrawFn, slug: str, made: list[Entry]) -> Entry:
    opened = made[: draw(st.integers(1, len(made)))]
    access = []
    for api in opened:
        scopes = [one for one in api.get("scopes", []) if draw(st.booleans())]
        roles = [one for one in api.get("roles", {}) if draw(st.booleans())]
        access.append(without_none({"api": api["slug"], "scopes": scopes, "roles": roles}))
    routes = [
        {
            "api": api["slug"],
            "route": f"{route['method']} {route['path']}",
            "limits": [{"name": "slow", "rate": 5, "period_seconds": 1}],
        }
        for api in opened
        for route in api.get("routes", [])
        if draw(st.booleans())
    ]
    return without_none(
        {
            "slug": slug,
            "name": draw(some(NAMES)),
            "description": draw(some(NAMES)),
            "visibility": draw(some(st.just("public"))),
            "approval": draw(some(st.just("manual"))),
            "access": access,
            "limits": draw(plan_limits()),
            "routes": routes,
            "rotation": draw(some(SCHEDULES)),
            "retired": draw(some(st.just(True))),
        }
    )


@st.composite
def subscriptions(draw: st.DrawFn, called: list[str], offered: list[Entry]) -> list[Entry]:
    """Each application opens an API by one of them at the most."""
    found: list[Entry] = []
    for application in called:
        opened: set[str] = set()
        for plan in offered:
            apis_of = {one["api"] for one in plan["access"]}
            if apis_of & opened or not draw(st.booleans()):
                continue
            opened |= apis_of
            entry = {
                "application": application,
                "plan": plan["slug"],
                "state": draw(some(st.just("suspended"))),
                "overrides": draw(overrides()),
            }
            found.append(without_none(entry))
    return found


@st.composite
def webhooks(draw: st.DrawFn, number: int) -> Entry:
    return without_none(
        {
            "name": f"{draw(NAMES)} {number}",
            "url": "http://127.0.0.1:9/hook",
            "events": draw(
                st.sampled_from([["*"], ["key.created", "key.revoked"], ["plan.renewed"]])
            ),
            "disabled": draw(some(st.just(True))),
        }
    )


@st.composite
def keys(draw: st.DrawFn, application: str, opened: list[Entry], number: int) -> Entry:
    access = []
    for api in opened:
        scopes = [one for one in api.get("scopes", []) if draw(st.booleans())]
        roles = [one for one in api.get("roles", {}) if draw(st.booleans())]
        access.append(without_none({"api": api["slug"], "scopes": scopes, "roles": roles}))
    networks = {"networks_allowed": ["203.0.113.0/24"], "endpoints": ["GET /a"]}
    return without_none(
        {
            "name": f"{draw(NAMES)} {number}",
            "application": application,
            "environment": draw(some(st.just("live"))),
            "access": access,
            "restrictions": draw(some(st.just(networks))),
            "limits": draw(limits()),
            "starts_at": draw(some(st.just("2026-01-01T00:00:00Z"))),
            "ends_at": draw(some(st.just("2090-01-01T00:00:00.500000Z"))),
            "metadata": draw(some(st.just({"team": ["a", 1, None]}))),
            "purpose": draw(some(NAMES)),
            "tags": draw(some(st.just(["team:routing", "nightly"]))),
            "rotation": draw(some(SCHEDULES)),
            "disabled": draw(some(st.just(True))),
        }
    )


@st.composite
def documents(draw: st.DrawFn) -> Entry:
    own = next(_numbers)
    made = [draw(apis(f"api-{own}-{number}")) for number in range(draw(st.integers(0, 3)))]
    customers = [
        without_none(
            {
                "external_id": f"crm-{number}",
                "name": draw(some(NAMES)),
                "limits": draw(limits()),
                "metadata": draw(some(st.just({"a": {"b": [1.5]}}))),
                "prepaid": draw(some(st.just(True))),
                "disabled": draw(some(st.just(True))),
            }
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    known = [one["external_id"] for one in customers]
    named = draw(st.lists(NAMES, max_size=3, unique=True))
    applications = [
        without_none(
            {
                "name": name,
                "external_id": f"ext-{name}" if name in WITH_ID else None,
                "purpose": draw(some(NAMES)),
                "customer": draw(some(st.sampled_from(known))) if known else None,
                "limits": draw(limits()),
                "rotation": draw(some(SCHEDULES)),
                "disabled": draw(some(st.just(True))),
            }
        )
        for name in named
    ]
    offered = [
        draw(plans(f"plan-{number}", made))
        for number in range(draw(st.integers(0, 3)) if made else 0)
    ]
    called = [str(one.get("external_id", one["name"])) for one in applications]
    opening = [
        draw(keys(draw(st.sampled_from(called)), made[: draw(st.integers(1, 3))], number))
        for number in range(draw(st.integers(0, 3)) if made and called else 0)
    ]
    return {
        "keyhouse": 1,
        "project": "Mine",
        "projects": [without_none({"name": "Mine", "disabled": draw(some(st.just(True)))})],
        "apis": made,
        "plans": offered,
        "customers": customers,
        "applications": applications,
        "subscriptions": draw(subscriptions(called, offered)),
        "keys": opening,
        "webhooks": [draw(webhooks(number)) for number in range(draw(st.integers(0, 2)))],
    }


def test_what_is_applied_is_what_is_exported(database: Database, office: Office) -> None:
    """And to apply it again, or what was exported, changes nothing."""

    @settings(max_examples=FILES, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(documents())
    def check(document: Entry) -> None:
        acme = Acme(office, database, f"owner{next(_numbers)}@example.com")
        done(acme, document)
        assert exported(acme, Export("Mine")) == document
        assert steps_of(planned(acme, document, prune=True)) == []
        assert steps_of(planned(acme, exported(acme), prune=True)) == []

    check()


WHOLLY = ("subscriptions", "keys", "webhooks")
"""What is left out of these goes by pruning; of others it may be switched off."""


def test_one_file_becomes_another(database: Database, office: Office) -> None:
    """Whatever was there before: what both can hold is then as the second says."""

    @settings(
        max_examples=FILES // 2, suppress_health_check=list(HealthCheck), phases=PHASES
    )
    @given(documents(), documents())
    def check(first: Entry, second: Entry) -> None:
        assume(_told_apart([*first["applications"], *second["applications"]]))
        for plan in first["plans"]:
            # One that is retired takes no subscriptions, whoever asks for them.
            plan.pop("retired", None)
        acme = Acme(office, database, f"owner{next(_numbers)}@example.com")
        done(acme, first)
        done(acme, second, prune=True)
        left = exported(acme, Export("Mine"))
        for section in SECTIONS[1:]:
            wanted = [_identity(one) for one in second[section]]
            there = {_identity(one): one for one in left[section]}
            told = {_identity(one): one for one in second[section]}
            assert [there.get(one) for one in wanted] == [told[one] for one in wanted]
            gone = [one for identity, one in there.items() if identity not in wanted]
            off = "retired" if section == "plans" else "disabled"
            assert all(one.get(off) for one in gone if section not in WHOLLY)
            assert section not in WHOLLY or not gone
        assert steps_of(planned(acme, second, prune=True)) == []

    check()


def _told_apart(applications: list[Entry]) -> bool:
    """Whether no two share a name: what is theirs would be told by their ids."""
    called: dict[str, set[tuple[Any, ...]]] = {}
    for one in applications:
        for text in filter(None, (one.get("external_id"), one["name"])):
            called.setdefault(text, set()).add(_identity(one))
    return all(len(found) == 1 for found in called.values())


def _identity(entry: Entry) -> tuple[Any, ...]:
    if "slug" in entry:
        return (entry["slug"],)
    if "plan" in entry:
        return (entry["application"], entry["plan"])
    if "application" in entry:
        return (entry["application"], entry["name"], entry.get("environment"))
    return (entry.get("external_id") or entry["name"],)
