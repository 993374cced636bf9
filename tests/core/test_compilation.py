"""What is worked out before a request: records, lines, and what limits count on."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core import entities as rows
from keyhouse.core.compilation import compile_api, compile_key, compile_line
from keyhouse.core.compilation import compile_application as application
from keyhouse.core.quotas import FOREVER_US, Budget
from keyhouse.core.verdict import Verdict
from tests.core import rows as made


def test_a_line_runs_while_both_secret_and_key_do() -> None:
    line = made.line(secret={"starts_at": 5, "ends_at": 90}, starts_at=10, ends_at=80)
    assert (line.starts_us, line.ends_us) == (10, 80)
    line = made.line(secret={"starts_at": 20, "ends_at": 70}, starts_at=10, ends_at=80)
    assert (line.starts_us, line.ends_us) == (20, 70)
    assert (made.line().starts_us, made.line().ends_us) == (0, FOREVER_US)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, None),
        ({"deleted_at": 1, "revoked_at": 1, "disabled_at": 1}, Verdict.UNKNOWN),
        ({"revoked_at": 1, "disabled_at": 1}, Verdict.REVOKED),
        ({"secret": {"revoked_at": 1}, "disabled_at": 1}, Verdict.REVOKED),
        ({"disabled_at": 1}, Verdict.DISABLED),
        ({"application": {"disabled_at": 1}}, Verdict.DISABLED),
        ({"owner": {"disabled_at": 1}}, Verdict.DISABLED),
    ],
)
def test_what_is_switched_off_is_refused(
    changes: dict[str, Any], state: Verdict | None
) -> None:
    assert made.line(**changes).state is state


@pytest.mark.parametrize(
    ("access", "opens"),
    [
        ({}, True),
        ({"resource_id": "api_b"}, False),
        ({"resource": rows.Resource.PROJECT, "resource_id": "prj_a"}, True),
        ({"resource": rows.Resource.ORGANIZATION, "resource_id": "org_a"}, True),
        ({"resource": rows.Resource.PROJECT, "resource_id": "prj_b"}, False),
    ],
)
def test_a_key_opens_what_its_access_names(access: dict[str, Any], opens: bool) -> None:
    assert (made.line(access=access).grant is not None) is opens


def test_an_api_that_is_switched_off_is_opened_by_no_key() -> None:
    assert made.line(made.api_record(disabled_at=1)).grant is None
    assert made.line(provider={"disabled_at": 1}).grant is None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_access_to_the_api_itself_holds_before_a_wider_one(order: tuple[int, int]) -> None:
    both = [
        replace(made.ACCESS, id="1", scopes=("a:read",)),
        replace(
            made.ACCESS,
            id="0",
            resource=rows.Resource.ORGANIZATION,
            resource_id="org_a",
            scopes=("*",),
        ),
    ]
    key = compile_key(made.KEY, [both[i] for i in order], [made.SECRET], ZoneInfo)
    grant = key.grant_for(made.api_record())
    assert grant is not None
    assert grant.scopes == {"a:read"}


def test_a_key_s_limits_count_for_all_apis_and_an_api_s_for_each() -> None:
    api = made.api_record(limits=(made.rate("second"), made.quota("daily")))
    line = made.line(api, limits=(made.rate("own"), made.quota("daily", 7)))
    assert [(use.limit.name, use.counter) for use in line.rates] == [
        ("own", "org_a|key|key_a|live|own"),
        ("second", "org_a|key_api|key_a/api_a|live|second"),
    ]
    assert [(use.quota.name, use.quota.amount, use.budget) for use in line.quotas] == [
        ("daily", 7, Budget("org_a", "key", "key_a", "live", "daily")),
    ]
    assert line.quotas[0].token == "org_a|key|key_a|live|daily"
    assert type(line.quotas[0].budget.environment) is str


def test_a_key_s_limit_replaces_one_of_another_kind_too() -> None:
    api = made.api_record(limits=(made.rate("x"), made.quota("y")))
    line = made.line(api, limits=(made.quota("x"), made.rate("y")))
    assert [use.limit.name for use in line.rates] == ["y"]
    assert [use.quota.name for use in line.quotas] == ["x"]


def test_a_foreign_api_counts_with_its_provider() -> None:
    api = made.api_record(organization_id="org_b", limits=(made.rate("second"),))
    line = made.line(api, limits=(made.rate("own"),))
    assert {use.counter.split("|")[0] for use in line.rates} == {"org_b"}


def test_routes_are_met_by_position() -> None:
    routes = [made.route(2, "GET", "/**"), made.route(1, "GET", "/a", cost=3)]
    api = compile_api(made.API, routes, ZoneInfo)
    assert api.endpoints is not None
    assert [one.id for one in api.routes] == ["rte_1", "rte_2"]
    assert api.endpoints.find("GET", "/a") == 0
    assert api.endpoints.find("GET", "/b") == 1
    assert made.api_record().endpoints is None


def test_an_api_s_credential_names_are_ready_to_compare() -> None:
    api = made.api_record(key_header="X-My-Key", query_parameter="key")
    assert (api.key_header, api.query_parameter) == (b"x-my-key", b"key")
    assert made.api_record().query_parameter is None


def test_what_is_not_restricted_costs_no_check() -> None:
    key = made.line().key
    assert (key.networks, key.referrers, key.endpoints) == (None, None, None)


def test_a_management_key_has_no_environment() -> None:
    row = replace(made.KEY, kind=rows.KeyKind.MANAGEMENT, environment=None)
    key = compile_key(row, [made.ACCESS], [made.SECRET], ZoneInfo)
    line = compile_line(
        key.secrets[0],
        replace(
            key,
            rates=compile_key(
                replace(row, limits=(made.rate("r"),)), [], [], ZoneInfo
            ).rates,
        ),
        application(made.APPLICATION, ZoneInfo),
        made.api_record(),
        owners=[],
        providers=[],
    )
    assert key.environment is None
    assert line.rates[0].counter == "org_a|key|key_a||r"


def test_no_digest_is_in_a_record() -> None:
    line = made.line()
    assert "dddd" not in f"{line!r} {line.key!r} {line.secret!r} {made.SECRET!r}"
