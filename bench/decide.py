"""How long core needs to decide on a request of a cached key, all checks on.

A key with networks, a referrer, endpoints, a scope, two rate limits and a
quota, on an API with routes. Timed: the walk, both takes, whether the quota's
window still runs; parts are told beside it. Prints the median of several runs
in microseconds; `--json` prints `{"us": …, "parts": {…}}`.
"""

import argparse
import json
import statistics
import time
import timeit
from collections.abc import Callable
from zoneinfo import ZoneInfo

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.core import entities as rows
from keyhouse.core.addresses import parse_address
from keyhouse.core.compilation import (
    compile_api,
    compile_application,
    compile_key,
    compile_line,
)
from keyhouse.core.credentials import choose
from keyhouse.core.decide import Passed, decide
from keyhouse.core.decision import Decision
from keyhouse.core.limits import Left
from keyhouse.core.quotas import span_of
from keyhouse.core.records import Line
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Slowed

RUNS = 15
CALLS = 5_000
NOW_US = 1_768_392_000_000_000
_LIMITS = (
    rows.Limit(name="second", kind=rows.LimitKind.RATE, amount=1_000_000, period_seconds=1),
    rows.Limit(
        name="minute", kind=rows.LimitKind.RATE, amount=60_000_000, period_seconds=60
    ),
    rows.Limit(
        name="monthly",
        kind=rows.LimitKind.QUOTA,
        amount=10**12,
        window=rows.Window.MONTH,
        zone="Europe/Berlin",
    ),
)
_ROUTES = (
    ("GET", "/v1/pages/{id}", ("pages:read",)),
    ("POST", "/v1/pages", ("pages:write",)),
    ("*", "/v1/admin/**", ("admin:write",)),
    ("GET", "/v1/extract/**", ("pages:read",)),
)


def line() -> Line:
    """The way from a cached secret to an API, everything on."""
    secret = rows.SecretRow(
        id="sec_1",
        key_id="key_1",
        version=1,
        namespace="",
        algorithm="",
        pepper_id="",
        digest=b"",
        hint="",
        starts_at=0,
        created_by="bench",
        created_at=0,
    )
    key = compile_key(_key(), [_access()], [secret], ZoneInfo)
    application = rows.Application(
        id="app_1",
        organization_id="org_1",
        project_id="prj_1",
        name="bot",
        created_at=0,
        updated_at=0,
    )
    api = rows.Api(
        id="api_1",
        organization_id="org_1",
        project_id="prj_1",
        slug="webdata",
        name="Webdata",
        created_at=0,
        updated_at=0,
    )
    return compile_line(
        key.secrets[0],
        key,
        compile_application(application, ZoneInfo),
        compile_api(api, [_route(index) for index in range(len(_ROUTES))], ZoneInfo),
        owners=(),
        providers=(),
    )


def _key() -> rows.Key:
    return rows.Key(
        id="key_1",
        organization_id="org_1",
        project_id="prj_1",
        application_id="app_1",
        name="main",
        kind=rows.KeyKind.SERVER,
        environment=rows.Environment.LIVE,
        restrictions=rows.Restrictions(
            networks_allowed=("10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32"),
            networks_denied=("203.0.113.128/25",),
            referrers=("https://*.shop.example/*",),
            endpoints=("GET /v1/**", "POST /v1/pages"),
        ),
        limits=_LIMITS,
        created_by="bench",
        created_at=0,
        updated_at=0,
    )


def _access() -> rows.Access:
    return rows.Access(
        id="key_1/api_1",
        key_id="key_1",
        resource=rows.Resource.API,
        resource_id="api_1",
        provider_id="org_1",
        scopes=("pages:read", "usage:read"),
        created_at=0,
    )


def _route(index: int) -> rows.Route:
    method, path, scopes = _ROUTES[index]
    return rows.Route(
        id=f"rte_{index}",
        organization_id="org_1",
        api_id="api_1",
        position=index,
        method=method,
        path=path,
        scopes=scopes,
        created_at=0,
        updated_at=0,
    )


def subjects() -> dict[str, Callable[[], object]]:
    """What is timed, by name; `all` is what the goal is about."""
    way = line()
    valid = Verdict.VALID
    address = parse_address("203.0.113.7")
    request = Request(
        b"x",
        "webdata",
        address=address,
        method="GET",
        path="/v1/pages/42",
        referrer="https://www.shop.example/cart",
        scopes=("pages:read",),
    )
    counter = MemoryRateCounter()
    spans = {use.token: span_of(use.quota, NOW_US) for use in way.quotas}
    header = b"kh_sk_live_" + b"0" * 36
    clock = iter(range(NOW_US, NOW_US + 10**12))

    def rates(now_us: int) -> Left:
        left = counter.take(way.rates, 1, now_us)
        assert not isinstance(left, Slowed)  # limits this wide refuse nobody
        return left

    def whole() -> tuple[Passed, int, Left]:
        now_us = next(clock)
        passed = decide(way, request, now_us)
        if passed.verdict is not valid:
            raise AssertionError(passed)
        for use in way.quotas:
            start_us, end_us = spans[use.token]
            if not start_us <= now_us < end_us:
                raise AssertionError(use)
        return passed, end_us, rates(now_us)

    def told() -> Decision:
        passed, end_us, left = whole()
        left += (1, -((NOW_US - end_us) // 1_000_000))
        return Decision(valid, NOW_US, way, passed.route_id, passed.units, (), left)

    return {
        "all": whole,
        "all, and the decision told": told,
        "walk": lambda: decide(way, request, NOW_US),
        "rates": lambda: rates(next(clock)),
        "credential": lambda: choose(header, None, None),
        "window, when it is not known": lambda: span_of(way.quotas[0].quota, NOW_US),
    }


def measure() -> dict[str, float]:
    """The median time of each subject in µs."""
    told = {}
    for name, subject in subjects().items():
        timer = timeit.Timer(subject, timer=time.process_time)
        timer.timeit(CALLS)
        runs = timer.repeat(RUNS, CALLS)
        told[name] = statistics.median(runs) / CALLS * 1e6
    return told


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    told = measure()
    if as_json:
        whole = told.pop("all")
        parts = {name: round(us, 3) for name, us in told.items()}
        print(json.dumps({"us": round(whole, 3), "parts": parts}))
        return
    for name, us in told.items():
        print(f"{us:8.2f} µs  {name}")


if __name__ == "__main__":
    main()
