"""`keyhouse usage`, `requests`, `alerts`: what was counted and seen."""

from typing import Annotated, Any

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.nouns import RowsMax
from keyhouse.doors.cli.paging import Cursor, Everything, Stretch, show_list

_USAGE = ("start", "verdict", "requests", "units", "errors", "bytes_in", "bytes_out")
_UNKNOWN_KEYS = ("network", "verdict", "requests", "first_seen", "last_seen", "api")
_USERS = (
    "user",
    "application",
    "verdict",
    "requests",
    "first_seen",
    "last_seen",
    "api",
)
_REQUESTS = (
    "at",
    "status",
    "verdict",
    "method",
    "path",
    "key",
    "api",
    "address",
    "latency_ms",
    "request_id",
)
_ALERTS = ("last_at", "kind", "key", "count", "sample", "first_at")

Since = Annotated[str | None, typer.Option(help="From then on (RFC 3339).")]
Until = Annotated[str | None, typer.Option(help="Up to then (RFC 3339).")]
Key = Annotated[str | None, typer.Option(help="Only this key's.")]
Api = Annotated[str | None, typer.Option(help="Only this API's.")]


usage = typer.Typer(help="What was counted.")


@usage.callback(
    invoke_without_command=True,
    epilog="Example: keyhouse usage --step day --time-zone Asia/Kolkata --group-by key",
)
def _usage(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    step: Annotated[str | None, typer.Option(help="minute, hour, day or month.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Whose hours, days and months; UTC.")
    ] = None,
    group_by: Annotated[
        str | None, typer.Option(help="Of key, api, application, environment, route.")
    ] = None,
    key: Key = None,
    api: Api = None,
    as_json: AsJson = False,
) -> None:
    """What was counted, by time and verdict."""
    if context.invoked_subcommand is not None:
        return
    filters: dict[str, Any] = {
        "since": since,
        "until": until,
        "step": step,
        "time_zone": time_zone,
        "group_by": group_by,
        "key": key,
        "api": api,
    }
    groups = [name for name in (group_by or "").split(",") if name]
    with desk(context).client() as client:
        show.rows(client.usage.each(**filters), [*groups, *_USAGE], json=as_json)


@usage.command("users", epilog="Example: keyhouse usage users --api weather")
def _users(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    api: Api = None,
    as_json: AsJson = False,
) -> None:
    """Which users call most, by their tokens; whole days, UTC."""
    with desk(context).client() as client:
        found = client.usage.users(since=since, until=until, key=key, api=api)
        show.rows(found.data, _USERS, json=as_json)


@usage.command("unknown-keys", epilog="Example: keyhouse usage unknown-keys --api weather")
def _unknown_keys(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    api: Api = None,
    as_json: AsJson = False,
) -> None:
    """Where keys were tried that are not known, by network; whole days, UTC."""
    with desk(context).client() as client:
        found = client.usage.unknown_keys(since=since, until=until, api=api)
        show.rows(found.data, _UNKNOWN_KEYS, json=as_json)


def requests(
    context: typer.Context,
    *,
    key: Key = None,
    api: Api = None,
    verdict: Annotated[str | None, typer.Option(help="Only with this outcome.")] = None,
    rows_max: RowsMax = 50,
    cursor: Cursor = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """The newest requests."""
    stretch = Stretch(rows_max, cursor, everything)
    named = {"key": key, "api": api, "verdict": verdict}
    with desk(context).client() as client:
        show_list(client.requests, stretch, _REQUESTS, json=as_json, filters=named)


def alerts(
    context: typer.Context,
    *,
    key: Key = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="server_key_in_browser, secret_over_plain_http, usage_spike "
            "or unfamiliar_network."
        ),
    ] = None,
    rows_max: RowsMax = 50,
    cursor: Cursor = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Secrets seen where they must not be, and keys used unlike before."""
    stretch = Stretch(rows_max, cursor, everything)
    named = {"key": key, "kind": kind}
    with desk(context).client() as client:
        show_list(client.alerts, stretch, _ALERTS, json=as_json, filters=named)
