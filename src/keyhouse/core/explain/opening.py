"""Checks of what a key opens: the API, and the scopes there."""

from collections.abc import Iterator, Mapping
from typing import Final

from keyhouse.core import entities as rows
from keyhouse.core.compilation import compile_grant_on
from keyhouse.core.explain import bearer
from keyhouse.core.explain.case import Case, Scene
from keyhouse.core.explain.finding import (
    Fact,
    Finding,
    Moment,
    Place,
    cannot_tell,
    passed,
    refused,
)
from keyhouse.core.explain.standing import Switch, switch_of
from keyhouse.core.records import RouteRecord
from keyhouse.core.scopes import unmet
from keyhouse.core.verdict import Verdict

_CLOSED = Verdict.API_NOT_ALLOWED


def access(case: Case) -> Iterator[Finding]:
    """The key has a row for the API, and nobody switched the API off."""
    scene, line = case.scene, case.key_line
    if case.bearer is not None:
        yield from bearer.audience(case.bearer)
    facts: dict[str, Fact] = {"api": scene.api.slug}
    if line.grant is not None:
        held = tuple(sorted(line.grant.scopes))
        yield passed("The key opens {api}.", **facts, held=held)
        return
    if line.closed is not _CLOSED:
        yield passed("{api} is among what the key opens.", **facts)
        return
    yield from _closed(scene)
    if scene.key.kind is rows.KeyKind.MANAGEMENT:
        found = "A management key manages {api} at most; it opens no API."
        mend = "Have the caller use a server key that opens {api}."
        yield refused(_CLOSED, found, mend, Place.CALLER, **facts)
    elif line.key.grant_for(line.api) is None:
        opened = tuple(row.resource_id for row in scene.access)
        found = "The key does not open {api}."
        mend = "Add {api} to what the key opens, among its access."
        yield refused(_CLOSED, found, mend, Place.KEY_ACCESS, **facts, opens=opened)


_WAYS_ON: Final[Mapping[rows.SubscriptionState, str]] = {
    rows.SubscriptionState.PENDING: "Have the provider approve it.",
    rows.SubscriptionState.SUSPENDED: "Have the provider resume it.",
    rows.SubscriptionState.ENDED: "Subscribe the application anew.",
}


def subscription(case: Case) -> Iterator[Finding]:
    """What the application has subscribed to: it alone opens a foreign API."""
    scene = case.scene
    facts: dict[str, Fact] = {"api": scene.api.slug}
    row, plan = scene.subscription, scene.plan
    verdict = Verdict.SUBSCRIPTION_INACTIVE
    if row is None or plan is None:
        if scene.foreign:
            found = "The application has no subscription to {api}, which is another's."
            mend = "Subscribe the application to a plan that opens {api}."
            yield refused(verdict, found, mend, Place.APPLICATION, **facts)
        else:
            yield passed("No plan says what the application may do on {api}.", **facts)
        return
    facts |= {"subscription": row.id, "plan": plan.name}
    if row.state is not rows.SubscriptionState.ACTIVE:
        facts |= {"state": row.state.value, "since": Moment(row.state_since)}
        found = "The subscription to the plan {plan} is {state} since {since}."
        mend = _WAYS_ON[row.state]
        yield refused(verdict, found, mend, Place.SUBSCRIPTION, **facts)
    elif not _is_in(scene):
        found = "The application's plan, {plan}, does not open {api}."
        mend = "Move the subscription to a plan that opens {api}."
        yield refused(verdict, found, mend, Place.SUBSCRIPTION, **facts)
    else:
        yield passed("The subscription to the plan {plan} is active.", **facts)


def _is_in(scene: Scene) -> bool:
    opened = scene.version.access if scene.version else ()
    return any(one.api_id == scene.api.id for one in opened)


def _closed(scene: Scene) -> Iterator[Finding]:
    """The API, its project, its organization: each can be switched off.

    Of another organization's, which of them it is and since when is not told.
    """
    api = scene.api
    switches = [Switch("API", Place.API, api)]
    switches += [switch_of(one) for one in scene.providers]
    if scene.foreign:
        if any(one.row.disabled_at is not None for one in switches):
            found = "{api} is switched off by its provider."
            mend = "Ask the provider of the API."
            yield refused(_CLOSED, found, mend, Place.NOWHERE, api=api.slug)
        return
    for what, place, row in switches:
        if row.disabled_at is not None:
            of_api = "" if row is api else " of the API"
            yield refused(
                _CLOSED,
                f"The {what} {{name}}{of_api} was switched off at {{since}}.",
                f"Enable the {what}, on its page.",
                place,
                since=Moment(row.disabled_at),
                name=row.name,
            )


def scopes(case: Case) -> Iterator[Finding]:
    """What the route and the request need beside what the key holds."""
    grant = case.line.grant
    held = frozenset() if grant is None else grant.scopes
    if case.bearer is not None:
        yield from bearer.beyond(case.bearer)
    lacks = [_missing(case, route, held) for route in case.routes()]
    missing = _missing(case, case.route(), held)
    facts = _scope_facts(case, held)
    if not any(lacks) and _may_be_narrower(case):
        found = "It needs {needed}, and the log does not keep what the token was given."
        yield cannot_tell(Verdict.VALID, found, "Explain the key with the token.", **facts)
    elif not any(lacks):
        needs = "{needed}, which the key has" if facts["needed"] else "no scope"
        yield passed(f"It needs {needs}.", **facts)
    elif all(lacks):
        of_route = (
            ", which {route} needs" if set(missing) & set(case.route().scopes) else ""
        )
        of_roles = " with the roles {roles}" if "roles" in facts else ""
        found = f"It lacks {{missing}} on {{api}}{of_route}; it holds {{held}}{of_roles}."
        mend = "Give the key {missing} on {api}, among its access."
        facts["missing"] = missing
        place = Place.KEY_ACCESS
        if _narrowed(case, missing):
            found = f"The token lacks {{missing}} on {{api}}{of_route}; it holds {{held}}."
            mend = "Have the application mint a token with {missing}."
            place = Place.CALLER
        elif _sold_too_little(case, missing):
            found = f"The plan does not open {{missing}} on {{api}}{of_route}."
            mend = "Move the subscription to a plan that opens {missing} on {api}."
            place = Place.SUBSCRIPTION
        yield refused(Verdict.SCOPE_MISSING, found, mend, place, **facts)
    else:
        untold = "path" if case.request.path is None else "method"
        facts["missing"] = tuple(dict.fromkeys(one for lack in lacks for one in lack))
        found = f"Some routes of {{api}} need {{missing}}: cannot tell without a {untold}."
        verdict = Verdict.SCOPE_MISSING if missing else Verdict.VALID
        yield cannot_tell(verdict, found, f"Tell the {untold}.", **facts)


def _may_be_narrower(case: Case) -> bool:
    """Whether the token may hold less than its key, and some of it is needed."""
    of_log = case.bearer is not None and case.bearer.told.logged
    return of_log and any(_needed(case, route) for route in case.routes())


def _narrowed(case: Case, missing: tuple[str, ...]) -> bool:
    """Whether the key has what its token was not given."""
    grant = case.key_line.grant
    return case.bearer is not None and not unmet(
        frozenset() if grant is None else grant.scopes, missing
    )


def _sold_too_little(case: Case, missing: tuple[str, ...]) -> bool:
    """Whether the key's own access has what its subscription keeps from it."""
    own = compile_grant_on(case.line.key, case.line.api)
    sold = case.line.grant is not None and case.line.subscription is not None
    return sold and own is not None and not unmet(own.scopes, missing)


def _scope_facts(case: Case, held: frozenset[str]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "api": case.scene.api.slug,
        "held": tuple(sorted(held)),
        "needed": _needed(case, case.route()),
    }
    grant, route = case.line.grant, case.route()
    if grant is not None and grant.roles:
        facts["roles"] = grant.roles
    for row in case.scene.routes:
        if row.id == route.id:
            facts["route"] = f"{row.method} {row.path}"
    return facts


def _needed(case: Case, route: RouteRecord) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*route.scopes, *case.request.scopes)))


def _missing(case: Case, route: RouteRecord, held: frozenset[str]) -> tuple[str, ...]:
    return unmet(held, _needed(case, route))
