"""What a check found: an outcome, the facts behind it, and how to mend it.

Texts hold `{names}` of facts, so that each door writes times and lists in its
own way and programs get the facts themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keyhouse.core.moments import format_time
from keyhouse.core.verdict import Verdict


class Outcome(StrEnum):
    """What came of a check. Only `passed` promises that it lets the request on."""

    PASSED = "passed"
    REFUSED = "refused"
    CANNOT_TELL = "cannot_tell"
    NOT_LOOKED_AT = "not_looked_at"


class Place(StrEnum):
    """Where a mend is made. Behind the dot is the part of the key or API."""

    KEY = "key"
    KEY_ACCESS = "key.access"
    KEY_RESTRICTIONS = "key.restrictions"
    KEY_LIMITS = "key.limits"
    KEY_EXPIRY = "key.expiry"
    APPLICATION = "application"
    CUSTOMER = "customer"
    PROJECT = "project"
    ORGANIZATION = "organization"
    API = "api"
    API_LIMITS = "api.limits"
    PLAN = "plan"
    SUBSCRIPTION = "subscription"
    CALLER = "caller"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time among the facts, in µs."""

    at_us: int


Fact = str | int | tuple[str, ...] | Moment


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of an explanation.

    `verdict` is what a door would say to the request exactly as it is told,
    VALID where it would go on: an address that is not told passes no
    restriction of networks, and yet whether the true one does is not known.
    """

    outcome: Outcome
    verdict: Verdict
    found: str
    mend: str = ""
    place: Place = Place.NOWHERE
    facts: Mapping[str, Fact] = field(default_factory=dict)
    check: str = ""


def passed(found: str, **facts: Fact) -> Finding:
    """Nothing here stands against the request."""
    return Finding(Outcome.PASSED, Verdict.VALID, found, facts=facts)


def refused(
    verdict: Verdict, found: str, mend: str, place: Place, **facts: Fact
) -> Finding:
    """The request is refused for this, whatever else it is refused for."""
    return Finding(Outcome.REFUSED, verdict, found, mend, place, facts)


def cannot_tell(verdict: Verdict, found: str, mend: str = "", **facts: Fact) -> Finding:
    """It depends on what is not told; `mend` says what to tell."""
    return Finding(Outcome.CANNOT_TELL, verdict, found, mend, facts=facts)


def not_looked_at(found: str, **facts: Fact) -> Finding:
    """Nobody looked, and `found` says why."""
    return Finding(Outcome.NOT_LOOKED_AT, Verdict.VALID, found, facts=facts)


def say(
    text: str, facts: Mapping[str, Fact], moment: Callable[[int], str] = format_time
) -> str:
    """A text of a finding with its facts in it; `moment` writes times."""
    return text.format_map({name: _said(fact, moment) for name, fact in facts.items()})


def _said(fact: Fact, moment: Callable[[int], str]) -> str:
    if isinstance(fact, Moment):
        return moment(fact.at_us)
    if isinstance(fact, tuple):
        return ", ".join(fact) or "none"
    return f"{fact:,}" if isinstance(fact, int) else fact


def plain_facts(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts as JSON has them: times are RFC 3339, lists are lists."""
    return {name: _plain(fact) for name, fact in facts.items()}


def _plain(fact: Fact) -> Any:  # noqa: ANN401 # any value of JSON
    if isinstance(fact, Moment):
        return format_time(fact.at_us)
    return list(fact) if isinstance(fact, tuple) else fact
