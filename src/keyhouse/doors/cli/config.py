"""`keyhouse config`."""

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, Assigned, Config, DataDir, desk

config = typer.Typer(no_args_is_help=True, help="Settings.")


@config.callback()
def _group() -> None:
    """Keep `check` a command of its own."""


@config.command("check", epilog="Example: keyhouse config check --config keyhouse.toml")
def check(
    context: typer.Context,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Each setting, its value and where that comes from. Exit code 2 if one is wrong."""
    here = desk(context)
    found = here.entries.explain(here.add(config, data_dir, assigned))
    show.rows([row._asdict() for row in found], ("name", "value", "source"), json=as_json)
