import json

import pytest

from .conftest import Run, Server

_PLAN = {"id": "pln_1", "slug": "basic", "name": "Basic", "version": 1}
_SUBSCRIPTION = {"id": "sub_1", "plan": "pln_1", "application": "app_1", "state": "active"}


def test_a_plan_is_written_on_one_line(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/plans", 201, _PLAN)
    line = ["plans", "create", "basic", "--api", "weather:forecast:read,@reader"]
    line += ["--quota", "monthly=500/month", "--key-rate", "each=5/1"]
    line += ["--public", "--approval"]
    routed = ["--route-rate", "weather GET /v1/a/** slow=2/1:3"]
    assert run(*line, *routed, "--json").exit_code == 0
    assert server.asked[0].body == {
        "slug": "basic",
        "access": [{"api": "weather", "scopes": ["forecast:read"], "roles": ["reader"]}],
        "limits": [
            {
                "name": "monthly",
                "quota": 500,
                "window": "month",
                "zone": "UTC",
                "per": "subscription",
            },
            {"name": "each", "rate": 5, "period_seconds": 1, "per": "key"},
        ],
        "routes": [
            {
                "api": "weather",
                "route": "GET /v1/a/**",
                "limits": [
                    {
                        "name": "slow",
                        "rate": 2,
                        "period_seconds": 1,
                        "burst": 3,
                        "per": "subscription",
                    }
                ],
            }
        ],
        "visibility": "public",
        "approval": "manual",
    }


def test_a_change_says_when_it_applies(run: Run, server: Server) -> None:
    server.answer("PATCH", "/v1/plans/pln_1", 200, _PLAN)
    run("plans", "update", "pln_1", "--no-limits", "--retire", "--next-window")
    assert server.asked[0].body == {
        "limits": [],
        "retired": True,
        "applies": "next_window",
    }


def test_a_route_that_cannot_be_read_is_wrong_use(run: Run, server: Server) -> None:
    wrong = run("plans", "update", "pln_1", "--route-rate", "weather slow=2/1")
    assert wrong.exit_code == 2
    assert "--route-rate" in wrong.stderr
    assert server.asked == []


def test_versions_are_listed(run: Run, server: Server) -> None:
    page = {"data": [{"number": 2}, {"number": 1}], "next_cursor": None}
    server.answer("GET", "/v1/plans/pln_1/versions", 200, page)
    told = json.loads(run("plans", "versions", "pln_1", "--json").stdout)
    assert told == page["data"]


@pytest.mark.parametrize("verb", ["approve", "suspend", "resume", "end"])
def test_what_becomes_of_a_subscription_is_told(
    run: Run, server: Server, verb: str
) -> None:
    server.answer("POST", f"/v1/subscriptions/sub_1/{verb}", 200, _SUBSCRIPTION)
    assert run("subscriptions", verb, "sub_1").stdout == "sub_1 is active\n"


def test_subscriptions_are_made_moved_and_listed(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/subscriptions", 201, _SUBSCRIPTION)
    server.answer("POST", "/v1/subscriptions/sub_1/move", 200, _SUBSCRIPTION)
    page = {"data": [_SUBSCRIPTION], "next_cursor": None}
    server.answer("GET", "/v1/subscriptions", 200, page)
    run("subscriptions", "create", "pln_1", "app_1")
    run("subscriptions", "move", "sub_1", "pln_2", "--next-window")
    table = run("subscriptions", "list", "--bought", "--state", "active").stdout
    made, moved, listed = server.asked
    assert made.body == {"plan": "pln_1", "application": "app_1"}
    assert moved.body == {"plan": "pln_2", "applies": "next_window"}
    assert "side=consumer" in listed.path
    assert "state=active" in listed.path
    assert "sub_1" in table


def test_a_subscriber_gets_limits_up_to_a_time(run: Run, server: Server) -> None:
    server.answer("PATCH", "/v1/subscriptions/sub_1", 200, _SUBSCRIPTION)
    until = "2030-01-01T00:00:00Z"
    given = ("--quota", "monthly=800/month", "--until", until)
    run("subscriptions", "update", "sub_1", *given)
    run("subscriptions", "update", "sub_1", "--no-overrides")
    assert [one.body for one in server.asked] == [
        {
            "overrides": [
                {
                    "name": "monthly",
                    "quota": 800,
                    "window": "month",
                    "zone": "UTC",
                    "per": "subscription",
                    "ends_at": until,
                }
            ]
        },
        {"overrides": []},
    ]
    assert run("subscriptions", "update", "sub_1", "--until", until).exit_code == 2
