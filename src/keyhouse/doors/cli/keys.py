"""`keyhouse keys`."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from keyhouse.core.secret import holds_ours
from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.explaining import explain
from keyhouse.doors.cli.limits import NoLimits, Quotas, Rates, changed, limits
from keyhouse.doors.cli.nouns import Id, Noun, RowsMax, add_delete, add_show, done, update
from keyhouse.doors.cli.opening import opening
from keyhouse.doors.cli.rotation import add_rotation
from keyhouse.doors.cli.schedules import NoRotation, RotateEvery, schedule
from keyhouse.doors.cli.tenants import NewName

_KEYS = Noun("keys", "key", "keys", ())
_COLUMNS = ("id", "name", "kind", "environment", "state", "hint", "last_used_at")
_RESTRICTIONS = ("networks_allowed", "networks_denied", "referrers", "endpoints", "apps")
_VERBS = {
    "enable": "Let a disabled key work again.",
    "disable": "Refuse a key until it is enabled.",
    "revoke": "Refuse a key for ever.",
    "restore": "Bring a deleted key back.",
}

Filter = Annotated[str | None, typer.Option(help="Only keys with this one.")]
Networks = Annotated[
    list[str] | None,
    typer.Option("--network", help="It works from here alone, as 203.0.113.0/24."),
]
Denied = Annotated[
    list[str] | None, typer.Option("--network-denied", help="It never works from here.")
]
Referrers = Annotated[
    list[str] | None, typer.Option("--referrer", help="It works from this web page alone.")
]
Endpoints = Annotated[
    list[str] | None, typer.Option("--endpoint", help="It opens this alone: 'GET /a/*'.")
]
Apps = Annotated[
    list[str] | None,
    typer.Option("--app", help="It works from this app alone: ios:ID, android:ID:SHA-1."),
]
StartsAt = Annotated[str | None, typer.Option(help="RFC 3339, as 2030-01-01T00:00:00Z.")]
EndsAt = Annotated[str | None, typer.Option(help="RFC 3339, as 2030-01-01T00:00:00Z.")]

keys = typer.Typer(no_args_is_help=True, help="Keys: what callers hold.")
add_show(keys, _KEYS)
add_delete(keys, _KEYS, "`restore` brings it back.")
add_rotation(keys)
keys.command(
    "explain",
    epilog="Example: keyhouse keys explain ID --method GET --path /v1/forecast/berlin",
)(explain)


@keys.command("list", epilog="Example: keyhouse keys list --api weather --state active")
def list_keys(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    *,
    name: Filter = None,
    application: Filter = None,
    api: Filter = None,
    state: Filter = None,
    environment: Filter = None,
    project: Filter = None,
    search: Annotated[
        str | None, typer.Option(help="Part of a name or hint; for a secret: keys find.")
    ] = None,
    rows_max: RowsMax = 1000,
    as_json: AsJson = False,
) -> None:
    """All keys, or those that fit."""
    if holds_ours((search or "").encode("utf-8", "replace")):
        raise WrongUse("--search: a secret is not for an address; use: keyhouse keys find")
    filters = {
        "name": name,
        "application": application,
        "api": api,
        "state": state,
        "environment": environment,
        "project": project,
        "search": search,
    }
    with desk(context).client() as client:
        show.rows(islice(client.keys.each(**filters), rows_max), _COLUMNS, json=as_json)


@keys.command(
    "create",
    epilog="Example: keyhouse keys create 'Route planner' --api weather:forecast:read "
    "--out planner.key",
)
def create_key(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    api: Annotated[
        list[str], typer.Option("--api", help="API[:SCOPE,@ROLE] it opens. Repeatable.")
    ],
    application: Annotated[str | None, typer.Option(help="Its application's id.")] = None,
    environment: Annotated[str | None, typer.Option(help="test or live.")] = None,
    kind: Annotated[str | None, typer.Option(help="server or publishable.")] = None,
    networks: Networks = None,
    networks_denied: Denied = None,
    referrers: Referrers = None,
    endpoints: Endpoints = None,
    apps: Apps = None,
    rates: Rates = None,
    quotas: Quotas = None,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    rotate_every: RotateEvery = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the secret into this file (0600).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a key. Its secret is shown this one time."""
    restrictions = (networks, networks_denied, referrers, endpoints, apps)
    fields = {
        "application": application,
        "environment": environment,
        "kind": kind,
        "restrictions": _restrictions(restrictions),
        "limits": limits(rates, quotas) or None,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "rotation": schedule(rotate_every),
    }
    given: dict[str, Any] = {
        field: value for field, value in fields.items() if value is not None
    }
    with desk(context).client() as client:
        made = client.keys.create(name, [opening(text) for text in api], **given)
    show.secret(made, out, json=as_json)


@keys.command("update", epilog="Example: keyhouse keys update ID --network 203.0.113.0/24")
def update_key(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    id: Id,
    *,
    name: NewName = None,
    api: Annotated[
        list[str] | None, typer.Option("--api", help="API[:SCOPE,@ROLE] it opens.")
    ] = None,
    networks: Networks = None,
    networks_denied: Denied = None,
    referrers: Referrers = None,
    endpoints: Endpoints = None,
    apps: Apps = None,
    rates: Rates = None,
    quotas: Quotas = None,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    rotate_every: RotateEvery = None,
    no_rotation: NoRotation = False,
    no_limits: NoLimits = False,
    no_restrictions: Annotated[
        bool, typer.Option("--no-restrictions", help="Let it be used from anywhere.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change a key. Access, restrictions, limits that are given replace all of theirs."""
    restrictions = (networks, networks_denied, referrers, endpoints, apps)
    changes = {
        "name": name,
        "access": [opening(text) for text in api or ()] or None,
        "restrictions": {} if no_restrictions else _restrictions(restrictions),
        "limits": changed(rates, quotas, none=no_limits),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "rotation": schedule(rotate_every),
    }
    cleared = {"rotation": None} if no_rotation else {}
    update(context, _KEYS, id, changes, json=as_json, cleared=cleared)


def _add_verb(verb: str, words: str) -> None:
    @keys.command(verb, help=words, epilog=f"Example: keyhouse keys {verb} ID")
    def _do(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
        with desk(context).client() as client:
            found = getattr(client.keys, verb)(id)
        done(found, f"{id} is {found.get('state', verb)}", json=as_json)


for _verb, _words in _VERBS.items():
    _add_verb(_verb, _words)


def _restrictions(given: tuple[list[str] | None, ...]) -> dict[str, list[str]] | None:
    pairs = zip(_RESTRICTIONS, given, strict=True)
    return {name: values for name, values in pairs if values} or None
