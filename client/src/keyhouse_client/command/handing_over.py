"""Where a new secret goes: a file, the store, or the screen."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keyhouse_client.command.shown import show_object
from keyhouse_client.command.streams import say
from keyhouse_client.keeping.names import demand_name
from keyhouse_client.keeping.refusals import Refused
from keyhouse_client.keeping.store import Store
from keyhouse_client.secret_file import CannotKeep, SecretLost, secret_file


class Taker:
    """Takes the secret of a key and tells where it went."""

    def __init__(
        self, told: str, keep: Callable[[str], object] | None, fields: Mapping[str, str]
    ) -> None:
        self._told = told
        self._keep = keep
        self._fields = fields

    def take(self, answer: Mapping[str, Any], mend: str) -> dict[str, Any]:
        """Keep the secret of an answer; the key, without it where it is kept.

        Raises SecretLost, with the `mend`, for an answer without one, and where it can't
        be kept after all.
        """
        key = {**answer}
        if key["secret"] is None:
            raise SecretLost(_told_of(key), mend)
        if self._keep is None:
            return key
        try:
            self._keep(key["secret"])
        except (CannotKeep, Refused) as error:
            why = str(error.args[0]).removesuffix(".")
            raise SecretLost(_told_of(key), mend, why) from None
        return {**key, "secret": None, **self._fields}

    def tell(self, key: Mapping[str, Any], mend: str, options: argparse.Namespace) -> None:
        """Say where it is, or show it. Raises SecretLost where that can't be shown."""
        try:
            self._show(key, options)
            sys.stdout.flush()
        except OSError as error:
            if key["secret"] is None:
                raise
            why = f"standard output does not take it ({error.strerror})"
            raise SecretLost(_told_of(key), mend, why) from None

    def _show(self, key: Mapping[str, Any], options: argparse.Namespace) -> None:
        if options.json:
            return show_object(key)
        say(f"{_told_of(key)}: {self._told}")
        if key["secret"] is not None:
            print(key["secret"])
        return None


def _told_of(key: Mapping[str, Any]) -> str:
    return f"{key['id']} {key['name']}"


@contextmanager
def told_if_interrupted(text: str) -> Iterator[None]:
    """Who breaks it off is told `text`: a request may have been carried out."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(text) from None


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the secret is to go."""
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--out", type=Path, help="a new file (0600) for the secret")
    kept.add_argument("--store", metavar="NAME", help="keep it as kh store does")
    parser.add_argument("--force", action="store_true", help="let it replace another")
    parser.add_argument(
        "--show-secret", action="store_true", help="print it though stdout is no terminal"
    )


@contextmanager
def taker(options: argparse.Namespace, *, replace: bool) -> Iterator[Taker]:
    """Who takes the secret. Raises, before there is one, where it could not be kept.

    With `replace` it may take the place of a stored one.
    """
    out: Path | None = options.out
    if out is not None:
        with secret_file(out, force=options.force) as file:
            yield Taker(f"its secret is in {out}", file.fill, {"secret_file": str(out)})
    elif options.store is not None:
        yield _to_store(demand_name(options.store), replace=replace)
    elif options.json or options.show_secret or sys.stdout.isatty():
        yield Taker("this is the only time its secret is shown", None, {})
    else:
        raise ValueError(
            "the secret is shown once, and standard output is no terminal: name "
            "--out FILE or --store NAME, or --show-secret to print it all the same"
        )


def _to_store(name: str, *, replace: bool) -> Taker:
    store = Store.of_user()
    where = store.rehearse(name, replace=replace)
    return Taker(
        f"its secret is stored as {name}, in {where}",
        lambda secret: store.set(name, secret, replace=replace),
        {"secret_stored_as": name},
    )
