"""The commands that start something or act on this machine's data."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from keyhouse.doors.cli import access, show
from keyhouse.doors.cli.desk import AsJson, Assigned, Config, DataDir, desk
from keyhouse.doors.cli.entries import Installation
from keyhouse.doors.cli.people import password_link

ListenFd = Annotated[
    int | None,
    typer.Option("--listen-fd", help="A listening socket, inherited under this number."),
]
ReadyFd = Annotated[
    int | None,
    typer.Option(
        "--ready-fd",
        help="Once all answer, write one line of JSON (addresses, process ids) there.",
    ),
]
ServesFd = Annotated[
    int | None, typer.Option("--ready-fd", help="Once it serves, write a line there.")
]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Gateway processes; gateway.workers.")
]
Once = Annotated[bool, typer.Option("--once", help="End when all is done.")]


def serve(
    context: typer.Context,
    *,
    workers: Workers = None,
    ready_fd: ReadyFd = None,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
) -> None:
    """Gateway and management API as supervised processes on one data folder.

    SIGHUP replaces them one after the other, and no request is lost.
    """
    if workers is not None:
        assigned = [*(assigned or ()), f"gateway.workers={workers}"]
    here = _installation(context, config, data_dir, assigned)

    def ready(pids: Mapping[str, int]) -> int:
        _tell_ready(here, pids, ready_fd)
        return 0

    raise typer.Exit(here.serve(ready))


def gateway(
    context: typer.Context,
    *,
    listen_fd: ListenFd = None,
    ready_fd: ServesFd = None,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
) -> None:
    """The gateway alone, unsupervised; any number may run on one database."""
    here = _installation(context, config, data_dir, assigned)
    raise typer.Exit(here.run_gateway(listen_fd, ready_fd))


def management(
    context: typer.Context,
    *,
    listen_fd: ListenFd = None,
    ready_fd: ServesFd = None,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
) -> None:
    """The management API alone, unsupervised."""
    here = _installation(context, config, data_dir, assigned)
    raise typer.Exit(here.run_management(listen_fd, ready_fd))


def migrate(
    context: typer.Context,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Make the data folder and its tables, or bring them up to date."""
    here = _installation(context, config, data_dir, assigned)
    here.prepare()
    if as_json:
        show.as_json({"data_dir": str(here.data_dir)})
    else:
        show.say(f"{here.data_dir} is up to date.")


Email = Annotated[str, typer.Option(help="Who owns the installation.")]
OrganizationName = Annotated[str, typer.Option("--organization", help="Its name.")]
ProjectName = Annotated[str, typer.Option("--project", help="Its first project's name.")]
EMAIL, ORGANIZATION, PROJECT = "owner@localhost", "My organization", "default"


def bootstrap(
    context: typer.Context,
    *,
    email: Email = EMAIL,
    organization: OrganizationName = ORGANIZATION,
    project: ProjectName = PROJECT,
    out: Annotated[
        Path | None, typer.Option(help="Write the management key there too (0600).")
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Owner, organization, project and a management key, kept for this command line."""
    here = _installation(context, config, data_dir, assigned)
    here.prepare()
    made = here.bootstrap(email, organization, project, fresh_key=True)
    found: dict[str, object] = {
        "organization": made.organization_id,
        "project": made.project_id,
        "created": made.created,
    }
    if made.management_secret is not None:
        secret = made.management_secret.reveal()
        kept = access.Access(here.management_url, secret)
        found["kept_in"] = str(access.write(here.data_dir, kept))
        if out is not None:
            access.write_private(out, secret + "\n")
            found["secret_file"] = str(out)
    link = password_link(here, email)
    if link is not None:
        found["password_link"] = link
    show.item(found, json=as_json)


def demo(context: typer.Context, *, once: Once = False, as_json: AsJson = False) -> None:
    """A real API behind Keyhouse, and its story; needs the example `webdata`."""
    raise typer.Exit(desk(context).entries.demo(once=once, as_json=as_json))


def _installation(
    context: typer.Context,
    config: Path | None,
    data_dir: Path | None,
    assigned: list[str] | None,
) -> Installation:
    here = desk(context)
    here.add(config, data_dir, assigned)
    return here.installation()


def _tell_ready(here: Installation, pids: Mapping[str, int], fd: int | None) -> None:
    show.say(f"gateway     {here.gateway_url}")
    show.say(f"management  {here.management_url}")
    show.say(f"data        {here.data_dir}")
    if fd is not None:
        told = {
            "gateway": {"url": here.gateway_url, "pid": pids.get("gateway")},
            "management": {"url": here.management_url, "pid": pids.get("management")},
        }
        with os.fdopen(fd, "w", encoding="utf-8") as line:
            line.write(json.dumps(told) + "\n")
