"""Which names there are, each in its place."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from keyhouse_client.keeping import keychain
from keyhouse_client.keeping.files import make_folder, read_private, write_whole
from keyhouse_client.keeping.folder import FolderPlace, file_name
from keyhouse_client.keeping.names import demand_name, demand_secret, is_name
from keyhouse_client.keeping.place import Place, try_out
from keyhouse_client.keeping.refusals import NoPlace, NotStored, Taken

VARIABLE: Final = "KEYHOUSE_STORE"
KINDS: Final = ("keychain", "file")


class Kept(NamedTuple):
    """What the index says of a secret."""

    name: str
    place: str
    since: str


class Places:
    """The places of one user, made when they are first needed."""

    def __init__(self, makers: Mapping[str, Callable[[], Place]], chosen: str) -> None:
        self._makers = makers
        self._made: dict[str, Place] = {}
        self._chosen = chosen

    @property
    def chosen(self) -> str:
        """Where what is new goes: as KEYHOUSE_STORE says, else a keychain if any."""
        if self._chosen == "":
            self._chosen = "keychain" if keychain.is_usual() else "file"
        return self._chosen

    def __getitem__(self, kind: str) -> Place:
        if kind not in self._makers:
            raise NoPlace(f"this version of kh knows no place called {kind}")
        if kind not in self._made:
            self._made[kind] = self._makers[kind]()
        return self._made[kind]


def places(folder: Path, service: str, environ: Mapping[str, str]) -> Places:
    """The folder and the keychain. Raises ValueError where KEYHOUSE_STORE is neither."""
    chosen = environ.get(VARIABLE, "").strip()
    if chosen not in ("", *KINDS):
        raise ValueError(f"{VARIABLE} is keychain or file, and {chosen} is neither")
    makers: dict[str, Callable[[], Place]] = {
        "file": lambda: FolderPlace(folder),
        "keychain": lambda: keychain.open_keychain(service),
    }
    return Places(makers, chosen)


class Store:
    """Secrets by name. The index is a file for each name, and holds no secret."""

    def __init__(self, index: Path, where: Places) -> None:
        self._index = index
        self._places = where

    @classmethod
    def of_user(cls, environ: Mapping[str, str] | None = None) -> "Store":
        """That of whoever runs this."""
        environ = os.environ if environ is None else environ
        home = data_folder(environ)
        return cls(home / "index", places(home / "secrets", "keyhouse", environ))

    def find(self, name: str) -> str | None:
        """The secret; None where there is none."""
        kept = self.entry(name)
        return None if kept is None else self._places[kept.place].get(name)

    def get(self, name: str) -> str:
        """The secret. Raises NotStored."""
        secret = self.find(name)
        if secret is None:
            raise NotStored(f"{name} is not stored: kh store set {name}")
        return secret

    def set(self, name: str, secret: str, *, replace: bool = False) -> str:
        """Keep it; where, for people. Raises Taken for a name in use, if not `replace`.

        One that replaces goes where new ones go, and from its old place.
        """
        demand_secret(secret)
        old = self._demand_free(name, replace=replace)
        kind = self._places.chosen
        self._places[kind].set(name, secret)
        self._write(Kept(name, kind, _now()))
        if old is not None and old.place != kind:
            # A keychain that is no more is no reason to keep nothing.
            with suppress(NoPlace):
                self._places[old.place].remove(name)
        return self._places[kind].told

    def rehearse(self, name: str, *, replace: bool) -> str:
        """Where `set` would keep it. Raises what that would, before there is a secret."""
        self._demand_free(name, replace=replace)
        make_folder(self._index)
        place = self._places[self._places.chosen]
        try_out(place)
        return place.told

    def remove(self, name: str) -> None:
        """Keep it no more. Raises NotStored."""
        kept = self.entry(name)
        if kept is None:
            raise NotStored(f"{name} is not stored")
        # The secret first: what the index does not name would stay unseen.
        self._places[kept.place].remove(name)
        self._path(name).unlink(missing_ok=True)

    def entry(self, name: str) -> Kept | None:
        """What the index says of it; that is no promise that its place has it."""
        data = read_private(self._path(demand_name(name)))
        return None if data is None else _read(data, self._path(name))

    def entries(self) -> list[Kept]:
        """All of the index, by name."""
        if not self._index.exists():
            return []
        make_folder(self._index)
        found = []
        for path in self._index.iterdir():
            name = path.name.rpartition("~")[0]
            if is_name(name) and (kept := self.entry(name)):
                found.append(kept)
        return sorted(found)

    def _demand_free(self, name: str, *, replace: bool) -> Kept | None:
        old = self.entry(name)
        if old is not None and not replace and self.find(name) is not None:
            raise Taken(f"{name} is stored already: take another name, or --force")
        return old

    def _path(self, name: str) -> Path:
        return self._index / file_name(name)

    def _write(self, kept: Kept) -> None:
        make_folder(self._index)
        write_whole(self._path(kept.name), json.dumps(kept._asdict()).encode())


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where this user's data of Keyhouse's command is."""
    return _base(environ, "XDG_DATA_HOME", ".local/share") / "keyhouse"


def config_folder(environ: Mapping[str, str]) -> Path:
    """Where this user's settings of it are."""
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "keyhouse"


def _base(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    # One that is relative counts as none (XDG Base Directory Specification): it would
    # be another place in each folder, and lie in a stranger's repository.
    set_to = Path(environ.get(variable, ""))
    return set_to if set_to.is_absolute() else Path.home() / usual


def _read(data: bytes, path: Path) -> Kept:
    try:
        return Kept(**json.loads(data))
    except (ValueError, TypeError):
        raise NoPlace(f"{path} can't be read; remove it, and set the secret anew") from None


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
