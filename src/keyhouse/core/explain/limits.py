"""Checks of how much and how fast. Nothing is spent to find out."""

from collections.abc import Iterator, Mapping, Sequence

from keyhouse.core.explain.case import Case
from keyhouse.core.explain.finding import (
    Fact,
    Finding,
    Moment,
    Outcome,
    Place,
    cannot_tell,
    not_looked_at,
    passed,
    refused,
)
from keyhouse.core.quotas import span_of
from keyhouse.core.records import QuotaUse, RateUse
from keyhouse.core.verdict import Verdict

HOMES: Mapping[str, tuple[Place, str]] = {
    "key": (Place.KEY_LIMITS, "the key"),
    "key_api": (Place.API_LIMITS, "the API"),
    "key_route": (Place.API, "the route"),
    "subscription": (Place.PLAN, "the plan"),
    "subscription_key": (Place.PLAN, "the plan"),
    "subscription_route": (Place.PLAN, "the plan"),
    "subscription_key_route": (Place.PLAN, "the plan"),
    "application": (Place.APPLICATION, "the application"),
    "customer": (Place.CUSTOMER, "the customer"),
    "organization": (Place.ORGANIZATION, "the organization"),
    "credits": (Place.CUSTOMER, "the customer"),
    "user": (Place.API, "users of the API, or at minting"),
}
"""Where a limit is set, by the kind of what it counts on (see `quotas.Budget`)."""


def home_of(kind: str) -> tuple[Place, str]:
    """The place and the words of a limit's home; a kind is its own word.

    Nobody goes without an explanation because a kind is new; a test of the
    vectors asks for its row.
    """
    return HOMES.get(kind, (Place.NOWHERE, f"the {kind}"))


def credits(case: Case) -> Iterator[Finding]:  # noqa: A001 - what callers call it too
    """What the customer has prepaid, where it has to."""
    use = case.line.credits
    if use is None:
        yield passed("The call spends no credits.")
        return
    used = case.spent[use.token]
    left = max(use.quota.amount - used, 0)
    facts: dict[str, Fact] = {"left": left, "added": use.quota.amount}
    over = [cost > left for cost in case.costs()]
    cost = case.cost()
    state = "Of {added} credits that the customer was given {left} are left"
    if not any(over):
        yield passed(f"{state}{_reserved(case, facts)}.", **facts)
    elif not all(over):
        verdict = Verdict.CREDITS_EXHAUSTED if cost > left else Verdict.VALID
        found = f"{state}; what it costs depends on the route."
        yield cannot_tell(verdict, found, _tell(case), **facts)
    else:
        found = f"{state}, and the request {_takes(case)} {{cost}}."
        mend = "Add credits to the customer, with keyhouse customers credit."
        verdict = Verdict.CREDITS_EXHAUSTED
        yield refused(verdict, found, mend, Place.CUSTOMER, **facts, cost=cost)


def quota(case: Case) -> Iterator[Finding]:
    """Each quota: what is used of it, what is left, when it starts anew."""
    uses = [use for use in case.met.quotas if use is not case.line.credits]
    for use in uses:
        yield _of_route(case, use not in case.base.quotas, _quota(case, use))
    yield from _rest(case, uses, "No quota counts here.")


def _of_route(case: Case, of_route: bool, finding: Finding) -> Finding:
    """A finding about a route's limit holds only where the route is certain."""
    if not of_route or len(case.routes()) == 1 or finding.outcome is not Outcome.REFUSED:
        return finding
    found = f"{finding.found} It is a route's limit, and another route may be meant."
    return cannot_tell(finding.verdict, found, _tell(case), **finding.facts)


def _rest(case: Case, uses: Sequence[object], none: str) -> Iterator[Finding]:
    if case.may_meet_more():
        found = "A route that the request may be on has limits of its own."
        yield cannot_tell(Verdict.VALID, found, _tell(case))
    elif not uses:
        yield passed(none)


def _quota(case: Case, use: QuotaUse) -> Finding:
    amount, used = use.quota.amount, case.spent[use.token]
    left = max(amount - used, 0)
    place, home = home_of(use.budget.subject_kind)
    facts: dict[str, Fact] = {
        "limit": use.quota.name,
        "amount": amount,
        "used": used,
        "left": left,
        "resets_at": Moment(span_of(use.quota, case.now_us).end_us),
    }
    over = [cost > left for cost in case.costs()]
    cost = case.cost()
    state = "{used} of {amount} are used, {left} are left until {resets_at}"
    if not any(over):
        return passed(f"Quota {{limit}}: {state}{_reserved(case, facts)}.", **facts)
    if not all(over):
        verdict = Verdict.QUOTA_EXCEEDED if cost > left else Verdict.VALID
        found = f"Quota {{limit}}: {state}; what it costs depends on the route."
        return cannot_tell(verdict, found, _tell(case), **facts)
    mend = f"Wait until {{resets_at}}, or raise {{limit}} among the limits of {home}."
    if cost > amount:
        mend = f"Waiting is of no use: raise {{limit}} among the limits of {home}."
    found = f"Quota {{limit}}: {state}, and the request {_takes(case)} {{cost}}."
    return refused(Verdict.QUOTA_EXCEEDED, found, mend, place, **facts, cost=cost)


def _takes(case: Case) -> str:
    return "reserves" if case.reserves else "costs"


def _reserved(case: Case, facts: dict[str, Fact]) -> str:
    """What becomes of a reservation, where the upstream tells what the call came to."""
    if not case.reserves:
        return ""
    facts["cost"] = case.cost()
    return "; the request reserves {cost}, and what it does not come to is given back"


def _tell(case: Case) -> str:
    return "Tell method and path." if case.request.path is None else "Tell the method."


def kind_of(use: RateUse) -> str:
    """The kind of what a rate counts on, as its counter names it."""
    return use.counter.split("|")[1]


def rate(case: Case) -> Iterator[Finding]:
    """Each rate limit: its counter is the gateway's, but no cost may pass its burst."""
    uses = case.met.rates
    for use in uses:
        yield _of_route(case, use not in case.base.rates, _rate(case, use))
    if not uses:
        yield passed("No rate limit counts here.")


def _rate(case: Case, use: RateUse) -> Finding:
    limit = use.limit
    place, home = home_of(kind_of(use))
    facts: dict[str, Fact] = {
        "limit": limit.name,
        "amount": limit.amount,
        "period_seconds": limit.period_us // 1_000_000,
        "burst": limit.burst,
    }
    over = [cost > limit.burst for cost in case.costs()]
    cost = case.cost()
    if not any(over):
        found = (
            "Rate {limit}, {amount} each {period_seconds} s and {burst} at once: its "
            "counter lives in the gateway and was not looked at."
        )
        return not_looked_at(found, **facts)
    if not all(over):
        verdict = Verdict.RATE_LIMITED if cost > limit.burst else Verdict.VALID
        found = "Rate {limit}, {burst} at once: what it costs depends on the route."
        return cannot_tell(verdict, found, _tell(case), **facts)
    found = (
        "Rate {limit} lets {burst} pass at once, "
        f"and the request {_takes(case)} {{cost}}."
    )
    mend = f"Waiting is of no use: raise the burst of {{limit}} among the limits of {home}."
    return refused(Verdict.RATE_LIMITED, found, mend, place, **facts, cost=cost)
