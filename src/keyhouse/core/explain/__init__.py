"""Every reason why a request would be refused, not only the first.

`CHECKS` are the checks of `core.decide`, of budgets and of rates, in the order
of the walk, each with what it found. They ask the matchers that the decision
asks; a test holds that the first refusal here is the one that `decide` gives.

A new check is a row in `CHECKS`; a verdict that no check can give says why
in `NO_CHECK`. Tests fail for a verdict that stands in neither.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from keyhouse.core.explain import limits, opening, places, standing
from keyhouse.core.explain.bearer import Bearer, ToldToken, name_of, named_by
from keyhouse.core.explain.case import Case, Scene, likely_secret, works
from keyhouse.core.explain.finding import (
    Fact,
    Finding,
    Moment,
    Outcome,
    Place,
    cannot_tell,
    not_looked_at,
    plain_facts,
    refused,
    say,
)
from keyhouse.core.verdict import Verdict

__all__ = [
    "CHECKS",
    "NO_CHECK",
    "Bearer",
    "Case",
    "Check",
    "Explanation",
    "Fact",
    "Finding",
    "Moment",
    "Outcome",
    "Place",
    "Scene",
    "ToldToken",
    "explain",
    "explain_unseen",
    "likely_secret",
    "name_of",
    "named_by",
    "plain_facts",
    "say",
    "works",
]


class Check(NamedTuple):
    """One check: what it can refuse with, and how it looks.

    `unkept` is a fact that it asks for and that the request log does not
    keep, where not to tell it means that nothing is demanded.
    """

    name: str
    verdicts: tuple[Verdict, ...]
    look: Callable[[Case], Iterable[Finding]]
    unkept: str = ""


CREDENTIAL: Final = "credential"
CHECKS: Final = (
    Check(
        CREDENTIAL,
        (Verdict.CONFLICTING_CREDENTIALS, Verdict.MISSING, Verdict.MALFORMED),
        standing.credential,
    ),
    Check("deleted", (Verdict.UNKNOWN,), standing.deleted),
    Check("revoked", (Verdict.REVOKED,), standing.revoked),
    Check("disabled", (Verdict.DISABLED,), standing.disabled),
    Check("token", (Verdict.REVOKED,), standing.token),
    Check("started", (Verdict.NOT_YET_VALID,), standing.started),
    Check("expired", (Verdict.EXPIRED,), standing.expired),
    Check(
        "environment",
        (Verdict.ENVIRONMENT_MISMATCH,),
        standing.environment,
        "environment",
    ),
    Check("access", (Verdict.API_NOT_ALLOWED,), opening.access),
    Check("subscription", (Verdict.SUBSCRIPTION_INACTIVE,), opening.subscription),
    Check("browser", (Verdict.BROWSER_NOT_ALLOWED,), places.browser, "origin"),
    Check("network", (Verdict.IP_NOT_ALLOWED,), places.network),
    Check("referrer", (Verdict.REFERRER_NOT_ALLOWED,), places.referrer),
    Check("app", (Verdict.APP_NOT_ALLOWED,), places.app),
    Check("endpoint", (Verdict.ENDPOINT_NOT_ALLOWED,), places.endpoint),
    Check("scopes", (Verdict.SCOPE_MISSING,), opening.scopes, "scopes"),
    Check("credits", (Verdict.CREDITS_EXHAUSTED,), limits.credits),
    Check("quota", (Verdict.QUOTA_EXCEEDED,), limits.quota),
    Check("rate", (Verdict.RATE_LIMITED,), limits.rate),
)
"""In the order of the walk: state, environment, access, restrictions, scopes, limits."""

NO_CHECK: Final[Mapping[Verdict, str]] = {
    Verdict.VALID: "What is left when nothing refuses.",
    Verdict.UNAVAILABLE: "Says that nothing could be looked at, not what was found.",
    Verdict.TLS_REQUIRED: "Given before any key is looked at.",
}
"""Verdicts that are no check's, and why."""


class Explanation(NamedTuple):
    """What all checks found, in the order of the walk."""

    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """`refused` where one refuses, `cannot_tell` where it hangs on what is not told.

        `passed` leaves out what was not looked at.
        """
        outcomes = {finding.outcome for finding in self.findings}
        for one in (Outcome.REFUSED, Outcome.CANNOT_TELL):
            if one in outcomes:
                return one
        return Outcome.PASSED

    @property
    def verdict(self) -> Verdict | None:
        """What the request would get; None where that hangs on what is not told."""
        for finding in self.findings:
            if finding.outcome is Outcome.CANNOT_TELL:
                return None
            if finding.outcome is Outcome.REFUSED:
                return finding.verdict
        return Verdict.VALID

    @property
    def as_told(self) -> Verdict:
        """What a door would say to the request exactly as it is told."""
        verdicts = (finding.verdict for finding in self.findings)
        return next((one for one in verdicts if not one.allowed), Verdict.VALID)


def explain(case: Case) -> Explanation:
    """Look at everything. Nothing is spent, nothing is written."""
    return Explanation(tuple(_findings(case)))


def _findings(case: Case) -> Iterator[Finding]:
    for check in CHECKS:
        for finding in check.look(case):
            doubted = _doubted(check, case, finding)
            yield replace(doubted, check=check.name)


def _doubted(check: Check, case: Case, finding: Finding) -> Finding:
    """A refusal out of the log, for something demanded that the log does not keep."""
    doubt = check.unkept and case.then in check.verdicts
    if not doubt or finding.outcome is not Outcome.PASSED:
        return finding
    found = f"It was refused for this, and the log keeps no {check.unkept}: cannot tell."
    mend = f"Explain the key with the {check.unkept} that the caller asked for."
    return cannot_tell(Verdict.VALID, found, mend)


def explain_unseen(verdict: Verdict, mend: str) -> Explanation:
    """A refusal of which no more can be told than its caller read: no key is known."""
    if verdict is Verdict.UNAVAILABLE:
        first = cannot_tell(verdict, verdict.detail, mend)
    else:
        first = refused(verdict, verdict.detail, mend, Place.CALLER)
    rest = [
        replace(not_looked_at("No key to look at is known."), check=check.name)
        for check in CHECKS
        if check.name != CREDENTIAL
    ]
    return Explanation((replace(first, check=CREDENTIAL), *rest))
