"""An explanation as a page shows it: a line for each check, in the order of the walk."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from markupsafe import Markup

from keyhouse.core.entities import KeyKind
from keyhouse.core.explain import Explanation, Finding, Outcome, Place, say
from keyhouse.doors.console import words
from keyhouse.doors.console.visits import InProject
from keyhouse.services.explain import Explained
from keyhouse.services.issue import WRITE

LABELS: Final[Mapping[str, str]] = {
    "credential": "Secret",
    "deleted": "Not deleted",
    "revoked": "Not revoked",
    "disabled": "Switched on",
    "token": "Token",
    "started": "Started",
    "expired": "Not ended",
    "environment": "Environment",
    "access": "API",
    "subscription": "Subscription",
    "browser": "Browser",
    "network": "Network",
    "referrer": "Web page",
    "app": "App",
    "endpoint": "Endpoint",
    "scopes": "Scopes",
    "credits": "Credits",
    "quota": "Quota",
    "rate": "Rate",
}
"""What people call the checks of `core.explain`."""
_LOOKS: Final = {
    Outcome.PASSED: ("circle-check", "Passed"),
    Outcome.REFUSED: ("circle-x", "Refused"),
    Outcome.CANNOT_TELL: ("circle-help", "Cannot tell"),
    Outcome.NOT_LOOKED_AT: ("circle-minus", "Not looked at"),
}
_PARTS: Final = {
    Place.KEY_ACCESS: "access",
    Place.KEY_RESTRICTIONS: "restrictions",
    Place.KEY_LIMITS: "limits",
    Place.KEY_EXPIRY: "expiry",
}


class Way(NamedTuple):
    """Where a mend is made."""

    url: str
    words: str
    panel: bool = False


class Line(NamedTuple):
    """One check. `way` is None where its visitor has nothing to change."""

    label: str
    outcome: Outcome
    icon: str
    outcome_words: str
    found: Markup
    mend: Markup
    way: Way | None


class Shown(NamedTuple):
    """What a page shows of an explanation."""

    summary: str
    tone: str
    icon: str
    lines: list[Line]


def shown(here: InProject, told: Explained) -> Shown:
    """An explanation in words, with ways to what its visitor may change."""
    lines = [_line(here, told, one) for one in told.explanation.findings]
    return Shown(*_summary(told.explanation, then=told.logged is not None), lines)


def _summary(explanation: Explanation, *, then: bool) -> tuple[str, str, str]:
    """In words, its tone and its icon."""
    verdict, outcome = explanation.verdict, explanation.outcome
    subject = "The same request, sent now," if then else "This request"
    if outcome is Outcome.REFUSED:
        why = f": {verdict.title}." if verdict else ", for one reason at least."
        return f"{subject} would be refused{why}", "bad", "circle-x"
    if outcome is Outcome.CANNOT_TELL:
        told = f"{subject} may pass or not: it hangs on what is not told."
        return told, "warn", "circle-help"
    outcomes = {one.outcome for one in explanation.findings}
    unseen = Outcome.NOT_LOOKED_AT in outcomes
    told = f"{subject} would pass{' all that was looked at' if unseen else ''}."
    return told, "good", "circle-check"


def _line(here: InProject, told: Explained, one: Finding) -> Line:
    now_us = here.now_us

    def moment(at_us: int) -> str:
        return words.at(at_us, now_us)

    icon, outcome_words = _LOOKS[one.outcome]
    refuses = one.outcome is Outcome.REFUSED
    return Line(
        LABELS[one.check],
        one.outcome,
        icon,
        outcome_words,
        _marked(one.found, one, moment),
        _marked(one.mend, one, moment),
        _way(here, told, one.place) if refuses else None,
    )


def _marked(text: str, one: Finding, moment: Callable[[int], str]) -> Markup:
    """The text with its facts, escaped; times are as everywhere in the console."""
    return Markup(say(Markup(text), one.facts, moment))  # noqa: S704 (escaped by Markup)


def _way(here: InProject, told: Explained, place: Place) -> Way | None:
    if told.key is not None and place.startswith("key"):
        return _key_way(here, told.key.id, told.key.kind, place)
    if place is Place.APPLICATION and told.key is not None:
        url = here.url("applications", told.key.application_id)
        return Way(url, "Open the application")
    foreign = told.key is not None and told.key.organization_id != told.api.organization_id
    if place in (Place.API, Place.API_LIMITS) and here.may("apis:write") and not foreign:
        return Way(here.url("apis", told.api.id, "edit"), "Change the API", panel=True)
    if place is Place.PROJECT:
        return Way(here.organization_url("projects"), "Open the projects")
    return None


def _key_way(here: InProject, id: str, kind: KeyKind, place: Place) -> Way | None:
    part = _PARTS.get(place)
    if part is None:
        return Way(here.url("keys", id), "Open the key")
    if not here.may(WRITE) or (part == "access" and kind is KeyKind.MANAGEMENT):
        return None
    return Way(here.url("keys", id, "change", part), f"Change its {part}", panel=True)
