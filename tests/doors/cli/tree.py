"""All commands of `keyhouse`, each with the words that lead to it."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import typer
import typer.main

from keyhouse.doors.cli.app import build_cli

if TYPE_CHECKING:
    from keyhouse.doors.cli.entries import Entries

_EXAMPLE = "Example: "


class Leaf(NamedTuple):
    """A command that does something: `words` as typed, without `keyhouse`."""

    words: tuple[str, ...]
    command: Any

    @property
    def options(self) -> set[str]:
        """Its options, as `--json`."""
        return {name for one in self.command.params for name in one.opts}

    @property
    def example(self) -> list[str]:
        """The words of its example, without `keyhouse` and what the shell takes."""
        told = (self.command.epilog or "").partition(_EXAMPLE)[2].splitlines()
        words = shlex.split(told[0]) if told else []
        end = words.index("<") if "<" in words else len(words)
        return words[1:end]

    def __str__(self) -> str:
        return " ".join(self.words)


def root() -> Any:
    """The command `keyhouse`; it can be looked at, not run."""
    return typer.main.get_command(build_cli(cast("Entries", object())))


def leaves(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """All commands that do something; a group that does so alone is one too."""
    command = root() if command is None else command
    below = getattr(command, "commands", None)
    if below is None or command.invoke_without_command:
        yield Leaf(words, command)
    for name, one in (below or {}).items():
        yield from leaves(one, (*words, name))


def groups(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """All that have commands below them, but for `keyhouse` itself."""
    command = root() if command is None else command
    for name, one in getattr(command, "commands", {}).items():
        if hasattr(one, "commands"):
            yield Leaf((*words, name), one)
            yield from groups(one, (*words, name))


def registered(
    group: typer.Typer | None = None, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """The words of every command as it was registered, also of those that are hidden."""
    group = build_cli(cast("Entries", object())) if group is None else group
    for command in group.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        yield (*words, str(name))
    for below in group.registered_groups:
        if below.typer_instance is not None:
            yield from registered(below.typer_instance, (*words, str(below.name)))
