"""Limits and switches of more than key and API are explained, and so are credits."""

import pytest

from keyhouse.core.entities import Customer
from keyhouse.core.explain import Explanation, Finding, Outcome, Place
from keyhouse.core.verdict import Verdict
from tests.core import rows
from tests.core.explain.scenes import explained, reasons, scene

TEN = rows.quota("daily", 10)
LIMITED = rows.route(1, "GET", "/rare", limits=(TEN, rows.rate("quick", 10)))


def customer(**fields: object) -> Customer:
    return Customer(
        id="cus_a",
        organization_id="org_a",
        project_id="prj_a",
        external_id="crm-1",
        name="Globex",
        created_at=0,
        updated_at=0,
        **fields,  # type: ignore[arg-type] # a test's
    )


def of(told: Explanation, check: str) -> list[Finding]:
    return [one for one in told.findings if one.check == check]


@pytest.mark.parametrize(
    ("whose", "place"),
    [
        ("application", Place.APPLICATION),
        ("organization", Place.ORGANIZATION),
        ("customer", Place.CUSTOMER),
    ],
)
def test_a_shared_quota_is_mended_where_it_is_set(whose: str, place: Place) -> None:
    limits = {"limits": (TEN,)}
    at = (
        scene(customer=customer(**limits))
        if whose == "customer"
        else scene(**{whose: limits})  # type: ignore[arg-type] # either takes columns
    )
    (reason,) = reasons(explained(at, used=10))
    assert (reason.verdict, reason.place) == (Verdict.QUOTA_EXCEEDED, place)
    assert reason.facts["limit"] == f"{whose}/daily"
    assert reason.mend.endswith(f"among the limits of the {whose}.")


def test_a_route_s_limits_are_looked_at_on_their_route() -> None:
    at = scene(routes=(LIMITED, rows.route(2, "GET", "/plain")))
    (reason,) = reasons(explained(at, used=10, method="GET", path="/rare"))
    assert (reason.place, reason.facts["limit"]) == (Place.API, "route/daily")
    plain = explained(at, used=10, method="GET", path="/plain")
    assert plain.verdict is Verdict.VALID
    assert [one.outcome for one in of(plain, "quota")] == [Outcome.PASSED]


def test_a_route_that_is_not_certain_is_no_refusal() -> None:
    """Without path or method the route that is meant may have limits, or none."""
    at = scene(routes=(LIMITED, rows.route(2, "GET", "/plain")))
    told = explained(at, used=10)
    assert told.outcome is Outcome.CANNOT_TELL
    assert told.as_told is Verdict.VALID
    (finding,) = of(told, "quota")
    assert finding.mend == "Tell method and path."


def test_credits_that_are_gone_are_told_before_a_quota_that_is() -> None:
    at = scene(
        key={"limits": (TEN,)}, customer=customer(prepaid_at=1, credits=10, limits=())
    )
    told = explained(at, used=10)
    first, second = reasons(told)
    assert (first.verdict, first.place) == (Verdict.CREDITS_EXHAUSTED, Place.CUSTOMER)
    assert (first.facts["left"], first.facts["added"]) == (0, 10)
    assert second.verdict is Verdict.QUOTA_EXCEEDED
    assert told.as_told is Verdict.CREDITS_EXHAUSTED
    assert explained(at, used=9).as_told is Verdict.VALID


def test_credits_of_a_dear_route_depend_on_the_route() -> None:
    dear = rows.route(1, "GET", "/dear", cost=5)
    at = scene(routes=(dear,), customer=customer(prepaid_at=1, credits=3))
    (finding,) = of(explained(at), "credits")
    assert finding.outcome is Outcome.CANNOT_TELL
    (reason,) = reasons(explained(at, method="GET", path="/dear"))
    assert reason.verdict is Verdict.CREDITS_EXHAUSTED
    assert explained(at, method="GET", path="/other").as_told is Verdict.VALID


def test_a_customer_that_is_switched_off_is_named() -> None:
    (reason,) = reasons(explained(scene(customer=customer(disabled_at=1))))
    assert (reason.verdict, reason.place) == (Verdict.DISABLED, Place.CUSTOMER)
    assert reason.facts["name"] == "Globex"
