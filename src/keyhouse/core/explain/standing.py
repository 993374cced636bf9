"""Checks of what a key is, whatever the request is: alive, on, in its time."""

from collections.abc import Iterator
from typing import NamedTuple

from keyhouse.core import entities as rows
from keyhouse.core.explain import bearer
from keyhouse.core.explain.case import Case, Owner, works
from keyhouse.core.explain.finding import (
    Fact,
    Finding,
    Moment,
    Place,
    passed,
    refused,
)
from keyhouse.core.verdict import Verdict


def credential(case: Case) -> Iterator[Finding]:
    """The secret is one of this key's: else it would not be explained."""
    secret = case.secret
    if case.bearer is not None:
        text = "The request comes with a token of {user}, minted with secret {version}."
        yield passed(text, user=case.bearer.told.subject, version=secret.version)
        return
    text = "The request comes with secret {version} of the key, {hint}."
    yield passed(text, version=secret.version, hint=secret.hint)


def deleted(case: Case) -> Iterator[Finding]:
    """A deleted key reads like one that never was."""
    at = case.scene.key.deleted_at
    if at is None:
        yield passed("The key is not deleted.")
        return
    found = "The key was deleted at {since}; callers read that it is not valid."
    mend = "Restore the key, on its page or with keyhouse keys restore."
    yield refused(Verdict.UNKNOWN, found, mend, Place.KEY, since=Moment(at))


def revoked(case: Case) -> Iterator[Finding]:
    """The key for good, or the one secret that came."""
    key, secret = case.scene.key, case.secret
    if key.revoked_at is not None:
        found = "The key was revoked at {since}."
        mend = "Create a new key for whoever uses this one; revoking is final."
        since = Moment(key.revoked_at)
        yield refused(Verdict.REVOKED, found, mend, Place.KEY, since=since)
    if secret.revoked_at is not None:
        yield _secret_gone(
            case,
            Verdict.REVOKED,
            "Secret {version}, {hint}, was revoked at {since}.",
            secret.revoked_at,
        )
    if key.revoked_at is None and secret.revoked_at is None:
        yield passed("Neither the key nor its secret {version} is revoked.", **_of(secret))


def _secret_gone(case: Case, verdict: Verdict, found: str, since_us: int) -> Finding:
    """A secret that works no more; the mend names those of the key that do."""
    working = tuple(
        f"{one.version} ({one.hint})"
        for one in case.scene.secrets
        if works(one, case.now_us)
    )
    if working:
        mend, place = "Have the caller use a secret that works: {working}.", Place.CALLER
    else:
        mend, place = "Replace the key's secret, on the key's page.", Place.KEY
    return refused(
        verdict,
        found,
        mend,
        place,
        **_of(case.secret),
        since=Moment(since_us),
        working=working,
    )


def _of(secret: rows.SecretRow) -> dict[str, Fact]:
    return {"version": secret.version, "hint": secret.hint}


class Switch(NamedTuple):
    """Something that can be switched off, and where."""

    what: str
    place: Place
    row: rows.Key | rows.Application | rows.Customer | rows.Api | Owner


def switch_of(row: Owner) -> Switch:
    """The switch of a project or an organization."""
    if isinstance(row, rows.Project):
        return Switch("project", Place.PROJECT, row)
    return Switch("organization", Place.ORGANIZATION, row)


def disabled(case: Case) -> Iterator[Finding]:
    """The key, its application, project and organization: each can be switched off,

    and so can the customer that the application is of.
    """
    scene = case.scene
    customers = [] if scene.customer is None else [scene.customer]
    switches = (
        Switch("key", Place.KEY, scene.key),
        Switch("application", Place.APPLICATION, scene.application),
        *(Switch("customer", Place.CUSTOMER, one) for one in customers),
        *(switch_of(owner) for owner in scene.owners),
    )
    off = [one for one in switches if one.row.disabled_at is not None]
    for what, place, row in off:
        found = f"The {what} {{name}} was switched off at {{since}}."
        mend = f"Enable the {what}, on its page."
        if what == "customer":
            mend = "Enable the customer, with keyhouse customers update --enable."
            if scene.foreign:
                found = "The provider of the API refuses its customer since {since}."
                mend = "Ask the provider of the API."
        facts: dict[str, Fact] = {"since": Moment(row.disabled_at or 0)}
        if not (what == "customer" and scene.foreign):
            facts["name"] = row.name
        yield refused(Verdict.DISABLED, found, mend, place, **facts)
    if not off:
        yield passed("The key, its application, project and organization are on.")


def token(case: Case) -> Iterator[Finding]:
    """The user's token, where one came: whether it was revoked."""
    if case.bearer is None:
        yield passed("It comes without a user's token.")
    else:
        yield from bearer.revoked(case.bearer)


def started(case: Case) -> Iterator[Finding]:
    """The first moment of the key, and that of the secret."""
    key, secret = case.scene.key, case.secret
    early = False
    if (key.starts_at or 0) > case.now_us:
        early = True
        found = "The key is valid from {starts_at} on."
        mend = "Wait for its start, or move it with PATCH /v1/keys/{key}."
        at = Moment(key.starts_at or 0)
        facts: dict[str, Fact] = {"starts_at": at, "key": key.id}
        yield refused(Verdict.NOT_YET_VALID, found, mend, Place.KEY_EXPIRY, **facts)
    if case.bearer is None and secret.starts_at > case.now_us:
        early = True
        found = "Secret {version}, {hint}, is valid from {starts_at} on."
        mend = "Wait for its start, or have the caller use an older secret."
        at = Moment(secret.starts_at)
        told: dict[str, Fact] = {**_of(secret), "starts_at": at}
        yield refused(Verdict.NOT_YET_VALID, found, mend, Place.CALLER, **told)
    if not early:
        yield passed("The first moment of key and secret has come.")


def expired(case: Case) -> Iterator[Finding]:
    """The end of the key, and that of the secret."""
    key, secret = case.scene.key, case.secret
    over = False
    if key.ends_at is not None and key.ends_at <= case.now_us:
        over = True
        found = "The key expired at {since}."
        mend = "Move the end of the key, on its page, or create a new key."
        since = Moment(key.ends_at)
        yield refused(Verdict.EXPIRED, found, mend, Place.KEY_EXPIRY, since=since)
    if case.bearer is not None:
        # That its secret was replaced is no reason to log its user out.
        yield from bearer.expired(case.bearer, case.now_us)
        return
    if secret.ends_at is not None and secret.ends_at <= case.now_us:
        over = True
        found = "Secret {version}, {hint}, ended at {since}."
        yield _secret_gone(case, Verdict.EXPIRED, found, secret.ends_at)
    if not over:
        ends = [end for end in (key.ends_at, secret.ends_at) if end is not None]
        if ends:
            yield passed("It works until {ends_at}.", ends_at=Moment(min(ends)))
        else:
            yield passed("Neither the key nor its secret has an end.")


def environment(case: Case) -> Iterator[Finding]:
    """What the request demands, if it demands one."""
    own = case.scene.key.environment
    has = "none" if own is None else own.value
    wanted = case.request.environment
    if wanted is None:
        yield passed("The request demands no environment; the key's is {own}.", own=has)
    elif wanted == own:
        yield passed("The key is of the environment {own}, as demanded.", own=has)
    else:
        found = "The request demands {wanted}, and the key's environment is {own}."
        mend = "Have the caller use a key of {wanted}; a key's environment never changes."
        facts = {"wanted": wanted, "own": has}
        yield refused(Verdict.ENVIRONMENT_MISMATCH, found, mend, Place.CALLER, **facts)
