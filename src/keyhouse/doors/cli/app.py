"""All commands, put together."""

from collections.abc import Callable
from typing import Annotated

import typer

from keyhouse.doors.cli import (
    auditing,
    backups,
    declarations,
    quickstart,
    reports,
    running,
    verify,
)
from keyhouse.doors.cli.apis import apis
from keyhouse.doors.cli.calendars import calendars
from keyhouse.doors.cli.config import config
from keyhouse.doors.cli.desk import Assigned, Config, DataDir, Desk
from keyhouse.doors.cli.entries import Entries
from keyhouse.doors.cli.failures import Group
from keyhouse.doors.cli.importing import imports
from keyhouse.doors.cli.keyring import keyring
from keyhouse.doors.cli.keys import keys
from keyhouse.doors.cli.members import invitations, members
from keyhouse.doors.cli.people import mail, people
from keyhouse.doors.cli.plans import plans
from keyhouse.doors.cli.routes import routes
from keyhouse.doors.cli.show import say
from keyhouse.doors.cli.subscriptions import subscriptions
from keyhouse.doors.cli.tenants import apps, customers, orgs, projects
from keyhouse.doors.cli.tokens import tokens
from keyhouse.doors.cli.webhooks import webhooks

_HELP = """API keys: issue, verify, restrict, limit, meter.

Exit codes: 0 done, 1 refused by the server, 2 wrong use or configuration,
3 not reachable. Commands that manage speak to KEYHOUSE_URL with
KEYHOUSE_API_KEY, or as cli.json in the data folder says. With --json, stdout
holds one JSON document, and stderr one too where something went wrong.
"""
_COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "quickstart": (quickstart.quickstart, "quickstart --upstream http://127.0.0.1:3000"),
    "serve": (running.serve, "serve --data-dir ./keyhouse-data"),
    "demo": (running.demo, "demo --once --json"),
    "gateway": (running.gateway, "gateway --set gateway.listen=0.0.0.0:8080"),
    "management": (running.management, "management --no-worker"),
    "worker": (running.worker, "worker --config keyhouse.toml"),
    "migrate": (running.migrate, "migrate"),
    "backup": (backups.backup, "backup --out keyhouse-2026-03-01.backup --seal"),
    "restore": (backups.restore, "restore keyhouse-2026-03-01.backup --data-dir ./new"),
    "bootstrap": (running.bootstrap, "bootstrap --organization Acme"),
    "mail": (mail, "mail --to ada@example.com"),
    "requests": (reports.requests, "requests --verdict rate_limited"),
    "alerts": (reports.alerts, "alerts --kind server_key_in_browser"),
    "audit": (auditing.audit, "audit --export audit.jsonl"),
    "export": (declarations.export, "export --out keyhouse.yaml"),
    "apply": (declarations.apply, "apply keyhouse.yaml --prune"),
    "verify": (verify.verify, "verify --api weather < key.txt"),
}
_GROUPS = {
    "orgs": orgs,
    "projects": projects,
    "apis": apis,
    "routes": routes,
    "customers": customers,
    "apps": apps,
    "plans": plans,
    "subscriptions": subscriptions,
    "tokens": tokens,
    "keys": keys,
    "calendars": calendars,
    "imports": imports,
    "people": people,
    "members": members,
    "invitations": invitations,
    "webhooks": webhooks,
    "usage": reports.usage,
    "config": config,
    "keyring": keyring,
}


def _tell_version(wanted: bool) -> None:
    from importlib.metadata import version

    from keyhouse.core import decide

    if wanted:
        form = "interpreted" if str(decide.__file__).endswith(".py") else "compiled"
        say(f"{version('keyhouse')} ({form})")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        callback=_tell_version,
        is_eager=True,
        help="And whether the hot path is compiled; then end.",
    ),
]


def build_cli(entries: Entries) -> typer.Typer:
    """The command `keyhouse`, on these entries."""
    cli = typer.Typer(
        cls=Group,
        help=_HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # a traceback with locals would show secrets
    )

    @cli.callback()
    def _root(
        context: typer.Context,
        *,
        config: Config = None,
        data_dir: DataDir = None,
        assigned: Assigned = None,
        _version: Version = False,
    ) -> None:
        desk = Desk(entries)
        desk.add(config, data_dir, assigned)
        context.obj = desk

    for name, (command, example) in _COMMANDS.items():
        cli.command(name, epilog=f"Example: keyhouse {example}")(command)
    for name, group in _GROUPS.items():
        cli.add_typer(group, name=name)
    return cli
