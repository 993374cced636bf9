"""What webhooks tell of: the one table of kinds, and what each of them says.

An event is `{"type", "timestamp", "data"}`. Its `data` names the thing it is
about, the `organization` and the `project` it happened in, who did it
(`actor`), and the fields that the table lists. Nothing else of an audit row is
taken along, so that a field which comes later tells nobody anything unasked.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from keyhouse.core.audited import told_field
from keyhouse.core.entities import AlertKind, Event, MarkLevel
from keyhouse.core.moments import format_time

ALL: Final = "*"
"""Stands for all kinds where an endpoint chooses."""


class Kind(NamedTuple):
    """A kind of event. `about` says when it comes; `thing` is what it is about.

    `actions` are those of the audit that it is made of, `fields` what it takes
    of them, the new value where there is one. A kind that `tells_changed` has
    the names of the fields that changed in `changed`.
    """

    name: str
    about: str
    thing: str
    actions: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    tells_changed: bool = False


_KEY: Final = ("name", "kind", "environment", "application_id", "starts_at", "ends_at")
_SUBSCRIPTION: Final = ("application_id", "plan_id", "state")
_QUOTA: Final = ("limit", "subject", "environment", "amount", "used", "window_end")
_CREDITS: Final = ("amount", "used", "left")


def _audited(
    name: str, about: str, action: str, *fields: str, changed: bool = False
) -> Kind:
    thing = action.partition(".")[0]
    return Kind(name, about, thing, (action,), fields, changed)


def _crud(thing: str, one: str, *fields: str) -> tuple[Kind, ...]:
    """A thing that is made, changed and deleted."""
    return (
        _audited(f"{thing}.created", f"{one} was made", f"{thing}.create", *fields),
        _audited(
            f"{thing}.changed",
            f"fields of {one} have other values",
            f"{thing}.change",
            "disabled_at",
            changed=True,
        ),
        _audited(f"{thing}.deleted", f"{one} was deleted", f"{thing}.delete", *fields),
    )


KINDS: Final[tuple[Kind, ...]] = (
    _audited("key.created", "a key was made", "key.create", *_KEY),
    _audited(
        "key.changed",
        "fields of a key have other values",
        "key.change",
        "ends_at",
        changed=True,
    ),
    _audited("key.access_changed", "a key opens other things", "key.access"),
    _audited("key.rotated", "a key has a new secret", "key.rotate", "version"),
    Kind(
        "key.secret_ending",
        "a secret of a key is refused from `ends_at` or `revoked_at` on",
        "secret",
        ("secret.end", "secret.revoke"),
        ("ends_at", "revoked_at"),
    ),
    _audited(
        "key.overlap_begun",
        "the new secret of a key was first used, and the old one ends after its overlap",
        "key.overlap",
        "version",
        "first_used_at",
    ),
    _audited(
        "key.rolled_back",
        "the newest secret of a key was taken back, and older ones go on",
        "key.roll_back",
        "version",
    ),
    _audited("key.disabled", "a key is refused until it is enabled", "key.disable"),
    _audited("key.enabled", "a key works again", "key.enable"),
    _audited("key.revoked", "a key is refused for ever", "key.revoke"),
    _audited("key.deleted", "a key was put away", "key.delete"),
    _audited("key.restored", "a key that was put away is back", "key.restore"),
    _audited(
        "key.transferred",
        "a key belongs to another application",
        "key.transfer",
        "application_id",
    ),
    _audited(
        "key.rotation_due",
        "a new secret is due in 14, 7 or 1 days, or today",
        "key.rotation_due",
        "due_at",
        "days_left",
    ),
    _audited(
        "key.expiring",
        "a key ends in 14, 7 or 1 days",
        "key.expiring",
        "ends_at",
        "days_left",
    ),
    Kind(
        "key.exposed",
        "a good secret was seen where it must not be, the first time that day",
        "key",
        fields=("alert", "kind", "sample", "first_at"),
    ),
    Kind(
        "key.usage_spike",
        "a key is used far more than usual, the first time that day",
        "key",
        fields=("alert", "kind", "sample", "first_at"),
    ),
    Kind(
        "key.unfamiliar_network",
        "calls with a key come from a network that it is not known by, "
        "the first time that day",
        "key",
        fields=("alert", "kind", "sample", "first_at"),
    ),
    Kind(
        "token.revoked",
        "tokens of users are refused that were issued so far",
        "application",
        ("token.revoke",),
        ("kind", "value"),
    ),
    Kind(
        "quota.near",
        "80 % of a quota is used, once in a window",
        "",
        fields=_QUOTA,
    ),
    Kind(
        "quota.reached",
        "a quota is used up, or less of it is left than a call costs, once in a window",
        "",
        fields=_QUOTA,
    ),
    Kind(
        "credits.low",
        "80 % is gone of what a balance held when credits came last",
        "customer",
        fields=_CREDITS,
    ),
    Kind("credits.exhausted", "a balance is used up", "customer", fields=_CREDITS),
    _audited(
        "customer.credited",
        "an entry was added to a customer's ledger",
        "customer.credit",
        "entry",
        "kind",
        "amount",
        "balance",
    ),
    *_crud("customer", "a customer", "name", "external_id"),
    *_crud("application", "an application", "name", "external_id"),
    _audited(
        "application.linked",
        "an application belongs to another customer, or none",
        "application.link",
        "customer",
    ),
    _audited(
        "application.transferred",
        "an application belongs to another organization",
        "application.transfer",
    ),
    *_crud("api", "an API", "name", "slug"),
    *_crud("route", "a route of an API", "api_id", "method", "path"),
    Kind(
        "api.header_changed",
        "a header that the gateway adds toward an upstream was set or taken away",
        "api",
        ("upstream_header.create", "upstream_header.change", "upstream_header.delete"),
        ("name",),
    ),
    *_crud("plan", "a plan", "name"),
    _audited("plan.renewed", "a plan has another version", "plan.version", "number"),
    _audited(
        "subscription.created",
        "access was given, or asked for: see `state`",
        "subscription.create",
        *_SUBSCRIPTION,
    ),
    _audited(
        "subscription.approved",
        "access that was asked for is given",
        "subscription.approve",
        "state",
    ),
    _audited(
        "subscription.changed",
        "a subscriber has other limits",
        "subscription.change",
        changed=True,
    ),
    _audited(
        "subscription.moved",
        "a subscription has another plan",
        "subscription.move",
        "plan_id",
    ),
    _audited(
        "subscription.suspended",
        "a subscription gives no access for now",
        "subscription.suspend",
        "state",
    ),
    _audited(
        "subscription.resumed",
        "a subscription gives access again",
        "subscription.resume",
        "state",
    ),
    _audited(
        "subscription.ended",
        "a subscription has ended, or was not approved",
        "subscription.end",
        "state",
    ),
    _audited("import.finished", "imported keys work", "import.finish"),
    _audited("import.undone", "an import was taken back", "import.undone"),
    *_crud("project", "a project", "name"),
    _audited(
        "organization.changed",
        "fields of the organization have other values",
        "organization.change",
        changed=True,
    ),
    Kind(
        "member.added",
        "somebody belongs to the organization",
        "member",
        ("member.create",),
        ("role",),
    ),
    _audited("member.changed", "a member has another role", "member.change", "role"),
    Kind(
        "member.removed",
        "somebody belongs to the organization no more",
        "member",
        ("member.delete", "member.leave"),
    ),
    _audited("invitation.created", "somebody was invited", "invitation.create", "role"),
    _audited("invitation.accepted", "somebody came", "invitation.accept"),
    _audited("invitation.withdrawn", "an invitation ends", "invitation.withdraw"),
    _audited("webhook.created", "an endpoint was made", "webhook.create", "name"),
    _audited(
        "webhook.changed",
        "fields of an endpoint have other values",
        "webhook.change",
        "disabled_at",
        changed=True,
    ),
    _audited("webhook.rotated", "an endpoint has a new secret", "webhook.rotate"),
    _audited(
        "webhook.disabled",
        "an endpoint is sent nothing more, as nothing gets through",
        "webhook.disable",
        "disabled_because",
    ),
    _audited("webhook.deleted", "an endpoint was deleted", "webhook.delete", "name"),
    Kind("webhook.test", "somebody asked for it; no endpoint chooses it", "webhook"),
)
"""All kinds."""

BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in KINDS}
BY_ACTION: Final[Mapping[str, Kind]] = {
    action: kind for kind in KINDS for action in kind.actions
}
"""What is told of an action of the audit; what is not in it is told to nobody."""
UNTOLD: Final = frozenset(
    (
        # Told by what they come with: each step of a file, and key.create or key.rotate.
        "declaration.apply",
        "secret.create",
        # And these by key.rotate and key.roll_back.
        "secret.wait",
        "secret.resume",
        # An address for one person's calendar program.
        "calendar.create",
        "calendar.delete",
        # Nothing that anybody notices, and one for each key of a large import.
        "secret.rehash",
        # Nobody can have an endpoint yet, or it is not the organization's affair.
        "organization.create",
        "person.create",
        # Told when it is over.
        "import.create",
        "import.undo",
        # Told key by key.
        "keys.revoke",
        # Told when it was put away.
        "key.purge",
        # An event of its own would call for another.
        "webhook.replay",
        "webhook.test",
    )
)
"""Actions of the audit that no event is made of."""
CHOOSABLE: Final = frozenset(BY_NAME) - {"webhook.test"}
OF_ALERT: Final[Mapping[AlertKind, Kind]] = {
    AlertKind.SERVER_KEY_IN_BROWSER: BY_NAME["key.exposed"],
    AlertKind.SECRET_OVER_PLAIN_HTTP: BY_NAME["key.exposed"],
    AlertKind.USAGE_SPIKE: BY_NAME["key.usage_spike"],
    AlertKind.UNFAMILIAR_NETWORK: BY_NAME["key.unfamiliar_network"],
}
OF_QUOTA: Final[Mapping[MarkLevel, Kind]] = {
    MarkLevel.NEAR: BY_NAME["quota.near"],
    MarkLevel.REACHED: BY_NAME["quota.reached"],
}
OF_CREDITS: Final[Mapping[MarkLevel, Kind]] = {
    MarkLevel.NEAR: BY_NAME["credits.low"],
    MarkLevel.REACHED: BY_NAME["credits.exhausted"],
}


def wants(events: Iterable[str], kind: Kind) -> bool:
    """Whether an endpoint that chose `events` is sent this kind."""
    return any(one in (ALL, kind.name) for one in events)


def told_of(
    kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """What an event takes of an audit row's fields: those of the table alone."""
    found: dict[str, Any] = {}
    for field in kind.fields:
        if field in after or field in before:
            value = after[field] if field in after else before[field]
            found[plain_name(field)] = told_field(field, value)
    if kind.tells_changed:
        found["changed"] = sorted(plain_name(field) for field in after)
    return found


def plain_name(field: str) -> str:
    """A field as it is called outside: `application_id` is `application` there."""
    return field.removesuffix("_id")


def body_of(event: Event) -> bytes:
    """The event as it is sent: the same bytes each time."""
    told = {"type": event.kind, "timestamp": format_time(event.at), "data": event.data}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
