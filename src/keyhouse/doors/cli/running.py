"""The commands that start something or act on this machine's data."""

import json
import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from keyhouse.doors.cli import access, show
from keyhouse.doors.cli.desk import AsJson, Assigned, Config, DataDir, desk
from keyhouse.doors.cli.entries import Installation, Serving
from keyhouse.doors.cli.once import Force, secret_file
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
BeatFd = Annotated[
    int | None,
    typer.Option("--beat-fd", help="Show there, in shared memory, that the process moves."),
]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Gateway processes; gateway.workers.")
]
WithWorker = Annotated[
    bool,
    typer.Option(
        "--worker/--no-worker",
        help="Whether it also does what happens on its own: mails, webhooks, upkeep.",
    ),
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
    as_json: AsJson = False,
) -> None:
    """Gateway and management API as supervised processes on one data folder.

    Once all answer, where they are is told. SIGHUP replaces them one after the
    other, and no request is lost.
    """
    if workers is not None:
        assigned = [*(assigned or ()), f"gateway.workers={workers}"]
    here = _installation(context, config, data_dir, assigned)

    def ready(pids: Mapping[str, int]) -> int:
        _tell_ready(here, pids, ready_fd, as_json=as_json)
        return 0

    raise typer.Exit(here.serve(ready))


def gateway(
    context: typer.Context,
    *,
    listen_fd: ListenFd = None,
    ready_fd: ServesFd = None,
    beat_fd: BeatFd = None,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """The gateway alone, unsupervised; any number may run on one database."""
    here = _installation(context, config, data_dir, assigned)
    serving = _teller({"gateway": {"url": here.gateway_url}}, ready_fd, as_json=as_json)
    raise typer.Exit(here.run_gateway(listen_fd, beat_fd, serving))


def management(
    context: typer.Context,
    *,
    listen_fd: ListenFd = None,
    ready_fd: ServesFd = None,
    beat_fd: BeatFd = None,
    worker: WithWorker = True,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """The management API alone, unsupervised."""
    here = _installation(context, config, data_dir, assigned)
    told = {"management": {"url": here.management_url}}
    serving = _teller(told, ready_fd, as_json=as_json)
    code = here.run_management(listen_fd, beat_fd, serving, with_worker=worker)
    raise typer.Exit(code)


def worker(
    context: typer.Context,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """What happens on its own, alone: mails, webhooks, upkeep; for `--no-worker`.

    Any number may run on one database: each task is done by one at a time.
    """
    here = _installation(context, config, data_dir, assigned)
    serving = _teller({"worker": {}}, None, as_json=as_json)
    raise typer.Exit(here.run_worker(serving))


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


def bootstrap(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    *,
    email: Email = EMAIL,
    organization: OrganizationName = ORGANIZATION,
    project: ProjectName = PROJECT,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the management key into this new file too (0600)."),
    ] = None,
    force: Force = False,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Owner, organization, project and a management key, kept for this command line."""
    here = _installation(context, config, data_dir, assigned)
    here.prepare()
    with secret_file(out, force=force) if out else nullcontext() as file:
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
            if file is not None:
                file.fill(secret)
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


def _teller(
    told: Mapping[str, Mapping[str, str]], fd: int | None, *, as_json: bool
) -> Serving:
    """Tells what serves, once: a line to the descriptor, JSON to stdout."""

    def tell() -> None:
        if as_json:
            pid = os.getpid()
            show.as_json({name: {**what, "pid": pid} for name, what in told.items()})
        if fd is not None:
            with os.fdopen(fd, "wb") as line:
                line.write(b"ready\n")

    return tell


def _tell_ready(
    here: Installation, pids: Mapping[str, int], fd: int | None, *, as_json: bool
) -> None:
    told = {
        "gateway": {"url": here.gateway_url, "pid": pids.get("gateway")},
        "management": {"url": here.management_url, "pid": pids.get("management")},
    }
    if as_json:
        show.as_json({**told, "data_dir": str(here.data_dir)})
    else:
        show.say(f"gateway     {here.gateway_url}")
        show.say(f"management  {here.management_url}")
        show.say(f"data        {here.data_dir}")
    if fd is not None:
        with os.fdopen(fd, "w", encoding="utf-8") as line:
            line.write(json.dumps(told) + "\n")
