"""What every command has at hand: `desk(context)`."""

import os
import shlex
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keyhouse.doors.cli import access
from keyhouse.doors.cli.entries import Entries, Installation, Sources, WrongUse

if TYPE_CHECKING:
    from keyhouse_client import Client

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="A settings file instead of ./keyhouse.toml."),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="The data folder (setting data.dir).")
]
Assigned = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting, as gateway.listen=127.0.0.1:9000. Repeatable."),
]


class Desk:
    """The entries, and the settings named so far on the line."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.sources = Sources()

    def add(
        self, config: Path | None, data_dir: Path | None, assigned: list[str] | None
    ) -> Sources:
        """Take further options, which win over those before; returns all."""
        flags = dict(_assignment(text) for text in assigned or ())
        if data_dir is not None:
            flags["data.dir"] = str(data_dir)
        self.sources = Sources(config, flags).over(self.sources)
        return self.sources

    def installation(self) -> Installation:
        """Keyhouse on this machine. Raises WrongUse for a wrong setting."""
        return self.entries.installation(self.sources)

    def are_set(self, names: Collection[str]) -> bool:
        """Whether somebody set one of these settings."""
        found = self.entries.explain(self.sources)
        return any(one.name in names and one.source != "defaults" for one in found)

    def access(self) -> access.Access:
        """The management key to speak with. Raises WrongUse where is none."""
        here = self.installation()
        bootstrap = shlex.join(["keyhouse", "bootstrap", *self.sources.options()])
        return access.find(here.data_dir, here.management_url, os.environ, bootstrap)

    @contextmanager
    def client(self, timeout_seconds: float = 30.0) -> Iterator["Client"]:
        """The management API, for a `with`.

        Raises WrongUse for an address or a management key that can't be one. Where
        the management API does not answer, it is noted what says where it is.
        """
        from keyhouse_client import Client, KeyhouseError, ProblemError
        from keyhouse_client.connection import demand_address

        url, key, named_by, mend = self.access()
        try:
            demand_address(url, named_by)
            opened = Client(url, key, timeout_seconds=timeout_seconds)
        except ValueError as error:
            raise WrongUse(str(error)) from None
        with opened as client:
            try:
                yield client
            except KeyhouseError as error:
                if not isinstance(error, ProblemError):
                    note = f"The address comes from {named_by}"
                    error.add_note(f"{note}; {mend}." if mend else f"{note}.")
                raise


def desk(context: typer.Context) -> Desk:
    """The desk of the command that runs."""
    found = context.find_object(Desk)
    if found is None:
        raise LookupError("the command line was built without a desk")
    return found


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or "." not in name:
        raise WrongUse(f"--set {text}: write section.name=value, as gateway.listen=…")
    return name.strip(), value.strip()
