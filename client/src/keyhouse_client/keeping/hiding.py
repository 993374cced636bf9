"""Secrets that stand plain in an env file, moved into the store."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from keyhouse_client.keeping.env_file import Entry, EnvFile
from keyhouse_client.keeping.names import demand_name, demand_secret, is_keyhouse_secret
from keyhouse_client.keeping.references import reference, referred
from keyhouse_client.keeping.refusals import Refused, Taken
from keyhouse_client.keeping.store import Store


class Move(NamedTuple):
    """One variable's secret, and the name it gets. Its repr does not show the secret."""

    variable: str
    name: str
    secret: str

    def __repr__(self) -> str:
        return f"Move({self.variable} to {self.name})"


def moves(file: EnvFile, also: Collection[str], called: Mapping[str, str]) -> list[Move]:
    """What is to be moved: Keyhouse's secrets, and the values of the variables in `also`.

    `called` names some of them otherwise than by their variable. Raises ValueError for a
    variable that is not there to be moved, or holds what can't be stored; Refused for
    one that is set twice, and differently.
    """
    found: dict[str, Move] = {}
    for variable, secret in _plain(file, also):
        name = demand_name(called.get(variable, usual_name(variable)))
        found[variable] = Move(variable, name, secret)
    for entry in file.entries:
        # Each line of a variable would refer to its one secret.
        if entry.variable in found and entry.value != found[entry.variable].secret:
            raise Refused(
                f"{file.path}: {entry.variable} is set twice, and differently: take one "
                "of them out"
            )
    if unknown := sorted({*also, *called} - found.keys()):
        raise ValueError(f"{file.path}: there is no secret to move in {', '.join(unknown)}")
    return list(found.values())


def usual_name(variable: str) -> str:
    """STRIPE_KEY is kept as stripe-key."""
    return variable.lower().replace("_", "-").lstrip("-.")


def hide(file: EnvFile, moved: Sequence[Move], store: Store) -> None:
    """Store them, and have the file refer to them.

    The store comes first: whatever breaks off, no secret is lost. Raises Taken where
    another secret has a name, and Refused where somebody has changed the file since it
    was read: both before anything is changed.
    """
    file.demand_unchanged()
    secrets: dict[str, str] = {}
    for move in moved:
        there = secrets.get(move.name, store.find(move.name))
        if there not in (None, move.secret):
            raise Taken(
                f"{move.name} is the name of another secret: --as {move.variable}=NAME"
            )
        secrets[move.name] = move.secret
    for name, secret in secrets.items():
        if store.find(name) is None:
            store.set(name, secret, replace=True)
    file.changed(lambda one: _referring(one, moved)).write(narrow=True)


def _referring(entry: Entry, moved: Sequence[Move]) -> str | None:
    """The reference that takes the place of a value which is stored; else None."""
    for move in moved:
        if (move.variable, move.secret) == (entry.variable, entry.value):
            return reference(move.name)
    return None


def _plain(file: EnvFile, also: Collection[str]) -> Iterator[tuple[str, str]]:
    for entry in file.entries:
        if entry.variable is None:
            continue
        if entry.variable in also and referred(entry.value) is None:
            try:
                # It has a line break taken off, and none of the value's own.
                yield entry.variable, demand_secret(f"{entry.value}\r\n")
            except ValueError as error:
                raise ValueError(f"{file.path}: {entry.variable}: {error}") from None
        elif is_keyhouse_secret(entry.value):
            yield entry.variable, entry.value
