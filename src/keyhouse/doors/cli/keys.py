"""`keyhouse keys`."""

from pathlib import Path
from typing import Annotated

import typer

from keyhouse.core.secret import holds_ours
from keyhouse.doors.cli import many_keys
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.explaining import explain
from keyhouse.doors.cli.importing import add_import
from keyhouse.doors.cli.limits import NoLimits, Quotas, Rates, changed, limits
from keyhouse.doors.cli.nouns import (
    Id,
    Noun,
    RowsMax,
    add_delete,
    add_show,
    done,
    given,
    update,
)
from keyhouse.doors.cli.once import OF_KEY, Force, Out, Shown, place, told_once
from keyhouse.doors.cli.opening import opening
from keyhouse.doors.cli.paging import Cursor, Everything, Stretch, show_list
from keyhouse.doors.cli.revoking import add_revoking
from keyhouse.doors.cli.rotation import add_rotation
from keyhouse.doors.cli.schedules import NoRotation, RotateEvery, schedule
from keyhouse.doors.cli.tenants import NewName

_KEYS = Noun("keys", "key", "keys", ())
_COLUMNS = ("id", "name", "kind", "environment", "state", "hint", "last_used_at")
_RESTRICTIONS = ("networks_allowed", "networks_denied", "referrers", "endpoints", "apps")
_VERBS = {
    "enable": "Let a disabled key work again.",
    "disable": "Refuse a key until it is enabled.",
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
Since = Annotated[str | None, typer.Option(help="RFC 3339, as 2030-01-01T00:00:00Z.")]
Owner = Annotated[str | None, typer.Option(help="The member who answers for it.")]
KeyPurpose = Annotated[str | None, typer.Option(help="What it is for.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A short label. Repeatable.")]
StartsAt = Annotated[str | None, typer.Option(help="RFC 3339, as 2030-01-01T00:00:00Z.")]
EndsAt = Annotated[str | None, typer.Option(help="RFC 3339, as 2030-01-01T00:00:00Z.")]

keys = typer.Typer(no_args_is_help=True, help="Keys: what callers hold.")
add_show(keys, _KEYS)
add_delete(keys, _KEYS, "For 30 days `restore` brings it back.")
add_rotation(keys)
add_revoking(keys)
add_import(keys)
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
    kind: Filter = None,
    owner: Annotated[str | None, typer.Option(help="Id, or a member's address.")] = None,
    customer: Annotated[str | None, typer.Option(help="Id or external id.")] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="Repeated: all of them.")
    ] = None,
    created_since: Since = None,
    used_since: Since = None,
    unused_since: Annotated[
        str | None, typer.Option(help="Not used since then, or never; RFC 3339.")
    ] = None,
    never_used: Annotated[
        bool, typer.Option("--never-used", help="Only keys that were never used.")
    ] = False,
    import_id: Annotated[
        str | None, typer.Option("--import", help="Only those of this import.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(help="Beginnings of words, or a secret's last 4; whole: keys find."),
    ] = None,
    rows_max: RowsMax = 1000,
    cursor: Cursor = None,
    everything: Everything = False,
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
        "kind": kind,
        "owner": owner,
        "customer": customer,
        "tag": tags or None,
        "created_since": created_since,
        "used_since": used_since,
        "unused_since": unused_since,
        "never_used": never_used or None,
        "search": search,
        "import_id": import_id,
    }
    stretch = Stretch(rows_max, cursor, everything)
    with desk(context).client() as client:
        show_list(client.keys, stretch, _COLUMNS, json=as_json, filters=filters)


@keys.command(
    "create",
    epilog="Example: keyhouse keys create 'Route planner' --api weather:forecast:read "
    "--out planner.key",
)
def create_key(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="What people call it.")] = None,
    *,
    api: Annotated[
        list[str] | None,
        typer.Option("--api", help="API[:SCOPE,@ROLE] it opens. Repeatable."),
    ] = None,
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
    owner: Owner = None,
    purpose: KeyPurpose = None,
    tags: Tags = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=100, help="So many, with a number each.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", help="Those in this file, up to 100: JSON, or *.csv."),
    ] = None,
    out: Out = None,
    force: Force = False,
    shown: Shown = False,
    as_json: AsJson = False,
) -> None:
    """Create a key, or many at once. Secrets are shown this one time.

    Many are all made or none. With --from, the options are for what the file
    leaves out; in CSV the head names the fields, as name,api,tags.
    """
    restrictions = (networks, networks_denied, referrers, endpoints, apps)
    fields = {
        "name": name,
        "access": [opening(text) for text in api or ()] or None,
        "application": application,
        "environment": environment,
        "kind": kind,
        "restrictions": _restrictions(restrictions),
        "limits": limits(rates, quotas) or None,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "rotation": schedule(rotate_every),
        "owner": owner,
        "purpose": purpose,
        "tags": tags or None,
    }
    wish = given(fields)
    if file is None and (name is None or not api):
        raise WrongUse("Give a NAME and --api, or a file of keys with --from.")
    if file is not None and count is not None:
        raise WrongUse("--count and --from: choose one of the two.")
    if file is None and count is None:
        with (
            told_once(out, force=force, shown=shown, json=as_json, mend=OF_KEY) as tell,
            desk(context).client() as client,
        ):
            tell(client.keys.create(**wish))
        return
    wishes = (
        many_keys.counted(wish, count) if count else many_keys.read(file or Path(), wish)
    )
    with (
        place(out, force=force, shown=shown, json=as_json) as kept,
        desk(context).client() as client,
    ):
        many_keys.tell(client.keys.create_many(wishes)["data"], kept, json=as_json)


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
    owner: Owner = None,
    purpose: KeyPurpose = None,
    tags: Tags = None,
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
        "owner": owner,
        "purpose": purpose,
        "tags": tags or None,
    }
    cleared = {"rotation": None} if no_rotation else {}
    update(context, _KEYS, id, changes, json=as_json, cleared=cleared)


@keys.command("transfer", epilog="Example: keyhouse keys transfer ID APPLICATION")
def transfer_key(
    context: typer.Context,
    id: Id,
    application: Annotated[str, typer.Argument(help="The id of the one that gets it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Give a key to another application. Secrets, access and what it used stay."""
    with desk(context).client() as client:
        found = client.keys.transfer(id, application)
    done(found, f"{id} is of {application}", json=as_json)


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
