"""The form of a route loses nothing, and tells what is wrong where it was typed."""

from keyhouse.core.entities import CostFrom, Limit, LimitKind, Route, Window
from keyhouse.core.validation import check_needs, check_scopes
from keyhouse.doors.console.apis.route_form import (
    RouteForm,
    at_fields,
    read_route,
    route_fields,
    show_route,
)


def test_saving_a_route_as_it_was_shown_changes_nothing() -> None:
    route = Route(
        id="rte_1",
        organization_id="org_1",
        api_id="api_1",
        position=30,
        method="POST",
        path="/v1/**",
        scopes=("a:write", "b:write"),
        cost=5,
        cost_from=CostFrom.UPSTREAM,
        limits=(
            Limit(name="a", kind=LimitKind.RATE, amount=5, period_seconds=60, burst=9),
            Limit(name="b", kind=LimitKind.QUOTA, amount=5, window=Window.DAY),
        ),
        created_at=0,
        updated_at=0,
    )
    fields, problems = route_fields(show_route(route))
    assert problems == []
    assert all(getattr(route, name) == value for name, value in fields.items())
    assert set(fields) == {
        *("method", "path", "scopes", "cost", "cost_from", "limits", "position")
    }


def test_a_new_route_goes_to_the_end_unless_a_position_is_typed() -> None:
    fields, problems = route_fields(read_route({"method": "get", "path": " /x "}))
    assert problems == []
    assert fields == {
        "method": "GET",
        "path": "/x",
        "scopes": (),
        "cost": 1,
        "cost_from": "route",
        "limits": (),
    }


def test_problems_stand_where_they_were_typed() -> None:
    form = RouteForm(path="/x", scopes="a:read b", cost="much", position="first")
    fields, problems = route_fields(form)
    problems += check_scopes("scopes", fields["scopes"], ["a:read"])
    told = at_fields(form, problems)
    assert set(told) == {"cost", "position", "scopes"}
    assert told["scopes"].reason == "b is no scope"


def test_alternatives_are_one_entry_however_they_are_spaced() -> None:
    fields, _ = route_fields(RouteForm(path="/", scopes="a:read | a:admin, b:x|b:y c:z"))
    assert fields["scopes"] == ("a:read|a:admin", "b:x|b:y", "c:z")
    form = RouteForm(path="/", scopes="a:read | a:*")
    wrong = check_needs("scopes", route_fields(form)[0]["scopes"], ["a:read"], wild=False)
    assert at_fields(form, wrong)["scopes"].reason == "a:read|a:* is not one scope"
